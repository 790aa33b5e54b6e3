package compare

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/scaling"
)

// side is a run of a config that was run so many times, with tpot about a value.
func side(r *rand.Rand, name string, runs int, about float64) Side {
	s := Side{Measured: scaling.Measured{Run: model.Run{Name: name, Experiment: &model.Experiment{}}, Analysis: &metric.Analysis{}},
		Samples: map[string]metric.Samples{}}
	for i := range runs {
		v := about * (1 + 0.01*r.NormFloat64())
		run := name
		if i > 0 {
			run += fmt.Sprint("@", i)
		}
		s.Samples["tpot"] = append(s.Samples["tpot"], metric.RunSamples{Run: run, Value: v, Iterations: []float64{v, v, v}})
	}
	s.Analysis.Metrics = []metric.Metric{{Name: "tpot", Value: &s.Samples["tpot"][0].Value, N: 3}}
	return s
}

// A run with repeats stands for all of them, and says so; two runs of one config stand each for itself.
func TestCompareRepeats(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	a, b := side(r, "a", 5, 10), side(r, "b", 5, 8)
	c := Sides([]Side{a, b})
	cells := c.Rows[0].Cells
	if cells[1].N != 5 || cells[1].Runs != 5 || cells[1].Within || cells[1].Same || cells[1].TooFew ||
		*cells[1].Value != metric.Median(b.Samples["tpot"].Values()) || *cells[1].P > 0.01 {
		t.Errorf("%+v", cells[1])
	}
	if notes := strings.Join(c.Notes, "\n"); !strings.Contains(notes, "over the runs of each config") ||
		!strings.Contains(notes, "b: 5 runs of its config, whose medians stand there: b, b@1, b@2, b@3, b@4") {
		t.Error(notes)
	}
	second := Side{Measured: scaling.Measured{Run: model.Run{Name: "a@1", Experiment: &model.Experiment{}},
		Analysis: &metric.Analysis{Metrics: []metric.Metric{{Name: "tpot", Value: &a.Samples["tpot"][1].Value}}}},
		Samples: map[string]metric.Samples{"tpot": {a.Samples["tpot"][1]}}}
	cells = Sides([]Side{a, second}).Rows[0].Cells
	if cells[0].Runs != 1 || cells[1].Runs != 1 || !cells[1].TooFew || !cells[1].Within || *cells[0].Value != a.Samples["tpot"][0].Value {
		t.Errorf("%+v", cells)
	}
}

// Warm-up that was left in is told, and counts.
func TestCompareTellsOddSamples(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	a, b := side(r, "a", 1, 10), side(r, "b", 1, 8)
	b.Samples["tpot"][0].Iterations = []float64{16, 8, 8.1, 8, 7.9}
	if notes := strings.Join(Sides([]Side{a, b}).Notes, "\n"); !strings.Contains(notes,
		"b: tpot: iteration 1 of 5 is 2.00 × the median of the others, as if warm-up was left in; it counts") {
		t.Error(notes)
	}
}

// Of equal configs, five runs each, hardly ever one stands out as the best; of one that is 5 % better nearly always.
func TestSimulatedBest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		best        float64
		least, most int
	}{{10, 0, 50}, {9.5, 900, 1000}} {
		alone := 0
		for range 1000 {
			sides := map[string]Side{"x0": side(r, "x0", 5, c.best)}
			names := []string{"x0"}
			for i := 1; i < 6; i++ {
				name := fmt.Sprint("x", i)
				sides[name], names = side(r, name, 5, 10), append(names, name)
			}
			slices.SortFunc(names, func(a, b string) int {
				return slices.Compare([]float64{*sides[a].Analysis.Metrics[0].Value}, []float64{*sides[b].Analysis.Metrics[0].Value})
			})
			tie := Contest{"tpot", names}.Judge(func(run, name string) (metric.Samples,
				metric.Noise) {
				return sides[run].Samples[name], metric.Noise{}
			})
			if len(tie.Runs) == 0 {
				alone++
			}
		}
		if alone < c.least || alone > c.most {
			t.Errorf("of 1,000 contests with %g against 10, %d have a best one", c.best, alone)
		}
	}
}

// TestDoubtedRun: a run whose own config is not known is marked where it is compared.
func TestDoubtedRun(t *testing.T) {
	const want = "two: its own config was not recorded, and the one that writes there may have changed since"
	run := model.Run{Name: "two", Experiment: &model.Experiment{}, Assumed: true}
	if said := Marked(Side{Measured: scaling.Measured{Run: run, Analysis: &metric.Analysis{}}}); len(said) != 1 || said[0] != want {
		t.Errorf("said %q", said)
	}
}
