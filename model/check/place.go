package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"shardeck/model"
	"shardeck/model/present/unit"
)

// Place says what the job of an experiment asks of a site. One task runs on each node, whatever
// the layout; the runner starts the ranks itself. The layout's numbers must be positive.
func Place(e model.Experiment, s model.Site) Placement {
	s = s.For(e.Slurm)
	p := Placement{GPUs: e.Layout.GPUs(), Tasks: 1, MemoryPerGPU: s.MemoryPerGPU}
	p.Nodes, p.GPUsPerNode = spread(p.GPUs, s.GPUsPerNode)
	p.CPUsPerTask = p.GPUsPerNode * s.CPUsPerGPU
	p.QOS = pickQOS(e.Slurm.QOS, p, s)
	if q := s.Queue(p.QOS); q != nil {
		p.Shared, p.Partition = q.Shared, q.Partition
	}
	p.Constraint = e.Slurm.Constraint
	if model.IsAuto(p.Constraint) {
		p.Constraint = s.Constraint
	}
	if k := s.Kind(e.Slurm); k != nil {
		p.GPU, p.GPUType = k.GPU, k.GPUType
		if words := strings.Split(p.Constraint, "&"); k.GPUType != "" { // no feature of nodes, but what their GPUs are asked for by
			p.Constraint = strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == k.GPUType }), "&")
		}
	}
	p.TPSpans = p.Nodes > 1 && p.GPUsPerNode%e.Layout.TP != 0
	p.PPSpans = p.Nodes > 1 && e.Layout.PP > 1 && p.GPUsPerNode%(e.Layout.TP*e.Layout.PP) != 0
	return p
}

// mostNodes is more than any job has; past it, how GPUs lie on nodes is no question.
const mostNodes = 4096

// spread lays GPUs over the fewest nodes that each hold as many; where no such number of nodes
// exists below one GPU a node, the last node holds fewer (a rule refuses that).
func spread(gpus, perNode int) (nodes, each int) {
	if perNode <= 0 || gpus <= perNode {
		return 1, gpus
	}
	nodes = model.CeilDiv(gpus, perNode)
	if nodes > mostNodes {
		return nodes, perNode
	}
	for n := nodes; n <= 2*nodes; n++ {
		if gpus%n == 0 {
			return n, gpus / n
		}
	}
	return nodes, perNode
}

func pickQOS(asked string, p Placement, s model.Site) string {
	switch {
	case !model.IsAuto(asked):
		return asked
	case p.Nodes == 1 && p.GPUs <= s.DefaultQOS.SharedGPUs:
		return s.DefaultQOS.Shared
	}
	return s.DefaultQOS.Whole
}

// PriceOf is the most a job can cost: its placement for the whole time limit, in node hours.
// Whole nodes are charged whole; a shared node by its dominant fraction, max(GPUs/4, CPUs/128).
// It is nil where the site has no price for the QOS. [perlmutter.md §4]
func PriceOf(p Placement, s model.Site, limit time.Duration) *Price {
	q := s.Queue(p.QOS)
	if q == nil || limit <= 0 {
		return nil
	}
	nodes := float64(p.Nodes)
	if p.Shared {
		nodes = nodeFraction(p, s)
	}
	hours := limit.Hours()
	cost := nodes * q.Charged(hours, p.Nodes)
	factor := 0.0
	if nodes*hours > 0 {
		factor = cost / (nodes * hours)
	}
	return &Price{NodeHours: cost, Nodes: nodes, Hours: hours, Factor: factor, Words: priceWords(nodes, limit, factor)}
}

// nodeFraction is the part of a node that a shared job is charged for.
func nodeFraction(p Placement, s model.Site) float64 {
	var part float64
	if s.GPUsPerNode > 0 {
		part = float64(p.GPUsPerNode) / float64(s.GPUsPerNode)
	}
	if s.CPUsPerNode > 0 {
		part = max(part, float64(p.CPUsPerTask*p.Tasks)/float64(s.CPUsPerNode))
	}
	return part
}

// priceWords says what is paid for: "one whole node for 30 min".
func priceWords(nodes float64, limit time.Duration, factor float64) string {
	words := nodeWords(nodes) + " for " + model.DurationWords(limit)
	switch factor {
	case 1:
		return words
	case 0:
		return words + ", free of charge"
	}
	return fmt.Sprintf("%s, times %.4g", words, factor)
}

