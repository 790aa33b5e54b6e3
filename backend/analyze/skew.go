package analyze

import (
	"fmt"
	"slices"

	"shardeck/backend/analyze/align"
	"shardeck/model/metric"
)

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
		defined("straggler", straggler(f)), defined("load_imbalance", loadImbalance(f)),
	}
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
