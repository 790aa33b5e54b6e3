package align

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"shardeck/backend/analyze/kernelname"
	"shardeck/model/present/unit"
)

// Match is one call on the ranks of its group: calls in the order of the sequence's traced ranks; of a pair, the send comes first.
type Match struct {
	Sequence *Sequence
	Calls    []*Call
	Number   int32 // among the matched calls of the sequence, from 1
	Partial  bool  // a rank of the group has no trace
}

// LastStart is the start of the call that was last.
func (m *Match) LastStart() int64 {
	return slices.MaxFunc(m.Calls, func(a, b *Call) int { return cmp.Compare(a.Start, b.Start) }).Start
}

// matchCalls types all calls and matches them, sequence by sequence.
func (b *builder) matchCalls(ctx context.Context) error {
	traced := map[int]bool{}
	s := sequences{layout: b.Layout, moe: b.moe, byName: map[string]*Sequence{}}
	for _, r := range b.Ranks {
		traced[r.Number] = true
		r.typeCalls(b.Layout)
		s.add(r)
	}
	b.correctDrift(ctx, s.list)
	missing := map[int]string{} // ranks without any of the calls that others made with them, and which
	for _, seq := range s.list {
		if err := ctx.Err(); err != nil {
			return err
		}
		found, why := seq.match(ctx, traced)
		b.Matches = append(b.Matches, found...)
		b.noteUnmatched(seq, len(found), why, seq.uneven(traced), missing)
	}
	b.noteUngrouped(s.ungrouped)
	for _, r := range b.Ranks {
		r.WhyUnmatched = missing[r.Number]
	}
	return nil
}

// noteUngrouped says why calls of unknown groups are not matched.
func (b *builder) noteUngrouped(calls []*Call) {
	switch {
	case len(calls) > 0 && len(b.Ranks) == 1:
		b.warn("%s %s: not known from the trace of one rank, which names no other", calls[0].Type, unit.Plural(len(calls), "call"))
	case len(calls) > 0:
		b.warn("%d %s calls have no group: neither the trace nor the layout (%s) tells which ranks meet in them",
			len(calls), calls[0].Type, b.Layout)
	}
	why := map[kernelname.CallType]*string{}
	for _, c := range calls {
		why[c.Type] = cmp.Or(why[c.Type], new("no group is known for "+c.Type.String()))
		c.Unmatched = why[c.Type]
	}
}

// noteUnmatched reports the calls of a sequence that were not matched, and ranks that made none of them. Where one
// trace has more calls than another, the shorter one is not whole.
func (b *builder) noteUnmatched(s *Sequence, found int, why, uneven string, missing map[int]string) {
	alone, unmatched := 0, (*string)(nil)
	if why != "" {
		unmatched = new(fmt.Sprintf("%s: %s", s, why))
	}
	for _, calls := range s.calls {
		for _, c := range calls {
			if c.Match == nil {
				alone++
			}
			c.Unmatched = unmatched
		}
	}
	for _, r := range s.Ranks {
		if len(s.calls[r]) == 0 && uneven != "" {
			missing[r] = fmt.Sprintf("%s: %s", s, why)
		}
	}
	switch {
	case why != "" && uneven != "" && s.Type != kernelname.SendRecv: // who exchanges with whom is not known
		b.loss("%s: not matched: %s", s, why)
	case strings.HasSuffix(why, notTraced): // of all types alike
		b.warn("calls of ranks %s are not matched: %s", s.Group, why)
	case why != "":
		b.warn("%s: not matched: %s", s, why)
	case alone > 0:
		if uneven != "" {
			uneven += ": "
		}
		odd, where := s.odd()
		b.loss("%s: %s %s without a partner: the traces do not cover the same calls (%s%s); lost: transfer and wait of those",
			s, unit.Plural(alone, "call"), where, uneven, odd)
	}
	if why == "" && found > 0 && len(s.calls) < len(s.Ranks) {
		b.warn("%s: matched over the traced ranks only, so its transfer is an upper bound", s)
	}
}

