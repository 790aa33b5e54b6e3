package align

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"shardeck/backend/analyze/span"
	"shardeck/model/present/unit"
)

// nameHosts gives every rank its host: from run.json, else the trace, else by the site's GPUs per node (the devices a
// trace lists, if the site is not known), which ranks fill one node after the other.
func (b *builder) nameHosts() {
	named, perNode := true, b.in.GPUsPerNode
	for _, r := range b.Ranks {
		info := b.Traces[r.Number].Info
		r.Host = b.in.host(r.Number, info)
		named = named && r.Host != ""
		if b.in.GPUsPerNode == 0 {
			perNode = max(perNode, len(info.Devices))
		}
	}
	if named {
		return
	}
	for _, r := range b.Ranks {
		r.Host = fmt.Sprintf("node %d", r.Number/cmp.Or(perNode, math.MaxInt))
	}
}

// alignClocks moves every rank to the clock of the lowest rank it is connected to. Ranks of a host share a clock.
// Between hosts, matched calls that end together tell the shift, along a spanning tree of groups; others keep their own.
func (b *builder) alignClocks() {
	edges := hostEdges(b.Matches)
	clocks, lowest := map[string]clock{}, map[string]int{} // of a host, and the rank that it comes from
	for i, r := range b.Ranks {
		if _, known := lowest[r.Host]; !known {
			reached := map[string]clock{r.Host: {}}
			reach(r.Host, edges, reached)
			for host, c := range reached {
				clocks[host], lowest[host] = c, i
			}
		}
		r.Clock = lowest[r.Host]
		r.setClock(clocks[r.Host])
	}
}

// clockEdge says that clock leads from the times of b, a host or a rank, to those of a.
type clockEdge[N comparable] struct {
	a, b  N
	clock clock
	calls int // behind it
}

// reach walks from one host or rank along edges and notes the clock that leads from each to it.
func reach[N comparable](from N, edges []clockEdge[N], clocks map[N]clock) {
	for _, e := range edges {
		for _, e := range []clockEdge[N]{e, {e.b, e.a, e.clock.inverse(), e.calls}} {
			if _, seen := clocks[e.b]; e.a == from && !seen {
				clocks[e.b] = clocks[from].after(e.clock)
				reach(e.b, edges, clocks)
			}
		}
	}
}

// hostEdges finds the shift between hosts that share calls, best founded first.
func hostEdges(matches []*Match) (out []clockEdge[string]) {
	differences := map[[2]string][]int64{}
	for _, m := range matches {
		if !m.Sequence.Type.EndsTogether() {
			continue
		}
		first := m.Calls[0]
		for _, c := range m.Calls[1:] {
			if first.Rank.Host != c.Rank.Host {
				hosts := [2]string{first.Rank.Host, c.Rank.Host}
				differences[hosts] = append(differences[hosts], first.End-c.End)
			}
		}
	}
	for hosts, d := range differences {
		out = append(out, clockEdge[string]{hosts[0], hosts[1], clock{ahead: Median(d)}, len(d)})
	}
	slices.SortFunc(out, func(a, b clockEdge[string]) int {
		return cmp.Or(cmp.Compare(b.calls, a.calls), cmp.Compare(a.a, b.a), cmp.Compare(a.b, b.b))
	})
	return out
}

// unmatchClockless takes back the matches of ranks without a common clock: their times cannot be compared.
func (b *builder) unmatchClockless() {
	b.Matches = slices.DeleteFunc(b.Matches, func(m *Match) bool {
		if !slices.ContainsFunc(m.Calls, func(c *Call) bool { return c.Rank.Clock != m.Calls[0].Rank.Clock }) {
			return false
		}
		why := fmt.Sprintf("%s: its hosts have no common clock", m.Sequence)
		for _, c := range m.Calls {
			c.Match, c.Unmatched = nil, &why
		}
		b.warn("%s, since no all-reduce, all-gather or reduce-scatter connects them", why)
		return true
	})
}

// Clocks of one host may go at different speeds, as those of two do: each device has its own. Calls that end together on
// two ranks show by how much their clocks differ, and how that changes (metrics.md, Drift).
const (
	tenths     = 10
	tenthCalls = 20     // that each tenth of the window must have
	seenCalls  = 5      // in a tenth: they show a change, though nothing corrects it
	leastDrift = 20_000 // ns, of the change
	ofScatter  = 5      // median absolute deviations, of the change
	offLine    = 10     // the middle tenths are off the line by at most this part of the change
	headCalls  = 128    // at the start, where no clock has drifted far, tell which calls are the same
	untold     = "no all-reduce, all-gather or reduce-scatter calls that it makes with others tell"
)

