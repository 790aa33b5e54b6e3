package metric

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*math.Max(1, math.Abs(b)) }

func TestQuantiles(t *testing.T) {
	for _, tt := range []struct {
		xs   []float64
		p    float64
		want float64
	}{
		{[]float64{3, 1, 2}, 0.5, 2},
		{[]float64{4, 1, 3, 2}, 0.5, 2.5},
		{[]float64{1, 2, 3, 4}, 0.99, 3.97}, // NumPy: 3.9699999999999998
		{[]float64{7}, 0.99, 7},
		{[]float64{1, 2}, 0, 1},
		{[]float64{1, 2}, 1, 2},
		{[]float64{1, 2}, 7, 2},
		{[]float64{10, 20, 30, 40, 50}, 0.1, 14},
	} {
		if got := Quantile(tt.xs, tt.p); !near(got, tt.want) {
			t.Errorf("quantile %g of %v: %g, want %g", tt.p, tt.xs, got, tt.want)
		}
	}
	for name, x := range map[string]float64{"mean": Mean(nil), "median": Median(nil), "nothing": Quantile(nil, 1),
		"quantile of nothing": Quantile([]float64{1}, math.NaN())} {
		if !math.IsNaN(x) {
			t.Errorf("%s is %g, and there is none", name, x)
		}
	}
	if got := SpreadOf([]float64{-1, 1}, 0); got != nil {
		t.Errorf("the spread about 0 is %v", *got)
	}
	if got := *SpreadOf([]float64{1, 0.99, 1.01}, 1); !near(got, 2) {
		t.Errorf("spread: %g %%, want the whole range, 2", got)
	}
	if got := Mean([]float64{1e15, 1e15 + 1, 1e15 + 2}); got != 1e15+1 {
		t.Errorf("mean loses digits: %f", got)
	}
}

// p-values that tables of the Mann–Whitney test give.
func TestCompare(t *testing.T) {
	for _, tt := range []struct {
		name string
		a, b []float64
		p    float64
		sure bool
	}{
		{"5 against 5, apart", []float64{1, 2, 3, 4, 5}, []float64{6, 7, 8, 9, 10}, 2.0 / 252, true},
		{"4 against 4, apart", []float64{1, 2, 3, 4}, []float64{5, 6, 7, 8}, 2.0 / 70, true},
		{"5 against 5, U=2", []float64{1, 2, 3, 4, 7}, []float64{5, 6, 8, 9, 10}, 8.0 / 252, true},
		{"5 against 5, U=3", []float64{1, 2, 3, 4, 8}, []float64{5, 6, 7, 9, 10}, 14.0 / 252, false},
		{"all equal", []float64{1, 1, 1, 1, 1}, []float64{1, 1, 1, 1, 1}, 1, false},
		{"3 against 3 cannot tell", []float64{1, 2, 3}, []float64{4, 5, 6}, 0.1, false},
		{"ties", []float64{1, 2, 2, 3}, []float64{2, 4, 5, 6}, 8.0 / 70, false}, // by listing all 70 splits, as the next test does
	} {
		got := Compare(tt.a, tt.b, "iterations")
		if !near(got.P, tt.p) || got.Sure != tt.sure || (got.Words == "") != tt.sure {
			t.Errorf("%s: %+v, want p=%g", tt.name, got, tt.p)
		}
		if back := Compare(tt.b, tt.a, "iterations"); !near(back.P, got.P) {
			t.Errorf("%s: the other way round p is %g", tt.name, back.P)
		}
	}
	if d := Compare([]float64{1, 2, 3}, []float64{4, 5, 6}, "iterations"); !strings.Contains(d.Words, "n too small: 3 against 3 iterations") {
		t.Errorf("%+v", d)
	}
	if d := Compare([]float64{1, math.NaN()}, []float64{1}, "iterations"); d.Sure || d.P != 1 || d.Words == "" {
		t.Errorf("a sample that is no number: %+v", d)
	}
	if d := Compare(nil, []float64{1}, "iterations"); d.Sure || d.P != 1 || d.Words == "" {
		t.Errorf("nothing to compare: %+v", d)
	}
}

// The exact count agrees with listing every split, ties and all.
func TestCompareAgainstListing(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		a, b := draw(r, 4+r.IntN(2)), draw(r, 4+r.IntN(3))
		if got, want := Compare(a, b, "iterations").P, listed(a, b); !near(got, want) {
			t.Fatalf("%v %v: %g, want %g", a, b, got, want)
		}
	}
}

