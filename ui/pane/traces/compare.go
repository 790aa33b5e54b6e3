package traces

import (
	"context"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// comparison is two runs side by side; the first is the base.
type comparison struct {
	env   env
	runs  [2]string
	work  pane.Work[scaling.TraceComparison]
	found *scaling.TraceComparison // nil: not there yet
	err   error
	sheet *sheet
}

// compare sets two runs side by side; the first is the base.
func (p *Pane) compare(runs [2]string) tea.Cmd {
	c := &comparison{env: p.env, runs: runs, sheet: newSheet(p.env.Env, present.TraceDiff(scaling.TraceDiff{}))}
	if p.diff != nil { // its part and filters stay
		p.diff.work.Stop()
		c.sheet = p.diff.sheet
	}
	p.diff = c
	p.SetFocus(p.focused)
	return c.work.Start(p.env.Env, func(ctx context.Context, progress pool.Progress) (scaling.TraceComparison, error) {
		return p.env.CompareTraces(ctx, runs[0], runs[1], progress)
	}, func(found scaling.TraceComparison, err error) tea.Cmd {
		if err != nil {
			c.err = err
			return pane.Fail(err)
		}
		c.found = &found
		c.sheet.set(present.TraceDiff(found.TraceDiff))
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

// message says what a reader must know before believing a difference, else what the
// times are of.
func (c *comparison) message() pane.Note {
	switch {
	case c.work.Busy():
		return pane.Note{Text: c.work.Words("reading both runs") + " · esc stops it", Tone: theme.Busy}
	case c.err != nil:
		return pane.FailNote(c.err)
	case c.found == nil:
		return pane.Note{}
	}
	if r, ok := c.sheet.list().Current(); ok && r.Full != "" {
		return pane.Note{Text: r.Full}
	}
	if len(c.found.Warnings) > 0 {
		return pane.Note{Text: strings.Join(c.remarks(), " · "), Tone: theme.Warn}
	}
	return pane.Note{Text: strings.Join(append([]string{present.TraceChange(c.found.TraceDiff)}, c.remarks()...), " · ")}
}

// scaling is what more ranks did not bring, where that is known.
func (c *comparison) scaling() []string {
	if c.found.Loss == nil {
		return nil
	}
	return []string{c.found.Loss.Words()}
}

// remarks are what makes the runs unlike, then what the times are of.
func (c *comparison) remarks() []string { return slices.Concat(c.found.Warnings, c.found.Notes) }

// view draws the windows of both runs to one scale over the tables of differences.
func (c *comparison) view(f frame) []string {
	if c.found == nil {
		return c.empty(f.width)
	}
	lines := c.bars(f.width, f.height)
	f.height -= len(lines)
	return append(lines, c.sheet.view(f)...)
}

func (c *comparison) empty(width int) []string {
	th := c.env.Theme
	if c.err != nil {
		return []string{"", "   " + th.Paint(theme.Bad, widget.Sentence("no comparison: "+c.err.Error(), width-4)), "", "   d chooses another run · esc goes back to " + c.runs[1]}
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
			longest = max(longest, side.NS)
		}
	}
	var lines []string
	for i, name := range []string{"base", "ideal", "other"} {
		split, ok := c.splitFor(name, i/2)
		if !ok {
			continue
		}
		line := widget.Bar(th, cols, longest, append(pane.WindowParts(th, split), widget.Part{Value: float64(split.IdleNS), Glyph: th.Idle, Tone: theme.Dim}), " ")
		lines = append(lines, label(name)+line+widget.Right(unit.Duration(split.WindowNS), 10))
	}
	lines = append(lines, label("")+th.Paint(theme.Dim, widget.Spread(splitLegend(th), "window", cols+10)))
	if height < tallFrom {
		return lines
	}
	for _, text := range append(c.scaling(), c.remarks()...) {
		lines = append(lines, "   "+th.Paint(theme.Dim, widget.Sentence(text, width-4)))
	}
	return lines
}

// splitFor is what a bar is drawn from; the ideal is the base divided among the ranks of
// the other, where it has more or fewer.
func (c *comparison) splitFor(name string, side int) (metric.RankSplit, bool) {
	r := c.split(side)
	if name != "ideal" {
		return r, true
	}
	l := c.found.Loss
	if l == nil {
		return r, false
	}
	for _, part := range r.Parts() {
		*part = *part * int64(l.Ranks[0]) / int64(l.Ranks[1])
	}
	return r, true
}

// split is the mean rank of one run.
func (c *comparison) split(side int) metric.RankSplit {
	var r metric.RankSplit
	for i, part := range c.found.Parts {
		*r.Parts()[i] = int64(part.Sides[side].NS)
	}
	return r
}
