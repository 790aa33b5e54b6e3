package xray

import (
	"slices"

	"shardeck/model"
)

// parser gives each kernel of a step its operator. Attention is what layers are counted by: it comes once a layer, whatever else is
// fused. From one attention to the next lie the rest of a layer and the beginning of the next one; norms and activations divide that
// into regions, and in a region the order of the products tells which is which.
type parser struct {
	in      *Input
	k       []Kernel
	op      []string // of each kernel
	layer   []int    // of each kernel, on this rank; -1: outside of layers
	layers  int      // found
	odd     map[string]string
	loops   map[string]int // products an operator has in a layer, the most of any
	plain   string         // why it is not certain that attention is what the shape says; empty: it is
	experts []int          // distinct experts whose products ran, by layer; 0: they run in groups
}

// parse names the kernels of a step.
func parse(in *Input, k []Kernel) *parser {
	p := &parser{in: in, k: k, op: make([]string, len(k)), layer: make([]int, len(k)), odd: map[string]string{}, loops: map[string]int{}}
	for i := range k {
		p.layer[i] = -1
	}
	groups := p.attention()
	p.layers = len(groups)
	p.experts = make([]int, p.layers)
	from := 0
	for n := range p.layers + 1 {
		to := len(k)
		if n < p.layers {
			to = groups[n][0]
			for i := groups[n][0]; i < groups[n][1]; i++ {
				p.put(i, "attention", n)
			}
		}
		p.section(from, to, n)
		if n < p.layers {
			from = groups[n][1]
		}
	}
	p.fill()
	return p
}

// attention finds where each layer's attention begins and ends: kernels of attention with no product or norm between them; where none
// is told by its name, the softmax that no choice of experts follows, if it comes again: one alone is that of a loss or a classifier.
func (p *parser) attention() (groups [][2]int) {
	var open [2]int
	named := p.find(0, len(p.k), "attention") < len(p.k)
	for i, k := range p.k {
		next := len(p.k)
		if !named && k.Part == "softmax" {
			next = p.find(i, next, "gemm", "router", "sampling")
		}
		anchor := k.Part == "attention" || next < len(p.k) && p.k[next].Part == "gemm"
		switch {
		case anchor && open[1] > 0:
			open[1] = i + 1
		case anchor:
			open = [2]int{i, i + 1}
		case k.Part == "attention_part" && open[1] == i:
			open[1] = i + 1
		case (k.Part == "gemm" || k.Part == "norm") && open[1] > 0:
			groups, open = append(groups, open), [2]int{}
		}
	}
	if open[1] > 0 {
		groups = append(groups, open)
	}
	if !named && len(groups) == 1 && p.in.layers() != 1 {
		return nil
	}
	if n := p.in.layers(); n > 0 && len(groups) > n && len(groups)%n == 0 && p.in.Shape.MLA != nil { // prompts in parts
		each := len(groups) / n
		for i := range n {
			groups[i] = [2]int{groups[i*each][0], groups[(i+1)*each-1][1]}
		}
		groups = groups[:n]
	}
	return groups
}

// put names a kernel, unless it has a name; communication is named by its call.
func (p *parser) put(i int, op string, layer int) {
	switch k := &p.k[i]; {
	case p.op[i] != "":
		return
	case k.Call != "":
		op = k.Call
	case op == "":
		return
	}
	p.op[i], p.layer[i] = op, layer
}

// find is the first kernel in [from, to) of one of the parts; to: there is none.
func (p *parser) find(from, to int, parts ...string) int {
	for i := from; i < to; i++ {
		if slices.Contains(parts, p.k[i].Part) || p.k[i].Norm && slices.Contains(parts, "norm") {
			return i
		}
	}
	return to
}

// last is the last one; from-1: there is none.
func (p *parser) last(from, to int, parts ...string) int {
	for i := to - 1; i >= from; i-- {
		if p.find(i, i+1, parts...) == i {
			return i
		}
	}
	return from - 1
}

// gemms are the products in [from, to).
func (p *parser) gemms(from, to int) (at []int) {
	for i := from; i < to; i++ {
		if p.k[i].Part == "gemm" {
			at = append(at, i)
		}
	}
	return at
}

