package analyze

import (
	"math"
	"testing"

	"shardeck/backend/trace"
	"shardeck/model"
)

func TestSamples(t *testing.T) {
	e := model.Defaults()
	e.Data = model.Workload{BatchSize: 2, SeqLen: 90, MaxTokens: 10}
	got, err := Samples(t.Context(), Input{Experiment: &e, Timing: map[int]*trace.Timing{
		0: {File: "timing_stats_0.json", Untraced: trace.Times{Iterations: []float64{1, 2}, TTFT: [][]float64{{0.4, 0.6}}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]float64{
		"iteration_wall_clock": {1, 2}, "ttft": {500}, "tpot": nil,
		"throughput_tokens_sec": {200, 100}, "output_tokens_sec": {20, 10}, "mfu": nil,
	} {
		if len(got[name]) != len(want) {
			t.Errorf("%s: got %v, want %v", name, got[name], want)
			continue
		}
		for i := range want {
			if math.Abs(got[name][i]-want[i]) > 1e-9 {
				t.Errorf("%s: got %v, want %v", name, got[name], want)
			}
		}
	}
}
