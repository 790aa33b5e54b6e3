// Package span computes with pieces of time: unions, intersections, differences and their lengths, in whole nanoseconds.
package span

import (
	"cmp"
	"iter"
	"slices"
)

// Span is a piece of time [Start, End).
type Span struct{ Start, End int64 }

// Length is 0 where the end does not lie after the start.
func (s Span) Length() int64 { return max(0, s.End-s.Start) }

// Clip is the part of s inside w; it is empty where they do not meet.
func (s Span) Clip(w Span) Span {
	c := Span{max(s.Start, w.Start), min(s.End, w.End)}
	if c.End < c.Start {
		c.End = c.Start
	}
	return c
}

// List is disjoint spans in order of time, none of them empty.
type List []Span

// All walks over the list.
func (l List) All() iter.Seq[Span] { return slices.Values(l) }

// Length is the length of all spans together.
func (l List) Length() (n int64) {
	for _, s := range l {
		n += s.Length()
	}
	return n
}

// Add appends s unless it is empty. The list must end before s begins; Union makes one of others.
func (l List) Add(s Span) List {
	if s.Length() == 0 {
		return l
	}
	return append(l, s)
}

// Union is the time in any of spans, in any order. Spans that touch become one. It takes the memory of spans.
func Union(spans []Span) List {
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	out := List(spans[:0])
	for _, s := range spans {
		out = out.Join(s)
	}
	return out
}

// Join adds s, which starts with or after the last span; those that touch become one.
func (l List) Join(s Span) List {
	if n := len(l); n > 0 && s.Length() > 0 && s.Start <= l[n-1].End {
		l[n-1].End = max(l[n-1].End, s.End)
		return l
	}
	return l.Add(s)
}

// The functions below walk over disjoint spans in order, and keep none: a trace has more than memory should hold.

// Intersect is the time in both a and b.
func Intersect(a iter.Seq[Span], b List) (out List) {
	inside := Cursor(b)
	for s := range a {
		out = inside.Meet(s, out)
	}
	return out
}

// Overlap is the length of the time in both a and b.
func Overlap(a iter.Seq[Span], b List) (n int64) {
	inside := Cursor(b)
	for s := range a {
		n += inside.Within(s)
	}
	return n
}

// Subtract is the time of l that is not in b.
func (l List) Subtract(b List) List {
	if len(b) == 0 {
		return l
	}
	out := make(List, 0, len(l))
	j := 0
	for _, s := range l {
		for j < len(b) && b[j].End <= s.Start {
			j++
		}
		for k := j; k < len(b) && b[k].Start < s.End; k++ {
			out = out.Add(Span{s.Start, b[k].Start})
			s.Start = max(s.Start, b[k].End)
		}
		out = out.Add(s)
	}
	return out
}

// Cursor is a list that answers how much of pieces of time it fills, if asked for them in order of their starts.
type Cursor List

// at goes to the first span that ends after t, and says whether it begins before end.
func (c *Cursor) at(t, end int64) bool {
	for len(*c) > 0 && (*c)[0].End <= t {
		*c = (*c)[1:]
	}
	return len(*c) > 0 && (*c)[0].Start < end
}

// Within is how much of s is filled.
func (c *Cursor) Within(s Span) (n int64) {
	if !c.at(s.Start, s.End) {
		return 0
	}
	for _, part := range *c {
		if part.Start >= s.End {
			break
		}
		n += part.Clip(s).Length()
	}
	return n
}

// Meet adds to a list what is filled of s.
func (c *Cursor) Meet(s Span, to List) List {
	if !c.at(s.Start, s.End) {
		return to
	}
	for _, part := range *c {
		if part.Start >= s.End {
			break
		}
		to = to.Add(part.Clip(s))
	}
	return to
}
