package traces

import (
	"context"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/model/xray"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// timeline is the density of the work of one rank over the window of a run.
type timeline struct {
	env      env
	dialog   *pane.Dialog
	run      string
	analysis *metric.Analysis // nil: not read

	rank   int                  // of the summary's ranks, the one drawn
	view   span                 // part in sight
	fine   []metric.RankDensity // of each rank, in smaller bins than the summary's; nil: not asked for
	finer  pane.Task[[]metric.RankDensity]
	spans  pane.Work[metric.KernelSpans] // what ran in sight, kernel by kernel
	xray   pane.Work[xray.Report]        // its steps, operator by operator
	sought *metric.LateCall              // shown; nil: none
}

// show takes another run, or another analysis of the same.
func (t *timeline) show(run string, a *metric.Analysis) {
	if run != t.run {
		t.view, t.rank = whole, 0
	}
	if run != t.run || a != t.analysis {
		t.finer.Stop()
		if t.fine != nil {
			t.view = whole
		}
		t.fine, t.sought = nil, nil
	}
	t.run, t.analysis = run, a
}

// trace is the picture of the run; nil: there is none.
func (t *timeline) trace() *metric.TraceSummary {
	if t.analysis == nil || t.analysis.Trace == nil || len(t.analysis.Trace.Ranks) == 0 {
		return nil // execution traces alone have no time
	}
	return t.analysis.Trace
}

// ranks are the timelines of all: the fine ones, once they are there.
func (t *timeline) ranks() []metric.RankDensity {
	s := t.trace()
	if s == nil || len(t.fine) == len(s.Timeline) {
		return t.fine
	}
	return s.Timeline
}

// density is the timeline of the rank chosen; nil: there is none.
func (t *timeline) density() *metric.RankDensity {
	if all := t.ranks(); t.trace() != nil && len(all) > 0 {
		return &all[min(t.rank, len(all)-1)]
	}
	return nil
}

func (t *timeline) bins() int {
	if d := t.density(); d != nil {
		return len(d.Compute)
	}
	return 0
}

// look shows another part; the call that was shown is no longer sought.
func (t *timeline) look(at span) tea.Cmd {
	t.view, t.sought = at, nil
	return nil
}

// closer zooms in, and has the fine timelines brought; where they show no more, the kernels.
func (t *timeline) closer() tea.Cmd {
	if t.closest() {
		return t.listKernels()
	}
	t.look(t.view.zoom(t.bins(), true))
	return t.needFine()
}

func (t *timeline) otherRank(step int) tea.Cmd {
	if s := t.trace(); s != nil && len(s.Timeline) > 0 {
		t.rank = (t.rank + step + len(s.Timeline)) % len(s.Timeline)
	}
	return nil
}

// toCall shows a late call in the timeline of its rank, near enough to see its step.
func (t *timeline) toCall(c *metric.LateCall) tea.Cmd {
	t.sought = c
	for i, d := range t.ranks() {
		if d.Rank != c.Rank {
			continue
		}
		t.rank = i
		n, at := len(d.Compute), int(c.AtNS/max(d.BinNS, 1))
		least := min(leastBins, n)
		t.view = span{at - least/2, at - least/2 + least}.within(n)
	}
	return t.needFine()
}

// needFine asks for the fine timelines, once a run: they are for who looks closer.
func (t *timeline) needFine() tea.Cmd {
	run := t.run
	if t.fine != nil || t.finer.Busy() {
		return nil
	}
	return t.finer.Start(t.env.Ctx, func(ctx context.Context) ([]metric.RankDensity, error) { return t.env.Timeline(ctx, run) }, t.gotFine)
}

// gotFine takes them: what is in sight stays in sight. Without them the picture is coarse.
func (t *timeline) gotFine(fine []metric.RankDensity, err error) tea.Cmd {
	old := t.density()
	if err != nil || t.trace() == nil || len(fine) != len(t.trace().Timeline) || old == nil {
		t.fine = []metric.RankDensity{} // not to be asked for again
		return nil
	}
	low, high := t.view.in(len(old.Compute))
	t.fine = fine
	d := t.density()
	by := int(max(old.BinNS/max(d.BinNS, 1), 1))
	if t.view != whole {
		t.view = span{low * by, high * by}.within(len(d.Compute))
	}
	if t.sought != nil {
		return t.toCall(t.sought)
	}
	return nil
}

// span is a part of the timeline, in bins: from low up to high; high 0 is all of them.
type span struct{ low, high int }

var whole = span{}

// leastBins is the fewest bins that zooming in leaves in sight.
const leastBins = 12

// in is the span within so many bins.
func (s span) in(bins int) (low, high int) {
	if s.high <= 0 || s.high > bins || s.low < 0 || s.low >= s.high {
		return 0, bins
	}
	return s.low, s.high
}

func (s span) zoom(bins int, closer bool) span {
	low, high := s.in(bins)
	length := min((high-low)*2, bins)
	if closer {
		length = max((high-low)/2, min(leastBins, bins))
	}
	return span{(low + high - length) / 2, (low+high-length)/2 + length}.within(bins)
}

func (s span) pan(bins, by int) span {
	low, high := s.in(bins)
	step := max((high-low)/4, 1) * by
	return span{low + step, high + step}.within(bins)
}

// within moves a span inside the bins there are; all of them are the whole.
func (s span) within(bins int) span {
	length := s.high - s.low
	if length >= bins {
		return whole
	}
	low := max(min(s.low, bins-length), 0)
	return span{low, low + length}
}

// closest reports whether zooming shows no more: then kernels are seen one by one.
func (t *timeline) closest() bool {
	low, high := t.view.in(t.bins())
	return t.fine != nil && high-low <= min(leastBins, t.bins())
}

// listKernels reads what ran on the rank chosen in what is in sight of its timeline.
func (t *timeline) listKernels() tea.Cmd {
	d := t.density()
	if d == nil || t.spans.Busy() {
		return nil
	}
	low, high := t.view.in(t.bins())
	run, of, from, to := t.run, metric.RankDensity{Rank: d.Rank, BinNS: d.BinNS, StartNS: d.StartNS}, int64(low)*d.BinNS, int64(high)*d.BinNS
	return t.spans.Start(t.env.Env, func(ctx context.Context, progress pool.Progress) (metric.KernelSpans, error) {
		return t.env.Kernels(ctx, run, of, from, to, progress)
	}, t.gotKernels)
}

func (t *timeline) gotKernels(spans metric.KernelSpans, err error) tea.Cmd {
	d := t.density()
	switch {
	case err != nil:
		return pane.Fail(err)
	case d == nil:
		return nil
	}
	low, _ := t.view.in(t.bins())
	title := fmt.Sprintf("rank %d, kernel by kernel", d.Rank)
	return t.dialog.Ask(&pane.Ask{Popup: widget.Show(title, spanLines(t.env.Theme, spans, int64(low)*d.BinNS))})
}

// spanLines are a line a kernel: when, how long, how long the device did nothing before.
func spanLines(th *theme.Theme, spans metric.KernelSpans, from int64) []string {
	if len(spans.List) == 0 {
		return []string{"nothing ran here: the device was idle"}
	}
	lines := []string{th.Paint(theme.Dim, "      at ms      µs  idle µs  stream  kernel")}
	busy := spans.List[0].StartNS
	for _, k := range spans.List {
		idle := ""
		if k.StartNS > busy {
			idle = unit.Figure(float64(k.StartNS-busy)/1e3, 1)
		}
		busy = max(busy, k.StartNS+k.DurNS)
		lines = append(lines, widget.Right(unit.Number(float64(from+k.StartNS)/1e6, 4), 11)+widget.Right(unit.Number(float64(k.DurNS)/1e3, 1), 8)+
			widget.Right(idle, 9)+widget.Right(fmt.Sprint(k.Stream), 8)+"  "+k.Short)
	}
	if spans.More {
		lines = append(lines, "", "there are more: a shorter part of the timeline shows all")
	}
	return lines
}
