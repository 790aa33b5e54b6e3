package forecast

import (
	"math"
	"slices"

	"shardeck/model"
)

// work is what one rank does in one forward step: numbers of launches, bytes and FLOPs, from the shapes of the model.
type work struct {
	gemms   []gemm
	experts []gemm // of fused kernels
	decode  reads  // attention of requests that decode
	prefill float64
	short   float64 // FLOPs of attention over the length of their prompt: what a short one loses
	heads   float64 // launches of attention
	small   float64 // other kernels
	whole   float64 // bytes of the other kernels that TP does not divide
	split   float64 // those that it does
	kernels float64 // in a graph
	hosted  float64 // launches of an eager step
	calls   float64 // of communication
	fixed   float64 // µs of these by the table, whatever their size
	moving  float64 // µs of these by their sizes
	prompt  float64 // tokens of prompts
	graph   bool
	alone   bool // one request decodes
}

type gemm struct{ bytes, flops, n float64 } // of one of n

type reads struct{ bytes, n float64 } // of one of n layers

// batch is the requests of one step of a replica.
type batch struct {
	prompts []chunk
	decode  int     // requests with one token each
	context float64 // tokens that each of them attends to
}

// chunk is a part of a prompt: so many tokens, after those before.
type chunk struct{ tokens, before int }

func (b batch) tokens() float64 {
	n := b.decode
	for _, p := range b.prompts {
		n += p.tokens
	}
	return float64(n)
}

// worker makes the work of the stages of one config.
type worker struct {
	c     Config
	m     *machine
	width float64 // bytes of a value
	quant *model.Quant
	nodes int // that a TP group is on

	matrices [][]model.Matrix // of every stage
}

func newWorker(c Config, m *machine) worker {
	w := worker{c: c, m: m, width: 2, quant: c.Shape.Quant, nodes: 1}
	if c.Experiment.Model.Precision == "float32" {
		w.width = 4
	}
	l := c.Experiment.Layout
	if c.GPUsPerNode > 0 && l.TP > c.GPUsPerNode {
		w.nodes = model.CeilDiv(l.TP, c.GPUsPerNode)
	}
	for pp := range l.PP {
		w.matrices = append(w.matrices, c.Shape.OnRank(l, pp).Matrices(w.quant, int64(w.width)))
	}
	return w
}

// inGraph reports whether the engine decodes such a config as a CUDA graph.
func (e Engine) inGraph(c Config) bool {
	eager, _ := c.Experiment.VLLM["enforce_eager"].(bool)
	dense := c.Shape.MoE == nil && c.Shape.MLA == nil
	return !eager && !c.Eager && (e.Graph == "all" || e.Graph == "dense" && dense)
}

// maxGraph is the largest step that vLLM captures as a graph, in tokens; nor more than two for each request that it may have, which is
// as many as the batch has. [vllm/config/compilation.py max_cudagraph_capture_size]
const maxGraph = 512

// step is the work of every pipeline stage, one after the other, for one batch.
func (w worker) step(b batch) []work {
	l, shape := w.c.Experiment.Layout, w.c.Shape
	out := make([]work, l.PP)
	for pp := range out {
		k := &out[pp]
		captured := min(maxGraph, 2*float64(w.c.Experiment.RequestsPerReplica()))
		k.graph = w.m.engine.inGraph(w.c) && (len(b.prompts) == 0 || w.m.engine.Graph == "all" && b.tokens() <= captured)
		for _, c := range b.prompts {
			k.prompt += float64(c.tokens)
		}
		k.alone = b.decode == 1 && len(b.prompts) == 0
		w.layers(k, b, pp)
		tokens, hidden := b.tokens(), float64(shape.Hidden)
		if pp == 0 && l.TP > 1 && !w.m.engine.HeadWhole {
			w.call(k, "all_reduce", l.TP, tokens*hidden*w.width, 1)
		}
		if pp > 0 {
			w.call(k, "send_recv", 2, tokens*hidden*w.width/float64(l.TP), 1)
		}
		if pp == l.PP-1 {
			w.head(k, b)
		}
		w.count(k)
	}
	return out
}

// head is the output projection of the last token of each request, and the token's way to the other ranks.
func (w worker) head(k *work, b batch) {
	l, s := w.c.Experiment.Layout, w.c.Shape
	rows := float64(b.decode)
	for _, p := range b.prompts {
		if p.tokens > 0 {
			rows++
		}
	}
	values := float64(s.Vocab) * float64(s.Hidden)
	if !w.m.engine.HeadWhole {
		values /= float64(l.TP)
	}
	k.gemms = append(k.gemms, gemm{values * w.width, 2 * rows * values, 1})
	k.small += 4
	k.whole += rows * float64(s.Vocab) * w.width
	switch {
	case w.m.engine.HeadWhole && l.TP*l.PP > 1:
		w.call(k, "broadcast", l.TP*l.PP, 8*rows, 1)
	case l.TP > 1:
		w.call(k, "all_gather", l.TP, rows*float64(s.Vocab)*w.width, 1)
	}
}

