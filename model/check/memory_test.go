package check

import (
	"math"
	"testing"
	"time"

	"shardeck/model"
	"shardeck/model/modeltest"
)

// The examples of the fact sheet: what fits on 40 GB cards.
func TestMemoryFit(t *testing.T) {
	w := testWorld()
	for _, tt := range []struct {
		name         string
		e            model.Experiment
		gpu          string
		weights      float64 // GiB on the fullest rank
		fits, roomy  bool    // headroom at all; more than the estimate may err by
		leastKVToken int64
	}{
		{"8B on one", modeltest.Baseline(), "a100-40gb", 15.0, true, true, 100_000},
		{"V2-Lite on one", modeltest.Of(modeltest.V2Lite, 1, 1, 1, 1), "a100-40gb", 29.3, true, true, 100_000},
		{"30B-A3B on two", modeltest.Of(modeltest.Qwen3MoE, 2, 1, 1, 1), "a100-40gb", 28.5, true, true, 10_240},
		{"30B-A3B on four", modeltest.Of(modeltest.Qwen3MoE, 4, 1, 1, 1), "a100-40gb", 14.2, true, true, 10_240},
		{"32B on two", modeltest.Of(modeltest.Qwen25, 2, 1, 1, 1), "a100-40gb", 30.5, true, false, 10_240},
		{"32B on four", modeltest.Of(modeltest.Qwen25, 4, 1, 1, 1), "a100-40gb", 15.3, true, true, 10_240},
		{"Mixtral on four", modeltest.Of(modeltest.Mixtral, 4, 1, 1, 1), "a100-40gb", 21.8, true, true, 10_240},
		{"70B on four", modeltest.Of(modeltest.Llama70B, 4, 1, 1, 1), "a100-40gb", 32.9, false, false, 0},
		{"70B on four of 80 GB", modeltest.Of(modeltest.Llama70B, 4, 1, 1, 1), "a100-80gb", 32.9, true, true, 10_240},
		{"70B on eight", modeltest.Of(modeltest.Llama70B, 8, 1, 1, 1), "a100-40gb", 16.4, true, true, 10_240},
		{"70B on one", modeltest.Of(modeltest.Llama70B, 1, 1, 1, 1), "a100-80gb", 131.4, false, false, 0},
	} {
		f := MemoryFit(tt.e, *w.Shape(tt.e.Model.Name), w.GPUs[tt.gpu], w.Formats)
		if got := float64(f.Weights) / gib; math.Abs(got-tt.weights) > 0.06 {
			t.Errorf("%s: weights %.2f GiB, want %.1f", tt.name, got, tt.weights)
		}
		if (f.Headroom >= 0) != tt.fits || (f.Headroom >= tight) != tt.roomy || f.KVTokens < tt.leastKVToken {
			t.Errorf("%s: headroom %s, %d tokens", tt.name, gibWords(f.Headroom), f.KVTokens)
		}
		if sum := f.Weights + f.KVCache + f.Activations + f.Overhead + f.Headroom; sum != f.Usable {
			t.Errorf("%s: the parts make %d of %d", tt.name, sum, f.Usable)
		}
	}
}