// clock leads from one clock to another: so much ahead at its origin, and more with time.
type clock struct {
	ahead, origin int64
	rate          float64
}

func (c clock) at(t int64) int64 {
	if c.rate == 0 {
		return t + c.ahead
	}
	return t + c.ahead + int64(c.rate*float64(t-c.origin))
}

func (c clock) span(s span.Span) span.Span { return span.Span{Start: c.at(s.Start), End: c.at(s.End)} }

func (c clock) inverse() clock {
	return clock{ahead: -c.ahead, origin: c.origin + c.ahead, rate: -c.rate / (1 + c.rate)}
}

// after leads to where first does, and from there on as c.
func (c clock) after(first clock) clock {
	c.ahead += first.ahead + int64(c.rate*float64(first.origin+first.ahead-c.origin))
	c.origin, c.rate = first.origin, first.rate+c.rate+first.rate*c.rate
	return c
}

// drift is what the ends of calls say of the clocks of two ranks.
type drift struct {
	clockEdge[*Rank]       // its clock changes nothing where they do not drift
	fewest           int   // calls in a tenth
	moved            int64 // ns, the change of the offset; 0: no more than it scatters
	linear           bool  // evenly from tenth to tenth
}

// corrected says that the clock corrects what moved.
func (d drift) corrected() bool { return d.linear && d.fewest >= tenthCalls }

// correctDrift puts each rank whose clock drifts on that of the lowest rank that calls connect it to. It comes before the
// matching, which asks whether calls end together.
func (b *builder) correctDrift(ctx context.Context, list []*Sequence) {
	best, drifts := map[[2]*Rank]drift{}, false
	for _, s := range list {
		for _, d := range s.drifts(ctx) {
			if key := [2]*Rank{d.a, d.b}; d.calls > best[key].calls {
				best[key] = d
			}
		}
	}
	var edges []clockEdge[*Rank]
	for _, d := range slices.SortedFunc(maps.Values(best), func(x, y drift) int {
		return cmp.Or(cmp.Compare(y.calls, x.calls), cmp.Compare(x.a.Number, y.a.Number), cmp.Compare(x.b.Number, y.b.Number))
	}) {
		d.note()
		if drifts = drifts || d.corrected(); d.moved == 0 || d.corrected() {
			edges = append(edges, d.clockEdge)
		}
	}
	reached := map[*Rank]clock{}
	for _, root := range b.Ranks {
		if _, seen := reached[root]; drifts && !seen {
			reached[root] = clock{}
			reach(root, edges, reached)
		}
	}
	for _, r := range b.Ranks {
		if c := reached[r]; c.rate != 0 {
			r.setClock(c)
			r.Drift = 1e6 * c.inverse().rate
			b.warn("rank %d: its clock gains %.1f µs a second on that of the lowest rank that it shares calls with: corrected", r.Number, r.Drift)
		}
	}
}

// note says on the second rank why its drift is not known, or what of it cannot be corrected.
func (d drift) note() {
	if d.a.NoDrift == untold {
		d.a.NoDrift = ""
	}
	few := ""
	if d.fewest < tenthCalls {
		few = fmt.Sprintf("a tenth of the window has %s to tell of it, and %d are needed", unit.Plural(d.fewest, "call"), tenthCalls)
	}
	if d.b.NoDrift = few; d.moved > 0 && !d.corrected() {
		d.b.NoDrift = fmt.Sprintf("the clocks of ranks %d and %d move apart by %s, beyond correction: %s",
			d.a.Number, d.b.Number, unit.Duration(d.moved), cmp.Or(few, "they jump, or drift unevenly"))
	}
	if d.moved > maxDeviation && !d.corrected() {
		d.b.apart[d.a.Number] = d.b.NoDrift
	}
}

// apart is why clocks of a sequence's ranks cannot be compared; empty if nothing is in the way.
func (s *Sequence) apart(ranks []int) (why string) {
	for _, r := range ranks[1:] {
		if calls := s.calls[r]; len(calls) > 0 {
			why = cmp.Or(why, calls[0].Rank.apart[ranks[0]])
		}
	}
	return why
}

