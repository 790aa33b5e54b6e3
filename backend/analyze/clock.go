package analyze

import (
	"cmp"
	"fmt"
	"slices"
)

// nameHosts gives every lane its host: from run.json, else the trace, else the
// site's GPUs per node (the devices a trace lists, if the site is not known),
// which ranks fill one node after the other.
func (w *world) nameHosts() {
	for _, l := range w.lanes {
		if w.in.Info != nil && l.rank < len(w.in.Info.Hosts) {
			l.host = w.in.Info.Hosts[l.rank]
		}
	}
	if !slices.ContainsFunc(w.lanes, func(l *lane) bool { return l.host == "" }) {
		return
	}
	perNode := w.in.GPUsPerNode
	for _, l := range w.lanes {
		if w.in.GPUsPerNode == 0 {
			perNode = max(perNode, len(w.in.Ranks[l.rank].Info.Devices))
		}
	}
	for _, l := range w.lanes {
		l.host = "node 0"
		if perNode > 0 {
			l.host = fmt.Sprintf("node %d", l.rank/perNode)
		}
	}
}

// alignClocks moves every lane to the clock of the lowest rank it is connected to.
// Ranks of a host share a clock. Between hosts, matched calls that end together
// tell the shift, and shifts add up along a spanning tree of groups. Lanes that no
// such call connects keep a clock number of their own.
func (w *world) alignClocks() {
	edges := w.clockEdges()
	shifts := map[string]int64{}
	clock := map[string]int{}
	for i, l := range w.lanes {
		if _, known := clock[l.host]; !known {
			spread := map[string]int64{l.host: 0}
			reach(l.host, edges, spread)
			for host, s := range spread {
				shifts[host], clock[host] = s, i
			}
		}
		l.clock = clock[l.host]
		if s := shifts[l.host]; s != 0 {
			l.shift(s)
		}
	}
}

// edge says that times of host b, moved by shift, are times of host a.
type edge struct {
	a, b  string
	shift int64
	calls int // behind the median
}

// reach walks from one host along edges and notes each host's shift to it.
func reach(from string, edges []edge, shifts map[string]int64) {
	for _, e := range edges {
		for _, e := range []edge{e, {e.b, e.a, -e.shift, e.calls}} {
			if _, seen := shifts[e.b]; e.a == from && !seen {
				shifts[e.b] = shifts[from] + e.shift
				reach(e.b, edges, shifts)
			}
		}
	}
}

// clockEdges finds the shift between hosts that share calls, best founded first.
func (w *world) clockEdges() []edge {
	differences := map[[2]string][]int64{}
	for _, m := range w.matches {
		if !m.channel.typ.endsTogether() {
			continue
		}
		a := m.calls[0]
		for _, b := range m.calls[1:] {
			if a.lane.host != b.lane.host {
				k := [2]string{a.lane.host, b.lane.host}
				differences[k] = append(differences[k], a.end-b.end)
			}
		}
	}
	var out []edge
	for k, d := range differences {
		out = append(out, edge{k[0], k[1], median(d), len(d)})
	}
	slices.SortFunc(out, func(a, b edge) int {
		return cmp.Or(cmp.Compare(b.calls, a.calls), cmp.Compare(a.a, b.a), cmp.Compare(a.b, b.b))
	})
	return out
}

// sharesClock reports whether all ranks of a match have one clock.
func (m *match) sharesClock() bool {
	for _, c := range m.calls {
		if c.lane.clock != m.calls[0].lane.clock {
			return false
		}
	}
	return true
}
