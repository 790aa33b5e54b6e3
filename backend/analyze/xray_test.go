package analyze

import (
	"context"
	"math"
	"slices"
	"testing"

	"shardeck/model"
	"shardeck/model/xray"
)

// TestXRayRecordings checks on every recording that steps are taken apart: times add up, and every kernel has a named operator.
func TestXRayRecordings(t *testing.T) {
	for _, r := range recordings {
		t.Run(r.run, func(t *testing.T) {
			report := xrayOf(t, r.archive, r.run)
			for _, rank := range report.Ranks {
				if len(rank.Steps) == 0 {
					t.Errorf("rank %d has no steps: %v", rank.Rank, report.Warnings)
				}
				for _, s := range rank.Steps {
					checkStep(t, rank, s)
				}
			}
		})
	}
}

func xrayOf(t *testing.T, archive, run string) xray.Report {
	t.Helper()
	dir := small(run)
	if archive != "" {
		dir = large(t, archive, run)
	}
	report, err := XRay(context.Background(), load(t, dir), Holding{})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func checkStep(t *testing.T, rank xray.Rank, s xray.Step) {
	t.Helper()
	var sum int64
	for _, o := range s.Operators {
		sum += o.NS
		if o.Name == "other" || !o.Certain && o.Why == "" || o.FloorNS != nil && *o.FloorNS > o.DurNS {
			t.Errorf("rank %d step %d: %+v", rank.Rank, s.Index, o)
		}
	}
	for _, g := range s.Gaps {
		sum += g.NS
	}
	if sum != s.WallNS {
		t.Errorf("rank %d step %d: operators and gaps last %d ns, the step %d", rank.Rank, s.Index, sum, s.WallNS)
	}
	for _, name := range []string{"norm", "qkv", "rope", "cache", "attention", "o"} {
		if o := operator(&s, name); o == nil || o.Layers != rank.Layers {
			t.Errorf("rank %d step %d: %s is not in each of %d layers: %+v", rank.Rank, s.Index, name, rank.Layers, o)
		}
	}
}

func operator(s *xray.Step, name string) *xray.Operator {
	return model.First(s.Operators, func(o xray.Operator) bool { return o.Name == name })
}

// The table of the first trial by hand: µs a layer, and GB/s of TP1. [reference/field.md §8]
func TestXRayByHand(t *testing.T) {
	for run, want := range map[string]map[string][2]float64{
		"vllm-llama-8b-tp1": {"qkv": {22.1, 2273}, "attention": {25.8, 1300}, "o": {16.9, 1987}, "gate_up": {83.6, 2810}, "down": {44.8, 2619}},
		"vllm-llama-8b-tp2": {"qkv": {14.3, 0}, "attention": {18.9, 0}, "o": {8.7, 0}, "gate_up": {43.0, 0}, "down": {25.0, 0}},
	} {
		rank := xrayOf(t, "", run).Ranks[0]
		kinds := rank.Kinds()
		at := slices.IndexFunc(kinds, func(k xray.Kind) bool { return k.Phase == "decode" && k.Requests == 4 })
		for name, figures := range want {
			o := operator(kinds[at].Median, name)
			if us := float64(o.LayerNS) / 1e3; math.Abs(us-figures[0]) > 0.035*figures[0] {
				t.Errorf("%s: %s takes %.1f µs a layer, by hand %.1f", run, name, us, figures[0])
			}
			if rate := *o.Bytes / float64(o.DurNS); figures[1] > 0 && math.Abs(rate-figures[1]) > 0.02*figures[1] {
				t.Errorf("%s: %s reads %.0f GB/s, by hand %.0f", run, name, rate, figures[1])
			}
		}
	}
}
