package model

import (
	"cmp"
	"slices"
)

// Shape is the geometry of a model, from its published config; parameter counts (equal to the published ones), weights, KV
// cache and FLOPs all follow from it, on one rank as RankShape. Shapes are data: templates/models.yaml, or a hub's config.json
// read by templates/families.yaml. Numbers that a family has not are 0.
type Shape struct {
	Name         string   `yaml:"name" json:"name"`       // hub id, or a folder
	Aliases      []string `yaml:"aliases" json:"aliases"` // instruct variants with the same shape
	Short        string   `yaml:"short" json:"short"`     // Llama-3.1-8B
	Hidden       int      `yaml:"hidden" json:"hidden"`
	Layers       int      `yaml:"layers" json:"layers"`
	Heads        int      `yaml:"heads" json:"heads"` // of attention; 0: the model has none
	KVHeads      int      `yaml:"kv_heads" json:"kv_heads"`
	HeadDim      int      `yaml:"head_dim" json:"head_dim"`
	Intermediate int      `yaml:"intermediate" json:"intermediate"` // dense FFN; of the dense layers only, in a MoE model
	Vocab        int      `yaml:"vocab" json:"vocab"`
	TiedEmbed    bool     `yaml:"tied_embeddings" json:"tied_embeddings"`
	QKVBias      bool     `yaml:"qkv_bias" json:"qkv_bias"`
	QKNorm       bool     `yaml:"qk_norm" json:"qk_norm"` // of each head
	MaxLen       int      `yaml:"max_len" json:"max_len"` // positions the model was made for
	Gated        bool     `yaml:"gated" json:"gated"`     // the hub asks for a licence first
	MoE          *MoE     `yaml:"moe" json:"moe"`         // nil: dense
	MLA          *MLA     `yaml:"mla" json:"mla"`         // nil: grouped-query attention

	// What not every family has.
	Family   string         `yaml:"family" json:"family,omitempty"`         // model_type of its config.json
	Mixers   string         `yaml:"mixers" json:"mixers,omitempty"`         // what mixes tokens, a letter a layer (tensors.go), repeated; empty: a
	FFNs     string         `yaml:"ffns" json:"ffns,omitempty"`             // d dense, e experts, - none, likewise; empty: by moe.dense_layers
	Window   int            `yaml:"window" json:"window,omitempty"`         // tokens that a layer s sees
	WindowKV int            `yaml:"window_kv_heads" json:"window_kv_heads"` // kv_heads of a layer s; 0: as of the others
	WindowHD int            `yaml:"window_head_dim" json:"window_head_dim"` // its head_dim; 0: as of the others
	VHeadDim int            `yaml:"v_head_dim" json:"v_head_dim"`           // of values; 0: head_dim
	Norms    int            `yaml:"norms" json:"norms,omitempty"`           // of hidden width in each layer; 0: 2, below 0: none
	Plain    bool           `yaml:"plain_ffn" json:"plain_ffn,omitempty"`   // up and down, no gate
	NormBias bool           `yaml:"norm_bias" json:"norm_bias,omitempty"`
	OutBias  bool           `yaml:"out_bias" json:"out_bias,omitempty"`         // of attention's output
	FFNBias  bool           `yaml:"ffn_bias" json:"ffn_bias,omitempty"`         // of dense parts and experts
	WideNorm bool           `yaml:"wide_qk_norm" json:"wide_qk_norm,omitempty"` // q and k normed over all heads
	Gate     bool           `yaml:"attention_gate" json:"attention_gate,omitempty"`
	Sinks    bool           `yaml:"sinks" json:"sinks,omitempty"`
	Indexer  int            `yaml:"index_heads" json:"index_heads,omitempty"` // of sparse attention (DeepSeek-V3.2)
	IndexDim int            `yaml:"index_dim" json:"index_dim,omitempty"`
	SSM      *SSM           `yaml:"ssm" json:"ssm,omitempty"`         // nil: no layer with a state
	Extra    int64          `yaml:"extra" json:"extra,omitempty"`     // parameters beside: vision tower, projector, learned positions
	Vision   int            `yaml:"vision_heads" json:"vision_heads"` // of a vision tower; 0: none
	NoPP     bool           `yaml:"no_pp" json:"no_pp,omitempty"`     // vLLM cannot cut it into stages
	Quant    *Quant         `yaml:"quant" json:"quant,omitempty"`     // nil: weights of 16 bits, or as precision says
	Without  []string       `yaml:"without" json:"without,omitempty"` // fields of the config that were not understood
	Config   map[string]any `yaml:"config" json:"config,omitempty"`   // config.json that the rest comes from
	Source   string         `yaml:"source" json:"source,omitempty"`   // where that was read
}

// MoE is the mixture-of-experts part of a shape.
type MoE struct {
	Experts      int  `yaml:"experts" json:"experts"` // routed
	TopK         int  `yaml:"top_k" json:"top_k"`
	Intermediate int  `yaml:"intermediate" json:"intermediate"` // of one expert
	Shared       int  `yaml:"shared" json:"shared"`             // shared experts
	DenseLayers  int  `yaml:"dense_layers" json:"dense_layers"` // leading layers without experts
	SharedWidth  int  `yaml:"shared_width" json:"shared_width"` // of all shared experts; 0: shared × intermediate
	SharedGate   bool `yaml:"shared_gate" json:"shared_gate"`
	RouterBias   bool `yaml:"router_bias" json:"router_bias"`
	Latent       int  `yaml:"latent" json:"latent"` // width that routed experts see; 0: hidden
}

