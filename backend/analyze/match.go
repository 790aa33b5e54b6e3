package analyze

import (
	"context"
	"fmt"
	"slices"
)

// match is one call on the ranks of its group: calls in the order of the
// channel's ranks that were traced; of a pair, the send and then the recv.
type match struct {
	channel *channel
	calls   []*call
	partial bool // a rank of the group has no trace
}

// starts and ends of a match are those of the call that was last.
func (m *match) lastStart() int64 {
	last := m.calls[0].start
	for _, c := range m.calls {
		last = max(last, c.start)
	}
	return last
}

// counts are the least and the most calls that traced ranks made, and who made
// them. A rank without any counts where all ranks must reach every call.
func (ch *channel) counts(traced map[int]bool) (fewest, most int) {
	fewest, most = -1, -1
	for _, r := range ch.ranks {
		n := len(ch.calls[r])
		if !traced[r] || n == 0 && !ch.typ.meetsAll() {
			continue
		}
		if fewest < 0 || n < len(ch.calls[fewest]) {
			fewest = r
		}
		if most < 0 || n > len(ch.calls[most]) {
			most = r
		}
	}
	return fewest, most
}

// uneven says in words which trace has more calls than another, so that one of them
// was cut short; empty if none has.
func (ch *channel) uneven(traced map[int]bool) string {
	fewest, most := ch.counts(traced)
	if fewest < 0 || len(ch.calls[fewest]) == len(ch.calls[most]) {
		return ""
	}
	return fmt.Sprintf("rank %d has %d, rank %d has %d", most, len(ch.calls[most]), fewest, len(ch.calls[fewest]))
}

const (
	maxOffset = 64     // calls that one trace may have more at its start
	maxSpread = 50_000 // ns, median absolute deviation of end times that is still one call
	minPairs  = 3      // pairs that tell one offset from another
)

// matchChannel pairs the calls of a channel over its ranks. why says, for people,
// what stands in the way when nothing could be matched.
func matchChannel(ctx context.Context, ch *channel, traced map[int]bool) (found []*match, why string) {
	ranks, missing := split(ch.ranks, traced)
	if len(ranks) < 2 || ch.typ == sendRecv && len(missing) > 0 {
		return nil, fmt.Sprintf("rank %s was not traced", key(missing))
	}
	offsets := make([]int, len(ranks))
	for i, r := range ranks {
		o, ok := offsetOf(ctx, ch.calls[ranks[0]], ch.calls[r])
		if !ok {
			return nil, fmt.Sprintf("rank %d made %d calls and rank %d made %d, and their times do not fit each other",
				ranks[0], len(ch.calls[ranks[0]]), r, len(ch.calls[r]))
		}
		offsets[i] = o
	}
	return ch.pair(ranks, offsets, len(missing) > 0), ""
}

// split divides a group into the ranks that were traced and the others.
func split(ranks []int, traced map[int]bool) (have, missing []int) {
	for _, r := range ranks {
		if traced[r] {
			have = append(have, r)
		} else {
			missing = append(missing, r)
		}
	}
	return have, missing
}

// pair makes the matches: call k of the first rank is call k + offset of each.
func (ch *channel) pair(ranks, offsets []int, partial bool) []*match {
	first, last := 0, len(ch.calls[ranks[0]])
	for i, r := range ranks {
		first = max(first, -offsets[i])
		last = min(last, len(ch.calls[r])-offsets[i])
	}
	n, width := max(0, last-first), len(ranks)
	out, all, calls := make([]*match, n), make([]match, n), make([]*call, n*width)
	for k := range n {
		out[k], all[k] = &all[k], match{channel: ch, calls: calls[k*width : (k+1)*width], partial: partial}
		for i, r := range ranks {
			c := ch.calls[r][first+k+offsets[i]]
			c.met, all[k].calls[i] = &all[k], c
		}
	}
	return out
}

// offsetOf is o such that call k of a is call k+o of b. Equal counts need none,
// unless one clock shows that both traces started and ended so many calls apart.
// Else it is the offset whose differences of end times spread least; ok is false
// when even those do not look like one call, or too few are left to tell.
func offsetOf(ctx context.Context, a, b []*call) (offset int, ok bool) {
	if len(a) == len(b) && (len(a) < minPairs || sameMoment(a[0], b[0], endDifferences(a, b, 0))) {
		return 0, true
	}
	least := int64(maxSpread + 1)
	need := max(minPairs, (min(len(a), len(b))+1)/2)
	for _, o := range nearZero(maxOffset) {
		d := endDifferences(a, b, o)
		if len(d) < need || ctx.Err() != nil || !sameMoment(a[0], b[0], d) {
			continue
		}
		if s := spread(d); s < least {
			least, offset, ok = s, o, true
		}
	}
	return offset, ok
}

// sameMoment guards against a wrong offset: decode steps are so regular that the
// calls of another step fit each other too, only later. On one host, where clocks
// are the same, a call that all ranks must reach ends on all of them at once.
func sameMoment(a, b *call, differences []int64) bool {
	if a.lane.host != b.lane.host || !a.typ.meetsAll() {
		return true
	}
	m := median(differences)
	return max(m, -m) <= maxSpread
}

// nearZero lists 0, 1, -1, 2, -2 … n, -n: of equal fits the nearest one is taken.
func nearZero(n int) []int {
	out := []int{0}
	for i := 1; i <= n; i++ {
		out = append(out, i, -i)
	}
	return out
}

// endDifferences is how much later b's calls end than a's, for one offset.
func endDifferences(a, b []*call, offset int) []int64 {
	first, last := max(0, -offset), min(len(a), len(b)-offset)
	if last <= first {
		return nil
	}
	out := make([]int64, 0, last-first)
	for k := first; k < last; k++ {
		out = append(out, b[k+offset].end-a[k].end)
	}
	return out
}

// median of values, which it reorders; of an even number the lower middle one.
func median(v []int64) int64 {
	slices.Sort(v)
	return v[(len(v)-1)/2]
}

// spread is the median absolute deviation; it reorders v.
func spread(v []int64) int64 {
	m := median(v)
	for i := range v {
		v[i] = max(v[i]-m, m-v[i])
	}
	return median(v)
}
