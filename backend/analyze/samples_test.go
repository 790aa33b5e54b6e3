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

// A kernel that took less than a tick of the clock is a launch of no time: older profilers write whole µs.
func TestKernelsOfNoTimeCount(t *testing.T) {
	a, err := Analyse(t.Context(), fakeInput(model.Layout{}, newFake(0).Run(gemm, 0, 10).Run(gemm, 10, 10).Run("fill_kernel", 12, 12).
		Run(gemm, 20, 30)))
	if err != nil {
		t.Fatal(err)
	}
	if s := a.Trace; s.Ranks[0].Kernels != 4 || s.Kernels[0].Count != 3 || s.Kernels[0].MinNS != 0 || s.Kernels[1].Count != 1 {
		t.Errorf("%d kernels: %+v", s.Ranks[0].Kernels, s.Kernels)
	}
}