// MLA is multi-head latent attention (DeepSeek-V2).
type MLA struct {
	KVLoraRank int `yaml:"kv_lora_rank" json:"kv_lora_rank"`
	QLoraRank  int `yaml:"q_lora_rank" json:"q_lora_rank"` // 0: none
	RopeDim    int `yaml:"rope_dim" json:"rope_dim"`
	NopeDim    int `yaml:"nope_dim" json:"nope_dim"`
	VDim       int `yaml:"v_dim" json:"v_dim"`
}

// SSM is the layers that keep a state for each sequence instead of a cache for each token. With heads they are Mamba 2 or
// linear attention (groups are its key heads, state the width of a key), without Mamba 1.
type SSM struct {
	Inner    int  `yaml:"inner" json:"inner"` // width inside; 0: heads × head_dim
	State    int  `yaml:"state" json:"state"`
	Conv     int  `yaml:"conv" json:"conv"` // tokens of the convolution
	Heads    int  `yaml:"heads" json:"heads"`
	HeadDim  int  `yaml:"head_dim" json:"head_dim"`
	Groups   int  `yaml:"groups" json:"groups"`
	Rank     int  `yaml:"rank" json:"rank"` // of Mamba 1's time step
	ConvBias bool `yaml:"conv_bias" json:"conv_bias"`
	Norms    bool `yaml:"norms" json:"norms"` // of Mamba 1's inputs (Jamba); of Mamba 2's output
}

// WithLayers is the shape with another depth; 0 keeps the model's own.
func (s Shape) WithLayers(n int) Shape {
	if n > 0 {
		s.Layers = n
	}
	return s
}

// Is reports whether name is the shape's hub id or one of its aliases.
func (s Shape) Is(name string) bool { return s.Name == name || slices.Contains(s.Aliases, name) }

// Count is the number of layers by the letters of what mixes tokens in them and of their feed-forward parts (tensors.go).
func (s Shape) Count() (mixers, ffns map[byte]int) {
	mixers, ffns = map[byte]int{}, map[byte]int{}
	for _, k := range s.kinds(0, s.Layers) {
		mixers[k.mixer] += k.layers
		ffns[k.ffn] += k.layers
	}
	return mixers, ffns
}

// DenseLayers is the number of layers with a plain feed-forward part.
func (s Shape) DenseLayers() int {
	_, ffns := s.Count()
	return ffns['d']
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
	return cmp.Or(s.VHeadDim, s.HeadDim)
}

// Params is the number of parameters of the whole model.
func (s Shape) Params() int64 { return s.OnRank(Defaults().Layout, 0).Params() }

// Bytes is the memory of the whole model's weights, those that are not quantised in so many bytes a parameter.
func (s Shape) Bytes(width int64) int64 { return s.OnRank(Defaults().Layout, 0).Bytes(s.Quant, width) }

// ActiveParams is the number of parameters that one token passes through: all but the experts
// it is not routed to. The input embedding counts, as in published figures.
func (s Shape) ActiveParams() int64 {
	if s.MoE == nil {
		return s.Params()
	}
	routed := s
	moe := *s.MoE
	moe.Experts, routed.MoE = moe.TopK, &moe
	_, ffns := s.Count()
	return routed.Params() + int64(ffns['e']*s.Hidden*(s.MoE.Experts-s.MoE.TopK)) // the router is whole
}

// EmbedParams is the size of the input embedding.
func (s Shape) EmbedParams() int64 { return int64(s.Vocab) * int64(s.Hidden) }

// FLOPs is the arithmetic of one iteration over all requests and all GPUs, for a
// depth of layers (0: the model's own), as `mfu` defines it:
//
//	2·(active − input embedding)·B·(S+O−1) + 2·L·heads·(d_qk+d_v)·Σ context
//
// The last output token is never fed back, so each request runs S+O−1 tokens
// through the model, the k-th of them with k tokens of context, of which a layer with a window sees no more than that.
func (s Shape) FLOPs(w Workload, layers int) float64 {
	s = s.WithLayers(layers)
	tokens := float64(w.SeqLen + w.MaxTokens - 1)
	if w.BatchSize <= 0 || tokens <= 0 {
		return 0
	}
	batch := float64(w.BatchSize)
	var context float64
	for _, k := range s.kinds(0, s.Layers) {
		seen := tokens
		switch k.mixer {
		case 's':
			seen = min(tokens, float64(cmp.Or(s.Window, int(tokens))))
		case 'a', 'b':
		default:
			continue // a state costs by its width, as the other matrices do
		}
		context += float64(k.layers) * (seen*(seen+1)/2 + (tokens-seen)*seen)
	}
	attention := 2 * float64(s.Heads*(s.QKDim()+s.VDim())) * batch * context
	return 2*float64(s.MatmulParams())*batch*tokens + attention
}

// MatmulParams are the active parameters that compute: the input embedding does only as output head too.
func (s Shape) MatmulParams() int64 {
	if s.TiedEmbed {
		return s.ActiveParams() - s.Extra
	}
	return s.ActiveParams() - s.EmbedParams() - s.Extra
}
