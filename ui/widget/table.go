package widget

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"shardeck/model/present/unit"
	"shardeck/ui/theme"
)

// Column of a table. Those with Worth 0 always stay; where a line is too short others vanish, the highest Worth first.
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
	Wide bool    // it has the rest of its line, whatever the columns there
}

// Table shows rows of cells; only the rows in its window are drawn.
type Table struct {
	Window
	Columns []Column           // SetRows follows a change of them
	Column  int                // column under the cursor; -1: the cursor is a whole row
	Freeze  int                // with Column ≥ 0: leading columns that stay while the others scroll
	Focused bool               // draws the cursor in the accent colour
	Marked  func(row int) bool // nil: none

	rows     [][]Cell
	measured []measured // Columns
	firstCol int        // first of those that scroll
	head     int        // lines of the header, as drawn last
	slots    []slot     // as drawn last
	drawn    int        // lines, as drawn last
	room     int        // of a line, as laid out last
}

// gap between columns, and what stands before a row: the cursor and the mark.
const (
	gap    = 2
	margin = 3
)

type measured struct {
	Column
	natural int // width of the widest
	decimal int // most digits after the point
	same    int // letters that all texts begin with
}

// SetRows takes the rows, and measures the widths of all of them, once: scrolling moves no column.
func (t *Table) SetRows(rows [][]Cell) {
	t.rows, t.measured = rows, make([]measured, len(t.Columns))
	for c, column := range t.Columns {
		m := &t.measured[c]
		*m = measured{Column: column, natural: max(Width(column.Title), Width(column.Unit), column.Keep)}
		for _, row := range rows {
			if c < len(row) {
				m.decimal = max(m.decimal, decimals(row[c].Text))
			}
		}
		if column.Middle {
			m.same = sameStart(rows, c)
		}
		for _, row := range rows {
			if c < len(row) && !row[c].Wide {
				m.natural = max(m.natural, Width(m.aligned(row[c])))
			}
		}
	}
	t.Keep(len(rows), 0)
}

