// Package modeltest has shapes and experiments for tests of the model and its parts.
package modeltest

import "shardeck/model"

// Shapes of models, as in templates/models.yaml; backend/catalog's tests check
// that the file says the same.
var (
	Llama8B = model.Shape{Name: "meta-llama/Llama-3.1-8B", Short: "Llama-3.1-8B", Hidden: 4096, Layers: 32, Heads: 32, KVHeads: 8,
		HeadDim: 128, Intermediate: 14336, Vocab: 128256, MaxLen: 131072, Gated: true}
	Llama70B = model.Shape{Name: "meta-llama/Llama-3.1-70B", Short: "Llama-3.1-70B", Hidden: 8192, Layers: 80, Heads: 64, KVHeads: 8,
		HeadDim: 128, Intermediate: 28672, Vocab: 128256, MaxLen: 131072, Gated: true}
	Qwen25 = model.Shape{Name: "Qwen/Qwen2.5-32B", Short: "Qwen2.5-32B", Hidden: 5120, Layers: 64, Heads: 40, KVHeads: 8,
		HeadDim: 128, Intermediate: 27648, Vocab: 152064, QKVBias: true, MaxLen: 131072}
	Qwen3 = model.Shape{Name: "Qwen/Qwen3-32B", Short: "Qwen3-32B", Hidden: 5120, Layers: 64, Heads: 64, KVHeads: 8,
		HeadDim: 128, Intermediate: 25600, Vocab: 151936, QKNorm: true, MaxLen: 40960}
	Mixtral = model.Shape{Name: "mistralai/Mixtral-8x7B-v0.1", Short: "Mixtral-8x7B", Hidden: 4096, Layers: 32, Heads: 32, KVHeads: 8,
		HeadDim: 128, Intermediate: 14336, Vocab: 32000, MaxLen: 32768,
		MoE: &model.MoE{Experts: 8, TopK: 2, Intermediate: 14336}}
	Qwen3MoE = model.Shape{Name: "Qwen/Qwen3-30B-A3B", Short: "Qwen3-30B-A3B", Hidden: 2048, Layers: 48, Heads: 32, KVHeads: 4,
		HeadDim: 128, Intermediate: 6144, Vocab: 151936, QKNorm: true, MaxLen: 40960,
		MoE: &model.MoE{Experts: 128, TopK: 8, Intermediate: 768}}
	V2Lite = model.Shape{Name: "deepseek-ai/DeepSeek-V2-Lite", Short: "DeepSeek-V2-Lite", Hidden: 2048, Layers: 27, Heads: 16, KVHeads: 16,
		HeadDim: 128, Intermediate: 10944, Vocab: 102400, MaxLen: 163840,
		MoE: &model.MoE{Experts: 64, TopK: 6, Intermediate: 1408, Shared: 2, DenseLayers: 1},
		MLA: &model.MLA{KVLoraRank: 512, RopeDim: 64, NopeDim: 128, VDim: 128}}
	Shapes = []model.Shape{Llama8B, Llama70B, Qwen25, Qwen3, Mixtral, Qwen3MoE, V2Lite}
)

// Baseline is E1.1: Llama-8B on one GPU.
func Baseline() model.Experiment {
	e := model.Defaults()
	e.ID = "E1.1"
	e.Model.Name = "meta-llama/Llama-3.1-8B"
	e.Data = model.Workload{BatchSize: 4, SeqLen: 2048, MaxTokens: 512}
	e.OutputDir = "trace_collection/llama-8b-tp1"
	return e
}

// Of is E1.1 with another model and layout.
func Of(s model.Shape, tp, pp, dp, ep int) model.Experiment {
	e := Baseline()
	e.Model.Name = s.Name
	e.Layout = model.Layout{TP: tp, PP: pp, DPReplicate: 1, DPShard: dp, EP: ep}
	e.Data.BatchSize = 4 * dp
	return e
}

// With is an experiment after a change.
func With(e model.Experiment, change func(*model.Experiment)) model.Experiment {
	change(&e)
	return e
}
