package traces

import (
	"context"
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

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

// gotKernels opens the list.
func (t *timeline) gotKernels(spans metric.KernelSpans, err error) tea.Cmd {
	d := t.density()
	switch {
	case err != nil:
		return pane.Fail(err)
	case d == nil:
		return nil
	}
	low, _ := t.view.in(t.bins())
	t.dialog.Ask(&pane.Ask{Popup: widget.Show(fmt.Sprintf("rank %d, kernel by kernel", d.Rank), spanLines(t.env.Theme, spans, int64(low)*d.BinNS))})
	return nil
}

// mayList says how to see the kernels where zooming shows no more; empty: it does.
func (t *timeline) mayList() string {
	if t.closest() {
		return " · + lists its kernels"
	}
	return ""
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
