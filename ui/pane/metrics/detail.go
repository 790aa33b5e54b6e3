package metrics

import (
	"maps"
	"math"
	"slices"

	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// views are the ways to look at an opened run, in the order of the key tab: a row a metric,
// then a column a metric and a row a rank, a phase or a type of call.
var views = []string{"metrics", "ranks", "phases", "collectives"}

// detail is one run opened.
type detail struct {
	run   string
	view  int // of views
	table widget.Table
	names []string      // metric of each row; in a view by columns of each column but the first
	all   present.Table // as shown
	sort  list.Sort     // of the rows of a view by columns
}

// byColumn reports whether metrics are columns.
func (d *detail) byColumn() bool { return d.view > 0 }

// show fills the rows from an analysis; the cursor stays on its metric.
func (d *detail) show(th *theme.Theme, a *metric.Analysis, defs []metric.Definition) {
	d.names = nil
	if d.byColumn() {
		d.all = present.MetricsBy(a, defs)[d.view-1]
		for _, c := range d.all.Columns[1:] {
			d.names = append(d.names, c.Name)
		}
		d.fill(th)
		return
	}
	d.all = present.Metrics(a, defs)
	for _, def := range defs {
		d.names = append(d.names, def.Name)
	}
	if len(a.Ranks) > 1 {
		d.all = d.all.With(3, present.Column{Title: "ranks", Worth: 1}, func(row int) present.Cell {
			return present.Cell{Text: spark(th, a.Metric(d.names[row]).PerRank)}
		})
	}
	d.fill(th)
}

// fill puts the rows into the table; of a view by columns all but the first are ordered.
func (d *detail) fill(th *theme.Theme) {
	var rows [][]widget.Cell
	var ids []int
	for id, r := range d.all.Rows {
		rows, ids = append(rows, pane.Cells(th, r)), append(ids, id)
	}
	if d.byColumn() && len(rows) > 1 {
		sorted, _ := d.sort.Apply(rows[1:], ids[1:])
		rows = append(rows[:1:1], sorted...)
	}
	d.table.Columns = pane.Columns(d.all)
	d.table.SetRows(rows)
}

func (d *detail) goTo(metric string) {
	at := max(slices.Index(d.names, metric), 0)
	if d.byColumn() {
		d.table.Column = at + 1
		return
	}
	d.table.Cursor = at
}

// metric is the name of the metric under the cursor.
func (d *detail) metric() string {
	at := d.table.Cursor
	if d.byColumn() {
		at = d.table.Column - 1
	}
	if at < 0 || at >= len(d.names) {
		return ""
	}
	return d.names[at]
}

// spark draws the ranks side by side, each as high as its share of the largest, so that
// an uneven one is seen at once.
func spark(th *theme.Theme, perRank map[int]float64) string {
	if len(perRank) < 2 {
		return ""
	}
	top := 0.0
	for _, v := range perRank {
		top = math.Max(top, v)
	}
	var levels []float64
	for _, r := range slices.Sorted(maps.Keys(perRank)) {
		levels = append(levels, math.Max(perRank[r], 0)/math.Max(top, math.SmallestNonzeroFloat64))
	}
	return widget.Levels(th, levels)
}
