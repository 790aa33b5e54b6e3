package align

import (
	"math"
	"slices"

	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/analyze/span"
)

// splitTransfers divides matched calls, and with them the time of ranks, into transfer
// and wait (metrics.md): the shortest clipped duration over a group is its transfer. A
// recv waits for the start of its send, and a send is all transfer.
func (b *builder) splitTransfers() {
	for _, m := range b.Matches {
		if m.Sequence.Type == kernelname.SendRecv {
			send, recv := m.Calls[0], m.Calls[1]
			send.Transfer = send.Clipped().Length()
			own := recv.Clipped()
			recv.Wait = min(max(0, send.Start-own.Start), own.Length())
			recv.Transfer = own.Length() - recv.Wait
			continue
		}
		least := int64(math.MaxInt64)
		for _, c := range m.Calls {
			least = min(least, c.Clipped().Length())
		}
		for _, c := range m.Calls {
			c.Transfer, c.Wait = least, c.Clipped().Length()-least
		}
	}
	for _, r := range b.Ranks {
		r.sumTransfers()
	}
}

// sumTransfers finds when matched calls move data and when they wait, and why others were
// not matched. Where calls overlap and one of them moves data, nobody waits.
func (r *Rank) sumTransfers() {
	explained := false
	for _, c := range r.Calls {
		if c.Match != nil {
			r.matched++
		}
		if c.Unmatched != nil && !explained {
			r.Unmatched, explained = *c.Unmatched, true
		}
	}
	r.Transfers = r.CallSpans(nil, (*Call).TransferSpan)
	r.Waits = r.CallSpans(nil, (*Call).WaitSpan).Subtract(r.Transfers)
}

// CallSpans is the union of some part of each matched call; an empty span is none. The
// result takes the memory of buffer, if that is large enough.
func (r *Rank) CallSpans(buffer span.List, part func(*Call) span.Span) span.List {
	spans := slices.Grow(buffer[:0], r.matched)
	for _, c := range r.Calls {
		spans = spans.Add(part(c))
	}
	return span.Union(spans)
}