// sameStart is how many letters the texts of a column all begin with; where all are one text none counts.
func sameStart(rows [][]Cell, c int) (n int) {
	var texts []string
	for _, row := range rows {
		if c < len(row) && row[c].Text != "" {
			texts = append(texts, row[c].Text)
		}
	}
	if len(texts) == 0 || slices.Min(texts) == slices.Max(texts) {
		return 0
	}
	low, high := []rune(slices.Min(texts)), []rune(slices.Max(texts)) // what these two begin with, all do
	for n < len(low) && low[n] == high[n] {
		n++
	}
	return n
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

// aligned is a cell's text; a number is padded so that its point stands under those of its column.
func (m *measured) aligned(cell Cell) string {
	if !m.Right || m.Mixed || !isNumber(cell.Text) {
		return cell.Lead + cell.Text
	}
	return cell.Lead + cell.Text + blank(m.decimal-decimals(cell.Text))
}

// View draws header and window into width and height.
func (t *Table) View(th *theme.Theme, width, height int) []string {
	t.slots = t.layout(width - margin)
	room := max(height-headerRows(t.slots), 0)
	t.Keep(len(t.rows), room)
	place := ""
	if len(t.rows) > room {
		place = t.place(th, room)
	}
	lines := t.header(th, t.slots, margin)
	t.head = len(lines)
	if place != "" && len(lines) > 0 {
		placed(th, lines, width, place)
	}
	for i := t.First; i < min(t.First+room, len(t.rows)); i++ {
		lines = append(lines, t.prefix(th, i)+t.line(th, i, t.slots))
	}
	t.drawn = min(len(lines), max(height, 0))
	return lines[:t.drawn]
}

// place says where the cursor is in a list longer than the room, and which way there is more: "12/34 ▴▾".
func (t *Table) place(th *theme.Theme, room int) string {
	way := map[bool]string{true: th.Up, false: " "}[t.First > 0] + map[bool]string{true: th.Down, false: " "}[t.First+room < len(t.rows)]
	return unit.Int(t.Cursor+1) + "/" + unit.Int(len(t.rows)) + " " + way
}

// placed puts a place at the right end of a line of the header, else before the units, else the way alone in the margin. No title
// gives way to it.
func placed(th *theme.Theme, lines []string, width int, place string) {
	last := len(lines) - 1
	for i, line := range lines {
		if w := Width(line); w+Width(place)+2 <= width {
			lines[i] = line + blank(width-w-Width(place)-1) + th.Paint(theme.Dim, place)
			return
		}
	}
	at := margin
	if plain := ansi.Strip(lines[last]); len(plain)-len(strings.TrimLeft(plain, " ")) < margin+Width(place) {
		at, place = 0, ansi.TruncateLeft(place, Width(place)-2, "")
	}
	lines[last] = blank(at) + th.Paint(theme.Dim, place) + ansi.TruncateLeft(lines[last], at+Width(place), "")
}

// Text is the whole table without a cursor, what does not fit the last column below it; left are the titles of columns without room.
func (t *Table) Text(th *theme.Theme, width int) (lines, left []string) {
	t.Column, t.Cursor = -1, -1
	slots := t.layout(width)
	lines = t.header(th, slots, 0)
	last, indent := slots[len(slots)-1], 0
	for _, s := range slots {
		indent += s.gap + s.width
	}
	for i, row := range t.rows {
		cell, rest := &Cell{}, []string{""}
		if last.at < len(row) && !last.Right && !last.Middle {
			cell = &row[last.at]
			rest = Wrap(cell.Text, last.width)
			cell.Text = rest[0]
		}
		lines = append(lines, t.line(th, i, slots))
		for _, text := range rest[1:] {
			lines = append(lines, blank(indent-last.width)+th.Paint(cell.Tone, text))
		}
	}
	for i, c := range t.Columns {
		if !slices.ContainsFunc(slots, func(s slot) bool { return s.at == i }) {
			left = append(left, c.Title)
		}
	}
	return lines, left
}

// HeaderRows is how many lines the header took when last drawn: two if a column in sight has a unit.
func (t *Table) HeaderRows() int { return max(t.head, 1) }

// Measure finds out HeaderRows for a width before anything is drawn, for a pane that divides its room first.
func (t *Table) Measure(width int) { t.head = headerRows(t.layout(width - margin)) }

func headerRows(slots []slot) int {
	if slices.ContainsFunc(slots, func(s slot) bool { return s.Unit != "" }) {
		return 2
	}
	return 1
}

func (t *Table) header(th *theme.Theme, slots []slot, indent int) []string {
	lines := make([]string, headerRows(slots))
	for row := range lines {
		line := runs{th: th}
		line.add(theme.Plain, blank(indent))
		for _, s := range slots {
			text, tone := s.Title, theme.Dim
			if row == 1 {
				text = s.Unit
			}
			if s.at == t.Column && t.Focused {
				tone = theme.Accent
			}
			line.add(tone, s.placed(text))
		}
		lines[row] = line.String()
	}
	return lines
}

func (t *Table) line(th *theme.Theme, row int, slots []slot) string {
	line, wide, used := runs{th: th}, slices.IndexFunc(t.rows[row], func(c Cell) bool { return c.Wide }), 0
	for _, s := range slots {
		if wide >= 0 && s.at >= wide { // its own column may have had no room
			cell := t.rows[row][wide]
			line.add(t.tone(cell, row, s.at), blank(s.gap)+Fit(Sentence(cell.Lead+cell.Text, t.room-used-s.gap), t.room-used-s.gap))
			break
		}
		cell := Cell{}
		if s.at < len(t.rows[row]) {
			cell = t.rows[row][s.at]
		}
		line.add(t.tone(cell, row, s.at), s.placed(s.aligned(cell)))
		used += s.gap + s.width
	}
	return line.String()
}

func (t *Table) prefix(th *theme.Theme, row int) string {
	cursor, mark, tone := " ", " ", theme.Dim
	if t.Focused {
		tone = theme.Accent
	}
	if row == t.Cursor {
		cursor = th.Paint(tone, th.Cursor)
	}
	if t.Marked != nil && t.Marked(row) {
		mark = th.Paint(theme.Accent, th.Mark)
	}
	return " " + cursor + mark
}

// tone of a cell: the cursor row is in the accent colour, except what warns.
func (t *Table) tone(cell Cell, row, column int) theme.Tone {
	under := row == t.Cursor && t.Focused && (t.Column < 0 || t.Column == column)
	if under && (cell.Tone == theme.Plain || cell.Tone == theme.Dim || t.Column >= 0) {
		return theme.Accent
	}
	return cell.Tone
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
