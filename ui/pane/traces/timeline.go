package traces

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model/metric"
	"shardeck/model/present/unit"
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
	sought *metric.LateCall              // shown; nil: none
}

func newTimeline(e env, d *pane.Dialog) *timeline {
	return &timeline{env: e, dialog: d, view: whole}
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
	if t.analysis == nil {
		return nil
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

// bins is how many the timeline has.
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

// otherRank chooses the rank that is drawn.
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

// labelWidth is the room before a bar or a timeline.
const labelWidth = 12

// label is what stands before a bar or a line.
func label(text string) string { return "   " + widget.Fit(text, labelWidth-3) }

// lines draw phases, a line for each thing that happens at all, and the time below.
func (t *timeline) lines(width int) []string {
	d := t.density()
	cols := width - labelWidth - 9
	if d == nil || cols < 8 || len(d.Compute) == 0 {
		return nil
	}
	low, high := t.view.in(len(d.Compute))
	lines := []string{label("rank "+unit.Int(d.Rank)) + t.phaseLine(d, low, high, cols)}
	for _, row := range []struct {
		name string
		bins []int64
		tone theme.Tone
	}{{"compute", d.Compute, theme.Plain}, {"transfer", d.Transfer, theme.Busy}, {"waiting", d.Wait, theme.Warn}, {"idle", d.Idle, theme.Dim}} {
		if high <= len(row.bins) && sum(row.bins) > 0 {
			share := 100 * float64(sum(row.bins[low:high])) / float64(d.BinNS*int64(high-low))
			levels := widget.Levels(t.env.Theme, widget.Resample(shares(row.bins[low:high], d.BinNS), cols))
			lines = append(lines, label(row.name)+t.env.Theme.Paint(row.tone, levels)+widget.Right(unit.Number(share, 1)+" %", 8))
		}
	}
	return append(lines, label("")+t.env.Theme.Paint(theme.Dim, t.times(d, low, high, cols)))
}

// times is the start and the end of what is in sight, and how much of all that is.
func (t *timeline) times(d *metric.RankDensity, low, high, cols int) string {
	left, right := unit.Duration(int64(low)*d.BinNS), unit.Duration(int64(high)*d.BinNS)
	if n := len(d.Compute); high-low < n {
		left += " · " + shareWord(100*float64(high-low)/float64(n)) + " % of the window" + t.mayList()
	}
	return widget.Spread(left, right, cols)
}

// shareWord is a share in %, a small one with a decimal.
func shareWord(v float64) string {
	if v < 5 {
		return unit.Number(v, 1)
	}
	return unit.Number(v, 0)
}

func sum(bins []int64) (total int64) {
	for _, v := range bins {
		total += v
	}
	return total
}

func shares(bins []int64, bin int64) []float64 {
	out := make([]float64, len(bins))
	for i, v := range bins {
		out[i] = float64(v) / float64(max(bin, 1))
	}
	return out
}
