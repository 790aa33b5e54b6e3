package analyze

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// set is ranks connected by matched calls: they share one T0.
type set struct {
	lanes []*lane
	t0    int64
	last  *lane // whose first matched call starts at T0

	charges []charge // of its calls, in order of time; see straggler
}

// connect finds the sets of ranks that matched calls connect; ranks without any
// matched call are in none.
func (w *world) connect() []*set {
	parent := map[*lane]*lane{}
	var root func(l *lane) *lane
	root = func(l *lane) *lane {
		if parent[l] == nil || parent[l] == l {
			return l
		}
		parent[l] = root(parent[l])
		return parent[l]
	}
	for _, m := range w.matches {
		for _, c := range m.calls {
			parent[root(c.lane)] = root(m.calls[0].lane)
		}
	}
	sets := map[*lane]*set{}
	var out []*set
	for _, l := range w.lanes {
		if firstMatched(l) == nil {
			continue
		}
		r := root(l)
		if sets[r] == nil {
			sets[r] = &set{}
			out = append(out, sets[r])
		}
		sets[r].lanes = append(sets[r].lanes, l)
	}
	return out
}

// firstMatched is the first call of a lane that was matched; nil if there is none.
func firstMatched(l *lane) *call {
	for _, c := range l.calls {
		if c.met != nil {
			return c
		}
	}
	return nil
}

// setWindows finds T0 of each set and from it each rank's steady window.
func (w *world) setWindows() {
	for _, l := range w.lanes {
		l.window = l.extent
	}
	w.sets = w.connect()
	for _, s := range w.sets {
		for _, l := range s.lanes {
			if first := firstMatched(l).start; s.last == nil || first > s.t0 {
				s.t0, s.last = first, l
			}
		}
		for _, l := range s.lanes {
			l.window.start = s.t0
			l.window.end = max(l.window.end, s.t0)
		}
	}
}

// skew is what was cut of a rank's first matched call; ok is false where no
// matched call says.
func (w *world) skew(l *lane) (ns int64, s *set, ok bool) {
	for _, s := range w.sets {
		if slices.Contains(s.lanes, l) {
			return s.t0 - firstMatched(l).start, s, true
		}
	}
	return 0, nil, false
}

// warnCut says in words what the steady window left out: a line for each rank, or
// one for all of many that waited for the same. A millisecond is the least worth a word.
func (w *world) warnCut() {
	byWhom := map[string][]cut{}
	var order []string
	for _, l := range w.lanes {
		ns, s, ok := w.skew(l)
		if !ok || ns < int64(time.Millisecond) {
			continue
		}
		whom := waitedFor(firstMatched(l), s.last)
		if byWhom[whom] == nil {
			order = append(order, whom)
		}
		byWhom[whom] = append(byWhom[whom], cut{l.rank, ns})
	}
	for _, whom := range order {
		w.warnCuts(byWhom[whom], whom)
	}
}

// cut is what the steady window left out of one rank.
type cut struct {
	rank int
	ns   int64
}

// manyCuts is how many ranks share one line.
const manyCuts = 4

func (w *world) warnCuts(cuts []cut, whom string) {
	if len(cuts) < manyCuts {
		for _, c := range cuts {
			w.warn("rank %d: first %s cut: %s", c.rank, milliseconds(c.ns), whom)
		}
		return
	}
	byLength := func(a, b cut) int { return cmp.Compare(a.ns, b.ns) }
	most := slices.MaxFunc(cuts, byLength)
	w.warn("%d ranks: first %s to %s cut, most on rank %d: %s", len(cuts),
		milliseconds(slices.MinFunc(cuts, byLength).ns), milliseconds(most.ns), most.rank, whom)
}

// waitedFor says for whom a rank's first matched call waited.
func waitedFor(first *call, last *lane) string {
	meets := slices.ContainsFunc(first.met.calls, func(c *call) bool { return c.lane == last })
	switch {
	case first.typ == recv && meets:
		return fmt.Sprintf("waiting for rank %d's first send", last.rank)
	case meets && first.typ.meetsAll():
		return fmt.Sprintf("waiting for rank %d's profiler to start", last.rank)
	}
	return fmt.Sprintf("it lies before rank %d's first recorded call", last.rank)
}

func milliseconds(ns int64) string {
	if ms := float64(ns) / 1e6; ms < 10 {
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", float64(ns)/1e6)
}
