package metric

import (
	"fmt"
	"math"
	"slices"

	"shardeck/model"
)

// Samples are what was measured of one config in one metric: of each of its runs, the run that is asked about first.
type Samples []RunSamples

// RunSamples are those of one run.
type RunSamples struct {
	Run        string
	Value      float64   // the one number of the run
	Iterations []float64 // that it stands for; nil: there are none
}

// Values are one sample a run.
func (s Samples) Values() []float64 {
	return model.Each(s, func(r RunSamples) float64 { return r.Value })
}

// Shares reports whether a run is among both.
func (s Samples) Shares(o Samples) bool {
	return slices.ContainsFunc(s, func(r RunSamples) bool {
		return slices.ContainsFunc(o, func(q RunSamples) bool { return q.Run == r.Run })
	})
}

// Noise is how far runs of one config lie apart on a machine: the standard deviation of the logarithms of their values, over
// configs that were run more than once. The zero value: none was.
type Noise struct {
	SD            float64
	Runs, Configs int
}

// NoiseOf pools configs with the values of their runs; those that are not positive, or alone, tell nothing.
func NoiseOf(configs [][]float64) (n Noise) {
	sum := 0.0
	for _, values := range configs {
		if len(values) < 2 || slices.Min(values) <= 0 {
			continue
		}
		logs := model.Each(values, math.Log)
		for _, x := range logs {
			sum += (x - Mean(logs)) * (x - Mean(logs))
		}
		n.Runs, n.Configs = n.Runs+len(values), n.Configs+1
	}
	if n.Configs > 0 {
		n.SD = math.Sqrt(sum / float64(n.Runs-n.Configs))
	}
	return n
}

// p is how often runs of one config make as large a difference of their means, by Student's t with the pooled spread.
func (n Noise) p(a, b []float64) float64 {
	far := math.Abs(Mean(model.Each(a, math.Log)) - Mean(model.Each(b, math.Log)))
	if n.SD == 0 {
		return map[bool]float64{true: 1}[far == 0]
	}
	return studentP(far/(n.SD*math.Sqrt(1/float64(len(a))+1/float64(len(b)))), n.Runs-n.Configs)
}

// known reports whether the noise tells of values: they must have logarithms.
func (n Noise) known(a, b []float64) bool {
	return n.Configs > 0 && slices.Min(slices.Concat(a, b)) > 0
}

// Tell says whether two configs differ in a metric; it is the one judge of tables, marks and charts. Where one was run more
// than once, the runs are the samples of the rank test. Where these are too few for it, what is known of the spread of runs
// decides, if the difference is beyond it. With one run a side the samples are iterations, within one run; a difference that
// runs of one config make here too is not sure. Configs that share a run are compared by their first runs alone.
func Tell(a, b Samples, noise Noise) Difference {
	if a.Shares(b) {
		a, b = a[:1], b[:1]
	}
	if len(a) == 0 || len(b) == 0 {
		return Difference{P: 1, Words: "no samples to compare"}
	}
	was, now := a.Values(), b.Values()
	if len(a)+len(b) == 2 {
		return within(a[0], b[0], noise)
	}
	d := Compare(was, now, "runs")
	if d.TooFew && noise.known(was, now) {
		if p := noise.p(was, now); p < Alpha {
			return Difference{P: p, Sure: true, Higher: d.Higher, N: d.N}
		}
	}
	if !d.Sure {
		d.Words += more("repeat", d.N, noise.SD, was, now)
	}
	return d
}

// AsRuns is how the words begin where runs of one config differ as much as two runs do.
const AsRuns = "runs of one config lie as far apart here"

// within tells two runs by their iterations.
func within(a, b RunSamples, noise Noise) Difference {
	d := Compare(a.Iterations, b.Iterations, "iterations")
	d.Within = true
	was, now := []float64{a.Value}, []float64{b.Value}
	switch {
	case d.N[0]*d.N[1] == 0:
	case d.TooFew:
		own := NoiseOf([][]float64{a.Iterations, b.Iterations})
		d.Words += " within one run" + more("iteration", d.N, own.SD, was, now)
	case !d.Sure:
		d.Words += " within one run"
	case noise.known(was, now):
		if p := noise.p(was, now); p >= Alpha {
			d.P, d.Sure = p, false
			d.Words = AsRuns + fmt.Sprintf(" (%d runs of %d), and each side is one run", noise.Runs, noise.Configs) +
				more("repeat", [2]int{1, 1}, noise.SD, was, now)
		}
	}
	return d
}

