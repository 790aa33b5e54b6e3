package model

// RankShape is the part of a model that one rank holds: the layers of its
// pipeline stage, and its share of each layer.
type RankShape struct {
	Shape       Shape
	tp, experts int // divisors: of dense tensors; routed experts held here
	expertCut   int // divisor of each expert's width (EP off)
	Dense, MoE  int // layers on this stage
	first, last bool
}

// OnRank describes the ranks of pipeline stage pp; all ranks of a stage hold
// as much as its fullest one.
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

// spreadExperts divides the routed experts over the TP × DP ranks: whole experts
// with EP, a slice of every expert without. [vllm.md §4]
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

// expertLayer is the feed-forward part of a layer with experts: the router
// (replicated), the routed experts and the shared ones.
func (r RankShape) expertLayer() int64 {
	s, m := r.Shape, r.Shape.MoE
	if m == nil {
		return 0
	}
	router := int64(s.Hidden) * int64(m.Experts)
	routed := int64(r.experts) * CeilDiv(s.expertParams(), int64(r.expertCut))
	return router + routed + r.Cut(mlpParams(s.Hidden, m.Intermediate*m.Shared))
}

// attention is the attention part of one layer.
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

// latentAttention is DeepSeek's: the projections into the latent space and their
// norms are replicated on every rank, those out of it are split by heads.
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

// KVPerToken is the number of cached values of one token on this rank. A latent
// cache is whole on every rank.
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