func nodeWords(nodes float64) string {
	switch nodes {
	case 0.25:
		return "a quarter of a node"
	case 0.5:
		return "half a node"
	case 1:
		return "one whole node"
	}
	if nodes < 1 {
		return fmt.Sprintf("%.3g of a node", nodes)
	}
	return fmt.Sprintf("%.0f whole nodes", nodes)
}

// Memory of one GPU, as vLLM divides it: weights, the cache, the activations of one full step, and what CUDA, NCCL and graphs
// take. Weights and cache follow from the shape; the rest is estimated, and may err by a GiB or two. [vllm.md §4]

// Sizes the estimate starts from.
const (
	gib           = 1 << 30
	contextBytes  = gib     // CUDA context and the allocator's slack
	ncclBytes     = gib / 2 // buffers, where there is more than one rank
	graphBytes    = gib     // CUDA graphs, unless eager
	sampledRows   = 256     // rows of logits in one step: vLLM's max_num_seqs on A100
	cacheBlock    = 16      // tokens
	batchedTokens = 8192    // max_num_batched_tokens
	bigBatched    = 16384   // the same on GPUs other than A100 from bigGPU bytes
	bigGPU        = 70 * gib
)

// MemoryFit estimates the memory of the fullest rank of an experiment on a GPU: the stage with the least
// headroom. The shape is the model's own; model.layers of the experiment is applied here, and what its arguments say of formats.
func MemoryFit(e model.Experiment, s model.Shape, g model.GPU, known model.Formats) Fit {
	s = s.WithLayers(e.Model.Layers)
	held := heldBy(e, s, known)
	fullest := stageFit(e, s, g, 0, held)
	for pp := 1; pp < e.Layout.PP; pp++ {
		if f := stageFit(e, s, g, pp, held); f.Headroom < fullest.Headroom {
			fullest = f
		}
	}
	return fullest
}

func stageFit(e model.Experiment, s model.Shape, g model.GPU, pp int, held held) Fit {
	r := s.OnRank(e.Layout, pp)
	f := Fit{GPU: g.Key, Total: g.Bytes, Params: r.Params()}
	f.Usable = int64(float64(g.Bytes) * e.EngineNumber("gpu_memory_utilization", 0.90))
	f.Weights = r.Bytes(held.quant, valueBytes(e.Model.Precision))
	f.sequence = func(tokens int64) int64 { return held.sequence(r, tokens) }
	length := max(blocks(e.Data.SeqLen+e.Data.MaxTokens), cacheBlock)
	f.KVCache = e.RequestsPerReplica() * f.sequence(length)
	f.Activations = activations(r, e, g)
	f.Overhead = overhead(e)
	f.Headroom = f.Usable - f.Weights - f.KVCache - f.Activations - f.Overhead
	f.KVTokens = f.fitting(length)
	return f
}

func blocks(tokens int) int64 { return model.CeilDiv(int64(tokens), cacheBlock) * cacheBlock }

// valueBytes is the width of one activation or cached value.
func valueBytes(precision string) int64 {
	if precision == "float32" {
		return 4
	}
	return 2
}

// held is how an experiment holds weights and cache.
type held struct {
	quant *model.Quant // nil: in the precision
	cache int64        // eighths of a byte for a cached value
	state int64        // bytes of a value of a state
}

// heldBy resolves what the checkpoint, model.precision and the engine's arguments say of weights and cache.
func heldBy(e model.Experiment, s model.Shape, known model.Formats) held {
	width := valueBytes(e.Model.Precision)
	h := held{quant: s.Quant, cache: 8 * width, state: width}
	if h.quant == nil {
		h.quant = known.Online(quantisation(e))
	}
	if c := known.Cache(cacheType(e, s)); c != nil {
		h.cache = int64(c.Bits)
	}
	return h
}

// quantisation is vLLM's word for what the experiment wants weights held in; empty: as the checkpoint has them.
func quantisation(e model.Experiment) string {
	method, _ := e.VLLM["quantization"].(string)
	if e.Model.Precision == "fp8" {
		method = cmp.Or(method, "fp8")
	}
	return method
}

// cacheType is vLLM's word for the type of the KV cache; empty: the model's own.
func cacheType(e model.Experiment, s model.Shape) string {
	word, _ := e.VLLM["kv_cache_dtype"].(string)
	if model.IsAuto(word) && s.Quant != nil {
		return s.Quant.Cache
	}
	return word
}