// The overrides of an experiment reach the estimate.
func TestMemoryFitOverrides(t *testing.T) {
	w := testWorld()
	gpu := w.GPUs["a100-40gb"]
	base := MemoryFit(modeltest.Baseline(), modeltest.Llama8B, gpu, w.Formats)
	fit := func(change func(*model.Experiment)) Fit {
		return MemoryFit(modeltest.With(modeltest.Baseline(), change), modeltest.Llama8B, gpu, w.Formats)
	}
	for _, tt := range []struct {
		name string
		got  bool
	}{
		{"utilization", fit(func(e *model.Experiment) { e.VLLM = map[string]any{"gpu_memory_utilization": 0.5} }).Usable == gpu.Bytes/2},
		{"layers", fit(func(e *model.Experiment) { e.Model.Layers = 16 }).KVCache*2 == base.KVCache},
		{"float32", fit(func(e *model.Experiment) { e.Model.Precision = "float32" }).Weights == 2*base.Weights},
		{"fp8", fit(func(e *model.Experiment) { e.Model.Precision = "fp8" }).Weights < base.Weights*3/5},
		{"fp8 cache", fit(func(e *model.Experiment) { e.VLLM = map[string]any{"kv_cache_dtype": "fp8"} }).KVCache*2 == base.KVCache},
		{"eager", fit(func(e *model.Experiment) { e.VLLM = map[string]any{"enforce_eager": true} }).Overhead < base.Overhead},
		{"batched tokens", fit(func(e *model.Experiment) {
			e.VLLM = map[string]any{"max_num_batched_tokens": 2048}
		}).Activations < base.Activations/2},
		{"H100 batches more", MemoryFit(modeltest.Baseline(), modeltest.Llama8B, w.GPUs["h100-80gb"], w.Formats).Activations > base.Activations},
		{"DP shares the batch", fit(func(e *model.Experiment) { e.Layout.DPReplicate = 2 }).KVCache*2 == base.KVCache},
		{"workload", base.KVCache == 4*2560*131_072},
		{"PP halves", fit(func(e *model.Experiment) { e.Layout.PP = 2 }).Params < base.Params*6/10},
	} {
		if !tt.got {
			t.Errorf("%s: not as expected", tt.name)
		}
	}
}

func TestAtLeast(t *testing.T) {
	for capability, want := range map[string]bool{"8.0": false, "8.9": false, "9.0": true, "10.0": true, "12.1": true, "": true} {
		if got := (model.GPU{Capability: capability}).AtLeast(9, 0); got != want {
			t.Errorf("%q at least 9.0: %v", capability, got)
		}
	}
}

// The examples of the charging rules.
func TestPrice(t *testing.T) {
	site := testWorld().Site
	for _, tt := range []struct {
		name  string
		gpus  int
		qos   string
		limit time.Duration
		cost  float64
		words string
	}{
		{"one GPU for 12 h", 1, "auto", 12 * time.Hour, 3, "a quarter of a node for 12 h"},
		{"two GPUs for 30 min", 2, "auto", 30 * time.Minute, 0.25, "half a node for 30 min"},
		{"a node for 30 min", 4, "auto", 30 * time.Minute, 0.5, "one whole node for 30 min"},
		{"one GPU of a whole node", 1, "regular", time.Hour, 1, "one whole node for 1 h"},
		{"16 nodes", 64, "auto", 90 * time.Minute, 24, "16 whole nodes for 1 h 30 min"},
		{"preempt", 4, "preempt", 6 * time.Hour, 3, "one whole node for 6 h, times 0.5"},
		{"overrun", 4, "overrun", time.Hour, 0, "one whole node for 1 h, free of charge"},
		{"half price from 128 nodes", 512, "regular", time.Hour, 64, "128 whole nodes for 1 h, times 0.5"},
	} {
		e := modeltest.Of(modeltest.Llama8B, tt.gpus, 1, 1, 1)
		e.Slurm.QOS = tt.qos
		p := PriceOf(Place(e, site), site, tt.limit)
		if p == nil || math.Abs(p.NodeHours-tt.cost) > 1e-9 || p.Words != tt.words {
			t.Errorf("%s: %+v", tt.name, p)
		}
	}
	if p := PriceOf(Place(modeltest.Baseline(), laptop().Site), laptop().Site, time.Hour); p != nil {
		t.Errorf("a machine without prices: %+v", p)
	}
}

