package xray

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/metric"
)

// cost is what an operator must do in a step on this rank.
type cost struct {
	products []Matmul // of one layer
	flops    float64  // of the step
	bytes    float64
	maybe    string // why that is not certain; empty: it is
	unknown  string // why it is not known; empty: it is
}

// sizes are the widths of a layer on this rank, as its tensors are cut.
type sizes struct {
	*Input
	s                 model.Shape
	t, r              float64 // tokens put through, and requests
	w, wb             float64 // bytes of a value of activations, and of a weight
	q, k, v, out, ffn int
	tp                int
}

func (in *Input) sizes(p *parser, raw *Raw) sizes {
	s, tp := in.Shape, max(1, in.Layout.TP)
	if m := s.MLA; m != nil && p.loops["qkv"] == 1 { // an engine that does without the latent space
		s.MLA, s.HeadDim, s.VHeadDim, s.KVHeads = nil, m.VDim, m.VDim, s.Heads
		p.plain = "as plain attention: one product comes before it, latent attention has more"
	}
	z := sizes{Input: in, s: s, t: float64(raw.Tokens), r: float64(raw.Requests), w: float64(in.Width), wb: float64(in.Width), tp: tp}
	heads, kv := model.CeilDiv(s.Heads, tp), max(1, model.CeilDiv(s.KVHeads, tp))
	z.q, z.k, z.v, z.out, z.ffn = heads*s.QKDim(), kv*s.HeadDim, kv*s.VDim(), heads*s.VDim(), model.CeilDiv(s.Intermediate, tp)
	if s.Gate {
		z.q *= 2
	}
	if in.Quant != nil {
		z.wb = float64(in.Quant.Bits) / 8
	}
	return z
}

// of are products with the same input rows, repeated in so many layers.
func (z sizes) of(rows float64, layers int, wb float64, products ...Matmul) (c cost) {
	for _, p := range products {
		p.M, p.Count = int(rows), max(1, p.Count)
		n := float64(p.Count)
		c.flops += 2 * n * float64(p.M) * float64(p.N) * float64(p.K)
		c.bytes += n * (wb*float64(p.N)*float64(p.K) + z.w*float64(p.M)*float64(p.N+p.K))
		c.products = append(c.products, p)
	}
	c.flops, c.bytes = c.flops*float64(max(1, layers)), c.bytes*float64(max(1, layers))
	return c
}

// recorded is the cost of an operator all of whose products have recorded shapes.
func (p *parser) recorded(z sizes, op string) (c cost, ok bool) {
	first := -1
	for i, k := range p.k {
		if p.op[i] != op || k.Part == "gemm_part" || k.Part == "fill" {
			continue
		}
		if k.Recorded.M == 0 {
			return cost{}, false
		}
		if first < 0 {
			first = p.layer[i]
		}
		one := z.of(float64(k.Recorded.M), 1, z.wb, k.Recorded)
		if c.flops, c.bytes = c.flops+one.flops, c.bytes+one.bytes; p.layer[i] == first {
			c.products = append(c.products, one.products...)
		}
	}
	return c, c.products != nil
}

// costs is what an operator must do at least, of so many layers and kernels.
func (z sizes) costs(p *parser, raw *Raw, op string, layers, kernels int) cost {
	s, h, n, k := z.s, z.s.Hidden, layers, kernels
	switch {
	case h == 0:
		return cost{unknown: "the model's shape is not known"}
	case raw.Tokens < 0:
		return cost{unknown: "how many tokens the step has is not known"}
	}
	if values := map[string]int{"embedding": 2 * h, "norm": 2 * h * k, "residual": 3 * h * min(k, 2*n), "qk_norm": 2 * n * (z.q + z.k),
		"rope": 2 * n * (z.q + z.k), "cache": 2 * n * (z.k + z.v), "activation": 3 * n * z.ffn}[op]; values > 0 { // of each token
		return cost{bytes: float64(values) * z.t * z.w}
	}
	switch op {
	case "qkv":
		return z.qkv(p, raw, layers)
	case "attention":
		return z.attention(p, raw, layers)
	case "o":
		return z.of(z.t, layers, z.wb, Matmul{N: h, K: z.out})
	case "gate_up":
		return z.of(z.t, layers, z.wb, z.up(z.ffn)...)
	case "down":
		return z.of(z.t, layers, z.wb, Matmul{N: h, K: z.ffn})
	case "head":
		if raw.Requests < 0 {
			return cost{unknown: "how many requests the step has is not known"}
		}
		return z.of(z.r, 1, z.w, Matmul{N: p.vocab(z), K: h})
	case "router":
		if s.MoE != nil {
			return z.of(z.t, layers, z.w, Matmul{N: s.MoE.Experts, K: h})
		}
	case "experts":
		return z.routed(p, layers)
	case "shared":
		if s.MoE != nil {
			width := model.CeilDiv(cmp.Or(s.MoE.SharedWidth, s.MoE.Shared*s.MoE.Intermediate), z.tp)
			return z.of(z.t, layers, z.wb, append(z.up(width), Matmul{N: h, K: width})...)
		}
	case "sampling":
		if raw.Requests >= 0 {
			return cost{bytes: z.r * float64(p.vocab(z)) * z.w}
		}
	}
	return cost{unknown: "what it must do is not known"}
}

// vocab is how much of the vocabulary the head of this rank computes: all of it where nothing gathers the parts.
func (p *parser) vocab(z sizes) int {
	head := slices.Index(p.op, "head")
	if z.tp == 1 || head < 0 || !slices.ContainsFunc(p.op[head:], func(op string) bool { return strings.HasSuffix(op, "gather") }) {
		return z.s.Vocab
	}
	return model.CeilDiv(z.s.Vocab, z.tp)
}

