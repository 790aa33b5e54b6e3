package present

import (
	"fmt"
	"strings"

	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
)

// Comparison is runs side by side in their metrics, the first as the base of the changes.
func Comparison(c scaling.Comparison) Table {
	t := Table{Columns: Columns("metric")}
	for i, run := range c.Runs {
		t.Columns = append(t.Columns, Column{Title: run, Right: true, Mixed: true})
		if i > 0 {
			t.Columns = append(t.Columns, Column{Title: "change", Unit: "%", Right: true})
		}
	}
	for _, r := range c.Rows {
		d, _ := metric.Define(r.Name)
		name := r.Name + " " + d.Unit
		if d.Unit == "B" { // a size brings its own
			name = r.Name
		}
		cells := Texts(strings.TrimSpace(name))
		for i, cell := range r.Cells {
			cells = append(cells, OrNone(Sampled(cell, r.Cells[0], d)))
			if i > 0 {
				cells = append(cells, Change(cell.Change, cell.Same, metric.NoBetter))
			}
		}
		t.Add(cells...)
	}
	return t
}

// Sampled is a value with its spread where iterations give one, told apart from another:
// "8.514 ± 0.2 %". Empty: there is none.
func Sampled(c, other scaling.CompareCell, d metric.Definition) string {
	if c.Value == nil {
		return ""
	}
	if other.Value != nil {
		d.Decimals = unit.Apart(*c.Value, *other.Value, d.Decimals)
	}
	text := MetricPart(*c.Value, d)
	if c.N > 1 {
		text += fmt.Sprintf(" ± %s %%", unit.Number(c.Spread, 1))
	}
	return text
}

// Change is a difference in % of the base: with Tie before it where chance alone can make
// it, else good or bad where a direction of the metric is.
func Change(percent *float64, tie bool, better metric.Better) Cell {
	if percent == nil {
		return Cell{}
	}
	cell := Cell{Text: unit.Signed(*percent, 1), By: *percent}
	switch {
	case tie:
		cell.Lead = Tie
	case strings.Trim(cell.Text, "+-0.") == "" || better == metric.NoBetter:
	case (*percent > 0) == (better == metric.Higher):
		cell.Role = Good
	default:
		cell.Role = Bad
	}
	return cell
}
