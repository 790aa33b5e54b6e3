package widget

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
