package widget

import (
	"strings"

	"shardeck/ui/theme"
)

// Column of a table. Columns with Worth 0 always stay; when the line is too short
// the others vanish, the highest Worth first.
type Column struct {
	Title string
	Unit  string // second line of the header
	Right bool   // numbers: right-aligned on the decimal point
	Tight bool   // one blank before it, not two
	Mixed bool   // numbers of several units: right-aligned, each on its own
	Worth int
	Min   int // may be cut down to this width; 0: never cut
	Keep  int // this wide whatever is in it, so that nothing jumps when its text changes

	Middle bool // is cut in the middle: of names, which differ at their ends
}

// Cell of a table.
type Cell struct {
	Text string
	Tone theme.Tone
	Lead string  // sign before a number (best, estimate) that does not move its point
	By   float64 // what it is ordered by where its text does not say; 0: the text
}

// Table shows rows of cells; only the rows in its window are drawn.
type Table struct {
	Window
	Columns  []Column
	Column   int                // column under the cursor; -1: the cursor is a whole row
	Freeze   int                // with Column ≥ 0: leading columns that stay while the others scroll
	Focused  bool               // draws the cursor in the accent colour
	Marked   func(row int) bool // nil: none
	rows     [][]Cell
	natural  []int // widest cell of each column
	decimal  []int // most digits after the point in each column
	firstCol int
	head     int

	shown, widths []int // columns, as drawn last
	drawn         int   // lines, as drawn last
}

// gap between columns, and what stands before a row: the cursor and the mark.
const (
	gap    = 2
	margin = 3
)

// SetRows takes the rows; the widths of all of them are measured once, here, so that
// scrolling moves no column.
func (t *Table) SetRows(rows [][]Cell) {
	t.rows = rows
	t.natural, t.decimal = make([]int, len(t.Columns)), make([]int, len(t.Columns))
	for _, row := range rows {
		for c := range min(len(row), len(t.Columns)) {
			t.decimal[c] = max(t.decimal[c], decimals(row[c].Text))
		}
	}
	for c, column := range t.Columns {
		t.natural[c] = max(Width(column.Title), Width(column.Unit), column.Keep)
		for _, row := range rows {
			if c < len(row) {
				t.natural[c] = max(t.natural[c], Width(row[c].Lead+t.aligned(c, row[c].Text)))
			}
		}
	}
	t.Keep(len(rows), 0)
}

// Shown are the columns that a line of this width holds.
func (t *Table) Shown(width int) []int {
	shown, _ := t.layout(width - margin)
	return shown
}

// Rows is how many rows there are.
func (t *Table) Rows() int { return len(t.rows) }

// decimals counts the digits after the point of a number; 0 for other text.
func decimals(text string) int {
	i := strings.IndexByte(text, '.')
	if i < 0 || !isNumber(text) {
		return 0
	}
	return len(text) - i
}

func isNumber(text string) bool {
	return text != "" && strings.Trim(text, "0123456789. -+") == "" && strings.ContainsAny(text, "0123456789")
}

// aligned pads a number so that its point stands under those of its column.
func (t *Table) aligned(c int, text string) string {
	if !t.Columns[c].Right || t.Columns[c].Mixed || !isNumber(text) {
		return text
	}
	return text + blank(t.decimal[c]-decimals(text))
}

// View draws header and window into width and height.
func (t *Table) View(th *theme.Theme, width, height int) []string {
	shown, widths := t.layout(width - margin)
	t.shown, t.widths = shown, widths
	lines := t.header(th, shown, widths, margin)
	t.head = len(lines)
	room := max(height-len(lines), 0)
	t.Keep(len(t.rows), room)
	for i := t.First; i < min(t.First+room, len(t.rows)); i++ {
		lines = append(lines, t.prefix(th, i)+t.line(th, i, shown, widths))
	}
	t.drawn = min(len(lines), max(height, 0))
	return lines[:t.drawn]
}

