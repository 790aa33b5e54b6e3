package analyze

import (
	"cmp"
	"iter"
	"slices"
)

// span is a piece of time [start, end), in ns.
type span struct{ start, end int64 }

func (s span) length() int64 { return max(0, s.end-s.start) }

// clip is the part of s inside w; it is empty where they do not meet.
func (s span) clip(w span) span {
	c := span{max(s.start, w.start), min(s.end, w.end)}
	if c.end < c.start {
		c.end = c.start
	}
	return c
}

// union merges spans that are sorted by start into disjoint ones, in order, and
// drops the empty ones. Spans that touch become one. The result lies where the spans
// lay.
func union(sorted []span) []span {
	out := sorted[:0]
	for _, s := range sorted {
		if s.end <= s.start {
			continue
		}
		if n := len(out); n > 0 && s.start <= out[n-1].end {
			out[n-1].end = max(out[n-1].end, s.end)
			continue
		}
		out = append(out, s)
	}
	return out
}

// unionOf is the union of spans in any order; it too lies where they lay.
func unionOf(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.start, b.start) })
	return union(spans)
}

// addSpan appends a span that is not empty.
func addSpan(spans []span, s span) []span {
	if s.length() == 0 {
		return spans
	}
	return append(spans, s)
}

// length is the total length of disjoint spans.
func length(spans []span) int64 {
	var n int64
	for _, s := range spans {
		n += s.length()
	}
	return n
}

// intersect is the time that lies in both of two lists of disjoint spans in order.
func intersect(a, b []span) []span { return meeting(slices.Values(a), b) }

// collect lists spans, walking over them twice to take no more memory than they need.
func collect(spans iter.Seq[span]) []span {
	n := 0
	for range spans {
		n++
	}
	return slices.AppendSeq(make([]span, 0, n), spans)
}

// meeting is intersect for spans that are walked over.
func meeting(a iter.Seq[span], b []span) []span {
	var out []span
	meet(a, b, func(both span) { out = append(out, both) })
	return out
}

// overlap is the length of what lies in both.
func overlap(a, b []span) int64 { return overlapping(slices.Values(a), b) }

// overlapping is overlap for spans that are walked over.
func overlapping(a iter.Seq[span], b []span) int64 {
	var n int64
	meet(a, b, func(both span) { n += both.length() })
	return n
}

// meet tells what lies in both, piece by piece.
func meet(a iter.Seq[span], b []span, tell func(both span)) {
	j := 0
	for s := range a {
		for ; j < len(b) && b[j].end <= s.end; j++ {
			if both := s.clip(b[j]); both.length() > 0 {
				tell(both)
			}
		}
		if j == len(b) {
			return
		}
		if both := s.clip(b[j]); both.length() > 0 {
			tell(both)
		}
	}
}

// total is the length of disjoint spans that are walked over.
func total(spans iter.Seq[span]) int64 {
	var n int64
	for s := range spans {
		n += s.length()
	}
	return n
}

// subtract is the time of a that is not in b, both disjoint and in order.
func subtract(a, b []span) []span {
	if len(b) == 0 {
		return a
	}
	out := make([]span, 0, len(a))
	j := 0
	for _, s := range a {
		for j < len(b) && b[j].end <= s.start {
			j++
		}
		for k := j; k < len(b) && b[k].start < s.end; k++ {
			if b[k].start > s.start {
				out = append(out, span{s.start, b[k].start})
			}
			s.start = max(s.start, b[k].end)
		}
		if s.end > s.start {
			out = append(out, s)
		}
	}
	return out
}

// clipAll is the part of disjoint spans in order that lies inside w.
func clipAll(spans []span, w span) []span { return intersect(spans, []span{w}) }

// cover answers how much of [start, end) disjoint spans fill, in logarithmic time.
type cover struct {
	spans []span
	sum   []int64 // length of all spans before this one
}

func newCover(spans []span) cover {
	sum := make([]int64, len(spans)+1)
	for i, s := range spans {
		sum[i+1] = sum[i] + s.length()
	}
	return cover{spans, sum}
}

// before is how much of the time before t is filled.
func (c cover) before(t int64) int64 {
	lo, hi := 0, len(c.spans)
	for lo < hi {
		if mid := (lo + hi) / 2; c.spans[mid].end <= t {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	filled := c.sum[lo]
	if lo < len(c.spans) {
		filled += max(0, t-c.spans[lo].start)
	}
	return filled
}

func (c cover) within(s span) int64 {
	if s.end <= s.start {
		return 0
	}
	return c.before(s.end) - c.before(s.start)
}

// has reports whether a moment is filled.
func (c cover) has(t int64) bool { return c.within(span{t, t + 1}) > 0 }
