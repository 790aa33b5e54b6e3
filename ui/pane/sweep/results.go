package sweep

import (
	"context"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/model/sweep"
)

// wish is what is to be shown of which sweep.
type wish struct {
	id     string
	metric string   // empty: the first there is
	by     []string // fields of rows and columns; empty: the first that vary
}

// results are what a sweep has given so far. They are made in a command and not changed.
type results struct {
	plan    sweep.Plan
	entries []scaling.Entry
	fronts  []scaling.Frontier
	told    []scaling.Frontier // of what is foretold of points that are not measured
	metrics []string           // of which a point has a value, that of the goal first
	pairs   [][]string         // of fields that vary, for rows and columns
	grid    scaling.Grid
	total   string // the sweep in one line
}

// resultsOf works a sweep out.
func (e env) resultsOf(ctx context.Context, w wish) (*results, error) {
	plan, err := e.PlanSweep(ctx, w.id)
	if err != nil {
		return nil, err
	}
	r := &results{plan: plan, entries: plan.Entries(), total: present.SweepTotal(plan)}
	r.entries = slices.DeleteFunc(r.entries, func(x scaling.Entry) bool { return x.State == scaling.IsLeftOut })
	r.fronts, r.metrics, r.pairs = scaling.FrontiersOf(r.entries), metricsOf(r.entries, plan.Sweep.Goal), pairsOf(r.entries)
	told, _ := e.Foretold(ctx, model.Each(plan.Points, sweep.Status.Row)) // what cannot be foretold is not drawn
	r.told = scaling.FrontiersOf(model.Each(told, func(m scaling.Measured) scaling.Entry {
		return scaling.Entry{ID: m.Run.Name, Values: []model.Edit{{Path: "id", Value: m.Run.Name}}, Experiment: *m.Run.Experiment,
			State: scaling.IsMeasured, Analysis: m.Analysis}
	}))
	return r.with(w)
}

// with is the results with the table of another metric or of other fields.
func (r *results) with(w wish) (*results, error) {
	out := *r
	name, by := w.metric, w.by
	if !slices.Contains(r.metrics, name) {
		name = r.metrics[0]
	}
	if !slices.ContainsFunc(r.pairs, func(pair []string) bool { return slices.Equal(pair, by) }) {
		by = r.pairs[0]
	}
	var err error
	out.grid, err = scaling.GridOf(r.entries, name, by)
	return &out, err
}

// usual are the metrics that come first, where they are known.
var usual = []string{scaling.ThroughputMetric, "tpot", "ttft", scaling.PerGPU, scaling.PerUser}

// metricsOf are the metrics that a point has a value of: that of the goal, then the usual ones, then the others as they are
// defined; the first alone where nothing is measured yet.
func metricsOf(all []scaling.Entry, goal *sweep.Goal) (names []string) {
	order := slices.Concat(usual, model.Each(metric.Definitions, func(d metric.Definition) string { return d.Name }))
	if goal != nil {
		order = append([]string{goal.Metric}, order...)
	}
	for _, name := range order {
		known := slices.ContainsFunc(all, func(e scaling.Entry) bool { return e.Analysis != nil && e.Analysis.Named(name).Value != nil })
		if known && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return order[:1]
	}
	return names
}

// pairsOf are the pairs of fields that vary, and where one field does, that alone; gpus comes last.
func pairsOf(all []scaling.Entry) (pairs [][]string) {
	fields := scaling.Varied(all)
	if len(fields) == 0 {
		return [][]string{{"gpus"}}
	}
	for i, row := range fields {
		for _, column := range fields[i+1:] {
			pairs = append(pairs, []string{row, column}, []string{column, row})
		}
	}
	if len(fields) == 1 {
		pairs = append(pairs, fields)
	}
	return append(pairs, []string{"gpus"})
}

// view is one way to look at results.
type view struct {
	name  string
	table func(e env, r *results) present.Table
	notes func(r *results) []string // below the table
}

