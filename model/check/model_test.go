package check

import (
	"slices"
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/modeltest"
)

// blocked is a MoE model whose experts of width 768 are quantised in blocks of 128.
var blocked = func() model.Shape {
	s := modeltest.Qwen3MoE
	s.Name = "me/blocked"
	s.Quant = &model.Quant{Method: "fp8", Label: "FP8 (blocks of 128)", Bits: 8, GroupIn: 128, GroupOut: 128, Scale: 4, CutIn: 128,
		CutOut: 128,
		Native: "8.9", Lowest: "8.0", Below: "computed in 16 bits", Cache: "fp8"}
	return s
}()

var hybrid = model.Shape{Name: "me/hybrid", Short: "hybrid", Family: "nemotron_h", Hidden: 4096, Layers: 8, Heads: 32, KVHeads: 8,
	HeadDim:      128,
	Intermediate: 8192, Vocab: 131072, Mixers: "m-ma", FFNs: "-d--", SSM: &model.SSM{State: 128, Conv: 4, Heads: 64, HeadDim: 64, Groups: 8}}

// What families and formats forbid, and warn of: the code, what it says, and the edit that mends it.
func TestFamiliesAndFormats(t *testing.T) {
	w := testWorld()
	change := func(s model.Shape, do func(*model.Shape)) model.Shape { do(&s); return s }
	tall := change(modeltest.Llama8B, func(s *model.Shape) { s.Name, s.NoPP = "me/tall", true })
	seeing := change(modeltest.Llama8B, func(s *model.Shape) { s.Name, s.Vision = "me/seeing", 6 })
	linear := change(hybrid, func(s *model.Shape) {
		s.Name, s.Mixers, s.SSM = "me/linear", "llla", &model.SSM{State: 128, Conv: 4, Heads: 32, HeadDim: 128, Groups: 4}
	})
	odd := change(modeltest.Llama8B, func(s *model.Shape) { s.Name, s.Without = "me/odd", []string{"num_memory_layers"} })
	five := change(modeltest.Llama8B, func(s *model.Shape) {
		s.Name, s.Heads, s.KVHeads, s.Intermediate, s.Vocab = "me/five", 20, 20, 10240, 32003
	})
	wide := change(modeltest.Llama70B, func(s *model.Shape) {
		s.Name, s.Intermediate, s.Quant = "me/wide", 29568, &model.Quant{Label: "GPTQ", Bits: 4, GroupIn: 128, GroupOut: 1, Scale: 2, CutIn: 128}
	})
	w.Shapes = slices.Concat(w.Shapes, []model.Shape{wide, five, blocked, hybrid, tall, seeing, linear, odd})
	vllm := func(s model.Shape, tp int, key string, v any) model.Experiment {
		return modeltest.With(modeltest.Of(s, tp, 1, 1, 1), func(e *model.Experiment) { e.VLLM = map[string]any{key: v} })
	}
	h100 := func(e model.Experiment) model.Experiment { e.Slurm.Constraint = "h100"; return e }
	w.Site.Partitions = append(w.Site.Partitions, model.NodeKind{Constraint: "h100", GPU: "h100-80gb", Nodes: 4})
	for _, tt := range []struct {
		name string
		e    model.Experiment
		code string // empty: no error
		sev  Severity
		says string
		edit string
	}{
		{"block, TP 2", modeltest.Of(blocked, 2, 1, 1, 1), "", "", "", ""},
		{"block, TP 4", modeltest.Of(blocked, 4, 1, 1, 1), "quant-cut", SeverityError, "width 768 over 4 ranks is 192", "parallelism.ep=4"},
		{"block, TP 2 and DP 2", modeltest.Of(blocked, 2, 1, 2, 1), "quant-cut", SeverityError, "is 192", "parallelism.ep=4"},
		{"where TP 1 alone has no room, stages", modeltest.Of(wide, 4, 1, 1, 1), "quant-cut", SeverityError, "is 7392",
			"parallelism.tp=1 parallelism.pp=4"},
		{"and within a node", modeltest.Of(wide, 8, 1, 1, 1), "quant-cut", SeverityError, "is 3696", "parallelism.tp=1 parallelism.pp=4"},
		{"block, TP 4 and EP", modeltest.Of(blocked, 4, 1, 1, 4), "", "", "", ""},
		{"Mamba heads", modeltest.Of(hybrid, 3, 1, 1, 1), "tp-state", SeverityError, "64 Mamba heads do not divide by 3", "parallelism.tp=4"},
		{"Mamba groups", modeltest.Of(hybrid, 16, 1, 1, 1), "tp-state", SeverityError, "8 Mamba groups do not divide by 16", "parallelism.tp=8"},
		{"key heads of linear attention", modeltest.Of(linear, 8, 1, 1, 1), "tp-state", SeverityError, "4 key heads", "parallelism.tp=4"},
		{"vision tower", modeltest.Of(seeing, 4, 1, 1, 1), "tp-vision", SeverityError, "6 heads of the vision tower",
			"vllm.mm_encoder_tp_mode=data"},
		{"vision tower whole", vllm(seeing, 4, "mm_encoder_tp_mode", "data"), "", "", "", ""},
		{"vocabulary", modeltest.Of(five, 5, 1, 1, 1), "tp-vocab", SeverityError, "32003 (padded to 32064)", "parallelism.tp=4"},
		{"no stages", modeltest.Of(tall, 1, 2, 1, 1), "pp-family", SeverityError, "cannot cut", "parallelism.pp=1"},
		{"EP of a dense hybrid", modeltest.Of(hybrid, 2, 1, 1, 2), "ep-dense", SeverityError, "no experts", "parallelism.ep=1"},
		{"FP8 on A100", modeltest.Of(blocked, 2, 1, 1, 1), "quant-gpu", SeverityWarning, "computed in 16 bits", "slurm.constraint=h100"},
		{"FP8 on H100", h100(modeltest.Of(blocked, 2, 1, 1, 1)), "", "", "", ""},
		{"its cache on A100", modeltest.Of(blocked, 2, 1, 1, 1), "kv-cache-checkpoint", SeverityWarning, "asks for a KV cache of fp8",
			"vllm.kv_cache_dtype=bfloat16"},
		{"another format than the checkpoint's", vllm(blocked, 2, "quantization", "awq"), "quant-argument", SeverityError,
			"does not go with", ""},
		{"the checkpoint's own", vllm(blocked, 2, "quantization", "fp8"), "", "", "", ""},
		{"a format of checkpoints", vllm(modeltest.Llama8B, 1, "quantization", "awq_marlin"), "quant-missing", SeverityError, "have 16 bits", ""},
		{"made while loading", vllm(modeltest.Llama70B, 4, "quantization", "fp8"), "", "", "", ""},
		{"made while loading, past old releases", vllm(modeltest.Llama70B, 2, "quantization", "fp8"), "quant-load", SeverityWarning,
			"65.7 GiB", ""},
		{"odd config", modeltest.Of(odd, 1, 1, 1, 1), "model-without", SeverityWarning, "counted without: num_memory_layers", ""},
		{"reference engine", modeltest.With(modeltest.Of(hybrid, 1, 1, 1, 1), func(e *model.Experiment) { e.Engine = model.EngineTorch }),
			"torch-family", SeverityError, "nemotron_h", "engine=vllm"},
	} {
		v := Check(tt.e, w)
		if tt.code == "" {
			if worst, _ := v.Worst(); worst.Severity == SeverityError {
				t.Errorf("%s: %+v", tt.name, worst)
			}
			continue
		}
		f := model.First(v.Findings, func(f Finding) bool { return f.Code == tt.code })
		if f == nil || f.Severity != tt.sev || !strings.Contains(f.Fault, tt.says) {
			t.Errorf("%s: %+v", tt.name, v.Findings)
			continue
		}
		edits := strings.Join(model.Each(f.Edits, func(e model.Edit) string { return e.Path + "=" + e.Value }), " ")
		if edits != tt.edit || strings.Contains(edits, "model.name") {
			t.Errorf("%s: fix %q, %s, want %s", tt.name, f.Fix, edits, tt.edit)
		}
	}
}