// Power of the advice on n: the quantiles of the normal distribution for Alpha two-sided and for finding 80 % of true
// differences, and what a rank test of few samples needs more than the normal one.
const (
	levelAndPower = 1.96 + 0.84
	fewNeedMore   = 1.1
	mostAdvised   = 20
)

// more says how many more samples a side would tell the difference seen; empty: it is not known, or there is none.
func more(what string, n [2]int, sd float64, was, now []float64) string {
	percent, ok := Change(Median(was), Median(now))
	if !ok || percent == 0 || sd == 0 {
		return ""
	}
	for k := 1; k <= mostAdvised; k++ {
		a, b := n[0]+k, n[1]+k
		least := levelAndPower * fewNeedMore * sd * math.Sqrt(1/float64(a)+1/float64(b))
		if leastP(a, b) < Alpha && 100*least <= math.Abs(percent) {
			s := map[bool]string{true: "s"}[k > 1]
			return fmt.Sprintf("; %d more %s%s a side would tell %.2g %%", k, what, s, math.Abs(percent))
		}
	}
	return fmt.Sprintf("; %d more %ss a side would not tell %.2g %%", mostAdvised, what, math.Abs(percent))
}

// studentP is the two-sided p-value of Student's t with a whole number of degrees of freedom, by its finite series
// (Abramowitz and Stegun 26.7.3 and 26.7.4).
func studentP(t float64, df int) float64 {
	angle := math.Atan(t / math.Sqrt(float64(df)))
	sin, cos := math.Sincos(angle)
	term, sum, first := 1.0, 0.0, 2
	if df%2 == 1 {
		term, first = cos, 3
	}
	for k := first; k <= df; k += 2 {
		sum += term
		term *= cos * cos * float64(k-1) / float64(k)
	}
	if df%2 == 1 {
		return 1 - 2/math.Pi*(angle+sin*sum)
	}
	return 1 - sin*sum
}

// odd bounds what is reported of single samples: further from the middle of the others than oddRanges times their range, and
// than a part of it.
const (
	oddRanges = 3
	oddPart   = 0.05
)

// Odd names the samples of a run that stand apart from the others: a first one that is longer is a warm-up left in. They count
// all the same. Fewer than four samples show none.
func Odd(xs []float64) (said []string) {
	for i, x := range xs {
		rest := slices.Delete(slices.Clone(xs), i, i+1)
		if len(xs) < 4 {
			return nil
		}
		middle := Median(rest)
		if far := math.Abs(x - middle); far <= oddRanges*(slices.Max(rest)-slices.Min(rest)) || far <= oddPart*math.Abs(middle) {
			continue
		}
		text := fmt.Sprintf("iteration %d of %d is %.2f × the median of the others", i+1, len(xs), x/middle)
		if i == 0 && x > middle {
			text += ", as if warm-up was left in"
		}
		said = append(said, text)
	}
	return said
}

// OverRuns is the analysis of a config by several runs of it, the first in whose words it is told: of each metric the median
// over the runs that have it, whose number N is. An analysis may be nil.
func OverRuns(runs []*Analysis) *Analysis {
	out := *runs[0]
	out.Metrics = slices.Clone(out.Metrics)
	for i := range out.Metrics {
		m := &out.Metrics[i]
		var values []float64
		for _, a := range runs {
			if a != nil && m.Value != nil && m.Unit != "rank" {
				if v := a.Metric(m.Name).Value; v != nil {
					values = append(values, *v)
				}
			}
		}
		if len(values) > 1 {
			middle := Median(values)
			m.Value, m.N, m.Spread = &middle, len(values), SpreadOf(values, middle)
		}
	}
	return &out
}
