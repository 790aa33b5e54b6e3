// Package xray takes steps of inference apart into the operators of the model's layers: which kernel is which is told by their order,
// by the period in which names come again, one a layer, by what stands between them, and by the model's shape; so it works inside
// replayed CUDA graphs too, whose kernels say nothing of shapes. What cannot be told is said of each operator.
//
// All times are whole nanoseconds. On one rank time is counted once: a moment in which several kernels run is of the one that began
// first. So the operators of a step and its gaps add up to the step. Numbers that are not known are nil.
package xray

import (
	"strings"

	"shardeck/model"
	"shardeck/model/experts"
)

// Kernel is one thing that a device did in a step, in order of time.
type Kernel struct {
	Name   string // as in the trace
	Short  string // for tables
	Part   string // of templates/xray.yaml: attention, gemm, gemm_part, norm, …; of communication and the rest: empty
	Call   string // of communication: all_reduce, all_to_all, …, control; empty: it computes
	Norm   bool   // of communication that norms what it adds up
	Start  int64
	Dur    int64
	Wait   int64 // of that, for other ranks; -1: not known
	Link   int64 // bytes that this rank sends or receives, whichever is more; -1: not known
	Stream int32
	Blocks int // of threads, of the launch; 0: not known

	Launched int64  // when the host began to launch it; 0: not known
	Calling  int64  // how long that call took
	Graph    bool   // it was replayed from a CUDA graph; false where launches are not known
	Recorded Matmul // the product of matrices that it is, as it was recorded; M is 0: not so
}

// Raw is a step as it was recorded.
type Raw struct {
	Index    int    // among the steps of the rank in the trace
	Cut      bool   // it began before all ranks were recorded
	Phase    string // metric.Prefill, Decode, Mixed or Step
	Tokens   int    // put through the model; -1: not known
	Requests int    // likewise
	Context  int64  // tokens of context, over all requests, at the end of the step; -1: not known
	Pairs    int64  // of tokens put through with tokens of their context: what attention computes; -1: not known
	Kernels  []Kernel
	NextNS   int64 // from the end of its last kernel to the first of the next step; -1: no next one
}

// Input is one rank of a run.
type Input struct {
	Rank      int
	Shape     model.Shape // Name is empty where the model is not known
	Layout    model.Layout
	Stage     int
	GPU       *model.GPU   // nil: not known, there are no floors
	Precision string       // of the experiment: bfloat16, …
	Width     int64        // bytes of a value of activations
	CacheBits int          // of a value in the cache; 0: as activations
	Quant     *model.Quant // of weights; nil: none
	SMs       int          // of the device; 0: not known
}

// Rank is what was found of a rank.
type Rank struct {
	Rank   int    `json:"rank"`
	Stage  int    `json:"stage"`  // of the pipeline
	Layers int    `json:"layers"` // on this rank; 0: not known
	Steps  []Step `json:"steps"`
}

// Report is the X-ray of a run.
type Report struct {
	Run      string       `json:"run"`
	Model    string       `json:"model"` // empty: not known
	Layout   model.Layout `json:"layout"`
	GPU      string       `json:"gpu"` // title; empty: not known, there are no floors
	Ranks    []Rank       `json:"ranks"`
	Warnings []string     `json:"warnings"`
	Damaged  bool         `json:"damaged"`

	Experts []experts.Balance `json:"experts,omitempty"` // by phase, of the counts that the run wrote; none: it wrote none
}

// ExpertsMS is what the experts of a rank take in its median step of a phase, ms; 0: its steps or its experts are not known.
func (r *Report) ExpertsMS(rank int, phase string) (ms float64) {
	of := model.First(r.Ranks, func(o Rank) bool { return o.Rank == rank })
	if of == nil {
		return 0
	}
	if k := model.First(of.Kinds(), func(k Kind) bool { return k.Phase == phase }); k != nil {
		for _, o := range k.Median.Operators {
			if strings.HasPrefix(o.Name, "experts") {
				ms += float64(o.NS) / 1e6
			}
		}
	}
	return ms
}

