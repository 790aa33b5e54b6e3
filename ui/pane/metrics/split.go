package metrics

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/ui/list"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// view is a way to look at an opened run, in the order of the key tab: a row a metric, or
// a row a rank, a phase or a collective type, with a column for each metric that is
// divided so.
type view struct {
	name, head string
	keys       func(*metric.Analysis) []string // rows; nil: the view of the metrics themselves
	value      func(metric.Metric, string) (float64, bool)
	none       func(*metric.Analysis) string // why there are no rows
}

var views = []view{
	{name: "metrics"},
	{"ranks", "rank", rankKeys, rankValue, func(*metric.Analysis) string { return "no metric of this run has values by rank" }},
	{"phases", "phase", phaseKeys, phaseValue, func(a *metric.Analysis) string { return "no phases: " + missingWords(a.Metric("phase_time")) }},
	{"collectives", "type", typeKeys, typeValue, func(a *metric.Analysis) string { return "no collectives: " + missingWords(a.Metric("comm_overhead")) }},
}

func rankKeys(a *metric.Analysis) []string {
	var keys []string
	for _, r := range a.Ranks {
		if slices.ContainsFunc(a.Metrics, func(m metric.Metric) bool { _, ok := m.PerRank[r]; return ok }) {
			keys = append(keys, unit.Int(r))
		}
	}
	return keys
}

// rankValue is what a rank has of a metric; of the straggler its lateness.
func rankValue(m metric.Metric, key string) (float64, bool) {
	if m.Name == "straggler" {
		return ofRank(m.By.Late, key)
	}
	return ofRank(m.PerRank, key)
}

func ofRank(values map[int]float64, key string) (float64, bool) {
	for r, v := range values {
		if unit.Int(r) == key {
			return v, true
		}
	}
	return 0, false
}

func phaseKeys(a *metric.Analysis) []string {
	return slices.DeleteFunc(slices.Clone(metric.PhaseNames), func(key string) bool {
		return !slices.ContainsFunc(a.Metrics, func(m metric.Metric) bool { _, ok := m.By.Phases[key]; return ok })
	})
}

// typeKeys are the collective types, those of most calls first.
func typeKeys(a *metric.Analysis) []string {
	calls := a.Metric("coll_call_num").By.Types
	return slices.SortedFunc(maps.Keys(calls), func(x, y string) int {
		if calls[x] != calls[y] {
			return int(max(-1, min(1, calls[y]-calls[x])))
		}
		return strings.Compare(x, y)
	})
}

func phaseValue(m metric.Metric, key string) (float64, bool) {
	v, ok := m.By.Phases[key]
	return v, ok
}

func typeValue(m metric.Metric, key string) (float64, bool) {
	v, ok := m.By.Types[key]
	return v, ok
}

// column is the header of a metric and its decimals, in a view: of the straggler the
// ranks have their lateness.
func (v view) column(d metric.Definition) (c widget.Column, decimals int) {
	if v.name == "ranks" && d.Name == "straggler" {
		return widget.Column{Title: "late", Unit: "ms", Right: true}, 1
	}
	title, unit := header(d)
	if d.Unit == "B" { // each cell has its own unit
		return widget.Column{Title: title, Right: true, Mixed: true}, d.Decimals
	}
	return widget.Column{Title: title, Unit: unit, Right: true}, d.Decimals
}

// split fills the table with a row for each key of a view and one for all, and a column
// for each metric that any key has.
func (d *detail) split(th *theme.Theme, a *metric.Analysis, defs []metric.Definition) {
	v := views[d.view]
	d.keys, d.names = v.keys(a), nil
	d.table.Columns = []widget.Column{{Title: v.head, Min: 10}}
	rows := make([][]widget.Cell, len(d.keys)+1)
	for i := range rows {
		rows[i] = []widget.Cell{{Text: append([]string{"all"}, d.keys...)[i]}}
	}
	for _, def := range defs {
		m := a.Metric(def.Name)
		if !slices.ContainsFunc(d.keys, func(key string) bool { _, ok := v.value(m, key); return ok }) {
			continue
		}
		column, decimals := v.column(def)
		d.names, d.table.Columns = append(d.names, def.Name), append(d.table.Columns, column)
		rows[0] = append(rows[0], allCell(th, v, m, def))
		for i, key := range d.keys {
			rows[i+1] = append(rows[i+1], splitCell(th, v, m, def, key, decimals))
		}
	}
	d.setSplit(rows)
}

// allCell is the value of the run; the straggler is a rank, which has no place among
// latenesses.
func allCell(th *theme.Theme, v view, m metric.Metric, def metric.Definition) widget.Cell {
	if c, _ := v.column(def); c.Unit == "ms" && def.Unit == "rank" {
		return widget.Cell{}
	}
	return valueCell(th, m, def)
}

func splitCell(th *theme.Theme, v view, m metric.Metric, def metric.Definition, key string, decimals int) widget.Cell {
	value, ok := v.value(m, key)
	switch {
	case !ok:
		return widget.Cell{Text: th.Missing, Tone: theme.Dim}
	case def.Unit == "B":
		return widget.Cell{Text: unit.Memory(int64(value)), By: value}
	}
	return widget.Cell{Text: unit.Figure(value, decimals), By: value}
}

// setSplit orders the rows below that for all, and puts them into the table.
func (d *detail) setSplit(rows [][]widget.Cell) {
	if len(d.keys) == 0 {
		d.table.SetRows(nil)
		return
	}
	ids := make([]int, len(d.keys))
	for i := range ids {
		ids[i] = i
	}
	sorted, _ := d.sort.Apply(rows[1:], ids)
	d.table.SetRows(append(rows[:1:1], sorted...))
}

// turn goes to another view, to the same metric where it has it.
func (p *Pane) turn(by int) {
	d, metric := p.detail, p.metricName()
	d.view = (d.view + by + len(views)) % len(views)
	d.sort = list.Sort{}
	d.table = widget.Table{Column: -1, Focused: p.focused}
	if views[d.view].keys != nil {
		d.table.Column, d.table.Freeze = 1, 1
	}
	if a := p.analyses[d.run]; a != nil {
		d.show(p.env.Theme, a, p.metrics())
	}
	d.goTo(metric)
}

// viewLine is the rule over an opened run: the names of its views.
func (p *Pane) viewLine() string {
	d := p.detail
	return widget.RuleWith(p.env.Theme, p.width, p.viewNames().String(p.env.Theme), d.sort.Words(d.table.Columns))
}

func (p *Pane) viewNames() widget.Choice {
	c := widget.Choice{At: p.detail.view, Focused: p.focused}
	for _, v := range views {
		c.Names = append(c.Names, v.name)
	}
	return c
}

// noRows says why the view has none; empty: it has some.
func (p *Pane) noRows() string {
	d := p.detail
	a := p.analyses[d.run]
	if a == nil || d.table.Rows() > 0 || views[d.view].none == nil {
		return ""
	}
	if !p.read[d.run] {
		return fmt.Sprintf("the traces of %s are not read yet", d.run)
	}
	return views[d.view].none(a)
}