// sequence is the cache and the states of one sequence; states are kept in 32 bits where the family asks for it, which is assumed.
func (h held) sequence(r model.RankShape, tokens int64) int64 {
	cached, state := r.KVValues(tokens)
	return model.CeilDiv(cached*h.cache, 8) + max(h.state, stateBytes)*state
}

const stateBytes = 4

// activations is the peak of one step with as many tokens as the engine batches: input, output
// and the feed-forward part of one layer, and a row of logits for each request.
func activations(r model.RankShape, e model.Experiment, g model.GPU) int64 {
	s, wide := r.Shape, r.Widest()
	tokens := int64(e.EngineNumber("max_num_batched_tokens", float64(BatchedTokens(g))))
	step := tokens * (2*int64(s.Hidden) + 2*r.Cut(int64(wide)))
	return (step + sampledRows*r.Cut(int64(s.Vocab))) * valueBytes(e.Model.Precision)
}

// BatchedTokens is vLLM's own choice by kind of GPU of how many tokens a step takes. [vllm/engine/arg_utils.py get_batch_defaults]
func BatchedTokens(g model.GPU) int {
	if g.Bytes >= bigGPU && g.Capability != "8.0" {
		return bigBatched
	}
	return batchedTokens
}

func overhead(e model.Experiment) int64 {
	n := int64(contextBytes)
	if e.Layout.GPUs() > 1 {
		n += ncclBytes
	}
	if eager, _ := e.VLLM["enforce_eager"].(bool); !eager {
		n += graphBytes
	}
	return n
}

// tight is how much headroom the estimate of a fit may err by.
const tight = 2 * gib

// memoryRules judge the fit. They run on legal layouts only.
var memoryRules = []rule{
	{"fit-weights", SeverityError, "parallelism.tp", fitted(func(s *subject, f Fit) string {
		return faultIf(f.budget() <= 0, "the weights do not fit: %s and %s (engine) of %s usable on %s",
			gibWords(f.Weights), gibWords(f.Activations+f.Overhead), gibWords(f.Usable), s.gpu.Title)
	}), remedy},
	{"fit-cache", SeverityError, "vllm.max_model_len", fitted(func(s *subject, f Fit) string {
		return faultIf(f.budget() > 0 && f.holds(s.e.ModelLen()) < 1,
			"the cache holds %d tokens on %s, less than one sequence of %d", f.KVTokens, s.gpu.Title, s.e.ModelLen())
	}), remedy},
	{"fit-batch", SeverityWarning, "data.batch_size", fitted(func(s *subject, f Fit) string {
		return faultIf(f.Headroom < 0 && f.holds(s.e.ModelLen()) >= 1, "the cache holds %d of the %d requests of a replica: the others wait",
			f.holds(s.e.Data.SeqLen+s.e.Data.MaxTokens), s.e.RequestsPerReplica())
	}), remedy},
	{"fit-tight", SeverityWarning, "parallelism.tp", fitted(func(s *subject, f Fit) string {
		return faultIf(f.Headroom >= 0 && f.Headroom < tight,
			"memory is tight: %s to spare on %s, give or take %s", gibWords(f.Headroom), s.gpu.Title, gibWords(tight))
	}), remedy},
}

// fitted makes a rule of one that needs the fit of a run that computes.
func fitted(fault func(*subject, Fit) string) func(*subject) string {
	return func(s *subject) string {
		f := s.memory()
		if f == nil || s.replay() {
			return ""
		}
		return fault(s, *f)
	}
}

func (f Fit) budget() int64 { return f.Headroom + f.KVCache }

// holds is how many sequences of a length the cache has room for; of one shorter than a block
// (a limit may be nonsense, as another rule says) as many as it has blocks.
func (f Fit) holds(tokens int) int64 {
	length := max(blocks(tokens), cacheBlock)
	return f.fitting(length) / length
}

// fitting is how many tokens the cache holds, in sequences of a length.
func (f Fit) fitting(length int64) int64 {
	one := f.sequence(length)
	if one <= 0 {
		return 0
	}
	return max(0, f.budget())/one*length + max(0, f.budget())%one*length/one
}

func gibWords(n int64) string { return unit.GiB(n) + " GiB" }

// Held is what an experiment holds weights in, nil: its precision, and the bits of a value in its cache; 0: its model is not known.
func (w World) Held(e model.Experiment) (*model.Quant, int) {
	s := w.Shape(e.Model.Name)
	if s == nil {
		return nil, 0
	}
	h := heldBy(e, *s, w.Formats)
	return h.quant, int(h.cache)
}