// Text is the whole table as lines, without a cursor: what does not fit the last column
// goes on below it. Columns for which there is no room are left out.
func (t *Table) Text(th *theme.Theme, width int) (lines []string, left int) {
	t.Column, t.Cursor = -1, -1
	shown, widths := t.layout(width)
	lines = t.header(th, shown, widths, 0)
	last, at := len(shown)-1, 0
	for i, c := range shown[:last] {
		at += t.gap(i, c) + widths[i]
	}
	at += t.gap(last, shown[last])
	for i, row := range t.rows {
		cell, rest := &Cell{}, []string{""}
		if shown[last] < len(row) && !t.Columns[shown[last]].Right && !t.Columns[shown[last]].Middle {
			cell = &row[shown[last]]
			rest = Wrap(cell.Text, widths[last])
			cell.Text = rest[0]
		}
		lines = append(lines, t.line(th, i, shown, widths))
		for _, text := range rest[1:] {
			lines = append(lines, blank(at)+th.Paint(cell.Tone, text))
		}
	}
	return lines, len(t.Columns) - len(shown)
}

// HeaderRows is how many lines the header took when last drawn: two if a column in
// sight has a unit.
func (t *Table) HeaderRows() int { return max(t.head, 1) }

// Measure finds out HeaderRows for a width before anything is drawn, for a pane that
// divides its room first.
func (t *Table) Measure(width int) int {
	shown, _ := t.layout(width - margin)
	t.head = 1
	if t.units(shown) {
		t.head = 2
	}
	return t.head
}

func (t *Table) units(shown []int) bool {
	for _, c := range shown {
		if t.Columns[c].Unit != "" {
			return true
		}
	}
	return false
}

func (t *Table) header(th *theme.Theme, shown, widths []int, indent int) []string {
	lines := make([]string, 1, 2)
	if t.units(shown) {
		lines = lines[:2]
	}
	for row := range lines {
		line := runs{th: th}
		line.add(theme.Plain, blank(indent))
		for i, c := range shown {
			text, tone := t.Columns[c].Title, theme.Dim
			if row == 1 {
				text = t.Columns[c].Unit
			}
			if c == t.Column && t.Focused {
				tone = theme.Accent
			}
			line.add(tone, t.before(i, c)+t.place(c, text, widths[i]))
		}
		lines[row] = line.String()
	}
	return lines
}

func (t *Table) line(th *theme.Theme, row int, shown, widths []int) string {
	line := runs{th: th}
	for i, c := range shown {
		cell := Cell{}
		if c < len(t.rows[row]) {
			cell = t.rows[row][c]
		}
		text := t.place(c, cell.Lead+t.aligned(c, cell.Text), widths[i])
		line.add(t.tone(cell, row, c), t.before(i, c)+text)
	}
	return line.String()
}

// before is the gap before the i-th column shown.
func (t *Table) before(i, c int) string { return blank(t.gap(i, c)) }

func (t *Table) gap(i, c int) int {
	switch {
	case i == 0:
		return 0
	case t.Columns[c].Tight:
		return 1
	}
	return gap
}

// prefix is the cursor and the mark before a row.
func (t *Table) prefix(th *theme.Theme, row int) string {
	cursor, mark := " ", " "
	if row == t.Cursor {
		cursor = th.Paint(t.cursorTone(), th.Cursor)
	}
	if t.Marked != nil && t.Marked(row) {
		mark = th.Paint(theme.Accent, th.Mark)
	}
	return " " + cursor + mark
}

func (t *Table) cursorTone() theme.Tone {
	if t.Focused {
		return theme.Accent
	}
	return theme.Dim
}

// tone of a cell: the cursor row is in the accent colour, except what warns.
func (t *Table) tone(cell Cell, row, column int) theme.Tone {
	under := row == t.Cursor && t.Focused && (t.Column < 0 || t.Column == column)
	if under && (cell.Tone == theme.Plain || cell.Tone == theme.Dim || t.Column >= 0) {
		return theme.Accent
	}
	return cell.Tone
}

func (t *Table) place(c int, text string, width int) string {
	if t.Columns[c].Right {
		return Right(text, width)
	}
	if t.Columns[c].Middle {
		text = Middle(text, width)
	}
	return Fit(text, width)
}
