package widget

import "math"

// slot is a column as a line has it.
type slot struct {
	*measured
	at    int // of the table's columns
	gap   int // blanks before it
	width int
}

// slot is a column as narrow as it may be, in a line that has so many already.
func (t *Table) slot(c, others int) slot {
	s := slot{measured: &t.measured[c], at: c, gap: gap}
	if s.width = s.natural; s.Min > 0 {
		s.width = min(s.Min, s.natural)
	}
	switch {
	case others == 0:
		s.gap = 0
	case s.Tight:
		s.gap = 1
	}
	return s
}

// placed is a text in the slot, with the gap before it.
func (s slot) placed(text string) string {
	switch {
	case s.Right:
		return blank(s.gap) + Right(text, s.width)
	case s.Middle:
		text = Middle(text, s.width)
	}
	return blank(s.gap) + Fit(text, s.width)
}

// layout chooses the columns that so much room holds; what they leave goes to those that were to be cut, from the left.
func (t *Table) layout(room int) []slot {
	if len(t.measured) != len(t.Columns) {
		t.SetRows(t.rows)
	}
	choose := t.worthy
	if t.Column >= 0 {
		choose = t.scrolled
	}
	slots := choose(room)
	for _, s := range slots {
		room -= s.gap + s.width
	}
	for i := range slots {
		more := min(max(room, 0), slots[i].natural-slots[i].width)
		slots[i].width += more
		room -= more
	}
	return slots
}

// worthy leaves out columns, the highest worth first and those of one worth together, until the others fit.
func (t *Table) worthy(room int) []slot {
	for most := math.MaxInt; ; {
		var slots []slot
		need, worth := 0, 0
		for c, column := range t.Columns {
			if column.Worth < most {
				s := t.slot(c, len(slots))
				slots, need, worth = append(slots, s), need+s.gap+s.width, max(worth, column.Worth)
			}
		}
		if need <= room || worth == 0 {
			return slots
		}
		most = worth
	}
}

// scrolled keeps the frozen columns and as many others as fit, the cursor's among them.
func (t *Table) scrolled(room int) []slot {
	t.Column = clamp(t.Column, 0, len(t.Columns)-1)
	t.firstCol = clamp(t.firstCol, t.Freeze, max(t.Column, t.Freeze))
	for ; ; t.firstCol++ {
		slots := t.from(t.firstCol, room)
		if len(slots) == 0 || t.Column < t.Freeze || slots[len(slots)-1].at >= t.Column || t.firstCol >= t.Column {
			return slots
		}
	}
}

func (t *Table) from(first, room int) []slot {
	var slots []slot
	for c := range t.Columns {
		if c >= t.Freeze && c < first {
			continue
		}
		s := t.slot(c, len(slots))
		if room -= s.gap + s.width; room < 0 && len(slots) > t.Freeze {
			break
		}
		slots = append(slots, s)
	}
	return slots
}

// Shown are the columns that a line of this width holds.
func (t *Table) Shown(width int) []int {
	var shown []int
	for _, s := range t.layout(width - margin) {
		shown = append(shown, s.at)
	}
	return shown
}

// Spot is a place in a table.
type Spot struct {
	Row    int // -1: the titles
	Column int // -1: none is there
}

// At is what the table showed at a place, from its own upper left corner, when it was last drawn; false: nothing.
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
	for _, s := range t.slots {
		start := at
		if at += s.gap + s.width; x >= start && x < at {
			return s.at
		}
	}
	return -1
}

// Window is the part in sight of a list longer than the screen. It keeps the cursor in sight with the least movement.
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

// MoveKey answers the keys that move through every list; page is the rows of one screen. False: the key is none of them.
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
