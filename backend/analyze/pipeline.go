package analyze

import (
	"slices"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/analyze/span"
	"shardeck/model/metric"
)

func noPipeline(f *facts) string {
	if reason := noTraces(f); reason != "" || f.Layout.PP > 1 {
		return reason
	}
	return "PP=1: no pipeline"
}

// pipelineMetrics finds the time that a pipeline's stages wait for each other.
func pipelineMetrics(f *facts) []metric.Metric {
	bubbles, idles := map[int][]float64{}, map[int][]float64{} // by stage
	var idle []float64
	m := inWindows(f, func(r *align.Rank) (float64, string) {
		waits, unmatched := pipelineWaits(f, r)
		if unmatched != "" {
			return 0, unmatched
		}
		window, waited := r.Window.Length(), waits.Length()
		bubble := percent(waited, window)
		free := percent(window-(r.Computed+waited-span.Overlap(r.Compute(), waits)), window)
		stage := f.Layout.Coord(r.Number).PP
		bubbles[stage], idles[stage], idle = append(bubbles[stage], bubble), append(idles[stage], free), append(idle, free)
		return bubble, ""
	}).metric(f.Files())
	m.By.Stages = map[int]metric.Stage{}
	for stage := range bubbles {
		m.By.Stages[stage] = metric.Stage{Bubble: metric.Mean(bubbles[stage]), Idle: metric.Mean(idles[stage])}
	}
	if len(idle) > 0 {
		m.By.Idle = new(metric.Mean(idle))
	}
	return []metric.Metric{defined("bubble", m)}
}

// pipelineWaits is the time a rank waits in its pipeline's own calls, recv and the
// broadcast of the token over stages; without an answer, why they were not matched.
func pipelineWaits(f *facts, r *align.Rank) (waits span.List, unmatched string) {
	waits = r.CallSpans(nil, func(c *align.Call) span.Span {
		if unmatched != "" || !isPipelineCall(f, c) {
			return span.Span{}
		}
		if c.Unmatched != nil {
			unmatched = *c.Unmatched
		}
		return c.WaitSpan()
	})
	return waits, unmatched
}

func isPipelineCall(f *facts, c *align.Call) bool {
	if c.Type == kernelname.Broadcast && c.Match != nil {
		stage := f.Layout.Coord(c.Rank.Number).PP
		return slices.ContainsFunc(c.Match.Sequence.Ranks, func(rank int) bool { return f.Layout.Coord(rank).PP != stage })
	}
	return c.Type == kernelname.Recv || c.Type == kernelname.Broadcast && c.Unmatched != nil
}
