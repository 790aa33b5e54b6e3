package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// column of a text table. A unit makes a second header line.
type column struct {
	title, unit string
	right       bool // numbers
}

// table is text in columns; cells may hold colours.
type table struct {
	columns []column
	rows    [][]string
}

// newTable reads its columns from words such as "run", ">tok/s" (numbers, set
// right) or ">TPOT|ms" (with a unit).
func newTable(words ...string) *table {
	t := &table{}
	for _, w := range words {
		w, right := strings.CutPrefix(w, ">")
		title, unit, _ := strings.Cut(w, "|")
		t.columns = append(t.columns, column{title: title, unit: unit, right: right})
	}
	return t
}

// add appends a row; a unit.Missing cell is empty.
func (t *table) add(cells ...string) {
	row := make([]string, len(t.columns))
	copy(row, cells)
	t.rows = append(t.rows, row)
}

// squeeze shortens one column, in the middle of its cells, until the table is at most
// as wide as width; some of the column always stays.
func (t *table) squeeze(column, width int) {
	widths := t.widths()
	total := -2
	for _, w := range widths {
		total += w + 2
	}
	room := max(widths[column]-max(total-width, 0), 12)
	for _, row := range t.rows {
		row[column] = middle(row[column], room)
	}
}

// middle cuts a text to a width, leaving its beginning and its end: kernels differ there.
func middle(text string, width int) string {
	if ansi.StringWidth(text) <= width {
		return text
	}
	tail := (width - 1) / 3
	return ansi.Truncate(text, width-tail, "…") + ansi.TruncateLeft(text, ansi.StringWidth(text)-tail, "")
}

// write prints the table, two spaces between columns, no trailing spaces.
func (a *app) write(t *table) {
	widths := t.widths()
	head, units := make([]string, len(t.columns)), make([]string, len(t.columns))
	for i, c := range t.columns {
		head[i], units[i] = c.title, c.unit
	}
	a.line(a.out, t, widths, head, bold)
	if strings.Join(units, "") != "" {
		a.line(a.out, t, widths, units, dim)
	}
	for _, row := range t.rows {
		a.line(a.out, t, widths, row, "")
	}
}

func (a *app) line(w io.Writer, t *table, widths []int, cells []string, i ink) {
	var b strings.Builder
	for n, cell := range cells {
		pad := strings.Repeat(" ", widths[n]-ansi.StringWidth(cell))
		if t.columns[n].right {
			cell, pad = pad+cell, ""
		}
		b.WriteString(cell + pad + "  ")
	}
	text := strings.TrimRight(b.String(), " ")
	if i != "" {
		text = a.paint(i, text)
	}
	fmt.Fprintln(w, a.plain(text))
}

func (t *table) widths() []int {
	widths := make([]int, len(t.columns))
	for i, c := range t.columns {
		widths[i] = max(ansi.StringWidth(c.title), ansi.StringWidth(c.unit))
		for _, row := range t.rows {
			widths[i] = max(widths[i], ansi.StringWidth(row[i]))
		}
	}
	return widths
}
