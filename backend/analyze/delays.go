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

// delaysIn are the delays of all calls that all ranks of a component must reach, in order
// of time. The first of each group is left out: it holds the wait for the profilers.
func delaysIn(component *align.Component, matches []*align.Match) []delay {
	byGroup, n := map[string][]*align.Match{}, 0
	for _, m := range matches {
		if m.Calls[0].Rank.Component == component && m.Sequence.Type != kernelname.SendRecv {
			byGroup[m.Sequence.Group] = append(byGroup[m.Sequence.Group], m)
			n++
		}
	}
	computed := map[*align.Rank]align.ComputeIndex{}
	for _, r := range component.Ranks {
		computed[r] = align.NewComputeIndex(r)
	}
	out := make([]delay, 0, n)
	for _, calls := range byGroup {
		slices.SortFunc(calls, func(a, b *align.Match) int { return cmp.Compare(a.LastStart(), b.LastStart()) })
		first := slices.IndexFunc(calls, func(m *align.Match) bool { return m.Sequence.Type.MeetsAll() })
		for i := first + 1; first >= 0 && i < len(calls); i++ {
			if calls[i].Sequence.Type.MeetsAll() {
				out = append(out, delayOf(calls[i], calls[i-1], computed))
			}
		}
	}
	slices.SortFunc(out, func(a, b delay) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.rank.Number, b.rank.Number))
	})
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

// lateness is how late ranks were over a list of calls.
type lateness struct {
	delays []delay
	ranks  []*rankLateness // that make the calls, by number
	latest *rankLateness   // of those that were last, nil: none
	ns     int64           // of all ranks
}

// rankLateness is how late one rank was.
type rankLateness struct {
	rank   *align.Rank
	last   int     // calls in which it was last, by nothing too
	late   []int64 // ns after the second latest, of each call where that is something
	ns     int64   // sum of late
	excess int64   // of ns that more compute than the second latest explains
}

// latenessOf finds how late ranks were in each component.
func latenessOf(t *align.Timeline) []lateness {
	var out []lateness
	for _, c := range t.Components {
		out = append(out, sumDelays(delaysIn(c, t.Matches)))
	}
	return out
}

// sumDelays sums delays by rank.
func sumDelays(delays []delay) lateness {
	l := lateness{delays: delays}
	byRank := map[*align.Rank]*rankLateness{}
	for _, d := range delays {
		for _, c := range d.match.Calls {
			if byRank[c.Rank] == nil {
				byRank[c.Rank] = &rankLateness{rank: c.Rank}
				l.ranks = append(l.ranks, byRank[c.Rank])
			}
		}
		r := byRank[d.rank]
		l.ns, r.last, r.ns, r.excess = l.ns+d.ns, r.last+1, r.ns+d.ns, r.excess+d.excess
		if d.ns > 0 {
			r.late = append(r.late, d.ns)
		}
	}
	slices.SortFunc(l.ranks, func(a, b *rankLateness) int { return cmp.Compare(a.rank.Number, b.rank.Number) })
	for _, r := range l.ranks {
		if r.last > 0 && (l.latest == nil || r.ns > l.latest.ns) {
			l.latest = r
		}
	}
	return l
}

// runs are the sums of k equal runs of the calls.
func (l *lateness) runs(k int) []lateness {
	out := make([]lateness, k)
	for i := range out {
		out[i] = sumDelays(l.delays[i*len(l.delays)/k : (i+1)*len(l.delays)/k])
	}
	return out
}
