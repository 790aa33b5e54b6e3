package model

import "slices"

// Shape is the geometry of a model, from its published config; parameter counts (equal to the
// published ones), weights, KV cache and FLOPs all follow from it, on one rank by weights.go.
// Shapes are data, in templates/models.yaml.
type Shape struct {
	Name         string   `yaml:"name" json:"name"`       // hub id
	Aliases      []string `yaml:"aliases" json:"aliases"` // instruct variants with the same shape
	Short        string   `yaml:"short" json:"short"`     // Llama-3.1-8B
	Hidden       int      `yaml:"hidden" json:"hidden"`
	Layers       int      `yaml:"layers" json:"layers"`
	Heads        int      `yaml:"heads" json:"heads"`
	KVHeads      int      `yaml:"kv_heads" json:"kv_heads"`
	HeadDim      int      `yaml:"head_dim" json:"head_dim"`
	Intermediate int      `yaml:"intermediate" json:"intermediate"` // dense FFN; of the dense layers only, in a MoE model
	Vocab        int      `yaml:"vocab" json:"vocab"`
	TiedEmbed    bool     `yaml:"tied_embeddings" json:"tied_embeddings"`
	QKVBias      bool     `yaml:"qkv_bias" json:"qkv_bias"`
	QKNorm       bool     `yaml:"qk_norm" json:"qk_norm"`
	MaxLen       int      `yaml:"max_len" json:"max_len"` // positions the model was made for
	Gated        bool     `yaml:"gated" json:"gated"`     // the hub asks for a licence first
	MoE          *MoE     `yaml:"moe" json:"moe"`         // nil: dense
	MLA          *MLA     `yaml:"mla" json:"mla"`         // nil: grouped-query attention
}

// MoE is the mixture-of-experts part of a shape.
type MoE struct {
	Experts      int `yaml:"experts" json:"experts"` // routed
	TopK         int `yaml:"top_k" json:"top_k"`
	Intermediate int `yaml:"intermediate" json:"intermediate"` // of one expert
	Shared       int `yaml:"shared" json:"shared"`             // shared experts
	DenseLayers  int `yaml:"dense_layers" json:"dense_layers"` // leading layers without experts
}

// MLA is multi-head latent attention (DeepSeek-V2).
type MLA struct {
	KVLoraRank int `yaml:"kv_lora_rank" json:"kv_lora_rank"`
	QLoraRank  int `yaml:"q_lora_rank" json:"q_lora_rank"` // 0: none
	RopeDim    int `yaml:"rope_dim" json:"rope_dim"`
	NopeDim    int `yaml:"nope_dim" json:"nope_dim"`
	VDim       int `yaml:"v_dim" json:"v_dim"`
}

// WithLayers is the shape with another depth; 0 keeps the model's own.
func (s Shape) WithLayers(n int) Shape {
	if n > 0 {
		s.Layers = n
	}
	return s
}

// Is reports whether name is the shape's hub id or one of its aliases.
func (s Shape) Is(name string) bool {
	return s.Name == name || slices.Contains(s.Aliases, name)
}

// DenseLayers is the number of layers with a plain feed-forward part.
func (s Shape) DenseLayers() int {
	if s.MoE == nil {
		return s.Layers
	}
	return min(s.MoE.DenseLayers, s.Layers)
}

// QKDim is the width of one head's query and key.
func (s Shape) QKDim() int {
	if s.MLA != nil {
		return s.MLA.NopeDim + s.MLA.RopeDim
	}
	return s.HeadDim
}

// VDim is the width of one head's value.
func (s Shape) VDim() int {
	if s.MLA != nil {
		return s.MLA.VDim
	}
	return s.HeadDim
}

// Params is the number of parameters of the whole model.
func (s Shape) Params() int64 {
	return s.OnRank(Defaults().Layout, 0).Params()
}

// ActiveParams is the number of parameters that one token passes through: all but the experts
// it is not routed to. The input embedding counts, as in published figures.
func (s Shape) ActiveParams() int64 {
	if s.MoE == nil {
		return s.Params()
	}
	idle := int64(s.MoE.Experts-s.MoE.TopK) * s.expertParams()
	return s.Params() - idle*int64(s.Layers-s.DenseLayers())
}

// EmbedParams is the size of the input embedding.
func (s Shape) EmbedParams() int64 { return int64(s.Vocab) * int64(s.Hidden) }

// expertParams is the size of one routed expert: gate, up and down.
func (s Shape) expertParams() int64 { return mlpParams(s.Hidden, s.MoE.Intermediate) }

// mlpParams is a gated feed-forward part: gate, up and down projections.
func mlpParams(hidden, intermediate int) int64 { return 3 * int64(hidden) * int64(intermediate) }

// FLOPs is the arithmetic of one iteration over all requests and all GPUs, for a
// depth of layers (0: the model's own), as `mfu` defines it:
//
//	2·(active − input embedding)·B·(S+O−1) + 2·L·heads·(d_qk+d_v)·Σ context
//
// The last output token is never fed back, so each request runs S+O−1 tokens
// through the model, the k-th of them with k tokens of context.
func (s Shape) FLOPs(w Workload, layers int) float64 {
	s = s.WithLayers(layers)
	tokens := float64(w.SeqLen + w.MaxTokens - 1)
	if w.BatchSize <= 0 || tokens <= 0 {
		return 0
	}
	batch := float64(w.BatchSize)
	context := batch * tokens * (tokens + 1) / 2
	attention := 2 * float64(s.Layers*s.Heads*(s.QKDim()+s.VDim())) * context
	return 2*float64(s.MatmulParams())*batch*tokens + attention
}

// MatmulParams are the active parameters that take part in arithmetic: the input
// embedding is a look-up, unless it is the output head too.
func (s Shape) MatmulParams() int64 {
	if s.TiedEmbed {
		return s.ActiveParams()
	}
	return s.ActiveParams() - s.EmbedParams()
}