// Step is a step taken apart: Σ Operators.NS + Σ Gaps.NS = WallNS.
type Step struct {
	Index     int        `json:"index"` // among the steps of the rank in the trace
	Cut       bool       `json:"cut"`   // it began before all ranks were recorded: its communication waited for profilers
	Phase     string     `json:"phase"`
	Tokens    int        `json:"tokens"`   // -1: not known
	Requests  int        `json:"requests"` // -1: not known
	Context   int64      `json:"context"`  // tokens of context over all requests, at its end; -1: not known
	WallNS    int64      `json:"wall_ns"`  // first start to last end of its kernels
	NextNS    int64      `json:"next_ns"`  // idle until the next step begins; -1: there is none
	Kernels   int        `json:"kernels"`
	Period    int        `json:"period"` // kernels of a layer that come again; 0: none was found
	Repeats   int        `json:"repeats"`
	Graph     bool       `json:"graph"` // most of its kernels were replayed from a CUDA graph
	Operators []Operator `json:"operators"`
	Gaps      []Gap      `json:"gaps"`
	CallNS    *int64     `json:"launch_call_ns"`  // median time of a launching call on the host; nil: not known
	PitchNS   *int64     `json:"launch_pitch_ns"` // median time from one launch to the next
	Bound     *bool      `json:"launch_bound"`    // the host was slower than the device; nil: not known
}

// Operators are in the order of a layer; those with Layers 0 are outside of layers. Names:
//
//	input (what is prepared before the first layer), embedding, norm, qkv, qk_norm, rope, cache (writes of keys and values),
//	attention, o, residual, router, dispatch (tokens sorted by experts, and back), experts, shared (experts of every token),
//	gate_up, activation, down, quantise, head, sampling, glue (casts, copies and fills inside a layer), all_reduce, all_gather,
//	reduce_scatter, all_to_all, send, recv, broadcast, control, and by the class of the kernel where nothing else tells.
type Operator struct {
	Name     string   `json:"name"`
	N        int      `json:"n"`        // times a step
	Layers   int      `json:"layers"`   // that have it; 0: outside of layers
	NS       int64    `json:"ns"`       // of the step, time counted once
	DurNS    int64    `json:"dur_ns"`   // the same with what other kernels hide: the sum of durations
	LayerNS  int64    `json:"layer_ns"` // median over layers of the sum of a layer
	WaitNS   *int64   `json:"wait_ns"`  // of DurNS, of communication: for other ranks
	Products []Matmul `json:"products"` // of one layer; nil: none, or not known
	FLOPs    *float64 `json:"flops"`    // of the step on this rank
	Bytes    *float64 `json:"bytes"`    // read and written in device memory at least
	Link     *float64 `json:"link_bytes"`
	FloorNS  *int64   `json:"floor_ns"` // the least time for that on this GPU
	Floor    string   `json:"floor"`    // what sets it: compute, memory or link
	Certain  bool     `json:"certain"`
	Why      string   `json:"why"`     // what tells it, or why it is not certain
	Kernels  []string `json:"kernels"` // names for tables, most time first
}

// Matmul is Count products of an M×K matrix of activations with a K×N one of weights.
type Matmul struct {
	M     int `json:"m"`
	N     int `json:"n"`
	K     int `json:"k"`
	Count int `json:"count"`
}

// Gap is time in which nothing ran on the device, by cause.
type Gap struct {
	Cause string `json:"cause"` // host (launched late), stream (waits for one of another stream), between (kernels in a row), unknown
	NS    int64  `json:"ns"`
	N     int    `json:"n"`
}

// CeilingNS is what the step would be shorter by at most if the operator ran at its floor; 0 where none is known.
func (o Operator) CeilingNS() int64 {
	if o.FloorNS == nil {
		return 0
	}
	return max(0, o.NS-*o.FloorNS)
}
