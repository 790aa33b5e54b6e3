package align

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"shardeck/backend/analyze/kernelname"
)

// Component is ranks connected by matched calls: they share one T0, the moment from which
// all of them were recorded.
type Component struct {
	Ranks []*Rank
	t0    int64
	last  *Rank // whose first matched call starts at T0
}

// connect finds the components of the run; ranks without any matched call are in none.
func (b *builder) connect() {
	parent := map[*Rank]*Rank{}
	var root func(r *Rank) *Rank
	root = func(r *Rank) *Rank {
		if parent[r] == nil || parent[r] == r {
			return r
		}
		parent[r] = root(parent[r])
		return parent[r]
	}
	for _, m := range b.Matches {
		for _, c := range m.Calls {
			parent[root(c.Rank)] = root(m.Calls[0].Rank)
		}
	}
	of := map[*Rank]*Component{}
	for _, r := range b.Ranks {
		if r.firstMatched() == nil {
			continue
		}
		top := root(r)
		if of[top] == nil {
			of[top] = &Component{}
			b.Components = append(b.Components, of[top])
		}
		r.Component = of[top]
		r.Component.Ranks = append(r.Component.Ranks, r)
	}
}

// firstMatched is the first call of a rank that was matched; nil if there is none.
func (r *Rank) firstMatched() *Call {
	if i := slices.IndexFunc(r.Calls, func(c *Call) bool { return c.Match != nil }); i >= 0 {
		return r.Calls[i]
	}
	return nil
}

// setWindows finds T0 of each component and from it each rank's steady window.
func (b *builder) setWindows() {
	b.connect()
	for _, r := range b.Ranks {
		r.Window = r.extent
	}
	for _, c := range b.Components {
		for _, r := range c.Ranks {
			if first := r.firstMatched().Start; c.last == nil || first > c.t0 {
				c.t0, c.last = first, r
			}
		}
		for _, r := range c.Ranks {
			r.Skew = c.t0 - r.firstMatched().Start
			r.Window.Start = c.t0
			r.Window.End = max(r.Window.End, c.t0)
		}
	}
}

// warnCut says in words what the steady window left out: a line for each rank, or
// one for all of many that waited for the same. A millisecond is the least worth a word.
func (b *builder) warnCut() {
	byWhom := map[string][]*Rank{}
	var order []string
	for _, r := range b.Ranks {
		if r.Skew < int64(time.Millisecond) {
			continue
		}
		whom := waitedFor(r.firstMatched(), r.Component.last)
		if byWhom[whom] == nil {
			order = append(order, whom)
		}
		byWhom[whom] = append(byWhom[whom], r)
	}
	for _, whom := range order {
		b.warnCutFor(whom, byWhom[whom])
	}
}

// shareLine is how many ranks share one line.
const shareLine = 4

func (b *builder) warnCutFor(whom string, ranks []*Rank) {
	if len(ranks) < shareLine {
		for _, r := range ranks {
			b.warn("rank %d: first %s cut: %s", r.Number, milliseconds(r.Skew), whom)
		}
		return
	}
	bySkew := func(a, b *Rank) int { return cmp.Compare(a.Skew, b.Skew) }
	most := slices.MaxFunc(ranks, bySkew)
	b.warn("%d ranks: first %s to %s cut, most on rank %d: %s", len(ranks),
		milliseconds(slices.MinFunc(ranks, bySkew).Skew), milliseconds(most.Skew), most.Number, whom)
}

// waitedFor says for whom a rank's first matched call waited.
func waitedFor(first *Call, last *Rank) string {
	meets := slices.ContainsFunc(first.Match.Calls, func(c *Call) bool { return c.Rank == last })
	switch {
	case first.Type == kernelname.Recv && meets:
		return fmt.Sprintf("waiting for rank %d's first send", last.Number)
	case meets && first.Type.MeetsAll():
		return fmt.Sprintf("waiting for rank %d's profiler to start", last.Number)
	}
	return fmt.Sprintf("it lies before rank %d's first recorded call", last.Number)
}

func milliseconds(ns int64) string {
	if ms := float64(ns) / 1e6; ms < 10 {
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f ms", float64(ns)/1e6)
}
