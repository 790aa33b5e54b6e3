package experiments

import (
	"fmt"
	"strings"
	"time"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// columns of the board; the highest Worth vanishes first, and before all others those in
// which all rows are alike (worthOf).
var columns = []widget.Column{
	{Title: "ID", Min: 16},
	{Title: "model", Worth: 3, Min: 15},
	{Title: "TP", Right: true, Worth: 2},
	{Title: "PP", Right: true, Worth: 2, Tight: true},
	{Title: "DP", Right: true, Worth: 2, Tight: true},
	{Title: "EP", Right: true, Worth: 2, Tight: true},
	{Title: "GPUs", Right: true, Worth: 6, Tight: true},
	{Title: "also", Worth: 4, Min: 16},
	{Title: "job", Keep: len("running 12:34")},
	{Title: "tok/s", Right: true, Worth: 1},
	{Title: "TPOT", Unit: "ms", Right: true, Worth: 5},
	{Title: "comm", Unit: "%", Right: true, Worth: 7},
	{Title: "TTFT", Unit: "ms", Right: true, Worth: 8},
	{Title: "batch", Right: true, Worth: 10},
	{Title: "prompt", Right: true, Worth: 10},
	{Title: "output", Right: true, Worth: 10},
	{Title: "spread", Unit: "%", Right: true, Worth: 11},
	{Title: "traced", Worth: 12},
}

// rows is what the pane says of its rows.
type rows struct {
	env  env
	seen map[string]string // what the logs of jobs say, by job
	also map[string]string // by file: what tells it apart besides its layout
}

// cells of one row, in the order of columns.
func (p *rows) cells(r board.Row) []widget.Cell {
	e, now := r.Experiment, p.env.Now()
	state := present.ExperimentState(r.Problem, r.Job, r.Run, r.Analysis, now)
	job := widget.Cell{Text: state, Tone: pane.Tone(present.State(state).Role)}
	if r.Problem != "" {
		return []widget.Cell{{Text: name(r)}, {Text: strings.TrimPrefix(r.File, "experiments/configs/"), Tone: theme.Dim}, {}, {}, {}, {}, {}, {}, job}
	}
	l := e.Layout
	cells := []widget.Cell{{Text: e.ID}, {Text: model.ShortModel(e.Model.Name)}, number(l.TP), number(l.PP), number(l.DP()), number(l.EP), number(l.GPUs()), {Text: p.also[r.File], Tone: theme.Dim}, job}
	for _, m := range []string{"throughput_tokens_sec", "tpot", "comm_overhead", "ttft"} {
		cells = append(cells, pane.Cells(p.env.Theme, present.Row{Cells: []present.Cell{present.RunMetric(r.Analysis, m)}})...)
	}
	cells = append(cells, number(e.Data.BatchSize), number(e.Data.SeqLen), number(e.Data.MaxTokens))
	return append(cells, spreadCell(r.Analysis), tracedCell(r, now))
}

func number(n int) widget.Cell { return widget.Cell{Text: unit.Int(n)} }

func spreadCell(a *metric.Analysis) widget.Cell {
	if s, ok := spread(a); ok {
		return widget.Cell{Text: unit.Number(s, 1)}
	}
	return widget.Cell{Text: "–", Tone: theme.Dim}
}

// spread is half the range of the iteration times, in % of their mean.
func spread(a *metric.Analysis) (float64, bool) {
	if a == nil {
		return 0, false
	}
	m := a.Metric("iteration_wall_clock")
	low, high := m.By.Stats[metric.Min], m.By.Stats[metric.Max]
	if m.Value == nil || *m.Value <= 0 || high <= 0 {
		return 0, false
	}
	return (high - low) / 2 / *m.Value * 100, true
}

func tracedCell(r board.Row, now time.Time) widget.Cell {
	if r.Run == nil {
		return widget.Cell{Text: "–", Tone: theme.Dim}
	}
	return widget.Cell{Text: unit.Ago(r.Run.Time, now), Tone: theme.Dim, By: float64(r.Run.Time.Unix())}
}

// fields are what a filter can ask for.
func (p *rows) fields(r board.Row) map[string]string {
	e := r.Experiment
	return map[string]string{
		"id": e.ID, "model": e.Model.Name, "text": e.Description, "state": present.ExperimentState(r.Problem, r.Job, r.Run, r.Analysis, p.env.Now()), "also": p.also[r.File], "engine": string(e.Engine),
		"tp": fmt.Sprint(e.Layout.TP), "pp": fmt.Sprint(e.Layout.PP), "dp": fmt.Sprint(e.Layout.DP()), "ep": fmt.Sprint(e.Layout.EP),
		"gpus": fmt.Sprint(e.Layout.GPUs()), "batch": fmt.Sprint(e.Data.BatchSize), "seq": fmt.Sprint(e.Data.SeqLen), "out": fmt.Sprint(e.Data.MaxTokens),
	}
}

// name of a row: its id, or that of a file from which no id can be read.
func name(r board.Row) string {
	if r.Experiment.ID != "" {
		return r.Experiment.ID
	}
	return strings.TrimPrefix(r.File, "experiments/configs/")
}
