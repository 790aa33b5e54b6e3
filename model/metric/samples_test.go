package metric

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// lab makes runs of configs: each run is off by its own factor, its iterations by theirs.
type lab struct {
	*rand.Rand
	between, within float64 // standard deviations of the factors
}

func newLab(between, within float64) lab { return lab{rand.New(rand.NewPCG(1, 2)), between, within} }

// runs are so many runs of a config, of five iterations each.
func (l lab) runs(name string, n int, value float64) (all Samples) {
	for i := range n {
		run := RunSamples{Run: name + string(rune('a'+i))}
		own := value * (1 + l.between*l.NormFloat64())
		for range 5 {
			run.Iterations = append(run.Iterations, own*(1+l.within*l.NormFloat64()))
		}
		run.Value = Median(run.Iterations)
		all = append(all, run)
	}
	return all
}

// noise is what so many configs of so many runs tell.
func (l lab) noise(configs, runs int) Noise {
	var all [][]float64
	for range configs {
		all = append(all, l.runs("n", runs, 50).Values())
	}
	return NoiseOf(all)
}

// share is how often, in 1,000 comparisons, a difference is sure.
func (l lab) share(n, m int, change float64, noise func() Noise) float64 {
	sure := 0
	for range 1000 {
		if d := Tell(l.runs("a", n, 100), l.runs("b", m, 100*(1+change)), noise()); d.Sure {
			sure++
		}
	}
	return float64(sure) / 1000
}

func unknownNoise() Noise { return Noise{} }

// What is said to differ does, in simulated runs with a known effect: a spread of 1 % is (max − min) / median of five, whose
// standard deviation is 0.43 %; the larger one, 1 %, is met too.
func TestSimulatedRepeats(t *testing.T) {
	for _, sd := range []float64{0.0043, 0.01} {
		l := newLab(sd, sd/4)
		if false := l.share(5, 5, 0, unknownNoise); false > 0.05 {
			t.Errorf("sd %.2f %%: %.1f %% of comparisons without a difference are sure", 100*sd, 100*false)
		}
		if found := l.share(5, 5, 0.05, unknownNoise); found < 0.9 {
			t.Errorf("sd %.2f %%: of true 5 %% %.1f %% are found", 100*sd, 100*found)
		}
	}
}

// Runs that differ by more than the iterations within one are no effect: not with repeats, however few, nor, where repeats
// of anything tell of that spread, with one run a side.
func TestRunsThatDifferMoreThanIterationsAreNoEffect(t *testing.T) {
	l := newLab(0.02, 0.002)
	known := func() Noise { return l.noise(3, 3) }
	for _, c := range []struct {
		name  string
		n, m  int
		noise func() Noise
		most  float64
	}{{"five repeats", 5, 5, unknownNoise, 0.05}, {"three repeats, with the spread of others", 3, 3, known, 0.05},
		{"one run against three", 1, 3, known, 0.05}, {"one run a side, with the spread of others", 1, 1, known, 0.05}} {
		if got := l.share(c.n, c.m, 0, c.noise); got > c.most+0.01 { // 1,000 throws of 5 % lie within 1.4 % of it
			t.Errorf("%s: %.1f %% are taken for an effect", c.name, 100*got)
		}
	}
	if got := l.share(1, 1, 0.2, known); got < 0.9 {
		t.Errorf("one run a side, a tenfold effect: found in %.1f %%", 100*got)
	}
	d := Tell(l.runs("a", 1, 100), l.runs("b", 1, 110), Noise{})
	if !d.Within {
		t.Errorf("that nothing is known of other runs went unsaid: %+v", d)
	}
}

// The advice is kept: with as many more repeats as it says, the difference is found in most cases.
func TestAdvice(t *testing.T) {
	l := newLab(0.01, 0.001)
	for _, c := range []struct {
		n, k   int
		change float64
	}{{3, 1, 0.03}, {2, 3, 0.02}, {5, 1, 0.02}} {
		found := l.share(c.n+c.k, c.n+c.k, c.change, unknownNoise)
		if got := more("repeat", [2]int{c.n, c.n}, 0.01, []float64{100}, []float64{100 * (1 + c.change)}); !strings.HasPrefix(got,
			"; "+string(rune('0'+c.k))+" more repeat") || found < 0.65 {
			t.Errorf("%+v: %q, found in %.0f %%", c, got, 100*found)
		}
	}
}

