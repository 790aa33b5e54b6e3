package analyze

import (
	"cmp"
	"maps"
	"math/bits"
	"slices"
	"time"

	"shardeck/model/metric"
)

// charged are the charges of all sets of ranks: every call that a rank can be late to.
func (w *world) charged() []charge {
	var out []charge
	for _, s := range w.sets {
		out = append(out, s.charges...)
	}
	return out
}

// lateness is the picture of who was last to which call; nil where there is none.
func (w *world) lateness(all []charge) *metric.Lateness {
	if len(all) == 0 {
		return nil
	}
	return &metric.Lateness{Calls: len(all), Ranks: ranksLate(all), Bins: lateHistogram(all), Worst: w.worstCalls(all)}
}

// ranksLate sums charges by rank; one that was never last has zeros.
func ranksLate(all []charge) []metric.RankLate {
	own, there := map[int][]int64{}, map[int]bool{}
	for _, c := range all {
		for _, of := range c.met.calls {
			there[of.lane.rank] = true
		}
		if c.ns > 0 {
			own[c.lane.rank] = append(own[c.lane.rank], c.ns)
		}
	}
	var out []metric.RankLate
	for _, rank := range slices.Sorted(maps.Keys(there)) {
		r := metric.RankLate{Rank: rank, Calls: len(own[rank])}
		for _, ns := range own[rank] {
			r.LateNS, r.MaxNS = r.LateNS+ns, max(r.MaxNS, ns)
		}
		if r.Calls > 0 {
			r.MedianNS = median(own[rank])
		}
		out = append(out, r)
	}
	return out
}

// lateHistogram counts charges in bins that double, from a microsecond on.
func lateHistogram(all []charge) []metric.LateBin {
	var out []metric.LateBin
	for _, c := range all {
		i := bits.Len64(uint64(c.ns / int64(time.Microsecond)))
		for len(out) <= i {
			out = append(out, metric.LateBin{FromNS: lateFrom(len(out))})
		}
		out[i].Calls++
	}
	return out
}

func lateFrom(bin int) int64 {
	if bin == 0 {
		return 0
	}
	return int64(time.Microsecond) << (bin - 1)
}

// worstCalls are the calls whose last rank was latest, the latest first.
func (w *world) worstCalls(all []charge) []metric.LateCall {
	worst := slices.DeleteFunc(slices.Clone(all), func(c charge) bool { return c.ns <= 0 })
	slices.SortStableFunc(worst, func(a, b charge) int { return cmp.Compare(b.ns, a.ns) })
	worst = worst[:min(len(worst), metric.MostLate)]
	number := w.numbers(worst)
	steps := map[*lane][]step{}
	var out []metric.LateCall
	for _, c := range worst {
		if steps[c.lane] == nil {
			steps[c.lane] = c.lane.territory()
		}
		own := c.met.of(c.lane)
		call := metric.LateCall{Type: own.typ.String(), Bytes: own.bytes, Inferred: own.inferred, Group: c.met.channel.ranks, Number: number[c.met],
			Rank: c.lane.rank, AtNS: c.at - c.lane.window.start, LateNS: c.ns, SpreadNS: c.at - c.first, ComputeNS: max(0, c.excess)}
		call.Phase, call.Step = stepNumber(steps[c.lane], c.lane.window, c.at)
		out = append(out, call)
	}
	return out
}

// of is the call of a match on one rank.
func (m *match) of(l *lane) *call {
	for _, c := range m.calls {
		if c.lane == l {
			return c
		}
	}
	return m.calls[0]
}

// numbers are the places of some calls among the matched ones of their channel, from 1.
func (w *world) numbers(some []charge) map[*match]int {
	out, seen := map[*match]int{}, map[*channel]int{}
	for _, c := range some {
		out[c.met] = 0
	}
	for _, m := range w.matches {
		seen[m.channel]++
		if _, wanted := out[m]; wanted {
			out[m] = seen[m.channel]
		}
	}
	return out
}

// stepNumber names the step that a moment lies in, and counts it among those of its
// phase in the window, from 1.
func stepNumber(territory []step, window span, at int64) (name string, number int) {
	own := stepAt(territory, at)
	if own == nil {
		return "", 0
	}
	for i := range territory {
		if s := &territory[i]; s.phase == own.phase && s.span.clip(window).length() > 0 {
			number++
			if s == own {
				break
			}
		}
	}
	return string(own.phase), number
}

// lateBins sums what a rank is charged into the bins of its timeline.
func lateBins(l *lane, all []charge, bin int64, n int) []int64 {
	out := make([]int64, n)
	for _, c := range all {
		if i := (c.at - l.window.start) / bin; c.lane == l && i >= 0 && i < int64(n) {
			out[i] += c.ns
		}
	}
	return out
}
