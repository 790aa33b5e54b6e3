package model

// rankShape is the part of a model that one rank holds: the layers of its
// pipeline stage, and its share of each layer.
type rankShape struct {
	shape       Shape
	tp, experts int // divisors: of dense tensors; routed experts held here
	expertCut   int // divisor of each expert's width (EP off)
	dense, moe  int // layers on this stage
	first, last bool
}

// rank describes the ranks of pipeline stage pp; all ranks of a stage hold
// as much as its fullest one.
func (s Shape) rank(l Layout, pp int) rankShape {
	stages := StageLayers(s.Layers, l.PP)
	before := 0
	for _, n := range stages[:pp] {
		before += n
	}
	dense := max(0, min(s.DenseLayers()-before, stages[pp]))
	r := rankShape{shape: s, tp: l.TP, expertCut: 1, dense: dense, moe: stages[pp] - dense,
		first: pp == 0, last: pp == l.PP-1}
	r.spreadExperts(l)
	return r
}

// spreadExperts divides the routed experts over the TP × DP ranks: whole experts
// with EP, a slice of every expert without. [vllm.md §4]
func (r *rankShape) spreadExperts(l Layout) {
	if r.shape.MoE == nil {
		return
	}
	r.experts = r.shape.MoE.Experts
	if l.EP > 1 {
		r.experts = ceilDiv(r.experts, l.EP)
		return
	}
	r.expertCut = l.TP * l.DP()
}

// params is the number of parameters on this rank.
func (r rankShape) params() int64 {
	s := r.shape
	layer := r.attention() + 2*int64(s.Hidden) // and the two norms
	n := int64(r.dense+r.moe)*layer + int64(r.dense)*r.cut(mlpParams(s.Hidden, s.Intermediate)) +
		int64(r.moe)*r.expertLayer()
	return n + r.ends()
}

// ends are the embedding on the first stage, the final norm and the head on the last.
func (r rankShape) ends() int64 {
	var n int64
	if r.first || (r.last && r.shape.TiedEmbed) {
		n += r.cut(r.shape.EmbedParams())
	}
	if r.last {
		n += int64(r.shape.Hidden)
	}
	if r.last && !r.shape.TiedEmbed {
		n += r.cut(r.shape.EmbedParams())
	}
	return n
}

// expertLayer is the feed-forward part of a layer with experts: the router
// (replicated), the routed experts and the shared ones.
func (r rankShape) expertLayer() int64 {
	s, m := r.shape, r.shape.MoE
	if m == nil {
		return 0
	}
	router := int64(s.Hidden) * int64(m.Experts)
	routed := int64(r.experts) * ceilDiv(s.expertParams(), int64(r.expertCut))
	return router + routed + r.cut(mlpParams(s.Hidden, m.Intermediate*m.Shared))
}

// attention is the attention part of one layer.
func (r rankShape) attention() int64 {
	if r.shape.MLA != nil {
		return r.latentAttention()
	}
	s := r.shape
	h, d := int64(s.Hidden), int64(s.HeadDim)
	q := r.cut(int64(s.Heads) * d)
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
func (r rankShape) latentAttention() int64 {
	s, m := r.shape, r.shape.MLA
	h, heads := int64(s.Hidden), int64(s.Heads)
	q := r.cut(h * heads * int64(s.QKDim()))
	if m.QLoraRank > 0 {
		rank := int64(m.QLoraRank)
		q = h*rank + rank + r.cut(rank*heads*int64(s.QKDim()))
	}
	into := h*int64(m.KVLoraRank+m.RopeDim) + int64(m.KVLoraRank)
	out := r.cut(int64(m.KVLoraRank) * heads * int64(m.NopeDim+m.VDim))
	return q + into + out + r.cut(heads*int64(m.VDim)*h)
}

// kvHeads on this rank: split, or replicated where there are fewer than ranks.
func (r rankShape) kvHeads() int { return max(1, ceilDiv(r.shape.KVHeads, r.tp)) }

// kvPerToken is the number of cached values of one token on this rank. A latent
// cache is whole on every rank.
func (r rankShape) kvPerToken() int64 {
	layers := int64(r.dense + r.moe)
	if m := r.shape.MLA; m != nil {
		return layers * int64(m.KVLoraRank+m.RopeDim)
	}
	return layers * int64(r.kvHeads()) * int64(r.shape.QKDim()+r.shape.VDim())
}

// cut divides a tensor over the TP ranks.
func (r rankShape) cut(n int64) int64 { return ceilDiv(n, int64(r.tp)) }

// ceilDiv is a / b rounded up, for a ≥ 0 and b > 0.
func ceilDiv[T int | int64](a, b T) T { return (a + b - 1) / b }
