package present

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"shardeck/model"
	"shardeck/model/present/unit"
)

// records are a table for a program, its titles first: numbers in full precision where they are known so, without blanks
// between thousands; what is missing is empty. A sign before a number has a column of its own, behind that of the number; bars have
// none. A title that was there before follows that of the column before it.
func records(t Table) [][]string {
	out, before := make([][]string, len(t.Rows)+1), ""
	for c, column := range t.Columns {
		cells := model.Each(t.Rows, func(r Row) Cell { return cellAt(r, c) })
		if drawn(cells) {
			continue
		}
		marked := slices.ContainsFunc(cells, func(c Cell) bool { return c.Lead != "" })
		title := cmp.Or(headOf(column), "note")
		if slices.Contains(out[0], title) {
			title = before + " " + title
		}
		before = headOf(column)
		if out[0] = append(out[0], title); marked {
			out[0] = append(out[0], title+" sign")
		}
		for i, cell := range cells {
			if out[i+1] = append(out[i+1], exact(cell)); marked {
				out[i+1] = append(out[i+1], strings.TrimSpace(cell.Lead))
			}
		}
	}
	return out
}

// Joint is the records of tables under one header, the columns of all. Where it may be of several, the first column tells which.
func Joint(all []Table, several bool) [][]string {
	out := [][]string{nil}
	if several = several || len(all) > 1; several {
		out[0] = []string{"table"}
	}
	for _, t := range all {
		part := records(t)
		at := model.Each(part[0], func(title string) int {
			if !slices.Contains(out[0], title) {
				out[0] = append(out[0], title)
			}
			return slices.Index(out[0], title)
		})
		for _, cells := range part[1:] {
			row := make([]string, len(out[0]))
			if several {
				row[0] = cmp.Or(t.Name, t.Columns[0].Title)
			}
			for c, i := range at {
				row[i] = cells[c]
			}
			out = append(out, row)
		}
	}
	for i, row := range out {
		out[i] = append(row, make([]string, len(out[0])-len(row))...)
	}
	return out
}

// drawn reports whether cells are pictures: something is in them, and nowhere a letter or digit.
func drawn(cells []Cell) bool {
	text := strings.ReplaceAll(strings.Join(model.Each(cells, func(c Cell) string { return c.Text }), ""), unit.Missing, "")
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// headOf is a column's title with its unit.
func headOf(c Column) string { return strings.TrimSpace(c.Title + " " + c.Unit) }

// cellAt is a cell of a row, which may end before the last column.
func cellAt(r Row, c int) Cell {
	if c < len(r.Cells) {
		return r.Cells[c]
	}
	return Cell{}
}

// exact is a cell as a program reads it. What it is ordered by is its number where that, rounded, is what it says.
func exact(c Cell) string {
	digits := strings.ReplaceAll(c.Text, " ", "")
	_, err := strconv.ParseFloat(digits, 64)
	_, fraction, _ := strings.Cut(digits, ".")
	switch {
	case c.Text == unit.Missing:
		return ""
	case err != nil:
		return c.Text
	case c.By != 0 && (unit.Number(c.By, len(fraction)) == c.Text || unit.Signed(c.By, len(fraction)) == c.Text):
		return unit.Full(c.By)
	}
	return digits
}

// MarkdownTable is a table as pages and merge requests show it.
func MarkdownTable(t Table) string {
	rule := model.Each(t.Columns, func(c Column) string { return map[bool]string{true: "---:", false: "---"}[c.Right] })
	lines := markdownLine(model.Each(t.Columns, headOf)) + markdownLine(rule)
	for _, r := range t.Rows {
		cells := make([]string, len(t.Columns))
		for c := range cells {
			cells[c] = cellAt(r, c).Lead + cellAt(r, c).Text
		}
		lines += markdownLine(cells)
	}
	return lines
}

func markdownLine(cells []string) string {
	return "| " + strings.Join(model.Each(cells, func(s string) string { return strings.ReplaceAll(s, "|", "\\|") }), " | ") + " |\n"
}