// odd says which calls of which ranks have no partner, where others were matched, and where in the traces those lie: "the last
// 5 of rank 0", "call 57 of rank 1".
func (s *Sequence) odd() (which, where string) {
	var words []string
	where = "at the start or end"
	for _, r := range slices.Sorted(maps.Keys(s.calls)) {
		own := s.calls[r]
		for from, to := 0, 0; from < len(own); from = to + 1 {
			for to = from; to < len(own) && own[to].Match == nil; to++ {
			}
			n, what := to-from, ""
			switch {
			case n == 0 || n == len(own):
				continue
			case from == 0:
				what = strings.TrimSuffix(fmt.Sprintf("the first %d", n), " 1")
			case to == len(own):
				what = strings.TrimSuffix(fmt.Sprintf("the last %d", n), " 1")
			case n == 1:
				what, where = fmt.Sprintf("call %d", from+1), "in the middle"
			default:
				what, where = fmt.Sprintf("calls %d to %d", from+1, to), "in the middle"
			}
			words = append(words, fmt.Sprintf("%s of rank %d", what, r))
		}
	}
	if n := len(words) - shareLine; n > 0 {
		words = append(words[:shareLine], fmt.Sprintf("and of %d ranks more", n))
	}
	return strings.Join(words, ", "), where
}

// uneven says which trace has more calls than another, so that one was cut short; empty: none. A rank without any counts where all meet.
func (s *Sequence) uneven(traced map[int]bool) string {
	ranks := slices.DeleteFunc(slices.Clone(s.Ranks), func(r int) bool { return !traced[r] || len(s.calls[r]) == 0 && !s.Type.MeetsAll() })
	if len(ranks) == 0 {
		return ""
	}
	byCalls := func(a, b int) int { return cmp.Compare(len(s.calls[a]), len(s.calls[b])) }
	fewest, most := slices.MinFunc(ranks, byCalls), slices.MaxFunc(ranks, byCalls)
	if len(s.calls[fewest]) == len(s.calls[most]) {
		return ""
	}
	return fmt.Sprintf("rank %d has %d, rank %d has %d", most, len(s.calls[most]), fewest, len(s.calls[fewest]))
}

// notTraced ends the reason of calls whose partners have no trace.
const notTraced = " not traced"

// match pairs the calls of a sequence over its ranks; why says, for people, what stands in the way of all.
func (s *Sequence) match(ctx context.Context, traced map[int]bool) (found []*Match, why string) {
	ranks := slices.DeleteFunc(slices.Clone(s.Ranks), func(r int) bool { return !traced[r] })
	missing := slices.DeleteFunc(slices.Clone(s.Ranks), func(r int) bool { return traced[r] })
	if len(ranks) < 2 || s.Type == kernelname.Send && len(missing) > 0 {
		if len(missing) > 1 {
			return nil, "ranks " + rankList(missing) + " were" + notTraced
		}
		return nil, "rank " + rankList(missing) + " was" + notTraced
	}
	if why := s.apart(ranks); why != "" {
		return nil, why
	}
	offsets := make([]int, len(ranks))
	first := s.calls[ranks[0]]
	for i, r := range ranks {
		fits := false
		offsets[i], fits = offsetOf(ctx, first, s.calls[r])
		if !fits && (meeting(first, s.calls[r], 0) == nil || !oneMoment(first[0], s.calls[r][0])) {
			return nil, fmt.Sprintf("rank %d made %d calls and rank %d made %d, and their times do not fit each other",
				ranks[0], len(first), r, len(s.calls[r]))
		}
	}
	return s.pair(ranks, offsets, len(missing) > 0), ""
}

// pair makes the matches of the calls that all ranks made.
func (s *Sequence) pair(ranks, offsets []int, partial bool) []*Match {
	first, width, n := s.calls[ranks[0]], len(ranks), 0
	calls := make([]*Call, len(first)*width)
	for i, r := range ranks {
		own := s.calls[r]
		eachPair(first, own, offsets[i], func(k, j int) { calls[k*width+i] = own[j] })
	}
	for row := range slices.Chunk(calls, width) {
		if !slices.Contains(row, nil) {
			copy(calls[n*width:], row)
			n++
		}
	}
	out, all := make([]*Match, n), make([]Match, n)
	for k := range n {
		out[k], all[k] = &all[k], Match{Sequence: s, Calls: calls[k*width : (k+1)*width], Number: int32(k + 1), Partial: partial}
		for _, c := range all[k].Calls {
			c.Match = &all[k]
		}
	}
	return out
}

// eachPair calls same for the calls of a and b that are one, by their numbers: those so far apart, unless the ends show that a
// trace has calls more in the middle.
func eachPair(a, b []*Call, offset int, same func(i, j int)) {
	met := meeting(a, b, offset)
	for k := max(0, -offset); met == nil && k < min(len(a), len(b)-offset); k++ {
		same(k, k+offset)
	}
	for _, m := range met {
		same(m[0], m[1])
	}
}

