package align

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/analyze/span"
)

// Component is ranks connected by matched calls: they share one T0, from which all of them were recorded.
type Component struct {
	Ranks []*Rank
	last  *Rank // whose first matched call starts at T0
}

// connect finds the components of the run; ranks without any matched call are in none.
func (b *builder) connect() {
	for _, m := range b.Matches {
		for _, c := range m.Calls {
			joinComponents(m.Calls[0].Rank, c.Rank)
		}
	}
	for _, r := range b.Ranks {
		if r.Component != nil && !slices.Contains(b.Components, r.Component) {
			slices.SortFunc(r.Component.Ranks, func(a, b *Rank) int { return cmp.Compare(a.Number, b.Number) })
			b.Components = append(b.Components, r.Component)
		}
	}
}

// joinComponents makes one component of those of two ranks.
func joinComponents(a, b *Rank) {
	for _, r := range []*Rank{a, b} {
		if r.Component == nil {
			r.Component = &Component{Ranks: []*Rank{r}}
		}
	}
	if into, from := a.Component, b.Component; into != from {
		into.Ranks = append(into.Ranks, from.Ranks...)
		for _, r := range from.Ranks {
			r.Component = into
		}
	}
}

// firstMatched is the first call of a rank that was matched, of which there is one.
func (r *Rank) firstMatched() *Call {
	return r.Calls[slices.IndexFunc(r.Calls, func(c *Call) bool { return c.Match != nil })]
}

// setWindows finds T0 of each component and from it each rank's steady window.
func (b *builder) setWindows() {
	b.connect()
	for _, r := range b.Ranks {
		r.Window = r.extent
	}
	for _, c := range b.Components {
		c.last = slices.MaxFunc(c.Ranks, func(a, b *Rank) int { return cmp.Compare(a.firstMatched().Start, b.firstMatched().Start) })
		t0 := c.last.firstMatched().Start
		for _, r := range c.Ranks {
			r.Skew = t0 - r.firstMatched().Start
			r.Window = span.Span{Start: t0, End: max(r.Window.End, t0)}
		}
	}
}

// shareLine is how many ranks share one line.
const shareLine = 4

// warnCut says what the steady window left out, from a millisecond on: a line for each rank, or one for many that waited for the same.
func (b *builder) warnCut() {
	byWhom, order := map[string][]*Rank{}, []string(nil)
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
	bySkew := func(a, b *Rank) int { return cmp.Compare(a.Skew, b.Skew) }
	for _, whom := range order {
		ranks := byWhom[whom]
		if len(ranks) >= shareLine {
			least, most := slices.MinFunc(ranks, bySkew), slices.MaxFunc(ranks, bySkew)
			b.warn("%d ranks: first %s to %s cut, most on rank %d: %s", len(ranks),
				milliseconds(least.Skew), milliseconds(most.Skew), most.Number, whom)
			continue
		}
		for _, r := range ranks {
			b.warn("rank %d: first %s cut: %s", r.Number, milliseconds(r.Skew), whom)
		}
	}
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

// SplitTransfers divides matched calls, and with them the time of ranks, into transfer and wait (metrics.md): the
// shortest clipped duration over a group is its transfer. A recv waits for the start of its send, which is all transfer.
func (t *Timeline) SplitTransfers() {
	byLength := func(a, b *Call) int { return cmp.Compare(a.Clipped().Length(), b.Clipped().Length()) }
	for _, m := range t.Matches {
		if m.Sequence.Type == kernelname.Send {
			send, recv := m.Calls[0], m.Calls[1]
			send.Transfer = send.Clipped().Length()
			own := recv.Clipped()
			recv.Wait = min(max(0, send.Start-own.Start), own.Length())
			recv.Transfer = own.Length() - recv.Wait
			continue
		}
		least := slices.MinFunc(m.Calls, byLength).Clipped().Length()
		for _, c := range m.Calls {
			c.Transfer, c.Wait = least, c.Clipped().Length()-least
		}
	}
	for _, r := range t.Ranks {
		r.sumTransfers()
	}
}

// sumTransfers finds when matched calls move data and when they wait, and why others were not matched. Where calls
// overlap and one of them moves data, nobody waits.
func (r *Rank) sumTransfers() {
	for _, c := range slices.Backward(r.Calls) { // the first reason counts
		if c.Match != nil {
			r.matched++
		}
		if c.Unmatched != nil {
			r.WhyUnmatched = *c.Unmatched
		}
	}
	r.Transfers = r.CallSpans(nil, (*Call).TransferSpan)
	r.Waits = r.CallSpans(nil, (*Call).WaitSpan).Subtract(r.Transfers)
	r.Unmatched = r.Comm.Subtract(r.Transfers).Subtract(r.Waits)
}

// CallSpans is the union of some part of each matched call. The result takes the memory of buffer, if that suffices.
func (r *Rank) CallSpans(buffer span.List, part func(*Call) span.Span) span.List {
	spans := slices.Grow(buffer[:0], r.matched)
	for _, c := range r.Calls {
		spans = spans.Add(part(c))
	}
	return span.Union(spans)
}