// section names what lies between the attention of layer n-1 and that of layer n.
func (p *parser) section(from, to, n int) {
	if p.layers == 0 {
		return
	}
	before := from
	if n > 0 {
		before = p.rest(from, to, n-1)
	}
	switch {
	case n == p.layers:
		p.end(before, to)
	case n == 0:
		p.begin(before, to)
	default:
		p.projections(before, to, n)
	}
}

// rest names the rest of a layer after its attention, and says where the next layer begins.
func (p *parser) rest(from, to, n int) int {
	out := p.gemms(from, to)
	if len(out) == 0 {
		p.odd["o"] = "no product follows attention"
		return from
	}
	norm := p.find(out[0], to, "norm")
	after := p.last(norm, to, "activation", "router", "experts", "dispatch")
	end := to
	if after < norm { // no activation is told by its name: two products, or three
		after = norm
		if g := p.gemms(norm, p.find(min(norm+1, to), to, "norm")); len(g) > 0 {
			after = g[len(g)-1] - 1
		}
	}
	if down := p.find(after, to, "gemm"); p.k[min(after, to-1)].Part == "activation" || after+1 == down {
		end = p.find(down, to, "norm")
		if more := p.gemms(down+1, end); len(more) > 0 && (end == to || len(more) > 1) { // no norm is told by its name
			end = more[0]
		}
	} else {
		end = p.find(after, to, "norm")
		if end == to {
			end = p.find(after, to, "gemm")
		}
	}
	p.outputs(from, norm, n)
	if p.find(norm, end, "router", "experts", "softmax") < end {
		p.mixture(norm, end, n)
	} else {
		p.feedForward(norm, end, n)
	}
	return end
}

// outputs names attention's output projection, and what is around it.
func (p *parser) outputs(from, to, n int) {
	g := p.gemms(from, to)
	for i, at := range g {
		op := "o"
		if p.in.Shape.MLA != nil && i < len(g)-1 {
			op = "attention" // back from the latent space
		}
		p.product(at, op, n)
	}
	p.count("o", len(g))
	p.around(from, to, n, g, "glue", "glue", "residual")
}

// feedForward names a dense feed-forward part.
func (p *parser) feedForward(from, to, n int) {
	act := p.find(from, to, "activation")
	g := p.gemms(from, to)
	if act == to && len(g) > 0 {
		act = g[len(g)-1]
	}
	for _, at := range g {
		p.product(at, map[bool]string{true: "gate_up", false: "down"}[at < act], n)
	}
	p.count("gate_up", len(p.gemms(from, act)))
	p.count("down", len(p.gemms(act, to)))
	p.around(from, to, n, g, "glue", "activation", "residual")
}

// mixture names a feed-forward part with experts: in groups, or each by itself.
func (p *parser) mixture(from, to, n int) {
	g := p.gemms(from, to)
	grouped, m := p.find(from, to, "experts") < to, p.in.Shape.MoE
	shared := m != nil && m.Shared+m.SharedWidth > 0
	router := p.find(from, to, "router", "softmax")
	rest := g
	if len(g) > 0 && g[0] < router {
		p.product(g[0], "router", n)
		rest = g[1:]
	}
	dispatched := p.last(from, to, "dispatch", "memory")
	count := 0
	for _, at := range rest {
		op := "experts"
		if grouped || shared && dispatched >= from && at > dispatched { // after tokens were put back
			op = "shared"
		} else {
			count++
		}
		p.product(at, op, n)
	}
	if !grouped {
		p.experts[n], p.loops["experts"] = count/2, max(count, p.loops["experts"])
	}
	p.amongExperts(from, to, n, router, rest)
}

// partOfMixture is the operator of parts whose name tells it.
var partOfMixture = map[string]string{"router": "router", "softmax": "router", "sampling": "router", "experts": "experts", "norm": "norm",
	"quantise": "quantise", "dispatch": "dispatch", "memory": "dispatch", "embedding": "dispatch"}

// amongExperts names what is no product of a mixture.
func (p *parser) amongExperts(from, to, n, router int, products []int) {
	product := "experts" // the last one
	for i := from; i < to; i++ {
		op := partOfMixture[p.k[i].Part]
		switch {
		case op != "":
		case p.op[i] == "experts" || p.op[i] == "shared":
			product = p.op[i]
		case p.k[i].Part == "activation":
			op = product
		case i < router:
			op = "router"
		case len(products) > 1 && i > products[0] && i < products[len(products)-1]:
			op = product
		default:
			op = "dispatch"
		}
		p.put(i, op, n)
	}
}

