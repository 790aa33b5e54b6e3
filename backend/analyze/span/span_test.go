package span

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// field is a time line of single nanoseconds: slow, and obviously right.
type field [200]bool

func paint(spans []Span) (f field) {
	for _, s := range spans {
		for t := s.Start; t < s.End; t++ {
			f[t] = true
		}
	}
	return f
}

func (f field) count() (n int64) {
	for _, set := range f {
		if set {
			n++
		}
	}
	return n
}

func combine(a, b field, keep func(a, b bool) bool) (out field) {
	for i := range out {
		out[i] = keep(a[i], b[i])
	}
	return out
}

func both(a, b bool) bool { return a && b }

// randomSpans are up to 12 spans in any order, overlapping, some empty.
func randomSpans(r *rand.Rand) []Span {
	spans := make([]Span, r.IntN(13))
	for i := range spans {
		start := r.Int64N(180)
		spans[i] = Span{start, start + r.Int64N(20)}
	}
	return spans
}

func TestIntervalsAgreeWithCounting(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		a, b := randomSpans(r), randomSpans(r)
		fa, fb := paint(a), paint(b)
		ua, ub := Union(slices.Clone(a)), Union(slices.Clone(b))
		check := func(what string, got []Span, want field) {
			t.Helper()
			if paint(got) != want || List(got).Length() != want.count() || !disjoint(got) {
				t.Fatalf("%s of %v and %v: %v", what, a, b, got)
			}
		}
		check("union", ua, fa)
		check("intersection", Intersect(ua.All(), ub), combine(fa, fb, both))
		check("difference", ua.Subtract(ub), combine(fa, fb, func(a, b bool) bool { return a && !b }))

		w := Span{r.Int64N(100), 100 + r.Int64N(100)}
		inside := combine(fa, paint([]Span{w}), both)
		if got, want := Overlap(ua.All(), ub), Intersect(ua.All(), ub).Length(); got != want {
			t.Fatalf("overlap of %v and %v: %d, want %d", ua, ub, got, want)
		}
		check("clip", Intersect(ua.All(), List{w}), inside)
		c := Cursor(ua)
		slices.SortFunc(b, func(x, y Span) int { return int(x.Start - y.Start) })
		for _, piece := range b {
			if got, want := c.Within(piece), combine(fa, paint([]Span{piece}), both).count(); got != want {
				t.Fatalf("%v fill %d of %v, want %d", ua, got, piece, want)
			}
		}
	}
}

// disjoint also wants order, no empty span and no two that touch after a union.
func disjoint(spans []Span) bool {
	for i, s := range spans {
		if s.End <= s.Start || i > 0 && s.Start < spans[i-1].End {
			return false
		}
	}
	return true
}

func TestUnionJoinsSpansThatTouch(t *testing.T) {
	got := Union([]Span{{0, 5}, {5, 8}, {8, 8}, {9, 10}})
	if want := []Span{{0, 8}, {9, 10}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
