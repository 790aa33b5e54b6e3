package pane

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"shardeck/ui/widget"
)

// Sort is the column that a list is ordered by. The zero Sort leaves the list as it comes.
type Sort struct {
	On     bool
	Column int
	Down   bool // greatest first
}

// Apply orders rows, and what stands for each of them in shown, by the column. What is
// missing comes last either way; equals stay as they came.
func (s Sort) Apply(rows [][]widget.Cell, shown []int) ([][]widget.Cell, []int) {
	if !s.On {
		return rows, shown
	}
	order := make([]int, len(rows))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return s.compare(cellAt(rows[a], s.Column), cellAt(rows[b], s.Column)) })
	sorted, ids := make([][]widget.Cell, len(rows)), make([]int, len(rows))
	for to, from := range order {
		sorted[to], ids[to] = rows[from], shown[from]
	}
	return sorted, ids
}

func cellAt(row []widget.Cell, column int) widget.Cell {
	if column < 0 || column >= len(row) {
		return widget.Cell{}
	}
	return row[column]
}

func (s Sort) compare(a, b widget.Cell) int {
	if none := cmp.Compare(missing(a), missing(b)); none != 0 {
		return none
	}
	order := compareCells(a, b)
	if s.Down {
		return -order
	}
	return order
}

func missing(c widget.Cell) int {
	if c.Text == "" || c.Text == "–" || c.Text == "-" {
		return 1
	}
	return 0
}

// compareCells compares numbers as numbers, and texts so that E1.2 comes before E1.10.
func compareCells(a, b widget.Cell) int {
	if a.By != 0 || b.By != 0 {
		return cmp.Compare(a.By, b.By)
	}
	x, xok := numberOf(a.Text)
	y, yok := numberOf(b.Text)
	if xok && yok {
		return cmp.Compare(x, y)
	}
	return natural(a.Text, b.Text)
}

func numberOf(text string) (float64, bool) {
	v, err := strconv.ParseFloat(strings.ReplaceAll(text, " ", ""), 64)
	return v, err == nil
}

// natural compares texts, the numbers in them by their value.
func natural(a, b string) int {
	for a != "" && b != "" {
		x, y := leadingDigits(a), leadingDigits(b)
		if x > 0 && y > 0 {
			m, _ := strconv.Atoi(a[:x])
			n, _ := strconv.Atoi(b[:y])
			if m != n {
				return cmp.Compare(m, n)
			}
			a, b = a[x:], b[y:]
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func leadingDigits(s string) int { return len(s) - len(strings.TrimLeft(s, "0123456789")) }

// Next is the sort after one more wish to see that column: it first, then turned, then
// as the list comes.
func (s Sort) Next(column int, down bool) Sort {
	first := Sort{On: true, Column: column, Down: down}
	switch s {
	case first:
		first.Down = !down
		return first
	case Sort{On: true, Column: column, Down: !down}:
		return Sort{}
	}
	return first
}

// Text is a sort as it is kept: the number of the column, and - for greatest first.
func (s Sort) Text() string {
	switch {
	case !s.On:
		return ""
	case s.Down:
		return "-" + strconv.Itoa(s.Column)
	}
	return strconv.Itoa(s.Column)
}

// ParseSort reads what Text wrote, for a table of so many columns.
func ParseSort(text string, columns int) Sort {
	number, down := strings.CutPrefix(text, "-")
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 || n >= columns {
		return Sort{}
	}
	return Sort{On: true, Column: n, Down: down}
}

// Words say by what a list is ordered, for its title: "by tok/s, greatest first".
func (s Sort) Words(columns []widget.Column) string {
	if !s.On || s.Column >= len(columns) {
		return ""
	}
	title := columns[s.Column].Title
	if s.Down {
		return "by " + title + ", greatest first"
	}
	return "by " + title
}
