package scaling

import (
	"testing"

	"shardeck/model"
	"shardeck/model/modeltest"
)

func TestScaleOf(t *testing.T) {
	s, ok := scaleOf(15532, 2, 11279, 1)
	if !ok || s.Serial < 0 || round(s.Speedup, 2) != 1.38 || round(s.Efficiency, 0) != 69 || round(s.Serial, 3) != 0.452 {
		t.Errorf("%+v", s)
	}
	if s, ok := scaleOf(24210, 4, 11279, 1); !ok || round(s.Speedup, 2) != 2.15 || round(s.Serial, 3) != 0.288 {
		t.Errorf("%+v", s)
	}
	if s, ok := scaleOf(8, 8, 4, 4); !ok || s.Efficiency != 100 || s.Serial != 0 {
		t.Errorf("perfect scaling from 4: %+v", s)
	}
	if s, ok := scaleOf(5, 1, 5, 1); !ok || s.Speedup != 1 || s.Serial >= 0 {
		t.Errorf("the base itself: %+v", s)
	}
	for _, bad := range [][4]float64{{0, 1, 1, 1}, {1, 0, 1, 1}, {1, 1, 0, 1}, {1, 1, 1, 0}, {-1, 1, 1, 1}} {
		if s, ok := scaleOf(bad[0], int(bad[1]), bad[2], int(bad[3])); ok {
			t.Errorf("%v gives %+v", bad, s)
		}
	}
}

func round(x float64, digits int) float64 {
	p := 1.0
	for range digits {
		p *= 10
	}
	return float64(int(x*p+0.5)) / p
}

func TestScalingKey(t *testing.T) {
	a := KeyOf(modeltest.Of(modeltest.Llama8B, 1, 1, 1, 1), nil, "A100-40GB")
	if b := KeyOf(modeltest.Of(modeltest.Llama8B, 4, 1, 1, 1), nil, "A100-40GB"); a != b {
		t.Errorf("layouts of one series: %v and %v", a, b)
	}
	if got, want := a.String(), "Llama-3.1-8B · batch 4 · 2048+512 · vllm · A100-40GB"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for name, e := range map[string]model.Experiment{
		"model":         modeltest.Of(modeltest.Qwen3, 1, 1, 1, 1),
		"layers":        modeltest.With(modeltest.Baseline(), func(e *model.Experiment) { e.Model.Layers = 4 }),
		"precision":     modeltest.With(modeltest.Baseline(), func(e *model.Experiment) { e.Model.Precision = "fp8" }),
		"batch size":    modeltest.With(modeltest.Baseline(), func(e *model.Experiment) { e.Data.BatchSize = 8 }),
		"prompt length": modeltest.With(modeltest.Baseline(), func(e *model.Experiment) { e.Data.SeqLen = 512 }),
		"output length": modeltest.With(modeltest.Baseline(), func(e *model.Experiment) { e.Data.MaxTokens = 64 }),
		"engine":        modeltest.With(modeltest.Baseline(), func(e *model.Experiment) { e.Engine = model.EngineTorch }),
	} {
		same, why := a.Equal(KeyOf(e, nil, "A100-40GB"))
		if same || len(why) < len(name) || why[:len(name)] != name {
			t.Errorf("%s: %v, %q", name, same, why)
		}
	}
	if same, why := a.Equal(KeyOf(modeltest.Baseline(), nil, "H100")); same || why != "GPU differs: A100-40GB and H100" {
		t.Errorf("GPU: %q", why)
	}
	if same, why := a.Equal(a); !same || why != "" {
		t.Errorf("itself: %q", why)
	}
}
