package model

// Shapes for tests, as in templates/models.yaml; backend/catalog's tests check
// that the file says the same.
var (
	llama8B = Shape{Name: "meta-llama/Llama-3.1-8B", Short: "Llama-3.1-8B", Hidden: 4096, Layers: 32, Heads: 32, KVHeads: 8,
		HeadDim: 128, Intermediate: 14336, Vocab: 128256, MaxLen: 131072, Gated: true}
	llama70B = Shape{Name: "meta-llama/Llama-3.1-70B", Short: "Llama-3.1-70B", Hidden: 8192, Layers: 80, Heads: 64, KVHeads: 8,
		HeadDim: 128, Intermediate: 28672, Vocab: 128256, MaxLen: 131072, Gated: true}
	qwen25 = Shape{Name: "Qwen/Qwen2.5-32B", Short: "Qwen2.5-32B", Hidden: 5120, Layers: 64, Heads: 40, KVHeads: 8,
		HeadDim: 128, Intermediate: 27648, Vocab: 152064, QKVBias: true, MaxLen: 131072}
	qwen3 = Shape{Name: "Qwen/Qwen3-32B", Short: "Qwen3-32B", Hidden: 5120, Layers: 64, Heads: 64, KVHeads: 8,
		HeadDim: 128, Intermediate: 25600, Vocab: 151936, QKNorm: true, MaxLen: 40960}
	mixtral = Shape{Name: "mistralai/Mixtral-8x7B-v0.1", Short: "Mixtral-8x7B", Hidden: 4096, Layers: 32, Heads: 32, KVHeads: 8,
		HeadDim: 128, Intermediate: 14336, Vocab: 32000, MaxLen: 32768,
		MoE: &MoE{Experts: 8, TopK: 2, Intermediate: 14336}}
	qwen3MoE = Shape{Name: "Qwen/Qwen3-30B-A3B", Short: "Qwen3-30B-A3B", Hidden: 2048, Layers: 48, Heads: 32, KVHeads: 4,
		HeadDim: 128, Intermediate: 6144, Vocab: 151936, QKNorm: true, MaxLen: 40960,
		MoE: &MoE{Experts: 128, TopK: 8, Intermediate: 768}}
	v2Lite = Shape{Name: "deepseek-ai/DeepSeek-V2-Lite", Short: "DeepSeek-V2-Lite", Hidden: 2048, Layers: 27, Heads: 16, KVHeads: 16,
		HeadDim: 128, Intermediate: 10944, Vocab: 102400, MaxLen: 163840,
		MoE: &MoE{Experts: 64, TopK: 6, Intermediate: 1408, Shared: 2, DenseLayers: 1},
		MLA: &MLA{KVLoraRank: 512, RopeDim: 64, NopeDim: 128, VDim: 128}}
	allShapes = []Shape{llama8B, llama70B, qwen25, qwen3, mixtral, qwen3MoE, v2Lite}
)
