package widget

import "math"

// layout chooses the columns that so much room holds, and their widths.
func (t *Table) layout(room int) (shown, widths []int) {
	if t.natural == nil {
		t.SetRows(t.rows)
	}
	if t.Column >= 0 {
		shown = t.scrolled(room)
	} else {
		shown = t.worthy(room)
	}
	return shown, t.widen(shown, room)
}

// least is the width a column cannot do without.
func (t *Table) least(c int) int {
	if m := t.Columns[c].Min; m > 0 {
		return min(m, t.natural[c])
	}
	return t.natural[c]
}

// worthy takes columns in order of their worth, those of equal worth together, until
// the next do not fit.
func (t *Table) worthy(room int) []int {
	taken := map[int]bool{}
	for worth := 0; ; {
		next := math.MaxInt
		for c, column := range t.Columns {
			taken[c] = taken[c] || column.Worth == worth
			if column.Worth > worth {
				next = min(next, column.Worth)
			}
		}
		if shown := t.listed(taken); t.need(shown) > room && worth > 0 {
			for c, column := range t.Columns {
				taken[c] = taken[c] && column.Worth != worth
			}
			return t.listed(taken)
		}
		if next == math.MaxInt {
			return t.listed(taken)
		}
		worth = next
	}
}

// listed are the columns taken, in the table's order.
func (t *Table) listed(taken map[int]bool) []int {
	var shown []int
	for c := range t.Columns {
		if taken[c] {
			shown = append(shown, c)
		}
	}
	return shown
}

// scrolled keeps the frozen columns and as many others as fit, the cursor's among them.
func (t *Table) scrolled(room int) []int {
	n := len(t.Columns)
	t.Column = clamp(t.Column, 0, n-1)
	t.firstCol = clamp(t.firstCol, t.Freeze, max(t.Column, t.Freeze))
	for {
		shown := t.from(t.firstCol, room)
		if len(shown) == 0 || t.Column < t.Freeze || shown[len(shown)-1] >= t.Column || t.firstCol >= t.Column {
			return shown
		}
		t.firstCol++
	}
}

func (t *Table) from(first, room int) []int {
	var shown []int
	for c := range t.Freeze {
		shown = append(shown, c)
	}
	for c := first; c < len(t.Columns); c++ {
		if t.need(append(shown, c)) > room && len(shown) > t.Freeze {
			break
		}
		shown = append(shown, c)
	}
	return shown
}

func (t *Table) need(shown []int) int {
	total := 0
	for i, c := range shown {
		total += t.least(c) + t.gap(i, c)
	}
	return total
}

// widen gives what is left of the line to columns that were to be cut, from the left.
func (t *Table) widen(shown []int, room int) []int {
	left := max(room-t.need(shown), 0)
	widths := make([]int, len(shown))
	for i, c := range shown {
		more := min(left, t.natural[c]-t.least(c))
		widths[i] = t.least(c) + more
		left -= more
	}
	return widths
}
