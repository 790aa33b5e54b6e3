package list

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
	keys, order := make([]sortKey, len(rows)), make([]int, len(rows))
	for i, row := range rows {
		keys[i], order[i] = keyOf(row, s.Column), i
	}
	slices.SortStableFunc(order, func(a, b int) int { return s.compare(keys[a], keys[b]) })
	sorted, ids := make([][]widget.Cell, len(rows)), make([]int, len(rows))
	for to, from := range order {
		sorted[to], ids[to] = rows[from], shown[from]
	}
	return sorted, ids
}

// sortKey is what a row is ordered by; its number is read from the text once.
type sortKey struct {
	by, number float64
	text       string
	isNumber   bool
	missing    int // 1: there is nothing to order it by
}

func keyOf(row []widget.Cell, column int) sortKey {
	if column < 0 || column >= len(row) {
		return sortKey{missing: 1}
	}
	c := row[column]
	number, err := strconv.ParseFloat(strings.ReplaceAll(c.Text, " ", ""), 64)
	key := sortKey{by: c.By, number: number, text: c.Text, isNumber: err == nil}
	if c.Text == "" || c.Text == "–" || c.Text == "-" {
		key.missing = 1
	}
	return key
}

func (s Sort) compare(a, b sortKey) int {
	if none := cmp.Compare(a.missing, b.missing); none != 0 {
		return none
	}
	if s.Down {
		return -a.compare(b)
	}
	return a.compare(b)
}

// compare compares numbers as numbers, and texts so that E1.2 comes before E1.10.
func (a sortKey) compare(b sortKey) int {
	switch {
	case a.by != 0 || b.by != 0:
		return cmp.Compare(a.by, b.by)
	case a.isNumber && b.isNumber:
		return cmp.Compare(a.number, b.number)
	}
	return natural(a.text, b.text)
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