// drifts compares the clock of the first rank that makes calls of a sequence with those of the others.
func (s *Sequence) drifts(ctx context.Context) (out []drift) {
	makes := slices.DeleteFunc(slices.Clone(s.Ranks), func(r int) bool { return len(s.calls[r]) == 0 || !s.Type.EndsTogether() })
	for _, r := range makes[min(1, len(makes)):] {
		out = append(out, driftBetween(ctx, s.calls[makes[0]], s.calls[r]))
	}
	return out
}

// driftBetween compares the clocks of two ranks.
func driftBetween(ctx context.Context, a, b []*Call) (d drift) {
	d.a, d.b = a[0].Rank, b[0].Rank
	more := min(1, max(len(a)-len(b), len(b)-len(a))) // heads of one length would pass for the same calls
	offset, found := offsetOf(ctx, a[:min(len(a), headCalls)], b[:min(len(b), headCalls+more)])
	if !found && more > 0 {
		return d
	}
	if d.measure(pairsOfOneSize(a, b, offset)); !d.linear && (!found || more > 0) {
		d.moved = 0 // the calls may be others
	}
	return d
}

// endPair is the end of a call on one rank, how much later it ends on another, and how long it takes without waiting.
type endPair struct{ at, later, transfer int64 }

// pairsOfOneSize are the calls that two ranks made together, of the size that most of them have: calls from a CUDA graph say
// none, so that their transfer must not differ either. Two sizes may end with another difference, some 20 µs on two H100.
func pairsOfOneSize(a, b []*Call, offset int) []endPair {
	from, to := max(0, -offset), min(len(a), len(b)-offset)
	n, usual := map[int64]int{}, int64(-1)
	for k := from; k < to; k++ {
		if size := sizeOf(a[k]); size == sizeOf(b[k+offset]) {
			if n[size]++; n[size] > n[usual] {
				usual = size
			}
		}
	}
	pairs, transfers := make([]endPair, 0, n[usual]), make([]int64, 0, n[usual])
	for k := from; k < to; k++ {
		if x, y := a[k], b[k+offset]; sizeOf(x) == usual && sizeOf(y) == usual {
			pairs = append(pairs, endPair{x.End, y.End - x.End, min(x.Length(), y.Length())})
			transfers = append(transfers, pairs[len(pairs)-1].transfer)
		}
	}
	if len(pairs) == 0 {
		return nil
	}
	middle := Median(transfers)
	return slices.DeleteFunc(pairs, func(p endPair) bool { return p.transfer > 2*middle || 2*p.transfer < middle })
}

// sizeOf is the size of a call by its metadata; -1: it has none, or they do not say.
func sizeOf(c *Call) int64 { return CollBytes(c.Type, cmp.Or(c.meta, &noMeta)) }

// measure finds how the offset of the ends changes from tenth to tenth, and whether along a line.
func (d *drift) measure(pairs []endPair) {
	var at, offset []int64 // in the middle of each tenth
	scatter, part := make([]int64, 0, len(pairs)), make([]int64, 0, len(pairs)/tenths)
	d.calls, d.fewest = len(pairs), len(pairs)
	for i, next := 0, 0; i < tenths && len(pairs) > 0; i++ {
		first, start := next, pairs[0].at
		end := start + (pairs[len(pairs)-1].at-start)*int64(i+1)/tenths
		part = part[:0]
		for ; next < len(pairs) && pairs[next].at <= end; next++ {
			part = append(part, pairs[next].later)
		}
		if d.fewest = min(d.fewest, len(part)); len(part) < seenCalls {
			continue
		}
		m := Median(part)
		at, offset = append(at, pairs[(first+next)/2].at), append(offset, m)
		for _, v := range part {
			scatter = append(scatter, abs(v-m))
		}
	}
	if len(at) < 2 {
		return
	}
	last := len(at) - 1
	noise, moved, change := Median(scatter), slices.Max(offset)-slices.Min(offset), offset[last]-offset[0]
	size := abs(change)
	if moved <= max(leastDrift, ofScatter*noise) {
		return
	}
	d.moved, d.linear = moved, size > max(leastDrift, ofScatter*noise)
	line := clock{ahead: offset[0], origin: at[0], rate: float64(change) / float64(max(1, at[last]-at[0]))}
	for i, t := range at {
		d.linear = d.linear && abs(line.at(t)-t-offset[i]) <= max(size/offLine, 2*noise)
	}
	if d.corrected() {
		d.clock = line.inverse()
	}
}
