package present

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/compare"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// Comparison is runs side by side in their metrics, the first as the base of the changes.
func Comparison(c compare.Comparison) Table {
	t := Table{Columns: Columns("metric")}
	for i, run := range c.Runs {
		t.Columns = append(t.Columns, Column{Title: run, Right: true, Mixed: true}, Column{Title: "spread", Unit: "%", Right: true, Worth: 1})
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
			value := OrNone(ToldApart(cell, r.Cells[0], d))
			if cell.Guess {
				value.Lead = Estimate
			}
			value.By = metric.OrZero(cell.Value)
			cells = append(cells, value, dim(spread(cell)))
			if i > 0 {
				cells = append(cells, Change(cell, metric.NoBetter))
			}
		}
		t.Add(cells...)
	}
	return t
}

// ToldApart is a value with the decimals that tell it from another: "8.514". Empty: there is none.
func ToldApart(c, other compare.Cell, d metric.Definition) string {
	if c.Value == nil {
		return ""
	}
	if other.Value != nil {
		d.Decimals = unit.Apart(*c.Value, *other.Value, d.Decimals)
	}
	return metricPart(*c.Value, d)
}

// spread is how far the samples of a value lie apart, in %; empty: it was not sampled.
func spread(c compare.Cell) string {
	if c.N < 2 {
		return ""
	}
	return unit.Number(c.Spread, 1)
}

// Doubt is the sign before a difference that a test is not sure of.
func Doubt(tooFew bool) string {
	if tooFew {
		return TooFew
	}
	return Tie
}

// Change is a difference in % of the base: after a sign of doubt where there is any, else good or bad where a direction of
// the metric is.
func Change(c compare.Cell, better metric.Better) Cell {
	if c.Change == nil {
		return Cell{}
	}
	cell := Cell{Text: unit.Signed(*c.Change, 1), By: *c.Change}
	switch {
	case c.Same || c.TooFew:
		cell.Lead = Doubt(c.TooFew)
	case strings.Trim(cell.Text, "+-0.") == "" || better == metric.NoBetter:
	case (*c.Change > 0) == (better == metric.Higher):
		cell.Role = Good
	default:
		cell.Role = Bad
	}
	return cell
}

// TraceDiff is the tables of a comparison of traces, in the order of screens: the window's
// parts, then what has the largest difference first.
func TraceDiff(d compare.TraceDiff) []Table {
	rows := func(t Table, list []compare.DiffRow, first func(compare.DiffRow) []Cell, last func(compare.DiffRow) []Cell) Table {
		t.Empty = "neither run has " + t.Name
		t.Remark = cmp.Or(t.Remark, "largest difference first")
		for _, r := range list {
			if r.Name == "unmatched" && metric.OrZero(r.Sides[0].NS)+metric.OrZero(r.Sides[1].NS) == 0 {
				continue
			}
			cells := append(append(first(r), diffCells(d, r)...), last(r)...)
			t.Rows = append(t.Rows, Row{cells, map[string]string{"name": r.Name, "class": r.Class, "change": changeKind(r)}, onlyIn(r)})
		}
		return t
	}
	nothing := func(compare.DiffRow) []Cell { return nil }
	name := func(r compare.DiffRow) []Cell { return Texts(r.Name) }
	kernels := map[string]string{}
	for i, short := range metric.Telling(model.Each(d.Kernels, func(r compare.DiffRow) string { return r.Name })) {
		kernels[d.Kernels[i].Name] = short
	}
	calls := rows(Table{Name: "collectives", One: "collective", Columns: append(diffColumns("collective", ">size"),
		Columns(">transfer|µs/3", ">was|µs/3", ">wait|µs/3", ">was|µs/3", ">unmatched|ms/3", ">was|ms/3")...)}, d.Collectives,
		func(r compare.DiffRow) []Cell { return append(name(r), bufferSize(r.Bytes, false)) }, callTimes)
	if !slices.ContainsFunc(d.Collectives, func(r compare.DiffRow) bool {
		return slices.ContainsFunc(r.Sides[:], func(c compare.DiffCell) bool { return c.CallCell != nil && c.UnmatchedNS > 0 })
	}) {
		calls = calls.Without(12, 13)
	}
	return []Table{
		rows(Table{Name: "window", Columns: diffColumns("part of the window"), Remark: "mean over the ranks"}, d.Parts, name, nothing),
		rows(Table{Name: "classes", One: "class", Columns: diffColumns("class")}, d.Classes, name, nothing),
		rows(Table{Name: "kernels", One: "kernel", Columns: diffColumns("kernel…24", "class/4-13")}, d.Kernels,
			func(r compare.DiffRow) []Cell { return append(Texts(kernels[r.Name]), dim(r.Class)) }, nothing),
		calls,
	}
}

