package model

// Shape is the geometry of a model, from its published config; parameter counts,
// weights, KV cache and FLOPs all follow from it. Shapes are data, in
// templates/models.yaml.
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
