package scaling

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/metric"
)

// timed is an experiment with a throughput, a TTFT and a TPOT.
func timed(id string, tp, batch int, throughput, ttft, tpot float64, more ...model.Edit) Entry {
	e := entry(id, tp, batch, IsMeasured, tpot, more...)
	e.Experiment.Model.Name, e.Experiment.Data.SeqLen = "m", 100
	e.Analysis.Metrics = append(e.Analysis.Metrics, metric.Metric{Name: "ttft", Value: &ttft},
		metric.Metric{Name: ThroughputMetric, Value: &throughput})
	return e
}

// By phase: speed-up, efficiency, and what Karp and Flatt (strong) or Gustafson (weak) call serial.
func TestScalings(t *testing.T) {
	all := []Entry{timed("one", 1, 4, 100, 50, 10), timed("two", 2, 4, 160, 30, 8), timed("wide", 2, 8, 190, 50, 10),
		timed("alone", 4, 4, 0, math.NaN(), math.NaN()),
		timed("other", 1, 4, 100, 50, 10, model.Edit{Path: "engine", Value: "torch"})}
	all[3].Analysis.Metrics = nil
	var got []string
	for _, s := range ScalingsOf(all) {
		got = append(got, fmt.Sprintf("%s %s", s.Growth, s.Of))
		for _, p := range s.Points[1:] {
			for _, x := range p.Phases {
				got = append(got, fmt.Sprintf("%s %s %.2f %.1f %.3f", p.ID, x.Phase, *x.Speedup, *x.Efficiency, *x.Serial))
			}
		}
	}
	want := []string{"strong m · 100+0 · batch 4 · engine –", "two all 1.60 80.0 0.250", "two prefill 1.67 83.3 0.200",
		"two decode 1.25 62.5 0.600",
		"weak m · 100+0 · batch 4 a GPU · engine –", "wide all 1.90 95.0 0.100", "wide prefill 2.00 100.0 0.000", "wide decode 2.00 100.0 0.000"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestPairs(t *testing.T) {
	reduce := func(v string) model.Edit { return model.Edit{Path: "comm.all_reduce", Value: v} }
	r := rand.New(rand.NewPCG(1, 2))
	of := func(batches int, effect float64) (all []Entry) {
		for i := range batches {
			about := 10 * float64(1+i) * (1 + 0.005*r.NormFloat64())
			all = append(all, entry("n", 2, 1<<i, IsMeasured, about, reduce("nccl")),
				entry("c", 2, 1<<i, IsMeasured, about*(1+effect+0.002*r.NormFloat64()), reduce("custom")))
		}
		return append(all, entry("lone", 2, 4096, IsMeasured, 5, reduce("nccl")))
	}
	for _, c := range []struct {
		pairs  int
		effect float64
		sure   bool
		words  string
	}{
		{8, -0.03, true, "tpot with all_reduce custom, not nccl: higher in 0 of 8 pairs, median -3.1 % (signed-rank test, p 0.0078)"},
		{4, -0.03, false, "n too small: the test needs 6 pairs that differ"},
		{8, 0, false, "chance alone"},
		{0, 0, false, ""},
	} {
		found, err := PairsOf(of(c.pairs, c.effect), "tpot", "comm.all_reduce")
		if err != nil || len(found) != min(c.pairs, 1) {
			t.Fatalf("%+v, %v", found, err)
		}
		if c.pairs > 0 && (found[0].Sure != c.sure || len(found[0].Pairs) != c.pairs || !strings.Contains(found[0].Words(), c.words)) {
			t.Errorf("%+v: %s", c, found[0].Words())
		}
	}
	sure := 0
	for range 1000 {
		found, _ := PairsOf(of(7, 0), "tpot", "comm.all_reduce")
		if found[0].Sure {
			sure++
		}
	}
	if sure > 50 {
		t.Errorf("of 1,000 fields without an effect %d have one", sure)
	}
}
