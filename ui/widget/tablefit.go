package widget

import (
	"math"
)

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

// Spot is a place in a table.
type Spot struct {
	Row    int // -1: the titles
	Column int // -1: none is there
}

// At is what the table showed at a place when it was last drawn, from its own upper left
// corner; false: nothing.
func (t *Table) At(x, line int) (Spot, bool) {
	row := t.First + line - t.HeaderRows()
	switch {
	case line < 0 || line >= t.drawn || row >= len(t.rows):
		return Spot{}, false
	case line < t.HeaderRows():
		row = -1
	}
	return Spot{Row: row, Column: t.columnAt(x)}, true
}

// columnAt is the column at a place of a line; the gap before a column belongs to it.
func (t *Table) columnAt(x int) int {
	at := margin
	for i, c := range t.shown {
		start := at
		if at += t.gap(i, c) + t.widths[i]; x >= start && x < at {
			return c
		}
	}
	return -1
}

// Window is the visible part of a list that is longer than the screen. It keeps
// the cursor in sight with as little movement as it can.
type Window struct {
	Cursor int // row under the cursor
	First  int // first row shown
}

// Keep clamps the cursor to the rows there are and brings it in sight.
func (w *Window) Keep(rows, height int) {
	w.Cursor = clamp(w.Cursor, 0, rows-1)
	if w.Cursor < w.First {
		w.First = w.Cursor
	}
	if height > 0 && w.Cursor >= w.First+height {
		w.First = w.Cursor - height + 1
	}
	w.First = clamp(w.First, 0, rows-height)
}

// Move moves the cursor by so many rows.
func (w *Window) Move(by, rows int) { w.Cursor = clamp(w.Cursor+by, 0, rows-1) }

// MoveKey answers the keys that move through every list; page is the rows of one
// screen. It reports whether the key was one of them.
func (w *Window) MoveKey(key string, rows, page int) bool {
	step, ok := moves(max(page, 1), rows)[key]
	if ok {
		w.Move(step, rows)
	}
	return ok
}

// moves is the table of movement keys: rows to move by.
func moves(page, rows int) map[string]int {
	return map[string]int{
		"up": -1, "k": -1, "down": 1, "j": 1,
		"pgup": -page, "pgdown": page, "ctrl+u": -page / 2, "ctrl+d": max(page/2, 1),
		"home": -rows, "g": -rows, "end": rows, "G": rows,
	}
}

func clamp(v, low, high int) int { return max(low, min(v, high)) }