// layers adds the layers of a stage.
func (w worker) layers(k *work, b batch, pp int) {
	l, s := w.c.Experiment.Layout, w.c.Shape
	tokens := b.tokens()
	layers, sparse := 0.0, 0.0
	for _, m := range w.matrices[pp] {
		n := float64(m.Layers)
		switch m.Name {
		case "o":
			layers += n
		case "router":
			sparse += n
		case "gate_up", "shared_gate_up":
			k.split += n * tokens * float64(m.Out) / 2 * w.m.engine.FFNPasses * w.width
		}
		if m.Experts {
			w.experts(k, m, tokens)
			continue
		}
		k.gemms = append(k.gemms, gemm{float64(m.Bytes), 2 * tokens * float64(m.Out) * float64(m.In), n})
	}
	layers = max(layers, float64(model.StageLayers(s.Layers, l.PP)[pp]))
	w.attention(k, b, layers)
	t := float64(l.TP)
	k.whole += layers * tokens * float64(s.Hidden) * w.m.engine.WholePasses * w.width
	k.split += layers * tokens * float64(s.Heads*s.QKDim()+2*s.KVHeads*s.QKDim()) / t * w.m.engine.RopePasses * w.width
	k.small += layers * w.m.engine.SmallKernels
	if l.TP > 1 {
		w.call(k, "all_reduce", l.TP, tokens*float64(s.Hidden)*w.width, 2*layers)
	}
	if sparse > 0 {
		w.exchange(k, tokens, sparse)
	}
}

// attention adds that of so many layers: reads of the cache by requests that decode, FLOPs of prompts.
func (w worker) attention(k *work, b batch, layers float64) {
	s, t := w.c.Shape, float64(w.c.Experiment.Layout.TP)
	k.heads = layers
	perToken := 2 * math.Ceil(float64(s.KVHeads)/t) * float64(s.HeadDim)
	if m := s.MLA; m != nil {
		perToken = float64(m.KVLoraRank + m.RopeDim) // whole on every rank
	}
	if b.decode > 0 {
		k.decode = reads{float64(b.decode) * b.context * perToken * w.width, layers}
	}
	per := 2 * float64(s.Heads) / t * float64(s.QKDim()+s.VDim()) * layers // FLOPs of a token that sees a token
	for _, p := range b.prompts {
		q := float64(p.tokens)
		flops := per * (q*float64(p.before) + q*q/2)
		k.prefill += flops
		k.short += flops / (q + float64(p.before))
	}
}

// experts adds a product of routed experts, each token going to some of them evenly.
func (w worker) experts(k *work, m model.Matrix, tokens float64) {
	e, l := w.c.Shape.MoE, w.c.Experiment.Layout
	if l.EP > 1 {
		tokens *= float64(l.DP()) // those of all replicas meet
	}
	routed := tokens * float64(e.TopK)
	rows := routed * float64(m.Count) / float64(e.Experts)
	touched := min(float64(m.Count)*(1-math.Pow(1-1/float64(e.Experts), routed)), rows)
	touched = max(touched, 1)
	size := float64(m.Out) * float64(m.In)
	k.split += float64(m.Layers) * rows * float64(m.Out+m.In) * w.width
	if w.m.engine.FusedExperts {
		k.experts = append(k.experts, gemm{touched * float64(m.Bytes), 2 * rows * size, float64(m.Layers)})
		return
	}
	k.gemms = append(k.gemms, gemm{float64(m.Bytes), 2 * rows / touched * size, touched * float64(m.Layers)})
	k.hosted += touched * float64(m.Layers) * w.m.engine.ExpertLaunches / 2 // two products an expert
	k.small += touched * float64(m.Layers)
}

// exchange is the way of tokens to the ranks of their experts, and back.
func (w worker) exchange(k *work, tokens, layers float64) {
	e, l, s := w.m.engine, w.c.Experiment.Layout, w.c.Shape
	k.hosted += layers * e.MoELaunches
	k.small += layers * e.MoELaunches / 2
	if l.EP <= 1 {
		return
	}
	bytes := tokens * float64(s.Hidden) * w.width
	k.hosted += layers * e.ExchangeLaunches
	switch {
	case !e.FusedExperts: // counts, tokens there, tokens back
		w.call(k, "all_to_all", l.EP, 8*float64(s.MoE.Experts), layers)
		w.call(k, "all_to_all", l.EP, bytes*float64(s.MoE.TopK)/float64(l.TP), 2*layers)
	case l.DP() > 1:
		w.call(k, "all_gather", l.EP, bytes*float64(l.DP()), layers)
		w.call(k, "reduce_scatter", l.EP, bytes*float64(l.DP()), layers)
	}
}

// call adds n calls of a collective.
func (w worker) call(k *work, kind string, group int, bytes, n float64) {
	backend := ""
	e := w.c.Experiment
	byDefault := w.m.engine.CustomAllReduce && k.graph && w.nodes == 1 && w.m.gpu.NVLink > 0 && model.IsAuto(e.Comm.AllReduce)
	if kind == "all_reduce" && (byDefault || e.Comm.AllReduce == "custom") {
		backend = "custom"
	}
	nodes := w.nodes
	if kind == "send_recv" && w.c.GPUsPerNode > 0 && e.Layout.GPUs() > w.c.GPUsPerNode {
		nodes = 2
	}
	fixed, moving, _ := w.m.transfer(kind, backend, group, nodes, bytes)
	k.calls += n
	k.fixed += n * fixed
	k.moving += n * moving
}

// count sums the launches of a stage.
func (w worker) count(k *work) {
	e, products := w.m.engine, 0.0
	for _, g := range slices.Concat(k.gemms, k.experts) {
		products += g.n
	}
	k.kernels = k.small + products*(1+e.GemmSplits) + 2*k.heads
	k.hosted += k.heads * e.Launches
	if w.c.Shape.MLA != nil {
		k.hosted += k.heads * e.LatentLaunches
	}
}
