package analyze

import (
	"cmp"
	"maps"
	"math/bits"
	"slices"
	"time"

	"shardeck/backend/analyze/align"
	"shardeck/model/metric"
)

// latenessOf is the picture of who was last to which call; nil where there is none.
func latenessOf(t *align.Timeline, all []delay) *metric.Lateness {
	if len(all) == 0 {
		return nil
	}
	return &metric.Lateness{Calls: len(all), Ranks: lateRanks(all), Bins: lateHistogram(all), Worst: worstCalls(t, all)}
}

// lateRanks sums delays by rank; one that was never last has zeros.
func lateRanks(all []delay) []metric.RankLate {
	own := map[int][]int64{}
	for _, d := range all {
		for _, c := range d.match.Calls {
			if _, there := own[c.Rank.Number]; !there {
				own[c.Rank.Number] = nil
			}
		}
		if d.ns > 0 {
			own[d.rank.Number] = append(own[d.rank.Number], d.ns)
		}
	}
	var out []metric.RankLate
	for _, rank := range slices.Sorted(maps.Keys(own)) {
		r := metric.RankLate{Rank: rank, Calls: len(own[rank])}
		for _, ns := range own[rank] {
			r.LateNS, r.MaxNS = r.LateNS+ns, max(r.MaxNS, ns)
		}
		if r.Calls > 0 {
			r.MedianNS = align.Median(own[rank])
		}
		out = append(out, r)
	}
	return out
}

// lateHistogram counts delays in bins that double, from a microsecond on.
func lateHistogram(all []delay) []metric.LateBin {
	var out []metric.LateBin
	for _, d := range all {
		i := bits.Len64(uint64(d.ns / int64(time.Microsecond)))
		for n := len(out); n <= i; n++ {
			out = append(out, metric.LateBin{FromNS: int64(time.Microsecond) * (1 << n >> 1)})
		}
		out[i].Calls++
	}
	return out
}

// worstCalls are the calls whose last rank was latest, the latest first.
func worstCalls(t *align.Timeline, all []delay) []metric.LateCall {
	worst := slices.DeleteFunc(slices.Clone(all), func(d delay) bool { return d.ns <= 0 })
	slices.SortStableFunc(worst, func(a, b delay) int { return cmp.Compare(b.ns, a.ns) })
	worst = worst[:min(len(worst), metric.MostLate)]
	number := numbersOf(t, worst)
	var out []metric.LateCall
	for _, d := range worst {
		own := d.match.Calls[slices.IndexFunc(d.match.Calls, func(c *align.Call) bool { return c.Rank == d.rank })]
		call := metric.LateCall{Type: own.Type.String(), Bytes: own.Bytes, Inferred: own.Inferred, Group: d.match.Sequence.Ranks, Number: number[d.match],
			Rank: d.rank.Number, AtNS: d.at - d.rank.Window.Start, LateNS: d.ns, SpreadNS: d.at - d.first, ComputeNS: max(0, d.excess)}
		call.Phase, call.Step = stepNumber(d.rank, d.at)
		out = append(out, call)
	}
	return out
}

// numbersOf are the places of some calls among the matched ones of their sequence, from 1.
func numbersOf(t *align.Timeline, some []delay) map[*align.Match]int {
	out, seen := map[*align.Match]int{}, map[*align.Sequence]int{}
	for _, d := range some {
		out[d.match] = 0
	}
	for _, m := range t.Matches {
		seen[m.Sequence]++
		if _, wanted := out[m]; wanted {
			out[m] = seen[m.Sequence]
		}
	}
	return out
}

// stepNumber names the phase of the step that a moment lies in, and counts the step among
// those of its phase in the window, from 1.
func stepNumber(r *align.Rank, at int64) (phase string, number int) {
	own := r.StepAt(at)
	if own == nil {
		return "", 0
	}
	for i := range r.Steps {
		if s := &r.Steps[i]; s.Phase == own.Phase && s.Clip(r.Window).Length() > 0 {
			number++
			if s == own {
				break
			}
		}
	}
	return own.Phase, number
}
