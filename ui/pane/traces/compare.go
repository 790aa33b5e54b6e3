package traces

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/compare"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// comparison is two runs side by side; the first is the base.
type comparison struct {
	env   env
	runs  [2]string
	work  pane.Work[compare.TraceComparison]
	found *compare.TraceComparison // nil: not there yet
	err   error
	sheet *sheet

	timeline *lanes // of both
}

// stop ends its reading.
func (c *comparison) stop() {
	c.work.Stop()
	c.timeline.release()
}

// compare sets two runs side by side; the first is the base.
func (p *Pane) compare(runs [2]string) tea.Cmd {
	c := &comparison{env: p.env, runs: runs, sheet: newSheet(p.env.Env, present.TraceDiff(compare.TraceDiff{}))}
	if p.diff != nil { // its part and filters stay
		p.diff.stop()
		c.sheet = p.diff.sheet
	}
	c.sheet.lead = "timeline"
	c.timeline = &lanes{env: p.env, dialog: &p.Dialog, sides: []*side{{run: runs[0]}, {run: runs[1]}}}
	p.diff = c
	p.SetFocus(p.focused)
	return c.work.Start(p.env.Env, func(ctx context.Context, progress pool.Progress) (compare.TraceComparison, error) {
		return p.env.CompareTraces(ctx, runs[0], runs[1], progress)
	}, func(found compare.TraceComparison, err error) tea.Cmd {
		if err != nil {
			c.err = err
			return pane.Fail(err)
		}
		c.found = &found
		c.sheet.set(present.TraceDiff(found.TraceDiff))
		if c.sheet.ahead {
			return c.timeline.need(nil)
		}
		return nil
	})
}

// title names both runs, and what their times are of.
func (c *comparison) title() (left, right string) {
	left = "Traces · " + c.runs[0] + " → " + c.runs[1]
	switch {
	case c.work.Busy():
		right = c.work.Words("reading")
	case c.found == nil:
	case c.sheet.list().Filtered() != "":
		right = c.sheet.list().Filtered()
	case c.found.PerStep:
		right = "a step of a rank"
	default:
		right = "the window of a rank"
	}
	return left, right
}

// message says what a reader must know before believing a difference, else what the times are of.
func (c *comparison) message() pane.Note {
	switch {
	case c.work.Busy():
		return pane.Note{Text: c.work.Words("reading both runs") + " · esc stops it", Tone: theme.Busy}
	case c.err != nil:
		return pane.FailNote(c.err)
	case c.found == nil:
		return pane.Note{}
	}
	switch {
	case c.timeline.busy() != nil:
		return c.timeline.busy().reading()
	case c.timeline.said != "":
		return pane.Note{Text: c.timeline.said}
	}
	if r, ok := c.sheet.list().Current(); ok && !c.sheet.ahead && r.Full != "" {
		return pane.Note{Text: r.Full}
	}
	if len(c.found.Warnings) > 0 {
		return pane.Note{Text: strings.Join(c.remarks(), " · "), Tone: theme.Warn}
	}
	return pane.Note{Text: strings.Join(append([]string{present.TraceChange(c.found.TraceDiff)}, c.remarks()...), " · ")}
}

// remarks are what makes the runs unlike, then what the times are of.
func (c *comparison) remarks() []string { return slices.Concat(c.found.Warnings, c.found.Notes) }

// view draws the windows of both runs to one scale over the tables of differences.
func (c *comparison) view(f frame) []string {
	if c.found == nil {
		return c.empty(f.width)
	}
	if c.sheet.ahead {
		return c.timeline.over(f, c.sheet)
	}
	lines := c.bars(f.width, f.height)
	f.height -= len(lines)
	return append(lines, c.sheet.view(f)...)
}

func (c *comparison) empty(width int) []string {
	th := c.env.Theme
	if c.err != nil {
		why := th.Paint(theme.Bad, widget.Sentence("no comparison: "+c.err.Error(), width-4))
		return pane.Notice(why, "", "d chooses another run · esc goes back to "+c.runs[1])
	}
	return underWay(c.runs[0]+" and "+c.runs[1], c.work.Gauge(th, min(width-30, 60)))
}