func TestPlace(t *testing.T) {
	site := testWorld().Site
	for _, tt := range []struct {
		name string
		e    model.Experiment
		want Placement
	}{
		{"one GPU", modeltest.Baseline(), Placement{GPUs: 1, Nodes: 1, GPUsPerNode: 1, CPUsPerTask: 32, Tasks: 1, QOS: "shared",
			Constraint: "gpu", GPU: "a100-40gb", Shared: true}},
		{"a node", modeltest.Of(modeltest.Llama8B, 4, 1, 1, 1),
			Placement{GPUs: 4, Nodes: 1, GPUsPerNode: 4, CPUsPerTask: 128, Tasks: 1, QOS: "regular", Constraint: "gpu",
				GPU: "a100-40gb"}},
		{"TP over nodes", modeltest.Of(modeltest.Llama8B, 8, 1, 1, 1),
			Placement{GPUs: 8, Nodes: 2, GPUsPerNode: 4, CPUsPerTask: 128, Tasks: 1, QOS: "regular", Constraint: "gpu",
				GPU: "a100-40gb", TPSpans: true}},
		{"PP over nodes", modeltest.Of(modeltest.Llama8B, 4, 2, 1, 1),
			Placement{GPUs: 8, Nodes: 2, GPUsPerNode: 4, CPUsPerTask: 128, Tasks: 1, QOS: "regular", Constraint: "gpu",
				GPU: "a100-40gb", PPSpans: true}},
		{"DP over nodes", modeltest.Of(modeltest.V2Lite, 4, 1, 2, 8),
			Placement{GPUs: 8, Nodes: 2, GPUsPerNode: 4, CPUsPerTask: 128, Tasks: 1, QOS: "regular", Constraint: "gpu",
				GPU: "a100-40gb"}},
		{"six", modeltest.Of(modeltest.Llama8B, 2, 3, 1, 1),
			Placement{GPUs: 6, Nodes: 2, GPUsPerNode: 3, CPUsPerTask: 96, Tasks: 1, QOS: "regular", Constraint: "gpu",
				GPU: "a100-40gb", TPSpans: true, PPSpans: true}},
		{"80 GB", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Slurm.Constraint = "gpu&hbm80g"
		}), Placement{GPUs: 1, Nodes: 1, GPUsPerNode: 1, CPUsPerTask: 32, Tasks: 1, QOS: "shared", Constraint: "gpu&hbm80g",
			GPU: "a100-80gb", Shared: true}},
		{"either card", modeltest.With(modeltest.Baseline(), func(e *model.Experiment) {
			e.Slurm.Constraint = "hbm80g|hbm40g"
		}), Placement{GPUs: 1, Nodes: 1, GPUsPerNode: 1, CPUsPerTask: 32, Tasks: 1, QOS: "shared", Constraint: "hbm80g|hbm40g",
			GPU: "a100-40gb", Shared: true}},
	} {
		if got := Place(tt.e, site); got != tt.want {
			t.Errorf("%s:\n got %+v\nwant %+v", tt.name, got, tt.want)
		}
	}
	if got, want := Place(modeltest.Of(modeltest.Llama8B, 8, 1, 1, 1), laptop().Site),
		(Placement{GPUs: 8, Nodes: 1, GPUsPerNode: 8, Tasks: 1}); got != want {
		t.Errorf("unknown machine: %+v", got)
	}
}

func TestTimeLimits(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"30": 30 * time.Minute, "30:15": 30*time.Minute + 15*time.Second, "00:30:00": 30 * time.Minute, "12:00:00": 12 * time.Hour,
		"1-0": 24 * time.Hour, "1-12": 36 * time.Hour, "1-12:30": 36*time.Hour + 30*time.Minute, "2-00:00:01": 48*time.Hour + time.Second,
	} {
		got, err := model.ParseTimeLimit(text)
		if err != nil || got != want {
			t.Errorf("%s: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "soon", "-1", "00:00:00", "0", "1:2:3:4", "1h", "99999999999999999999", "1-", "--"} {
		if d, err := model.ParseTimeLimit(text); err == nil {
			t.Errorf("%q is taken as %v", text, d)
		}
	}
	if got := model.FormatTimeLimit(49*time.Hour + 62*time.Second); got != "49:01:02" {
		t.Error(got)
	}
}

// A limit that is nonsense is a finding, and nothing to divide by.
func TestNoRoomForSequences(t *testing.T) {
	for _, n := range []int{0, -1, -20} {
		v := Check(modeltest.With(modeltest.Baseline(), func(e *model.Experiment) { e.VLLM = map[string]any{"max_model_len": n} }), testWorld())
		if f, _ := v.Worst(); f.Code != "max-model-len" {
			t.Errorf("%d: %+v", n, f)
		}
	}
}
