package metrics

import (
	"fmt"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// rows is what the table says of runs: one value a metric, or its difference from the
// baseline.
type rows struct {
	env     env
	known   *known
	columns *columns
	base    *baseline
	best    *best
	replays bool // all runs are replays
}

// header is the run and the metrics that are columns.
func (w *rows) header() []widget.Column {
	t := present.Table{Columns: []present.Column{{Title: "run", Min: 22}}}
	for _, d := range w.columns.defs {
		c := present.MetricColumn(d)
		if w.base.name != "" && c.Title != "straggler" {
			c.Unit = "diff %"
		}
		t.Columns = append(t.Columns, c)
	}
	return pane.Columns(t)
}

// cells of one run, in the order of the columns.
func (w *rows) cells(r model.Run) []widget.Cell {
	row := present.Row{Cells: present.Texts(w.label(r))}
	a := w.known.analyses[r.Name]
	like := w.base.unlike(r) == ""
	for _, d := range w.columns.defs {
		cell := present.None()
		if a != nil {
			cell = w.cell(r.Name, a.Metric(d.Name), d)
		}
		if !like && a != nil {
			cell.Role = present.Dim
		}
		row.Cells = append(row.Cells, cell)
	}
	cells := pane.Cells(w.env.Theme, row)
	for i, d := range w.columns.defs {
		cells[i+1].Lead = w.best.marks[r.Name+" "+d.Name] + cells[i+1].Lead
	}
	return cells
}

// cell is one value, or its difference from the baseline; either is ordered by the value.
func (w *rows) cell(run string, m metric.Metric, d metric.Definition) present.Cell {
	cell := present.MetricCell(m, d)
	if m.Value == nil || d.Name == "straggler" || w.base.name == "" || run == w.base.name {
		return cell
	}
	change := w.base.change(run, m, d)
	change.By = cell.By
	return change
}

// label is a run's name, with a word for what is no measurement of this machine; where all
// are replays the title says so once.
func (w *rows) label(r model.Run) string {
	switch {
	case r.Unfinished:
		return r.Name + " (unfinished)"
	case w.known.replay(r) && !w.replays:
		return r.Name + " (replay)"
	}
	return r.Name
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
