package present

import (
	"strings"
	"testing"

	"shardeck/model/experts"
	"shardeck/model/metric"
	"shardeck/model/xray"
)

// What experts cost is told of the fullest rank's own step, and of nothing where they were not counted.
func TestExpertsOfAStep(t *testing.T) {
	step := func(ns int64) []xray.Step {
		return []xray.Step{{Phase: metric.Decode, Tokens: 4, Operators: []xray.Operator{
			{Name: "experts_gate_up", NS: ns}, {Name: "experts_down", NS: ns / 2}, {Name: "o", NS: 7_000_000}}}}
	}
	r := &xray.Report{Ranks: []xray.Rank{{Rank: 0, Steps: step(1_000_000)}, {Rank: 1, Steps: step(2_000_000)}},
		Experts: []experts.Balance{{Phase: metric.Decode, Imbalance: 1.5, Placed: 1.2, Fullest: 1, Waits: 0, Touched: 20.25, Random: true}}}
	said := strings.Join(Experts(r, metric.Decode), "\n")
	for _, want := range []string{"1.50 × the mean load; rank 1 is fullest most often, and rank 0 waits", "20.2 experts of a layer",
		"at most 1.00 ms, of which another placement could gain at most 0.60", "random router"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q lacks %q", said, want)
		}
	}
	if got := Experts(r, metric.Prefill); got != nil {
		t.Errorf("of a phase that was not counted: %q", got)
	}
}
