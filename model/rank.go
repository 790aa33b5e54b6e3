package model

import (
	"cmp"
	"strings"
)

// RankShape is what one rank holds of a model: the layers of its stage, and its share of each layer.
type RankShape struct {
	Shape       Shape
	tp, experts int    // divisor of dense tensors; routed experts held here
	expertCut   int    // divisor of each expert's width (EP off)
	kinds       []kind // of the layers on this stage
	first, last bool
}

// kind is layers that are alike.
type kind struct {
	mixer, ffn byte
	layer      int // the first of them
	layers     int
}

// letterAt is a layer's letter of a pattern, which repeats.
func letterAt(pattern string, layer int) byte { return pattern[layer%len(pattern)] }

// kinds groups so many layers from one on by what they hold, and by which of it is quantised.
func (s Shape) kinds(from, n int) []kind {
	var out []kind
next:
	for i := from; i < from+n; i++ {
		k := kind{letterAt(cmp.Or(s.Mixers, "a"), i), 'd', i, 1}
		switch {
		case s.FFNs != "":
			k.ffn = letterAt(s.FFNs, i)
		case s.MoE != nil && i >= s.MoE.DenseLayers:
			k.ffn = 'e'
		}
		for j, o := range out {
			if o.mixer == k.mixer && o.ffn == k.ffn && s.Quant.alike(i, o.layer) {
				out[j].layers++
				continue next
			}
		}
		out = append(out, k)
	}
	return out
}

// OnRank describes the ranks of pipeline stage pp; all ranks of a stage hold as much as its fullest one.
func (s Shape) OnRank(l Layout, pp int) RankShape {
	stages := StageLayers(s.Layers, l.PP)
	before := 0
	for _, n := range stages[:pp] {
		before += n
	}
	r := RankShape{Shape: s, tp: l.TP, expertCut: 1, kinds: s.kinds(before, stages[pp]), first: pp == 0, last: pp == l.PP-1}
	switch { // routed experts over TP × DP ranks: whole with EP, else a slice of each [vllm.md §4]
	case s.MoE != nil && l.EP > 1:
		r.experts = CeilDiv(s.MoE.Experts, l.EP)
	case s.MoE != nil:
		r.experts, r.expertCut = s.MoE.Experts, l.TP*l.DP()
	}
	return r
}

// share is a tensor of a layer of a kind as this rank holds it.
func (r RankShape) share(k kind, t tensor) tensor {
	switch t.cut {
	case byOut:
		t.out = r.Cut(t.out)
	case byIn:
		t.in = r.Cut(t.in)
	case byKV:
		s := r.Shape.of(k.mixer)
		t.out = t.out / int64(max(1, s.KVHeads)) * int64(r.kvHeads(s))
	case experts:
		t.out, t.count = CeilDiv(t.out, int64(r.expertCut)), int64(r.experts)
	case expertsIn:
		t.in, t.count = CeilDiv(t.in, int64(r.expertCut)), int64(r.experts)
	}
	return t
}

// norms is the number of parameters of so many norms, 2 for 0, and none below.
func (s Shape) norms(n int) int64 {
	n = max(0, cmp.Or(n, 2)) * s.Hidden
	if s.NormBias {
		n *= 2
	}
	return int64(n)
}

// Params is the number of parameters on this rank.
func (r RankShape) Params() int64 { return r.Bytes(nil, 1) }

// Bytes is the memory of the weights here under a quantisation (nil: none); what it leaves alone takes so many bytes a parameter.
func (r RankShape) Bytes(q *Quant, width int64) int64 {
	n := r.Ends() * width
	for _, k := range r.kinds {
		one := r.Shape.norms(r.Shape.Norms) * width
		for _, t := range r.Shape.layer(k) {
			if here := r.share(k, t); q.takes(t, k.layer) {
				one += q.bytes(here)
			} else {
				one += here.size() * width
			}
		}
		n += int64(k.layers) * one
	}
	return n
}

// Ends is the number of parameters of the embedding, and what is beside the layers, on the first stage, the final norm and
// the head on the last.
func (r RankShape) Ends() int64 {
	var n int64
	if r.first {
		n += r.Shape.Extra
	}
	if r.first || (r.last && r.Shape.TiedEmbed) {
		n += r.Cut(r.Shape.EmbedParams())
	}
	if r.last && !r.Shape.TiedEmbed {
		n += r.Cut(r.Shape.EmbedParams())
	}
	if r.last {
		n += r.Shape.norms(min(cmp.Or(r.Shape.Norms, 1), 1))
	}
	return n
}

// kvHeads on this rank: split, or replicated where there are fewer than ranks.
func (r RankShape) kvHeads(s Shape) int { return max(1, CeilDiv(s.KVHeads, r.tp)) }

// KVValues is the number of cached values of a sequence of so many tokens on this rank, and those of its states, which do not grow.
// A latent cache is whole on every rank; a layer with a window keeps no more than that.
func (r RankShape) KVValues(tokens int64) (cached, state int64) {
	for _, k := range r.kinds {
		n, s := int64(k.layers), r.Shape.of(k.mixer)
		per := int64(r.kvHeads(s)) * int64(s.QKDim()+s.VDim())
		if m := s.MLA; m != nil {
			per = int64(m.KVLoraRank + m.RopeDim + s.IndexDim)
		}
		switch {
		case k.mixer == 's' && s.Window > 0:
			cached += n * per * min(tokens, int64(s.Window))
		case strings.IndexByte("abs", k.mixer) >= 0:
			cached += n * per * tokens
		case k.mixer == 'i':
			state += n * r.Cut(int64(s.Heads)*int64(s.HeadDim)*int64(s.HeadDim))
		}
		if m := s.SSM; m != nil && strings.IndexByte("mblkc", k.mixer) >= 0 {
			state += n * r.Cut(int64(m.conv()*max(m.Conv-1, 0)+m.inner()*m.State))
		}
	}
	return cached, state
}

// Widest is the feed-forward width that one token passes through in a layer here, over all TP ranks.
func (r RankShape) Widest() int {
	wide := 0
	for _, k := range r.kinds {
		switch k.ffn {
		case 'd':
			wide = max(wide, r.Shape.Intermediate)
		case 'e':
			wide = max(wide, r.Shape.MoE.TopK*r.Shape.MoE.Intermediate+r.Shape.MoE.shared())
		}
	}
	return wide
}

// Cut divides a tensor over the TP ranks.
func (r RankShape) Cut(n int64) int64 { return CeilDiv(n, int64(r.tp)) }

// CeilDiv is a / b rounded up, for a ≥ 0 and b > 0.
func CeilDiv[T int | int64](a, b T) T { return (a + b - 1) / b }