// around names what stands before, among and after the products of a region, where its part does not.
func (p *parser) around(from, to, n int, g []int, before, among, after string) {
	for i := from; i < to; i++ {
		switch part := p.k[i].Part; {
		case part == "norm" || part == "quantise" || part == "activation":
			p.put(i, part, n)
		case len(g) == 0 || i < g[0]:
			p.put(i, before, n)
		case i < g[len(g)-1]:
			p.put(i, among, n)
		default:
			p.put(i, after, n)
		}
	}
}

// product names a product with what belongs to it: the fill before it, the sums after it.
func (p *parser) product(at int, op string, n int) {
	p.put(at, op, n)
	if at > 0 && p.k[at-1].Part == "fill" {
		p.put(at-1, op, n)
	}
	for i := at + 1; i < len(p.k) && p.k[i].Part == "gemm_part"; i++ {
		p.put(i, op, n)
	}
}

// count notes how many products an operator has in a layer.
func (p *parser) count(op string, n int) {
	if before, seen := p.loops[op]; seen && before != n {
		p.odd[op] = "not as many products in each layer"
	}
	p.loops[op] = max(p.loops[op], n)
}

// projections names what comes before the attention of layer n: a norm, queries, keys and values, their positions, the cache.
func (p *parser) projections(from, to, n int) {
	g := p.gemms(from, to)
	most := len(g)
	if m := p.in.Shape.MLA; m != nil {
		most = min(most, 3+min(1, m.QLoraRank)) // more are scores
	}
	for i, at := range g {
		p.product(at, map[bool]string{true: "qkv", false: "attention"}[i < most], n)
	}
	g = g[:most]
	p.count("qkv", len(g))
	if len(g) == 0 {
		p.around(from, to, n, nil, "glue", "", "")
		return
	}
	copied := p.last(g[0], to, "cache")
	turned := p.last(g[0], to, "rope")
	for i := from; i < to; i++ {
		switch part := p.k[i].Part; {
		case part == "norm" && i < g[0]:
			p.put(i, "norm", n)
		case part == "norm":
			p.put(i, "qk_norm", n)
		case part == "quantise":
			p.put(i, part, n)
		case part == "attention_part" || part == "fill" && i == to-1:
			p.put(i, "attention", n)
		case part == "cache":
			p.put(i, "cache", n)
		case i < g[0]:
			p.put(i, "glue", n)
		case i <= turned || i < copied && turned < g[0]:
			p.put(i, "rope", n)
		default:
			p.put(i, "glue", n)
		}
	}
}

// begin names what comes before the first attention.
func (p *parser) begin(from, to int) {
	first := p.find(from, to, "gemm")
	norm := p.find(from, first, "norm")
	table := p.last(from, norm, "embedding")
	for i := from; i < norm; i++ {
		p.put(i, map[bool]string{true: "embedding", false: "input"}[i == table], -1)
	}
	p.projections(norm, to, 0)
}

// end names what comes after the last layer.
func (p *parser) end(from, to int) {
	head := p.find(from, to, "gemm")
	for i := from; i < to; i++ {
		switch {
		case i == head:
			p.product(i, "head", -1)
		case i < head && p.k[i].Part == "norm":
			p.put(i, "norm", -1)
		case i < head:
			p.put(i, "glue", -1)
		case head < to:
			p.put(i, "sampling", -1)
		default:
			p.put(i, "other", -1)
		}
	}
}

// fill names what no region has: by its part, or not at all.
func (p *parser) fill() {
	for i := range p.k {
		p.put(i, p.k[i].Part, -1)
		p.put(i, "other", -1)
	}
}

// layers is how many layers the rank's stage has, 0: not known.
func (in *Input) layers() int {
	if in.Shape.Layers == 0 || in.Layout.PP < 1 || in.Stage >= in.Layout.PP {
		return 0
	}
	return model.StageLayers(in.Shape.Layers, in.Layout.PP)[in.Stage]
}