// bars are the windows of both runs divided into parts, the longer as wide as the screen.
func (c *comparison) bars(width, height int) []string {
	th := c.env.Theme
	cols := width - labelWidth - 11
	if cols < 8 || height < 12 {
		return nil
	}
	longest := 0.0
	for _, r := range c.found.Parts {
		for _, side := range r.Sides {
			longest = max(longest, metric.OrZero(side.NS))
		}
	}
	var lines, remarks []string
	draw := func(name string, split metric.RankSplit) {
		parts := append(pane.WindowParts(th, split), widget.Part{Value: float64(split.IdleNS), Glyph: th.Idle, Tone: theme.Dim})
		line := widget.Bar(th, cols, longest, parts, " ")
		lines = append(lines, label(name)+line+widget.Right(unit.Duration(split.WindowNS), 10))
	}
	base, other := c.split(0, [2]int{1, 1}), c.split(1, [2]int{1, 1})
	draw("base", base)
	if l := c.found.Loss; l != nil { // the base divided among the ranks of the other, which has more or fewer
		draw("ideal", c.split(0, l.Ranks))
		remarks = append(remarks, l.Words())
	}
	draw("other", other)
	legend := widget.Spread(splitLegend(th, base.UnmatchedNS+other.UnmatchedNS > 0), "window", cols+10)
	lines = append(lines, label("")+th.Paint(theme.Dim, legend))
	if height < tallFrom {
		return lines
	}
	for _, text := range append(remarks, c.remarks()...) {
		lines = append(lines, "   "+th.Paint(theme.Dim, widget.Sentence(text, width-4)))
	}
	return lines
}

// split is the mean rank of one run, its times those of so many ranks shared by so many.
func (c *comparison) split(side int, ranks [2]int) metric.RankSplit {
	r := metric.RankSplit{TransferNS: new(int64), WaitNS: new(int64)}
	for i, part := range c.found.Parts {
		*r.Parts()[i] = int64(metric.OrZero(part.Sides[side].NS)) * int64(ranks[0]) / int64(ranks[1])
	}
	return r
}

// picker lists the runs that the one shown can be compared with, those of its model first.
type picker struct {
	run    string // the one shown
	loaded bool
	err    error
	sheet  *sheet
}

func choose(p *Pane) tea.Cmd {
	t := present.Table{Name: "runs", One: "run",
		Columns: present.Columns("base…22", "layout", "model/1", ">batch/2", ">tokens/2", ">traces/3", "traced/4")}
	k := &picker{run: p.run, sheet: newSheet(p.env.Env, []present.Table{t})}
	p.pick = k
	p.SetFocus(p.focused)
	return p.listing.Start(p.env.Ctx, p.env.Runs, func(runs []model.Run, err error) tea.Cmd {
		k.loaded, k.err = true, err
		if err != nil {
			return pane.Fail(err)
		}
		for _, r := range k.candidates(runs) {
			t.Rows = append(t.Rows, pickRow(r, p.env.Now()))
		}
		k.sheet.set([]present.Table{t})
		return nil
	})
}

// candidates are the runs with traces besides the one shown; those of its model first.
func (k *picker) candidates(runs []model.Run) []model.Run {
	own := ""
	if r := model.First(runs, func(r model.Run) bool { return r.Name == k.run }); r != nil {
		own = modelOf(*r)
	}
	var kin, others []model.Run
	for _, r := range runs {
		switch {
		case r.Name == k.run || r.TraceBytes() == 0:
		case modelOf(r) == own:
			kin = append(kin, r)
		default:
			others = append(others, r)
		}
	}
	return append(kin, others...)
}

func modelOf(r model.Run) string {
	if r.Experiment == nil {
		return ""
	}
	return r.Experiment.Model.Name
}

func pickRow(r model.Run, now time.Time) present.Row {
	row := present.Row{Fields: map[string]string{"run": r.Name}, Full: r.Name}
	layout, name, batch, tokens := unit.Missing, unit.Missing, unit.Missing, unit.Missing
	if e := r.Experiment; e != nil {
		layout, name = e.Layout.Short(), model.ShortModel(e.Model.Name)
		batch, tokens = unit.Int(e.Data.BatchSize), unit.Int(e.Data.SeqLen)+"+"+unit.Int(e.Data.MaxTokens)
		row.Fields["id"], row.Fields["model"], row.Fields["layout"] = e.ID, e.Model.Name, layout
	}
	row.Cells = present.Texts(r.Name, layout, name, batch, tokens, unit.FileSize(r.TraceBytes()), unit.Ago(r.Time, now))
	row.Cells[6].Role = present.Dim
	return row
}

func takePicked(p *Pane) tea.Cmd {
	r, ok := p.pick.sheet.list().Current()
	if !ok {
		return pane.Warn("there is no run under the cursor")
	}
	p.pick = nil
	return p.compare([2]string{r.Full, p.run})
}

func (k *picker) view(f frame) []string {
	f.tall = false
	switch {
	case k.err != nil:
		f.empty = "the runs cannot be listed: " + k.err.Error()
	case !k.loaded:
		f.empty = "looking for runs …"
	default:
		f.empty = "no other run has traces"
	}
	return k.sheet.view(f)
}