// up is the product of gate and up, or of up alone.
func (z sizes) up(width int) []Matmul {
	if !z.s.Plain {
		width *= 2
	}
	return []Matmul{{N: width, K: z.s.Hidden}}
}

// qkv is the projections before attention, in as many products as were seen. [model/tensors.go]
func (z sizes) qkv(p *parser, raw *Raw, layers int) cost {
	h, m := z.s.Hidden, z.s.MLA
	if m == nil {
		products := map[int][]Matmul{1: {{N: z.q + z.k + z.v, K: h}}, 2: {{N: z.q, K: h}, {N: z.k + z.v, K: h}},
			3: {{N: z.q, K: h}, {N: z.k, K: h}, {N: z.v, K: h}}}[p.loops["qkv"]]
		if products == nil {
			return cost{unknown: "more products than queries, keys and values"}
		}
		c := z.of(z.t, layers, z.wb, products...)
		c.maybe = p.plain
		return c
	}
	heads := model.CeilDiv(z.s.Heads, z.tp)
	products := []Matmul{{N: z.q, K: h}, {N: m.KVLoraRank + m.RopeDim, K: h}}
	if m.QLoraRank > 0 {
		products = []Matmul{{N: m.QLoraRank, K: h}, {N: z.q, K: m.QLoraRank}, products[1]}
	}
	if raw.Phase == metric.Decode {
		products = append(products, Matmul{N: m.KVLoraRank, K: m.NopeDim, Count: heads})
	} else {
		products = append(products, Matmul{N: heads * (m.NopeDim + m.VDim), K: m.KVLoraRank})
	}
	if n := p.loops["qkv"]; n < len(products)-1 || n > len(products) {
		return cost{unknown: "not the products of latent attention"}
	}
	return z.of(z.t, layers, z.wb, products...)
}

// attention reads the context of each request once, and computes each pair of a token with one of its context.
func (z sizes) attention(p *parser, raw *Raw, layers int) cost {
	s := z.s
	switch {
	case raw.Context < 0:
		return cost{unknown: "how much context the requests have is not known"}
	case strings.ContainsRune(s.Mixers, 's') && s.Window > 0:
		return cost{unknown: "some layers see a window only"}
	}
	heads, n, context := float64(model.CeilDiv(s.Heads, z.tp)), float64(layers), float64(raw.Context)
	width, cached := float64(s.QKDim()+s.VDim()), float64(z.k+z.v)
	if m := s.MLA; m != nil {
		cached = float64(m.KVLoraRank + m.RopeDim)
		if raw.Phase == metric.Decode {
			width = float64(2*m.KVLoraRank + m.RopeDim)
		}
	}
	cw := z.w
	if z.CacheBits > 0 {
		cw = float64(z.CacheBits) / 8
	}
	c := cost{maybe: p.plain, flops: 2 * heads * width * float64(raw.Pairs) * n, bytes: n * (context*cached*cw + z.t*heads*width*z.w)}
	if s.MLA != nil {
		c.maybe = "as if the cache were read once, in its latent form"
	}
	return c
}

// routed is the experts of this rank: what of their weights is read follows from the experts that tokens reach.
func (z sizes) routed(p *parser, layers int) cost {
	m, l := z.s.MoE, z.Layout
	if m == nil {
		return cost{unknown: "the model's shape has no experts"}
	}
	all, here, cut := z.t*float64(l.DP()), m.Experts, l.TP*l.DP()
	if l.EP > 1 {
		here, cut = model.CeilDiv(m.Experts, l.EP), 1
	}
	pairs := all * float64(m.TopK) * float64(here) / float64(m.Experts)
	touched, told := float64(here)*(1-math.Pow(1-1/float64(here), pairs))*float64(layers), "as if tokens reached experts evenly"
	if sum := 0; p.loops["experts"] > 0 {
		for _, n := range p.experts {
			sum += n
		}
		if touched, told = float64(sum), ""; l.EP > 1 {
			told = "as if tokens reached ranks evenly"
		}
	}
	width := float64(model.CeilDiv(m.Intermediate, cut))
	matrices := 3.0
	if z.s.Plain {
		matrices = 2
	}
	hidden := float64(cmp.Or(m.Latent, z.s.Hidden))
	n := float64(layers)
	return cost{maybe: told, flops: 2 * pairs * matrices * hidden * width * n,
		bytes: touched*matrices*hidden*width*z.wb + n*pairs*z.w*(2*hidden+matrices*width)}
}

// floor is the least time of work on a GPU, and what sets it.
func (in *Input) floor(flops, bytes, link float64) (ns float64, by string) {
	if in.GPU == nil {
		return 0, ""
	}
	peak := in.GPU.Peak[cmp.Or(in.Precision, "bfloat16")]
	if peak == 0 || in.Quant != nil && in.Quant.Bits == 8 && in.GPU.Peak["fp8"] > 0 {
		peak = cmp.Or(in.GPU.Peak["fp8"], in.GPU.Peak["bfloat16"], in.GPU.Peak["float16"])
	}
	for _, one := range []struct {
		by   string
		work float64
		rate float64 // a nanosecond
	}{{"compute", flops, peak * 1e3}, {"memory", bytes, in.GPU.HBM}, {"link", link, in.GPU.NVLink}} {
		if one.rate > 0 && one.work/one.rate > ns {
			ns, by = one.work/one.rate, one.by
		}
	}
	return ns, by
}
