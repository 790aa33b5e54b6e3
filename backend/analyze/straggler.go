package analyze

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"shardeck/backend/analyze/align"
	"shardeck/model/metric"
)

// What makes the last rank a straggler, and its device the cause (metrics.md).
const (
	lateOfWindow = 0.05   // of its window
	lateOfAll    = 2. / 3 // of all ranks' lateness
	lateInOneRun = 2. / 3 // of its lateness: worth a word
	deviceShare  = 0.5    // of its lateness that more compute explains
)

// straggler names the rank that others wait for, or says that there is none.
func straggler(f *facts) metric.Metric {
	m := metric.Metric{Source: f.Files()}
	m.By.Late = map[int]float64{}
	var worst lateness
	for _, l := range f.late {
		m.N += len(l.delays)
		for _, r := range l.ranks {
			if r.last > 0 {
				m.By.Late[r.rank.Number] = float64(r.ns) / 1e6
			}
		}
		if l.latest != nil && (worst.latest == nil || l.latest.ofWindow() > worst.latest.ofWindow()) {
			worst = l
		}
	}
	latest := worst.latest
	if latest == nil {
		m.Reason = "no all-reduce, all-gather, reduce-scatter or all-to-all call was matched between ranks after the first"
		return m
	}
	m.By.Latest = &metric.Latest{Total: float64(latest.ns) / 1e6, Device: float64(latest.excess) / 1e6}
	iterations, _ := f.in.TracedIterations()
	runs := worst.runs(max(2, iterations))
	m.Note, m.Reason = joinNotes(worst.words(), latest.uneven(runs)), "none"
	if worst.isStraggler(runs) {
		m.Value, m.Reason, m.Cause = new(float64(latest.rank.Number)), "", "host"
		if float64(latest.excess) >= deviceShare*float64(latest.ns) {
			m.Cause = "device"
		}
	}
	return m
}

// isStraggler applies the rule to the latest rank, over equal runs of calls.
func (l *lateness) isStraggler(runs []lateness) bool {
	if l.latest.ofWindow() < lateOfWindow || float64(l.latest.ns) < lateOfAll*float64(l.ns) {
		return false
	}
	for _, run := range runs {
		if run.latest == nil || run.latest.rank != l.latest.rank || run.latest.ns == 0 {
			return false
		}
	}
	return true
}

func (r *rankLateness) ofWindow() float64 {
	return float64(r.ns) / float64(max(1, r.rank.Window.Length()))
}

// uneven says when one run of calls holds most of the lateness: the profiler's warm-up, say, in the first iteration.
func (r *rankLateness) uneven(runs []lateness) string {
	for i, run := range runs {
		for _, part := range run.ranks {
			if share := float64(part.ns) / float64(max(1, r.ns)); part.rank == r.rank && share > lateInOneRun {
				return fmt.Sprintf("%.0f %% of it in part %d of %d of the calls", 100*share, i+1, len(runs))
			}
		}
	}
	return ""
}

// words describe the latest rank in a line.
func (l *lateness) words() string {
	r := l.latest
	if len(r.late) == 0 {
		return "all ranks started their calls at the same time"
	}
	return fmt.Sprintf("rank %d was last in %d of %d calls, by %.1f µs in the middle; %.1f %% of its window",
		r.rank.Number, len(r.late), len(l.delays), float64(align.Median(r.late))/1e3, 100*r.ofWindow())
}

// skewMetrics finds how unevenly ranks started and worked.
func skewMetrics(f *facts) []metric.Metric {
	skew := onRanks(f, func(r *align.Rank) (float64, string) {
		if r.Component == nil {
			return 0, "none of its calls was matched with another rank's"
		}
		return float64(r.Skew) / 1e6, ""
	})
	return []metric.Metric{
		defined("profiler_start_skew", skew.metric(f.Files())),
		defined("clock_drift", clockDrift(f)), defined("straggler", straggler(f)), defined("load_imbalance", loadImbalance(f)),
	}
}

// clockDrift is the fastest drift of a rank's clock; "none" where all were compared and none drifts.
func clockDrift(f *facts) metric.Metric {
	m := metric.Metric{Source: f.Files(), PerRank: map[int]float64{}}
	for _, r := range f.Ranks {
		m.Reason = cmp.Or(m.Reason, r.NoDrift)
		if r.Drift == 0 {
			continue
		}
		m.PerRank[r.Number], m.N = r.Drift, m.N+1
		if m.Value == nil || math.Abs(r.Drift) > math.Abs(*m.Value) {
			m.Value = new(r.Drift)
		}
	}
	if m.Reason = cmp.Or(m.Reason, "none"); m.Value != nil {
		m.Reason = ""
	}
	return m
}

// noOtherRank says why one rank cannot be compared with others.
func noOtherRank(f *facts) string {
	if reason := noTraces(f); reason != "" || len(f.Ranks) > 1 {
		return reason
	}
	if n := f.Layout.GPUs(); n > 1 {
		return fmt.Sprintf("the run has %d ranks, but only rank %d has a trace with kernels", n, f.Ranks[0].Number)
	}
	return "one GPU: there is no other rank to compare with"
}

func loadImbalance(f *facts) metric.Metric {
	p := inWindows(f, func(r *align.Rank) (float64, string) { return float64(r.Computed), "" })
	m := metric.Metric{N: len(p.list), Source: f.Files(), PerRank: map[int]float64{}}
	switch middle := metric.Mean(p.list); {
	case m.N < 2:
		m.Reason = "fewer than two ranks have a steady window"
	case middle == 0:
		m.Reason = "no compute kernels in the steady window"
	default:
		for rank, t := range p.values {
			m.PerRank[rank] = t / middle
		}
		m.Value = new(slices.Max(p.list) / middle)
	}
	return m
}
