package metrics

import (
	"fmt"
	"math"
	"slices"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// columns are the run and every metric, in the order of their definitions: by family,
// in order of worth.
func (p *Pane) columns() []widget.Column {
	t := present.Table{Columns: present.Columns("run…22")}
	for _, d := range p.defs {
		c := present.MetricColumn(d)
		if p.baseline != "" && d.Name != "straggler" {
			c.Unit = "diff %"
		}
		t.Columns = append(t.Columns, c)
	}
	return pane.Columns(t)
}

// fill puts the runs that pass the filter into the table, the cursor staying on its run.
func (p *Pane) fill() {
	name := p.currentName()
	p.shown = p.shown[:0]
	for i, r := range p.runs {
		if p.filter.Empty() || p.filter.Match(fields(r)) {
			p.shown = append(p.shown, i)
		}
	}
	var marks map[string]string
	if p.baseline == "" {
		marks = p.marks()
	}
	p.replays = p.allReplays()
	rows := make([][]widget.Cell, len(p.shown))
	for row, i := range p.shown {
		rows[row] = pane.Cells(p.env.Theme, present.Row{Cells: p.cells(p.runs[i], marks)})
	}
	p.table.Columns = p.columns()
	rows, p.shown = p.sort.Apply(rows, p.shown)
	p.table.SetRows(rows)
	p.goTo(name)
}

// cells of one run, in the order of columns.
func (p *Pane) cells(r model.Run, marks map[string]string) []present.Cell {
	cells := []present.Cell{{Text: p.label(r)}}
	a := p.analyses[r.Name]
	like := p.unlike(r) == ""
	for _, d := range p.defs {
		cell := p.cell(r.Name, a, d)
		if a != nil && a.Metric(d.Name).Value != nil {
			cell.By = *a.Metric(d.Name).Value // of a difference too, so that the baseline is in its place
		}
		if !like && a != nil {
			cell.Role = present.Dim
		}
		cell.Lead = marks[r.Name+" "+d.Name] + cell.Lead
		cells = append(cells, cell)
	}
	return cells
}

// label is a run's name, with a word for what is no measurement of this machine; where
// all are replays the title says so once.
func (p *Pane) label(r model.Run) string {
	switch {
	case r.Unfinished:
		return r.Name + " (unfinished)"
	case p.replay(r) && !p.replays:
		return r.Name + " (replay)"
	}
	return r.Name
}

func (p *Pane) allReplays() bool {
	return len(p.runs) > 0 && !slices.ContainsFunc(p.runs, func(r model.Run) bool { return !p.replay(r) })
}

func (p *Pane) isBaseline(row int) bool {
	return p.baseline != "" && p.runs[p.shown[row]].Name == p.baseline
}

func (p *Pane) replay(r model.Run) bool {
	a := p.analyses[r.Name]
	return r.Replay || a != nil && a.Replay
}

// cell is one value, or its difference from the baseline.
func (p *Pane) cell(run string, a *metric.Analysis, d metric.Definition) present.Cell {
	if a == nil {
		return present.None()
	}
	m := a.Metric(d.Name)
	if m.Value == nil || d.Name == "straggler" || p.baseline == "" || run == p.baseline {
		return present.MetricCell(m, d)
	}
	change, ok := p.delta(m)
	found := p.diffs[run][d.Name]
	if found.Change != nil {
		change, ok = *found.Change, true
	}
	if !ok {
		return present.None()
	}
	return present.Change(&change, found.Same, d.Better)
}

// delta is not ok where the baseline has no such value, or nothing to divide by.
func (p *Pane) delta(m metric.Metric) (percent float64, ok bool) {
	base := p.analyses[p.baseline]
	if base == nil || m.Value == nil {
		return 0, false
	}
	b := base.Metric(m.Name)
	if b.Value == nil || *b.Value == 0 {
		return 0, false
	}
	return (*m.Value - *b.Value) / math.Abs(*b.Value) * 100, true
}

// fields are what a filter can ask for.
func fields(r model.Run) map[string]string {
	f := map[string]string{"run": r.Name, "job": r.JobID}
	if r.Replay {
		f["state"] = "replay"
	}
	if e := r.Experiment; e != nil {
		f["id"], f["model"], f["engine"] = e.ID, e.Model.Name, string(e.Engine)
		for key, n := range map[string]int{"tp": e.Layout.TP, "pp": e.Layout.PP, "dp": e.Layout.DP(), "ep": e.Layout.EP, "gpus": e.Layout.GPUs(),
			"batch": e.Data.BatchSize, "seq": e.Data.SeqLen, "out": e.Data.MaxTokens} {
			f[key] = fmt.Sprint(n)
		}
	}
	return f
}
