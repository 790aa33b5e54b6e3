package align

import (
	"cmp"
	"fmt"
	"math"
	"slices"
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
// Between hosts, matched calls that end together tell the shift, along a spanning tree of groups. Ranks that no such
// call connects keep a clock of their own.
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
