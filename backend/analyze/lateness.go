package analyze

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"shardeck/backend/analyze/align"
	"shardeck/model/metric"
)

// latenessPicture shows who was last to which call; nil where there is none.
func latenessPicture(f *facts, all []delay) *metric.Lateness {
	if len(all) == 0 {
		return nil
	}
	out := &metric.Lateness{Calls: len(all), Bins: lateHistogram(all), Worst: worstCalls(all)}
	for _, l := range f.late {
		for _, r := range l.ranks {
			late := metric.RankLate{Rank: r.rank.Number, Calls: len(r.late), LateNS: r.ns}
			if late.Calls > 0 {
				late.MedianNS, late.MaxNS = align.Median(r.late), slices.Max(r.late)
			}
			out.Ranks = append(out.Ranks, late)
		}
	}
	slices.SortFunc(out.Ranks, func(a, b metric.RankLate) int { return cmp.Compare(a.Rank, b.Rank) })
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
func worstCalls(all []delay) []metric.LateCall {
	worst := slices.DeleteFunc(slices.Clone(all), func(d delay) bool { return d.ns <= 0 })
	slices.SortStableFunc(worst, func(a, b delay) int { return cmp.Compare(b.ns, a.ns) })
	worst = worst[:min(len(worst), metric.MostLate)]
	var out []metric.LateCall
	for _, d := range worst {
		own := d.match.Calls[slices.IndexFunc(d.match.Calls, func(c *align.Call) bool { return c.Rank == d.rank })]
		call := metric.LateCall{
			Type: own.Type.String(), Bytes: own.Bytes, Inferred: own.Inferred, Group: d.match.Sequence.Ranks, Number: int(d.match.Number),
			Rank: d.rank.Number, AtNS: d.at - d.rank.Window.Start, LateNS: d.ns, SpreadNS: d.at - d.first, ComputeNS: max(0, d.excess),
		}
		call.Phase, call.Step = stepNumber(d.rank, d.at)
		out = append(out, call)
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