func TestWordsOfTell(t *testing.T) {
	one := func(run string, xs ...float64) RunSamples { return RunSamples{run, Median(xs), xs} }
	a, b := one("a", 1, 1.01, 1.02), one("b", 2, 2.01, 2.02)
	known := Noise{SD: 0.02, Runs: 6, Configs: 2}
	for _, c := range []struct {
		name  string
		a, b  Samples
		noise Noise
		want  string
	}{
		{"iterations too few", Samples{a}, Samples{b}, Noise{},
			"n too small: 3 against 3 iterations cannot show a difference within one run; 1 more iteration a side would tell 99 %"},
		{"runs too few, nothing known", Samples{{"a", 1, nil}, {"a2", 1.001, nil}}, Samples{{"b", 1.03, nil}}, Noise{},
			"n too small: 2 against 1 runs cannot show a difference"},
		{"runs too few, spread known", Samples{{"a", 1, nil}, {"a2", 1.001, nil}}, Samples{{"b", 1.04, nil}}, known,
			"n too small: 2 against 1 runs cannot show a difference; 4 more repeats a side would tell 3.9 %"},
		{"beyond the spread of runs", Samples{{"a", 1, nil}, {"a2", 1.001, nil}}, Samples{{"b", 1.4, nil}}, known, ""},
		{"within the spread of runs", Samples{one("a", 1, 1.001, 1.002, 1.003)}, Samples{one("b", 1.01, 1.011, 1.012, 1.013)}, known,
			"runs of one config lie as far apart here (6 runs of 2), and each side is one run; 20 more repeats a side would not tell 1 %"},
		{"one shared run", Samples{a, b}, Samples{b, a}, Noise{},
			"n too small: 3 against 3 iterations cannot show a difference within one run; 1 more iteration a side would tell 99 %"},
		{"chance", Samples{one("a", 1, 2, 3, 4)}, Samples{one("b", 1.5, 2.5, 3.5, 4.5)}, Noise{},
			"chance alone makes as large a difference in 69 % of cases within one run"},
		{"nothing", nil, Samples{b}, Noise{}, "no samples to compare"},
	} {
		if d := Tell(c.a, c.b, c.noise); d.Words != c.want || d.Sure != (c.want == "") {
			t.Errorf("%s: %+v, want %q", c.name, d, c.want)
		}
	}
}

// Two-sided p-values of Student's t, from tables.
func TestStudent(t *testing.T) {
	for _, c := range []struct {
		t  float64
		df int
		p  float64
	}{{12.706, 1, 0.05}, {4.303, 2, 0.05}, {3.182, 3, 0.05}, {2.776, 4, 0.05}, {2.228, 10, 0.05}, {2.042, 30, 0.05}, {2.365, 7, 0.05},
		{0, 5, 1}, {3.355, 8, 0.01}} {
		if got := studentP(c.t, c.df); math.Abs(got-c.p) > 1e-4 {
			t.Errorf("t %g, df %d: %g, want %g", c.t, c.df, got, c.p)
		}
	}
}

func TestOdd(t *testing.T) {
	for _, c := range []struct {
		xs   []float64
		want string
	}{
		{[]float64{1.43, 1, 1.01, 0.99, 1}, "iteration 1 of 5 is 1.43 × the median of the others, as if warm-up was left in"},
		{[]float64{1, 1, 1.01, 0.7, 1}, "iteration 4 of 5 is 0.70 × the median of the others"},
		{[]float64{1, 1.02, 0.97, 1.05, 1}, ""}, {[]float64{1, 1, 1, 1, 1.04}, ""}, {[]float64{9, 1, 1}, ""}, {nil, ""},
	} {
		if got := strings.Join(Odd(c.xs), "; "); got != c.want {
			t.Errorf("%v: %q, want %q", c.xs, got, c.want)
		}
	}
	l, said := newLab(0, 0.01), 0
	for range 1000 {
		said += len(Odd(l.runs("a", 1, 100)[0].Iterations))
	}
	if said > 5 {
		t.Errorf("%d of 1,000 runs without any have outliers", said)
	}
}

func TestOverRuns(t *testing.T) {
	of := func(v float64) *Analysis {
		return &Analysis{Metrics: []Metric{{Name: "tpot", Value: &v, N: 5}, {Name: "straggler", Unit: "rank", Value: &v},
			{Name: "bubble", Value: new(0.0)}}}
	}
	got := OverRuns([]*Analysis{of(1), nil, of(3), of(2)})
	if m := got.Metric("tpot"); *m.Value != 2 || m.N != 3 || *m.Spread != 100 {
		t.Errorf("%+v", m)
	}
	if m := got.Metric("bubble"); *m.Value != 0 || m.Spread != nil {
		t.Errorf("%+v", m)
	}
	if m := got.Metric("straggler"); *m.Value != 1 {
		t.Errorf("a rank is no amount: %+v", m)
	}
}