func draw(r *rand.Rand, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = float64(r.IntN(9))
	}
	return out
}

// listed counts the splits whose number of wins lies as far from the middle.
func listed(a, b []float64) float64 {
	all := append(append([]float64{}, a...), b...)
	middle := float64(len(a)*len(b)) / 2
	far := math.Abs(wins(a, b) - middle)
	var total, extreme float64
	for mask := range 1 << len(all) {
		var x, y []float64
		for i, v := range all {
			if mask>>i&1 == 1 {
				x = append(x, v)
			} else {
				y = append(y, v)
			}
		}
		if len(x) != len(a) {
			continue
		}
		total++
		if math.Abs(wins(x, y)-middle) >= far-1e-9 {
			extreme++
		}
	}
	return extreme / total
}

func wins(a, b []float64) float64 {
	var n float64
	for _, x := range a {
		for _, y := range b {
			if x > y {
				n++
			} else if x == y {
				n += 0.5
			}
		}
	}
	return n
}

// Where the two methods meet they agree.
func TestNormalApproximation(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 20 {
		a, b := draw(r, 30), draw(r, 30)
		ranks, sum := doubleRanks(a, b)
		if e, n := rankP(a, b), normalP(ranks, 30, sum); math.Abs(e-n) > 0.01 {
			t.Errorf("exact %g, normal %g", e, n)
		}
	}
	long := make([]float64, 100)
	if d := Compare(long, long, "iterations"); d.Sure || d.P != 1 {
		t.Errorf("a hundred equal samples: %+v", d)
	}
}

// One-sided p-values, by counting: of 252 splits of 5 against 5 one is as high as apart, two as one exchange.
func TestGreater(t *testing.T) {
	low, high := []float64{1, 2, 3, 4, 5}, []float64{6, 7, 8, 9, 10}
	for _, c := range []struct {
		a, b []float64
		p    float64
	}{{low, high, 1.0 / 252}, {high, low, 1}, {[]float64{1, 2, 3, 4, 6}, []float64{5, 7, 8, 9, 10}, 2.0 / 252}, {low, low, 0},
		{[]float64{1, 2, 3, 4}, high[:4], 1.0 / 70}} {
		got := Greater(c.a, c.b)
		if slices.Equal(c.a, c.b) {
			if got < 0.5 || got > 0.6 {
				t.Errorf("equal samples: %g", got)
			}
			continue
		}
		if !near(got, c.p) {
			t.Errorf("%v above %v: %g, want %g", c.b, c.a, got, c.p)
		}
	}
	many := make([]float64, 40)
	for i := range many {
		many[i] = float64(i)
	}
	up := slices.Clone(many)
	for i := range up {
		up[i] += 30.5
	}
	if p := Greater(many, up); p > 1e-6 {
		t.Errorf("many, far above: %g", p)
	}
	if p := Greater(up, many); p < 0.999 {
		t.Errorf("many, far below: %g", p)
	}
}

// p-values of Wilcoxon's signed-rank test, as tables give them.
func TestSignedRank(t *testing.T) {
	for _, c := range []struct {
		diffs        []float64
		greater, two float64
	}{{[]float64{1, 2, 3, 4}, 1.0 / 16, 2.0 / 16}, {[]float64{1, 2, 3, 4, 5}, 1.0 / 32, 2.0 / 32},
		{[]float64{-1, 2, 3, 4, 5}, 2.0 / 32, 4.0 / 32}, {[]float64{-1, -2, -3, -4, -5, 0}, 1, 2.0 / 32},
		{[]float64{1, 1, 1, 1, 1, 1}, 1.0 / 64, 2.0 / 64}, {nil, 1, 1}, {[]float64{0, 0}, 1, 1}} {
		if greater, two := SignedRank(c.diffs); !near(greater, c.greater) || !near(two, c.two) {
			t.Errorf("%v: %g, %g, want %g, %g", c.diffs, greater, two, c.greater, c.two)
		}
	}
	many := make([]float64, 100)
	for i := range many {
		many[i] = float64(i) - 20
	}
	if greater, two := SignedRank(many); greater > 1e-4 || two > 2e-4 {
		t.Errorf("many: %g, %g", greater, two)
	}
}
