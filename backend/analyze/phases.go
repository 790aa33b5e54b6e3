package analyze

import (
	"maps"
	"slices"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/span"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// phaseMetrics says how long each phase is, in ms.
func phaseMetrics(f *facts) []metric.Metric {
	m := overTime(f, func(r *align.Rank, part span.List) (float64, string) {
		switch {
		case len(r.Steps) > 0:
			return float64(part.Length()) / 1e6, ""
		case r.MarkedSteps > 0:
			return 0, "step annotations are on the CPU's time line only: they cover launches, not kernels"
		}
		return 0, "no step annotations (prefill, decode, execute_context_…) in the trace"
	})
	m.Note = joinNotes(m.Note, stepCounts(f.Ranks[0]))
	return []metric.Metric{defined("phase_time", m)}
}

// stepCounts counts a rank's steps by phase, in words.
func stepCounts(r *align.Rank) string {
	n := map[string]int{}
	for _, s := range r.Steps {
		n[s.Phase]++
	}
	text := ""
	for _, phase := range slices.Sorted(maps.Keys(n)) {
		text = joinNotes(text, unit.Plural(n[phase], phase+" step"))
	}
	return text
}