// diffColumns are those of every table of a comparison, after those that name a row.
func diffColumns(first ...string) []Column {
	return Columns(append(first, ">base|ms", ">|%/2", ">other|ms", ">|%/2", ">change|ms", ">|%/1")...)
}

// diffCells are the times of a row in both runs, with their shares, and the difference; it
// is good or bad from 1 % of the base's window.
func diffCells(d compare.TraceDiff, r compare.DiffRow) []Cell {
	var cells []Cell
	for _, s := range r.Sides {
		if s.Count == 0 || s.NS == nil {
			cells = append(cells, None(), Cell{})
			continue
		}
		cells = append(cells, Cell{Text: unit.Number(*s.NS/1e6, 2)}, dim(unit.Number(*s.Share, 1)))
	}
	if r.ChangeNS == nil {
		return append(cells, None(), Cell{})
	}
	role, window, change := Plain, 0.0, *r.ChangeNS
	if len(d.Parts) > 0 {
		window = *d.Parts[0].Sides[0].NS
	}
	if weighty := math.Abs(change) >= window/100; weighty && change > 0 {
		role = Bad
	} else if weighty {
		role = Good
	}
	return append(cells, Cell{Text: unit.Signed(change/1e6, 2), Role: role, By: change}, Cell{Text: changePercent(r), Role: role})
}

// callTimes are the mean transfer and wait of a call, and what was not matched, now and in the base.
func callTimes(r compare.DiffRow) []Cell {
	var transfer, wait, unmatched []string
	for _, s := range []compare.DiffCell{r.Sides[1], r.Sides[0]} {
		c := cmp.Or(s.CallCell, &compare.CallCell{})
		transfer, wait = append(transfer, meanMicros(c.TransferNS, c.Matched)), append(wait, meanMicros(c.WaitNS, c.Matched))
		unmatched = append(unmatched, unit.Number(c.UnmatchedNS/1e6, 2))
		if s.CallCell == nil {
			unmatched[len(unmatched)-1] = unit.Missing
		}
	}
	return Texts(slices.Concat(transfer, wait, unmatched)...)
}

// changeKind is new, gone, more or less.
func changeKind(r compare.DiffRow) string {
	switch {
	case r.OnlyIn != "" && r.Sides[0].Count == 0:
		return "new"
	case r.OnlyIn != "":
		return "gone"
	case metric.OrZero(r.ChangeNS) > 0:
		return "more"
	}
	return "less"
}

// changePercent is the difference in % of the base, or that only one of the runs has it.
func changePercent(r compare.DiffRow) string {
	switch {
	case r.OnlyIn != "":
		return changeKind(r)
	case r.ChangePct == nil:
		return ""
	}
	return unit.Signed(*r.ChangePct, 1)
}

// onlyIn says of what only one run has, which.
func onlyIn(r compare.DiffRow) string {
	if r.OnlyIn == "" {
		return ""
	}
	return strings.TrimSpace(r.Name+" ") + ": only " + r.OnlyIn + " has it"
}

// TraceChange says in a sentence what more ranks did not bring; of as many, how much longer
// the window is and which parts of it changed most.
func TraceChange(d compare.TraceDiff) string {
	if d.Loss != nil {
		return d.Loss.Words()
	}
	if len(d.Parts) < 2 {
		return ""
	}
	change := func(r compare.DiffRow) string {
		return r.Name + " " + unit.Signed(metric.OrZero(r.ChangeNS)/1e6, 2) + " ms"
	}
	parts := slices.Clone(d.Parts[1:])
	slices.SortStableFunc(parts, func(a, b compare.DiffRow) int { return cmp.Compare(b.Change(), a.Change()) })
	text := change(d.Parts[0])
	for _, r := range parts[:min(2, len(parts))] {
		text += ", " + change(r)
	}
	return text
}
