package analyze

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// field is a time line of single nanoseconds: slow, and obviously right.
type field [200]bool

func paint(spans []span) (f field) {
	for _, s := range spans {
		for t := s.start; t < s.end; t++ {
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

// randomSpans are up to 12 spans, sorted by start, overlapping, some empty.
func randomSpans(r *rand.Rand) []span {
	spans := make([]span, r.IntN(13))
	for i := range spans {
		start := r.Int64N(180)
		spans[i] = span{start, start + r.Int64N(20)}
	}
	slices.SortFunc(spans, func(a, b span) int { return int(a.start - b.start) })
	return spans
}

func TestIntervalsAgreeWithCounting(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		a, b := randomSpans(r), randomSpans(r)
		fa, fb := paint(a), paint(b)
		ua, ub := union(a), union(b)
		check := func(what string, got []span, want field) {
			t.Helper()
			if paint(got) != want || length(got) != want.count() || !disjoint(got) {
				t.Fatalf("%s of %v and %v: %v", what, a, b, got)
			}
		}
		check("union", ua, fa)
		check("intersection", intersect(ua, ub), combine(fa, fb, func(a, b bool) bool { return a && b }))
		check("difference", subtract(ua, ub), combine(fa, fb, func(a, b bool) bool { return a && !b }))

		w := span{r.Int64N(100), 100 + r.Int64N(100)}
		inside := combine(fa, paint([]span{w}), func(a, b bool) bool { return a && b })
		check("clip", clipAll(ua, w), inside)
		if got := newCover(ua).within(w); got != inside.count() {
			t.Fatalf("cover of %v in %v: %d, want %d", ua, w, got, inside.count())
		}
		at := r.Int64N(200)
		if got := newCover(ua).has(at); got != fa[at] {
			t.Fatalf("cover of %v has %d: %v", ua, at, got)
		}
	}
}

// disjoint also wants order, no empty span and no two that touch after a union.
func disjoint(spans []span) bool {
	for i, s := range spans {
		if s.end <= s.start || i > 0 && s.start < spans[i-1].end {
			return false
		}
	}
	return true
}

func TestUnionJoinsSpansThatTouch(t *testing.T) {
	got := union([]span{{0, 5}, {5, 8}, {8, 8}, {9, 10}})
	if want := []span{{0, 8}, {9, 10}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
