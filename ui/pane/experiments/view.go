package experiments

import (
	"fmt"
	"strings"
	"time"

	"shardeck/backend/lab"
	"shardeck/model"
	"shardeck/model/check"
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

// cells of one row, in the order of columns.
func (p *Pane) cells(r lab.Row) []widget.Cell {
	e, now := r.Experiment, p.env.Now()
	state := present.ExperimentState(r.Problem, r.Job, r.Run, r.Analysis, now)
	job := widget.Cell{Text: state, Tone: theme.State(state)}
	if r.Problem != "" {
		return []widget.Cell{{Text: name(r)}, {Text: strings.TrimPrefix(r.File, "experiments/configs/"), Tone: theme.Dim}, {}, {}, {}, {}, {}, {}, job}
	}
	l := e.Layout
	cells := []widget.Cell{{Text: e.ID}, {Text: model.ShortModel(e.Model.Name)}, number(l.TP), number(l.PP), number(l.DP()), number(l.EP), number(l.GPUs()), {Text: p.also[r.File], Tone: theme.Dim}, job}
	for _, m := range []string{"throughput_tokens_sec", "tpot", "comm_overhead", "ttft"} {
		cells = append(cells, metricCell(p.env.Theme, r.Analysis, m))
	}
	cells = append(cells, number(e.Data.BatchSize), number(e.Data.SeqLen), number(e.Data.MaxTokens))
	return append(cells, spreadCell(r.Analysis), tracedCell(r, now))
}

func number(n int) widget.Cell { return widget.Cell{Text: unit.Int(n)} }

func metricCell(th *theme.Theme, a *metric.Analysis, name string) widget.Cell {
	none := widget.Cell{Text: "–", Tone: theme.Dim}
	d, ok := metric.Define(name)
	if a == nil || !ok {
		return none
	}
	m := a.Metric(name)
	if m.Value == nil {
		return none
	}
	if name == "comm_overhead" {
		d.Decimals = 1
	}
	return widget.Cell{Text: pane.MetricText(th, m, d)}
}

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

func tracedCell(r lab.Row, now time.Time) widget.Cell {
	if r.Run == nil {
		return widget.Cell{Text: "–", Tone: theme.Dim}
	}
	return widget.Cell{Text: unit.Ago(r.Run.Time, now), Tone: theme.Dim, By: float64(r.Run.Time.Unix())}
}

// fields are what a filter can ask for.
func (p *Pane) fields(r lab.Row) map[string]string {
	e := r.Experiment
	return map[string]string{
		"id": e.ID, "model": e.Model.Name, "text": e.Description, "state": present.ExperimentState(r.Problem, r.Job, r.Run, r.Analysis, p.env.Now()), "also": p.also[r.File], "engine": string(e.Engine),
		"tp": fmt.Sprint(e.Layout.TP), "pp": fmt.Sprint(e.Layout.PP), "dp": fmt.Sprint(e.Layout.DP()), "ep": fmt.Sprint(e.Layout.EP),
		"gpus": fmt.Sprint(e.Layout.GPUs()), "batch": fmt.Sprint(e.Data.BatchSize), "seq": fmt.Sprint(e.Data.SeqLen), "out": fmt.Sprint(e.Data.MaxTokens),
	}
}

// detailRows is the room below the table, kept whatever the row has to say, so that
// nothing jumps.
const detailRows = 5

func (p *Pane) tableRows() int { return p.height - p.belowRows() - p.table.HeaderRows() }

// belowRows is how many lines the details take: none in a low pane, more in a narrow one.
func (p *Pane) belowRows() int {
	switch {
	case p.height < 14:
		return 0
	case p.width < 60 && p.height > 20:
		return detailRows + 4
	}
	return detailRows
}

// View draws the table, the details, and what is open over them.
func (p *Pane) View() string {
	if p.width <= 0 || p.height <= 0 {
		return ""
	}
	lines := p.body()
	lines = p.typing.Below(p.env.Theme, lines, p.width, p.height)
	if p.flow.Ask != nil {
		lines = p.flow.Ask.Popup.Over(p.env.Theme, lines, p.width, p.height)
	}
	return widget.Block(lines, p.width, p.height)
}

func (p *Pane) body() []string {
	if len(p.shown) == 0 {
		return p.empty()
	}
	room := p.height - p.belowRows()
	lines := p.table.View(p.env.Theme, p.width, room)
	for len(lines) < room {
		lines = append(lines, "")
	}
	if r, ok := p.byFile(p.below); ok && p.belowRows() > 0 {
		lines = append(lines, "")
		details := p.details(r)
		for _, d := range details[:min(len(details), p.belowRows()-1)] {
			lines = append(lines, "   "+d)
		}
	}
	return lines
}

// empty says why there is nothing, and what to do.
func (p *Pane) empty() []string {
	switch {
	case !p.loaded:
		return []string{"", "   reading experiments …"}
	case p.err != nil:
		return []string{"", "   " + p.env.Theme.Paint(theme.Bad, widget.Sentence("the experiments cannot be read: "+p.err.Error(), p.width-4)), "", "   r tries again"}
	case len(p.rows) > 0:
		return p.filter.None("experiment", p.fields(p.rows[0]), p.width)
	}
	return []string{"", "   There are no experiments in " + p.env.Lab.Workspace() + " yet.", "",
		"   shardeck generate   writes the first three, E1.1 to E1.3", "   shardeck new        asks a few questions and writes one", "", "   r reads again"}
}

// details are the lines below the table: layout, cost and memory, result, quality.
func (p *Pane) details(r lab.Row) []string {
	th, w := p.env.Theme, p.width-4
	var lines []string
	dim := func(parts ...string) {
		flowed := []string{pane.Joined(w, parts...)}
		if p.belowRows() > detailRows {
			flowed = pane.Flowed(w, parts...)
		}
		for _, l := range flowed {
			lines = append(lines, th.Paint(theme.Dim, l))
		}
	}
	if r.Problem != "" {
		return p.problemLines(r, w)
	}
	head := th.Paint(theme.Strong, r.Experiment.ID) + "  " + widget.Sentence(r.Experiment.Description, max(w-2-widget.Width(r.Experiment.ID), 1))
	lines = append(lines, head)
	dim(present.Placement(r.Verdict.Placement), cost(r.Verdict.Price), present.Memory(r.Verdict.Fit))
	if r.Analysis == nil {
		dim(p.nothingYet(r))
		return lines
	}
	dim(commWords(r)...)
	dim(qualityWords(r, p.env.Now())...)
	return lines
}

// problemLines are what is wrong with a file, as much as there is room for.
func (p *Pane) problemLines(r lab.Row, width int) []string {
	th := p.env.Theme
	lines := []string{th.Paint(theme.Strong, widget.Sentence(r.File, width))}
	for _, text := range present.Problems(r.File, r.Problem) {
		for _, l := range widget.Wrap(text, width) {
			lines = append(lines, th.Paint(theme.Bad, l))
		}
	}
	return lines[:min(len(lines), p.belowRows()-1)]
}

// name of a row: its id, or that of a file from which no id can be read.
func name(r lab.Row) string {
	if r.Experiment.ID != "" {
		return r.Experiment.ID
	}
	return strings.TrimPrefix(r.File, "experiments/configs/")
}

func (p *Pane) nothingYet(r lab.Row) string {
	switch {
	case r.Run != nil:
		return "traced, not yet analysed: ↵ reads it"
	case r.Job != nil && r.Job.State == model.JobRunning && p.seen[r.Job.ID] != "":
		return p.seen[r.Job.ID] + ": ↵ shows the job"
	case r.Job != nil && r.Job.State.Active():
		return "no result yet: ↵ shows the job"
	}
	if r.Job != nil && r.Job.State.Failed() {
		return "no result: ↵ shows the job, its log and the cause"
	}
	return "no result yet: s submits it"
}

// cost is the most that a job can cost, without its grounds.
func cost(p *check.Price) string {
	if p == nil {
		return ""
	}
	return present.NodeHours(p.NodeHours)
}

func commWords(r lab.Row) []string {
	a := r.Analysis
	m := a.Metric("comm_overhead")
	if m.Value == nil && r.Experiment.Layout.GPUs() == 1 {
		return []string{"one GPU: no communication"}
	}
	if m.Value == nil {
		if a.Trace == nil && strings.HasPrefix(m.Reason, "traces not read") {
			return []string{"communication not known: t reads the traces"}
		}
		return []string{"no communication share: " + m.Reason}
	}
	text := unit.Number(*m.Value, 1) + " % communication"
	if wait := a.Metric("comm_wait"); wait.Value != nil {
		text += ", of which " + unit.Number(*wait.Value, 1) + " waiting"
	}
	if s := a.Metric("straggler"); s.Value != nil {
		return []string{text, "straggler: rank " + unit.Number(*s.Value, 0)}
	}
	return []string{text}
}

func qualityWords(r lab.Row, now time.Time) []string {
	var words []string
	if n := r.Analysis.Metric("iteration_wall_clock").N; n > 0 {
		text := unit.Plural(n, "iteration")
		if s, ok := spread(r.Analysis); ok {
			text += ", spread " + unit.Number(s, 1) + " %"
		}
		words = append(words, text)
	}
	if r.Analysis.Replay {
		words = append(words, "replay of a recording")
	}
	if r.Run != nil && !r.Run.Time.IsZero() {
		words = append(words, "traced "+unit.Ago(r.Run.Time, now))
	}
	if r.Analysis.Damaged {
		words = append(words, "input was damaged")
	}
	return append(words, r.Analysis.Warnings...)
}
