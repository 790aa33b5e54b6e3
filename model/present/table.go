package present

import (
	"slices"
	"strconv"
	"strings"

	"shardeck/model/present/unit"
)

// Table is a result in rows and columns, as yet without colours, widths and order. The
// i-th row is of the i-th thing of the result that it was made from.
type Table struct {
	Name    string // kernels, collectives …
	One     string // one row of it; empty: rows are too few to be filtered
	Columns []Column
	Rows    []Row
	Remark  string // what the numbers are sums of, where one may wonder
	Empty   string // why there are no rows
}

// Column of a table. Those with Worth 0 always stay; where a line is too short the others go, the highest Worth first.
type Column struct {
	Name  string // of the metric, where it is of one
	Title string
	Unit  string // second line of the header
	Right bool   // numbers
	Mixed bool   // numbers of several units
	Worth int
	Min   int // may be cut to this width; 0: never cut

	Middle bool // is cut in the middle: of names, which differ at their ends
}

// Row of a table.
type Row struct {
	Cells  []Cell
	Fields map[string]string // what a filter can ask for
	Full   string            // what its first cell says, in full
}

// Cell of a table.
type Cell struct {
	Text string
	Role Role
	Lead string  // sign before a number: Estimate, Tie …
	By   float64 // what it is ordered by where its text does not say; 0: the text
}

// Signs before a number.
const (
	Estimate  = "≈" // inferred or bounded, not measured
	Tie       = "~" // chance alone can explain the difference
	TooFew    = "?" // too few samples to tell: neither the same nor another
	Straggler = "!"
	Foreign   = "≠" // measured of another config, by another engine or on another GPU
)

// Role is what a text is for; each edge has a colour for it. No role says what the text does not say too.
type Role int

// Roles.
const (
	Plain  Role = iota
	Dim         // units, what can wait, what is missing
	Strong      // names
	Good
	Busy // under way
	Warn
	Bad
)

// None is the cell of a value that is missing.
func None() Cell { return dim(unit.Missing) }

// OrNone is a text, or None.
func OrNone(text string) Cell {
	if text == "" || text == unit.Missing {
		return None()
	}
	return Cell{Text: text}
}

// Texts are plain cells; a missing one is dim.
func Texts(all ...string) []Cell {
	cells := make([]Cell, len(all))
	for i, text := range all {
		cells[i] = Cell{Text: text}
		if text == unit.Missing {
			cells[i].Role = Dim
		}
	}
	return cells
}

func dim(text string) Cell { return Cell{Text: text, Role: Dim} }

func strong(text string) Cell { return Cell{Text: text, Role: Strong} }

// Columns reads columns from words: the title, after "|" the unit, after "/" the worth, after "-" the least width, or after "…"
// that of names; ">" before it sets it right: ">time|ms/2", "kernel…24".
func Columns(words ...string) []Column {
	all := make([]Column, len(words))
	for i, w := range words {
		c := &all[i]
		w, c.Right = strings.CutPrefix(w, ">")
		if w, c.Min = cutNumber(w, "…"); c.Min > 0 {
			c.Middle = true
		} else {
			w, c.Min = cutNumber(w, "-")
		}
		w, c.Worth = cutNumber(w, "/")
		c.Title, c.Unit, _ = strings.Cut(w, "|")
	}
	return all
}

// cutNumber takes a sign and the number after it from the end of a word.
func cutNumber(word, sign string) (before string, n int) {
	i := strings.LastIndex(word, sign)
	if i < 0 || i+len(sign) == len(word) || strings.Trim(word[i+len(sign):], "0123456789") != "" {
		return word, 0
	}
	n, _ = strconv.Atoi(word[i+len(sign):])
	return word[:i], n
}

// Spoken is a row in one line of words, its first cell and then the others, each after its title: "E1.2, TP 2, state done"; missing
// ones and columns of a worth above the most are left out.
func Spoken(columns []Column, r Row, most int) string {
	var all []string
	for i, c := range r.Cells {
		if i >= len(columns) || c.Text == "" || c.Text == unit.Missing || columns[i].Worth > most {
			continue
		}
		title := columns[i].Title + " "
		if i == 0 {
			title = ""
		}
		all = append(all, strings.TrimSpace(title+c.Lead+c.Text+" "+columns[i].Unit))
	}
	return strings.Join(all, ", ")
}

// Add puts a row of cells below the others.
func (t *Table) Add(cells ...Cell) { t.Rows = append(t.Rows, Row{Cells: cells}) }

// Only is the table with some of its columns, in this order.
func (t Table) Only(columns ...int) Table {
	out := t
	out.Columns, out.Rows = nil, make([]Row, len(t.Rows))
	for _, c := range columns {
		out.Columns = append(out.Columns, t.Columns[c])
		for i, r := range t.Rows {
			out.Rows[i] = Row{append(out.Rows[i].Cells, r.Cells[c]), r.Fields, r.Full}
		}
	}
	return out
}

// Without is the table without some of its columns.
func (t Table) Without(columns ...int) Table {
	var rest []int
	for i := range t.Columns {
		if !slices.Contains(columns, i) {
			rest = append(rest, i)
		}
	}
	return t.Only(rest...)
}

// With is the table with one column more, before the one at a place; cell makes its cells by row.
func (t Table) With(at int, c Column, cell func(row int) Cell) Table {
	t.Columns = slices.Insert(slices.Clone(t.Columns), at, c)
	t.Rows = slices.Clone(t.Rows)
	for i := range t.Rows {
		t.Rows[i].Cells = slices.Insert(slices.Clone(t.Rows[i].Cells), at, cell(i))
	}
	return t
}

// Top is the table with its first rows alone.
func (t Table) Top(n int) Table {
	t.Rows = t.Rows[:min(max(n, 0), len(t.Rows))]
	return t
}
