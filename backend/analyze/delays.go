package analyze

import (
	"cmp"
	"slices"

	"shardeck/backend/analyze/align"
	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/analyze/span"
)

// delay is what the last rank of one call costs the others. Starts are clipped to the
// steady window: what lies before it is the profilers' doing.
type delay struct {
	match  *align.Match
	rank   *align.Rank // that started last
	first  int64       // start of the first rank
	at     int64       // start of the last
	ns     int64       // after the second latest
	excess int64       // how much more rank computed since the previous call than the second latest, at most ns
}

// delaysOf are the delays of all calls that all ranks must reach, in order of time, for
// each component. The first of each group is left out: it holds the wait for the profilers.
func delaysOf(t *align.Timeline) [][]delay {
	out := make([][]delay, len(t.Components))
	for i, component := range t.Components {
		byGroup := map[string][]*align.Match{}
		n := 0
		for _, m := range t.Matches {
			if m.Calls[0].Rank.Component == component && m.Sequence.Type != kernelname.SendRecv {
				byGroup[m.Sequence.Group] = append(byGroup[m.Sequence.Group], m)
				n++
			}
		}
		computed := map[*align.Rank]align.ComputeIndex{}
		for _, r := range component.Ranks {
			computed[r] = align.NewComputeIndex(r)
		}
		out[i] = make([]delay, 0, n)
		for _, calls := range byGroup {
			out[i] = appendDelays(out[i], calls, computed)
		}
		slices.SortFunc(out[i], func(a, b delay) int {
			return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rank.Number, b.rank.Number))
		})
	}
	return out
}

// appendDelays adds the delays of the calls of one group.
func appendDelays(out []delay, calls []*align.Match, computed map[*align.Rank]align.ComputeIndex) []delay {
	slices.SortFunc(calls, func(a, b *align.Match) int { return cmp.Compare(a.LastStart(), b.LastStart()) })
	seen := false
	for i, m := range calls {
		if !m.Sequence.Type.MeetsAll() {
			continue
		}
		if seen {
			out = append(out, delayOf(m, calls[i-1], computed))
		}
		seen = true
	}
	return out
}

// delayOf finds who was last in a call; previous is the call before it.
func delayOf(m, previous *align.Match, computed map[*align.Rank]align.ComputeIndex) delay {
	last, second := 0, 1
	start := func(i int) int64 { return m.Calls[i].Clipped().Start }
	first := start(0)
	for i := 1; i < len(m.Calls); i++ {
		first = min(first, start(i))
		if start(i) > start(last) {
			last, second = i, last
		} else if i > 1 && start(i) > start(second) {
			second = i
		}
	}
	since := func(i int) int64 {
		return computed[m.Calls[i].Rank].Within(span.Span{Start: previous.Calls[i].End, End: m.Calls[i].Start})
	}
	ns := start(last) - start(second)
	return delay{m, m.Calls[last].Rank, first, start(last), ns, min(ns, since(last)-since(second))}
}