// A model of 61 GiB fits one H200; a window and a format leave more room for sequences.
func TestRoom(t *testing.T) {
	h200 := model.GPU{Key: "h200-141gb", Title: "H200", Bytes: 150_110_011_392, Capability: "9.0"}
	w := testWorld()
	w.Site = model.Site{Name: "here", Title: "this machine", MaxNodes: 1, GPUsPerNode: 1,
		Partitions: []model.NodeKind{{GPU: h200.Key, Default: true}}}
	w.GPUs = map[string]model.GPU{h200.Key: h200}
	if v := Check(modeltest.Of(modeltest.Qwen3, 1, 1, 1, 1), w); !v.OK() || v.Fit == nil || v.Fit.Headroom < 40*gib {
		t.Errorf("Qwen3-32B on one H200: %+v", v)
	}
	fit := func(s model.Shape, change func(*model.Experiment)) Fit {
		return MemoryFit(modeltest.With(modeltest.Of(s, 1, 1, 1, 1), change), s, h200, w.Formats)
	}
	same := func(*model.Experiment) {}
	windowed := modeltest.Llama8B
	windowed.Mixers, windowed.Window = "sa", 512
	full, half := fit(modeltest.Llama8B, same), fit(windowed, same)
	if half.KVCache != full.KVCache/2+full.KVCache/2*512/2560 || half.KVTokens <= full.KVTokens {
		t.Errorf("a window of 512 in half of the layers: %d of %d bytes, %d tokens", half.KVCache, full.KVCache, half.KVTokens)
	}
	if q := fit(modeltest.Llama8B, func(e *model.Experiment) {
		e.VLLM = map[string]any{"kv_cache_dtype": "fp8_e5m2"}
	}); q.KVCache*2 != full.KVCache {
		t.Errorf("a cache of 8 bits takes %d of %d", q.KVCache, full.KVCache)
	}
	states := fit(hybrid, same)
	if want := int64(4*4) * ((4096+2*8*128)*3 + 64*64*128) * 4; states.KVCache-want != 4*2560*2*8*2*128*2 {
		t.Errorf("states and cache of four sequences: %d, states alone %d", states.KVCache, want)
	}
}
