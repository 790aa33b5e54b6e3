package analyze

import (
	"fmt"
	"slices"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/analyze/span"
	"shardeck/model/metric"
)

// commMetrics finds what communication costs a rank's time.
func commMetrics(f *facts) []metric.Metric {
	return []metric.Metric{
		defined("comm_overhead", shareOfTime(f, commTime, wholeTime)),
		defined("exposed_comm", shareOfTime(f, exposedTime, wholeTime)),
		defined("comm_comp_overlap", shareOfTime(f, hiddenTime, commTime)),
		defined("comm_transfer", callTimes(f, func(r *align.Rank) span.List { return r.Transfers }, (*align.Call).TransferSpan)),
		defined("comm_wait", callTimes(f, func(r *align.Rank) span.List { return r.Waits }, (*align.Call).WaitSpan)),
		defined("comm_unmatched", unmatchedTime(f)),
	}
}

// Lengths inside some part of a rank's time.
func wholeTime(_ *align.Rank, part span.List) int64   { return part.Length() }
func commTime(r *align.Rank, part span.List) int64    { return span.Overlap(r.Comm.All(), part) }
func hiddenTime(r *align.Rank, part span.List) int64  { return span.Overlap(r.HiddenComm.All(), part) }
func exposedTime(r *align.Rank, part span.List) int64 { return commTime(r, part) - hiddenTime(r, part) }

// noCommunication says why there is no communication to measure; empty if there is some.
func noCommunication(f *facts) string {
	if reason := noTraces(f); reason != "" {
		return reason
	}
	if slices.ContainsFunc(f.Ranks, func(r *align.Rank) bool { return len(r.Comm) > 0 || len(r.Calls) > 0 }) {
		return ""
	}
	if n := f.Layout.GPUs(); n > 1 {
		return fmt.Sprintf("no communication kernels in the traces of a run of %d ranks", n)
	}
	return "TP=1: no collective to measure"
}

// callTimes is part of the time of matched calls, as a share of the window. A rank with calls that could not be matched
// has no value, since the part would be too small; its types of which all were matched are still said.
func callTimes(f *facts, all func(*align.Rank) span.List, part func(*align.Call) span.Span) metric.Metric {
	m := overTime(f, func(r *align.Rank, _ string, inside span.List) (float64, string) {
		return percent(span.Overlap(all(r).All(), inside), inside.Length()), r.WhyUnmatched
	})
	m.Estimate = slices.ContainsFunc(f.Matches, func(m *align.Match) bool { return m.Partial })
	m.By.Types = timesByType(f, part, func(c *align.Call) bool { return c.Unmatched == nil })
	return m
}

// unmatchedTime is the time in communication that is neither transfer nor wait, and why there is some.
func unmatchedTime(f *facts) metric.Metric {
	m := shareOfTime(f, func(r *align.Rank, part span.List) int64 { return span.Overlap(r.Unmatched.All(), part) }, wholeTime)
	m.By.Types = timesByType(f, func(c *align.Call) span.Span {
		if c.Match != nil {
			return span.Span{}
		}
		return c.Clipped()
	}, allCalls)
	if i := slices.IndexFunc(f.Ranks, func(r *align.Rank) bool { return r.WhyUnmatched != "" }); i >= 0 {
		m.Note = f.Ranks[i].WhyUnmatched
	}
	return m
}

// timesByType are the parts of calls by type: mean share of the window over the ranks
// that make such calls. A type of which not all calls are known is left out.
func timesByType(f *facts, part func(*align.Call) span.Span, known func(*align.Call) bool) map[string]float64 {
	shares := map[kernelname.CallType][]float64{}
	unsure := map[kernelname.CallType]bool{}
	var spans span.List // its memory serves all
	for _, r := range f.Ranks {
		types := map[kernelname.CallType]bool{}
		for _, c := range r.Calls {
			types[c.Type] = true
			unsure[c.Type] = unsure[c.Type] || !known(c)
		}
		for t := range types {
			spans = r.CallSpans(spans, func(c *align.Call) span.Span {
				if c.Type != t {
					return span.Span{}
				}
				return part(c)
			})
			if n := r.Window.Length(); n > 0 {
				shares[t] = append(shares[t], percent(spans.Length(), n))
			}
		}
	}
	out := map[string]float64{}
	for t, list := range shares {
		if !unsure[t] {
			out[t.String()] = metric.Mean(list)
		}
	}
	return out
}

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
