package present

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
)

// placeRoles are those of places of a grid that have no value.
var placeRoles = map[scaling.State]Role{scaling.IsImpossible: Warn, scaling.IsFailed: Bad, scaling.IsWaiting: Busy}

// Grid is the tables of a grid, one for each combination of the fields that are neither rows nor columns. Rows and columns
// that one has nothing in are left out of it; a single column has the point beside it.
func Grid(g scaling.Grid) []Table {
	return model.Each(g.Multiples, func(m scaling.Multiple) Table {
		t := Table{Name: Fields(m.Of), Columns: []Column{{Title: scaling.LastPart(g.Row), Right: true}}}
		var columns []int
		for k, value := range g.Columns {
			if !slices.ContainsFunc(m.Cells, func(row []scaling.GridCell) bool { return row[k].State != scaling.IsMissing }) {
				continue
			}
			columns = append(columns, k)
			t.Columns = append(t.Columns, GridColumns(g, value, g.Metric, 1)...)
		}
		if g.Column == "" {
			t.Columns = append(t.Columns, Columns(">n/2", "point…12")...)
		}
		for i, value := range g.Rows {
			if !slices.ContainsFunc(m.Cells[i], func(c scaling.GridCell) bool { return c.State != scaling.IsMissing }) {
				continue
			}
			t.Add(gridRow(g, value, m.Cells[i], columns)...)
		}
		return t
	})
}

// GridColumns are those of one value of a grid's columns, its spread with a worth; a single column has the metric's title.
func GridColumns(g scaling.Grid, value, title string, worth int) []Column {
	if g.Column != "" {
		title = scaling.LastPart(g.Column) + " " + value
	}
	return []Column{{Title: title, Unit: g.Unit, Right: true}, {Title: "spread", Unit: "%", Right: true, Worth: worth}}
}

func gridRow(g scaling.Grid, value string, cells []scaling.GridCell, columns []int) []Cell {
	row := []Cell{strong(value)}
	for _, k := range columns {
		row = append(row, GridValue(g, cells[k]), dim(unit.Known(cells[k].Spread, 1)))
	}
	if g.Column == "" {
		row = append(row, dim(unit.Int(cells[0].N)), dim(strings.Join(cells[0].IDs, ", ")))
	}
	return row
}

// GridValue is a place of a grid: its value, else why there is none in a word.
func GridValue(g scaling.Grid, c scaling.GridCell) Cell {
	if c.Value == nil {
		return placeWord(c.Reading)
	}
	cell := Cell{Text: metricPart(*c.Value, definitionOf(g.Metric)), By: *c.Value}
	if c.Best {
		cell.Role = Good
	}
	return cell
}

// placeWord is what a place without a value holds.
func placeWord(r scaling.Reading) Cell {
	switch r.State {
	case scaling.IsMissing:
		return None()
	case scaling.IsMeasured:
		return dim("no value")
	}
	role, known := placeRoles[r.State]
	if !known {
		role = Dim
	}
	return Cell{Text: string(r.State), Role: role}
}

func definitionOf(name string) metric.Definition {
	d, _, _ := metric.FindStat(name) // of a grid: it was found
	return d
}

// Fields are values of fields in a few words: "tp 2 · batch_size 16".
func Fields(values []model.Edit) string {
	return Joined(model.Each(values, func(e model.Edit) string {
		if e.Path == "model.name" {
			return model.ShortModel(e.Value)
		}
		return scaling.LastPart(e.Path) + " " + cmp.Or(e.Value, unit.Missing)
	})...)
}

// mostReasons bounds how many reasons are listed under a table.
const mostReasons = 5

// GridNotes say what the values of a grid are, and why places have none, each reason once.
func GridNotes(g scaling.Grid) []string {
	var all []scaling.Reading
	among := 0
	for _, m := range g.Multiples {
		for _, c := range slices.Concat(m.Cells...) {
			all, among = append(all, c.Reading), max(among, c.Among)
		}
	}
	notes := []string{Sampled(all), Common(g.Common)}
	if among > 1 {
		notes = append(notes, fmt.Sprintf("each is the best of up to %s", unit.Plural(among, "config")))
	}
	if len(g.Alone) > 0 {
		notes = append(notes, fmt.Sprintf("not shown, as no other differs from them in these fields alone: %s (%s)", unit.Plural(len(g.Alone), "config"), strings.Join(g.Alone, ", ")))
	}
	notes = append(notes, reasons(all)...)
	return slices.DeleteFunc(notes, func(n string) bool { return n == "" })
}

