package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Shape is the geometry of a model, from its published config; parameter counts (equal to the published ones), weights, KV
// cache and FLOPs all follow from it, on one rank as RankShape. Shapes are data, in templates/models.yaml.
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
func (s Shape) Is(name string) bool { return s.Name == name || slices.Contains(s.Aliases, name) }

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
func (s Shape) Params() int64 { return s.OnRank(Defaults().Layout, 0).Params() }

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

// MatmulParams are the active parameters that compute: the input embedding does only as output head too.
func (s Shape) MatmulParams() int64 {
	if s.TiedEmbed {
		return s.ActiveParams()
	}
	return s.ActiveParams() - s.EmbedParams()
}

// RankShape is what one rank holds of a model: the layers of its stage, and its share of each layer.
type RankShape struct {
	Shape       Shape
	tp, experts int // divisors: of dense tensors; routed experts held here
	expertCut   int // divisor of each expert's width (EP off)
	Dense, MoE  int // layers on this stage
	first, last bool
}

// OnRank describes the ranks of pipeline stage pp; all ranks of a stage hold as much as its fullest one.
func (s Shape) OnRank(l Layout, pp int) RankShape {
	stages := StageLayers(s.Layers, l.PP)
	before := 0
	for _, n := range stages[:pp] {
		before += n
	}
	dense := max(0, min(s.DenseLayers()-before, stages[pp]))
	r := RankShape{Shape: s, tp: l.TP, expertCut: 1, Dense: dense, MoE: stages[pp] - dense,
		first: pp == 0, last: pp == l.PP-1}
	r.spreadExperts(l)
	return r
}

// spreadExperts divides routed experts over TP × DP ranks: whole with EP, else a slice of each. [vllm.md §4]
func (r *RankShape) spreadExperts(l Layout) {
	if r.Shape.MoE == nil {
		return
	}
	r.experts = r.Shape.MoE.Experts
	if l.EP > 1 {
		r.experts = CeilDiv(r.experts, l.EP)
		return
	}
	r.expertCut = l.TP * l.DP()
}

// Params is the number of parameters on this rank.
func (r RankShape) Params() int64 {
	s := r.Shape
	layer := r.attention() + 2*int64(s.Hidden) // and the two norms
	n := int64(r.Dense+r.MoE)*layer + int64(r.Dense)*r.Cut(mlpParams(s.Hidden, s.Intermediate)) +
		int64(r.MoE)*r.expertLayer()
	return n + r.Ends()
}

// Ends is the number of parameters of the embedding on the first stage, the final norm and the head on the last.
func (r RankShape) Ends() int64 {
	var n int64
	if r.first || (r.last && r.Shape.TiedEmbed) {
		n += r.Cut(r.Shape.EmbedParams())
	}
	if r.last {
		n += int64(r.Shape.Hidden)
	}
	if r.last && !r.Shape.TiedEmbed {
		n += r.Cut(r.Shape.EmbedParams())
	}
	return n
}

// expertLayer is the feed-forward part of a layer with experts: router (replicated), routed and shared ones.
func (r RankShape) expertLayer() int64 {
	s, m := r.Shape, r.Shape.MoE
	if m == nil {
		return 0
	}
	router := int64(s.Hidden) * int64(m.Experts)
	routed := int64(r.experts) * CeilDiv(s.expertParams(), int64(r.expertCut))
	return router + routed + r.Cut(mlpParams(s.Hidden, m.Intermediate*m.Shared))
}

func (r RankShape) attention() int64 {
	if r.Shape.MLA != nil {
		return r.latentAttention()
	}
	s := r.Shape
	h, d := int64(s.Hidden), int64(s.HeadDim)
	q := r.Cut(int64(s.Heads) * d)
	kv := int64(r.kvHeads()) * d
	n := h*q + 2*h*kv + q*h
	if s.QKVBias {
		n += q + 2*kv
	}
	if s.QKNorm {
		n += 2 * d
	}
	return n
}

// latentAttention is DeepSeek's: projections into the latent space and norms are replicated, others split by heads.
func (r RankShape) latentAttention() int64 {
	s, m := r.Shape, r.Shape.MLA
	h, heads := int64(s.Hidden), int64(s.Heads)
	q := r.Cut(h * heads * int64(s.QKDim()))
	if m.QLoraRank > 0 {
		rank := int64(m.QLoraRank)
		q = h*rank + rank + r.Cut(rank*heads*int64(s.QKDim()))
	}
	into := h*int64(m.KVLoraRank+m.RopeDim) + int64(m.KVLoraRank)
	out := r.Cut(int64(m.KVLoraRank) * heads * int64(m.NopeDim+m.VDim))
	return q + into + out + r.Cut(heads*int64(m.VDim)*h)
}

// kvHeads on this rank: split, or replicated where there are fewer than ranks.
func (r RankShape) kvHeads() int { return max(1, CeilDiv(r.Shape.KVHeads, r.tp)) }