var views = []view{
	{"frontier", func(_ env, r *results) present.Table { return r.frontier() }, (*results).frontierNotes},
	{"table", (env).gridTable, func(r *results) []string { return present.GridNotes(r.grid) }},
	{"points", func(_ env, r *results) present.Table { return r.points() }, func(*results) []string { return nil }},
}

// points are the points, under titles as the other panes have them.
func (r *results) points() present.Table {
	t := present.Points(r.plan)
	for i, c := range t.Columns {
		if c.Name == "" {
			t.Columns[i].Title = strings.ToLower(c.Title)
		}
	}
	return t
}

// frontier is the configs of every work, one below the other.
func (r *results) frontier() present.Table {
	t := present.Table{Name: "frontier", One: "point"}
	for _, f := range r.fronts {
		one := present.Frontier(f)
		if t.Columns = one.Columns; len(r.fronts) > 1 {
			t.Columns = append(t.Columns, present.Columns("work…16")...)
		}
		for _, row := range one.Rows {
			row.Full, row.Fields = row.Cells[0].Text, map[string]string{"id": row.Cells[0].Text, "work": f.Of}
			if len(r.fronts) > 1 {
				row.Cells = append(row.Cells, present.Cell{Text: f.Of, Role: present.Dim})
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

func (r *results) frontierNotes() []string {
	if len(r.fronts) == 0 {
		return nil
	}
	notes := []string{present.Sampled(slices.Concat(model.Each(r.fronts, present.Readings)...))}
	doubted := slices.DeleteFunc(slices.Clone(r.entries), func(x scaling.Entry) bool {
		return x.State != scaling.IsMeasured && x.State != scaling.IsForecast || x.Reason == ""
	})
	if n := len(doubted); n > 0 {
		notes = append([]string{unit.Plural(n, "point") + " left out, " + doubted[0].ID + ": " + doubted[0].Reason}, notes...)
	}
	return notes
}

// gridTable is the tables of a grid, one below the other, each value with a sign of how high it is among all: a heat map.
func (e env) gridTable(r *results) present.Table {
	g := r.grid
	t := present.Table{Name: "table", One: "row", Columns: []present.Column{{Title: scaling.LastPart(g.Row), Right: true}}}
	for _, value := range g.Columns {
		t.Columns = append(t.Columns, present.GridColumns(g, value, titleOf(g.Metric), 2)...)
	}
	t.Columns = append(t.Columns, present.Columns(">n/3")...)
	if len(g.Multiples) > 1 {
		t.Columns = append(t.Columns, present.Columns("of/1-12")...)
	}
	for _, m := range g.Multiples {
		for i, cells := range m.Cells {
			if slices.ContainsFunc(cells, func(c scaling.GridCell) bool { return c.State != scaling.IsMissing }) {
				t.Rows = append(t.Rows, e.gridRow(g, g.Rows[i], cells, m.Of))
			}
		}
	}
	return t
}

func titleOf(name string) string {
	if d, ok := metric.Define(name); ok {
		return d.Title
	}
	return name
}

// gridRow is one row of values; where it is of one point, that is its name.
func (e env) gridRow(g scaling.Grid, value string, cells []scaling.GridCell, of []model.Edit) present.Row {
	levels := e.Theme.Levels[1:]
	row := present.Row{Cells: []present.Cell{{Text: value, Role: present.Strong}}}
	var n []string
	for _, c := range cells {
		cell, spread := present.GridValue(g, c), present.Cell{Text: unit.Known(c.Spread, 1), Role: present.Dim}
		if c.Value != nil {
			cell.Lead = map[bool]string{true: e.Theme.Best}[c.Best] + levels[int(c.Level*float64(len(levels)-1)+0.5)] + " "
			n = append(n, unit.Int(c.N))
		}
		row.Cells = append(row.Cells, cell, spread)
	}
	if n = slices.Compact(n); len(cells) == 1 {
		row.Full = cells[0].IDs[0]
	}
	row.Fields = map[string]string{"id": row.Full, "of": present.Fields(of), scaling.LastPart(g.Row): value}
	row.Cells = append(row.Cells, present.Cell{Text: strings.Join(n, " "), Role: present.Dim},
		present.Cell{Text: present.Fields(of), Role: present.Dim})
	return row
}