// Common says which values of fields all have; empty: they have none in common.
func Common(values []model.Edit) string {
	if len(values) == 0 {
		return ""
	}
	return "all have " + Fields(values)
}

// reasons are why readings have no value, each once, a few of them.
func reasons(all []scaling.Reading) (lines []string) {
	for _, r := range all {
		if r.Value != nil || r.Reason == "" || r.State == scaling.IsLeftOut {
			continue
		}
		line := fmt.Sprintf("%s: %s", strings.Join(r.IDs, ", "), r.Reason)
		if len(lines) == mostReasons {
			return append(lines, "… and others")
		}
		lines = append(lines, line)
	}
	return lines
}

// Sampled says what readings are the one number of, and how far their samples lie apart at most.
func Sampled(all []scaling.Reading) string {
	var runs, iterations []int
	most := 0.0
	for _, r := range all {
		most = max(most, metric.OrZero(r.Spread))
		switch {
		case r.Runs > 1:
			runs = append(runs, r.Runs)
		case r.Spread != nil:
			iterations = append(iterations, r.N)
		}
	}
	var words []string
	if len(runs) > 0 {
		words = append(words, "the value of a config with several runs, here "+fromTo(runs)+", is the median over them")
	}
	if len(iterations) > 0 {
		words = append(words, "the value of one run is the median over its iterations, here "+fromTo(iterations)+", and its spread is within that run")
	}
	if words = append(words, "spread: (max − min) / median"); most > 0 {
		words[len(words)-1] += ", at most " + unit.Number(most, 1) + " %"
	}
	return strings.Join(words, "; ")
}

func fromTo(n []int) string {
	least, most := slices.Min(n), slices.Max(n)
	if least == most {
		return unit.Int(least)
	}
	return unit.Int(least) + " to " + unit.Int(most)
}

// Frontier is the configs of one work, those on the frontier first among equals: what each GPU gives, what each user sees.
func Frontier(f scaling.Frontier) Table {
	t := Table{Name: f.Of, Columns: Columns("point…12", "layout/3", "concurrency", ">tok/s|per user", ">spread|%/1", ">tok/s|per GPU", ">spread|%/1", ">n/2", "frontier-12")}
	for _, p := range f.Points {
		where := Cell{Text: "on it", Role: Good}
		if !p.On {
			where = dim("beaten by " + p.BeatenBy)
		}
		if p.Near {
			where.Lead = Tie
		}
		t.Add(strong(p.ID), Cell{Text: p.Layout}, Cell{Text: p.Concurrency},
			Cell{Text: metricPart(*p.PerUser.Value, definitionOf(scaling.PerUser))}, dim(unit.Known(p.PerUser.Spread, 1)),
			Cell{Text: metricPart(*p.PerGPU.Value, definitionOf(scaling.PerGPU))}, dim(unit.Known(p.PerGPU.Spread, 1)), dim(unit.Int(p.PerGPU.N)), where)
	}
	return t
}

// Scaling is a scaling with a row for each phase of each config.
func Scaling(s scaling.Scaling) Table {
	t := Table{Name: string(s.Growth) + " scaling: " + s.Of, Columns: Columns("point…12", "layout/4", ">GPUs", ">batch/3", "phase", ">value", "unit/2", ">spread|%/1", ">n/5", ">speed-up|×",
		">efficiency|%", ">serial|part")}
	for _, p := range s.Points {
		for i, x := range p.Phases {
			number := func(v *float64, decimals int) Cell { return Cell{Text: unit.Known(v, decimals), By: metric.OrZero(v)} }
			head := []Cell{strong(p.ID), {Text: p.Layout}, {Text: unit.Int(p.GPUs)}, {Text: unit.Int(p.Batch)}}
			if i > 0 {
				head = make([]Cell, len(head))
			}
			d := definitionOf(x.Metric)
			t.Add(append(head, Cell{Text: x.Phase}, Cell{Text: metricPart(*x.Reading.Value, d)}, dim(d.Title), dim(unit.Known(x.Reading.Spread, 1)),
				dim(unit.Int(x.Reading.N)), number(x.Speedup, 2), number(x.Efficiency, 1), number(x.Serial, 3))...)
		}
	}
	return t
}