// KVPerToken is the number of cached values of one token on this rank. A latent cache is whole on every rank.
func (r RankShape) KVPerToken() int64 {
	layers := int64(r.Dense + r.MoE)
	if m := r.Shape.MLA; m != nil {
		return layers * int64(m.KVLoraRank+m.RopeDim)
	}
	return layers * int64(r.kvHeads()) * int64(r.Shape.QKDim()+r.Shape.VDim())
}

// Cut divides a tensor over the TP ranks.
func (r RankShape) Cut(n int64) int64 { return CeilDiv(n, int64(r.tp)) }

// CeilDiv is a / b rounded up, for a ≥ 0 and b > 0.
func CeilDiv[T int | int64](a, b T) T { return (a + b - 1) / b }

// Layout is how one model copy is spread over GPUs. EP does not multiply them: it re-uses the TP × DP ranks.
type Layout struct {
	TP          int `yaml:"tp" json:"tp"`                     // tensor parallel
	PP          int `yaml:"pp" json:"pp"`                     // pipeline parallel
	DPReplicate int `yaml:"dp_replicate" json:"dp_replicate"` // data parallel, whole copies
	DPShard     int `yaml:"dp_shard" json:"dp_shard"`         // data parallel, counted with DPReplicate
	EP          int `yaml:"ep" json:"ep"`                     // expert parallel: 1, or TP × DP for MoE models
}

// DP is the data-parallel size: dp_replicate × dp_shard.
func (l Layout) DP() int { return l.DPReplicate * l.DPShard }

// GPUs is TP × PP × DP, the number of ranks of a run.
func (l Layout) GPUs() int { return l.TP * l.PP * l.DP() }

// String is the short form used in tables and messages: "TP2 PP1 DP1 EP1".
func (l Layout) String() string { return fmt.Sprintf("TP%d PP%d DP%d EP%d", l.TP, l.PP, l.DP(), l.EP) }

// Short is the factors that are not 1: "TP2 PP2", or "1 GPU".
func (l Layout) Short() string { return cmp.Or(strings.Join(l.factors("%s%d"), " "), OneGPU) }

// Kind names the factors that are not 1: "TP+PP"; empty for one GPU.
func (l Layout) Kind() string { return strings.Join(l.factors("%[1]s"), "+") }

func (l Layout) factors(format string) (out []string) {
	for _, p := range []struct {
		name string
		n    int
	}{{"TP", l.TP}, {"PP", l.PP}, {"DP", l.DP()}, {"EP", l.EP}} {
		if p.n > 1 {
			out = append(out, fmt.Sprintf(format, p.name, p.n))
		}
	}
	return out
}

// OneGPU is the short form of the layout whose factors are all 1.
const OneGPU = "1 GPU"

// Coord is the place of a rank in the layout, each part counted from 0.
type Coord struct{ TP, PP, DP int }

// Coord places a global rank: vLLM orders ranks DP, PP, TP from outer to inner. [vllm/distributed/parallel_state.py]
func (l Layout) Coord(rank int) Coord {
	return Coord{TP: rank % l.TP, PP: rank / l.TP % l.PP, DP: rank / (l.TP * l.PP)}
}

// Rank is the inverse of Coord.
func (l Layout) Rank(c Coord) int { return (c.DP*l.PP+c.PP)*l.TP + c.TP }

// ranks lists every rank of the layout that keep accepts, in rising order.
func (l Layout) ranks(keep func(Coord) bool) []int {
	var out []int
	for r := range l.GPUs() {
		if keep(l.Coord(r)) {
			out = append(out, r)
		}
	}
	return out
}

// TPGroup is the tensor-parallel group of a rank, the ranks that communicate with each other
// in rising order: one stage of one replica. The groups of a kind partition the ranks.
func (l Layout) TPGroup(rank int) []int {
	at := l.Coord(rank)
	return l.ranks(func(c Coord) bool { return c.PP == at.PP && c.DP == at.DP })
}

// EPGroup is all ranks of a rank's stage over DP × TP; with EP off it is the rank alone. [vllm/distributed/parallel_state.py]
func (l Layout) EPGroup(rank int) []int {
	if l.EP <= 1 {
		return []int{rank}
	}
	return l.StageRanks(l.Coord(rank).PP)
}

// StageRanks lists the ranks that hold pipeline stage pp, over all replicas.
func (l Layout) StageRanks(pp int) []int { return l.ranks(func(c Coord) bool { return c.PP == pp }) }

// Replica lists the ranks of one data-parallel copy.
func (l Layout) Replica(dp int) []int { return l.ranks(func(c Coord) bool { return c.DP == dp }) }

// StageLayers is how many of a model's layers each pipeline stage holds: equal parts, the remainder given from the last but one
// stage backwards, because the last also holds the output head. [vllm/distributed/utils.py get_pp_indices]
func StageLayers(layers, pp int) []int {
	out := make([]int, pp)
	for i := range out {
		out[i] = layers / pp
	}
	for i := range layers % pp {
		out[pp-2-i]++
	}
	return out
}