// meeting are the pairs of calls of a and b, of which one has more, that end together, and those between two such pairs where
// as many of both lie there; nil: the offset alone pairs as many.
func meeting(a, b []*Call, offset int) (met [][2]int) {
	d := endDifferences(a, b, offset)
	if len(a) == len(b) || len(d) == 0 || !a[0].Type.MeetsAll() {
		return nil
	}
	apart := Median(slices.Clone(d))
	near := min(maxDeviation, max(leastNear, ofNear*medianDeviation(slices.Clone(d))))
	together, last := 0, [2]int{-1, -1}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch later := b[j].End - a[i].End - apart; {
		case later > near:
			i++
		case later < -near:
			j++
		default:
			for k := last[0] + 1; k < i && i-last[0] == j-last[1] && last[0] >= 0; k++ {
				met = append(met, [2]int{k, k + j - i})
			}
			last, together = [2]int{i, j}, together+1
			met = append(met, last)
			i, j = i+1, j+1
		}
	}
	for _, v := range d { // those that end together by the offset alone
		if abs(v-apart) <= near {
			together--
		}
	}
	if together < minPairs && (together <= 0 || len(met) < min(len(a), len(b))) {
		return nil
	}
	return met
}

const (
	maxOffset    = 64     // calls that one trace may have more at its start
	maxDeviation = 50_000 // ns, median absolute deviation of end times that is still one call
	minPairs     = 3      // pairs that tell one offset from another
	leastNear    = 2_000  // ns that ends of one call may lie apart, where most do not scatter
	ofNear       = 10     // median absolute deviations that they may, where most do
)

// offsetOf is o such that call k of a is call k+o of b. Equal counts need none, unless one clock shows that both traces
// started and ended so many calls apart, or nothing but the times says that the ranks meet. Else it is the offset whose
// differences of end times deviate least; ok is false when even those do not look like one call, or too few are left to tell.
func offsetOf(ctx context.Context, a, b []*Call) (offset int, ok bool) {
	if len(a) == 0 || len(b) == 0 {
		return 0, len(a) == len(b)
	}
	guessed := a[0].Type == kernelname.SendRecv
	if len(a) == len(b) && !guessed && (len(a) < minPairs || sameMoment(a[0], b[0], endDifferences(a, b, 0))) {
		return 0, true
	}
	least, need := int64(maxDeviation+1), (min(len(a), len(b))+1)/2
	if !oneMoment(a[0], b[0]) {
		need = max(need, minPairs)
	}
	for i := range 2*maxOffset + 1 { // 0, 1, -1, 2, -2 …: of equal fits the nearest one is taken
		o := (i + 1) / 2
		if i%2 == 0 {
			o = -o
		}
		d := endDifferences(a, b, o)
		if len(d) < need || ctx.Err() != nil || !sameMoment(a[0], b[0], d) {
			continue
		}
		if s := medianDeviation(d); s < least {
			least, offset, ok = s, o, true
		}
	}
	return offset, ok
}

// sameMoment guards against a wrong offset: decode steps are so regular that the calls of another step fit each other
// too, only later. On one host, with one clock, a call that all ranks must reach ends on all of them at once.
func sameMoment(a, b *Call, differences []int64) bool {
	return !oneMoment(a, b) || abs(Median(differences)) <= maxDeviation
}

// oneMoment says that two calls end at one moment on one clock, if they are the same call. A send_recv without metadata
// is only taken for an exchange between all if it does.
func oneMoment(a, b *Call) bool {
	return a.Rank.Host == b.Rank.Host && (a.Type.MeetsAll() || a.Type == kernelname.SendRecv)
}

// endDifferences is how much later b's calls end than a's, for one offset.
func endDifferences(a, b []*Call, offset int) []int64 {
	first, last := max(0, -offset), min(len(a), len(b)-offset)
	if last <= first {
		return nil
	}
	out := make([]int64, 0, last-first)
	for k := first; k < last; k++ {
		out = append(out, b[k+offset].End-a[k].End)
	}
	return out
}

// Median of values, which it reorders; of an even number the lower middle one.
func Median(v []int64) int64 {
	slices.Sort(v)
	return v[(len(v)-1)/2]
}

// medianDeviation is the median absolute deviation; it reorders v.
func medianDeviation(v []int64) int64 {
	m := Median(v)
	if n := len(v); n < minPairs { // no median tells of so few, which share a clock: the largest difference counts
		return max(-v[0], v[n-1])
	}
	for i := range v {
		v[i] = abs(v[i] - m)
	}
	return Median(v)
}

func abs(n int64) int64 { return max(n, -n) }