// Pairs are the pairs of configs that differ in one field.
func Pairs(p scaling.Pairing) Table {
	d := definitionOf(p.Metric)
	t := Table{Name: p.Metric, Columns: Columns("pair-16", ">|"+d.Unit, ">n/2", ">|"+d.Unit, ">n/2", ">change|%")}
	t.Columns[1].Title, t.Columns[3].Title = Fields([]model.Edit{{Path: p.Field, Value: p.Base}}), Fields([]model.Edit{{Path: p.Field, Value: p.Other}})
	for _, x := range p.Pairs {
		t.Add(OrNone(Fields(x.Of)), Cell{Text: metricPart(*x.Base.Value, d)}, dim(unit.Int(x.Base.N)), Cell{Text: metricPart(*x.Other.Value, d)},
			dim(unit.Int(x.Other.N)), Cell{Text: unit.Signed(x.Change, 1), By: x.Change})
	}
	return t
}

// Readings are those of all points of a frontier.
func Readings(f scaling.Frontier) []scaling.Reading {
	return slices.Concat(model.Each(f.Points, func(p scaling.FrontPoint) []scaling.Reading { return []scaling.Reading{p.PerUser, p.PerGPU} })...)
}

// GridRecords are a grid as rows of a file, in full precision, a header first: a row for each place.
func GridRecords(g scaling.Grid) [][]string {
	fields := []string{g.Row}
	if g.Column != "" {
		fields = append(fields, g.Column)
	}
	var out [][]string
	for _, m := range g.Multiples {
		others := model.Each(m.Of, func(e model.Edit) string { return e.Path })
		if out == nil {
			out = append(out, slices.Concat(fields, others, []string{"metric", "unit"}, readingHead("")))
		}
		for i, row := range m.Cells {
			for k, c := range row {
				at := []string{g.Rows[i], g.Columns[k]}[:len(fields)]
				values := model.Each(m.Of, func(e model.Edit) string { return e.Value })
				out = append(out, slices.Concat(at, values, []string{g.Metric, g.Unit}, readingRecord(c.Reading)))
			}
		}
	}
	return out
}

// FrontierRecords are frontiers as rows of a file, a header first.
func FrontierRecords(all []scaling.Frontier) [][]string {
	out := [][]string{slices.Concat([]string{"of", "point", "layout", "concurrency", "on_frontier", "beaten_by"},
		readingHead(scaling.PerUser+"_"), readingHead(scaling.PerGPU+"_"))}
	for _, f := range all {
		for _, p := range f.Points {
			out = append(out, slices.Concat([]string{f.Of, p.ID, p.Layout, p.Concurrency, fmt.Sprint(p.On), p.BeatenBy},
				readingRecord(p.PerUser), readingRecord(p.PerGPU)))
		}
	}
	return out
}

// ScalingRecords are scalings as rows of a file, a header first: a row for each phase of each config.
func ScalingRecords(all []scaling.Scaling) [][]string {
	out := [][]string{slices.Concat([]string{"of", "growth", "point", "layout", "gpus", "batch_size", "phase", "metric"}, readingHead(""),
		[]string{"speedup", "efficiency_pct", "serial_fraction"})}
	for _, s := range all {
		for _, p := range s.Points {
			for _, x := range p.Phases {
				out = append(out, slices.Concat([]string{s.Of, string(s.Growth), p.ID, p.Layout, fmt.Sprint(p.GPUs), fmt.Sprint(p.Batch), x.Phase, x.Metric},
					readingRecord(x.Reading), []string{fullOrNone(x.Speedup), fullOrNone(x.Efficiency), fullOrNone(x.Serial)}))
			}
		}
	}
	return out
}

// PairRecords are pairs of configs as rows of a file, a header first.
func PairRecords(all []scaling.Pairing) [][]string {
	out := [][]string{slices.Concat([]string{"field", "base", "other", "of", "metric"}, readingHead("base_"), readingHead("other_"), []string{"change_pct"})}
	for _, p := range all {
		for _, x := range p.Pairs {
			out = append(out, slices.Concat([]string{p.Field, p.Base, p.Other, Fields(x.Of), p.Metric}, readingRecord(x.Base), readingRecord(x.Other),
				[]string{unit.Full(x.Change)}))
		}
	}
	return out
}

func readingHead(prefix string) []string {
	return model.Each([]string{"value", "n", "runs", "spread_pct", "state", "reason", "ids"}, func(s string) string { return prefix + s })
}

func readingRecord(r scaling.Reading) []string {
	return []string{fullOrNone(r.Value), fmt.Sprint(r.N), fmt.Sprint(r.Runs), fullOrNone(r.Spread), string(r.State), r.Reason, strings.Join(r.IDs, " ")}
}

// fullOrNone is a number in full precision; empty: there is none.
func fullOrNone(v *float64) string {
	if v == nil {
		return ""
	}
	return unit.Full(*v)
}
