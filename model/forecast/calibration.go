// Package forecast says what a step, a run and a layout will take, by laws of the machine: here those that a calibration
// measures, and their fit (pieces.go).
package forecast

import (
	"cmp"
	"slices"
	"time"

	"shardeck/model"
)

// Calibration is what a job of `shardeck calibrate` measured on one machine, as its runner writes it:
// experiments/calibration/<name>/calibration.json. Constants makes the constants of the laws from it. A calibration
// of the GPU and the versions of a run stands before every prior.
type Calibration struct {
	Schema int `json:"schema"` // 1
	Setting
	Backend string   `json:"backend"` // of collectives: nccl or gloo
	Samples []Sample `json:"samples"`
}

// Setting says what a calibration measured, where and when.
type Setting struct {
	Date      time.Time         `json:"date"`
	Host      string            `json:"host"`      // where rank 0 ran
	GPU       string            `json:"gpu"`       // as the driver names it; empty: measured on processors, by gloo
	Precision string            `json:"precision"` // of all that was computed and sent: bfloat16
	Ranks     int               `json:"ranks"`
	Nodes     int               `json:"nodes"`
	Versions  map[string]string `json:"versions"` // torch, cuda, nccl, python
	Models    []string          `json:"models"`   // whose sizes were measured
	Missing   []string          `json:"missing"`  // what could not be measured, and why
}

// Sample is one operation of one size, timed on the device: many calls in a row as one CUDA graph (on processors a loop),
// over weights and caches larger than the GPU's own cache. Seconds of one call are the median of N such rows.
type Sample struct {
	Law      Law     `json:"law"`
	Operator string  `json:"operator,omitempty"` // qkv, o, gate_up, down, head; gqa or mla of attention; empty: of none
	Model    string  `json:"model,omitempty"`
	Shape    []int   `json:"shape,omitempty"` // GEMMs: m, n, k of one rank; attention: requests, new tokens, context
	Group    int     `json:"group"`           // ranks that took part; 1: no communication
	Nodes    int     `json:"nodes"`           // that they were on
	Bytes    float64 `json:"bytes"`           // read and written; collectives: as nccl-tests counts them
	FLOPs    float64 `json:"flops,omitempty"`
	Seconds  float64 `json:"seconds"`
	Low      float64 `json:"low"` // the fastest of N
	High     float64 `json:"high"`
	Row      float64 `json:"row,omitempty"` // collectives of GPUs: seconds of a call in the row, waits and gaps included; Seconds are its transfer
	N        int     `json:"n"`
}

// Operators of attention.
const (
	GroupedOperator = "gqa"
	LatentOperator  = "mla"
)

// Law is what a time follows.
type Law string

// The laws that are calibrated. Time grows with bytes, but with FLOPs where the GPU computes.
const (
	DecodeGEMM       Law = "decode_gemm"       // m ≤ 64: bytes of weights, input and output
	MiddleGEMM       Law = "middle_gemm"       // m between: FLOPs
	PrefillGEMM      Law = "prefill_gemm"      // m ≥ 1024: FLOPs
	PrefillAttention Law = "prefill_attention" // FLOPs of the causal half
	DecodeAttention  Law = "decode_attention"  // bytes of keys and values
	MemoryCopy       Law = "memory_copy"       // bytes read and written
	SmallKernel      Law = "small_kernel"      // a norm: bytes read and written
	HostLaunch       Law = "host_launch"       // of one eager kernel, on the host: no size
	AllReduce        Law = "all_reduce"        // and the other collectives: bytes
	AllGather        Law = "all_gather"
	ReduceScatter    Law = "reduce_scatter"
	AllToAll         Law = "all_to_all"
	Broadcast        Law = "broadcast"
	SendRecv         Law = "send_recv"
)

// Laws lists them in the order of screens.
var Laws = []Law{DecodeGEMM, MiddleGEMM, PrefillGEMM, DecodeAttention, PrefillAttention, MemoryCopy, SmallKernel, HostLaunch,
	AllReduce, AllGather, ReduceScatter, AllToAll, Broadcast, SendRecv}

// Computes says that a law's time grows with FLOPs, not with bytes.
func (l Law) Computes() bool { return l == PrefillGEMM || l == MiddleGEMM || l == PrefillAttention }

// Collective says that ranks talk.
func (l Law) Collective() bool { return slices.Index(Laws, l) >= slices.Index(Laws, AllReduce) }

// Size is what the sample's time grows with: FLOPs or bytes.
func (s Sample) Size() float64 {
	if s.Law.Computes() {
		return s.FLOPs
	}
	return s.Bytes
}

// Constant is a law with its constants for ranks in a group over nodes; GEMMs and attention are of one GPU.
type Constant struct {
	Law      Law     `json:"law"`
	Operator string  `json:"operator,omitempty"` // attention alone: gqa or mla
	Group    int     `json:"group"`
	Nodes    int     `json:"nodes"`
	Pieces   []Piece `json:"pieces"`   // by size, the smallest first
	Smallest float64 `json:"smallest"` // size that was measured
	Largest  float64 `json:"largest"`
	N        int     `json:"n"`         // samples
	Error    float64 `json:"error_pct"` // mean distance of a sample from the law, % of the sample
	Worst    float64 `json:"worst_pct"`
}

// constantKey is what one law holds for.
type constantKey struct {
	law          Law
	operator     string
	group, nodes int
}

// Constants fits the laws to the samples, in the order of Laws; a law without a sample is left out.
func (c Calibration) Constants() []Constant {
	all := []Constant{}
	timed := slices.DeleteFunc(slices.Clone(c.Samples), func(s Sample) bool { return !(s.Seconds > 0) })
	for _, g := range model.Grouped(timed, keyOf) {
		all = append(all, constantOf(g.Key, g.All))
	}
	slices.SortFunc(all, func(a, b Constant) int {
		return cmp.Or(slices.Index(Laws, a.Law)-slices.Index(Laws, b.Law), cmp.Compare(a.Law, b.Law), a.Nodes-b.Nodes, a.Group-b.Group,
			cmp.Compare(a.Operator, b.Operator))
	})
	return all
}

func keyOf(s Sample) constantKey {
	k := constantKey{s.Law, "", s.Group, s.Nodes}
	if s.Law == PrefillAttention || s.Law == DecodeAttention {
		k.operator = s.Operator
	}
	return k
}

func constantOf(k constantKey, samples []Sample) Constant {
	points := model.Each(samples, func(s Sample) Point { return Point{s.Size(), s.Seconds} })
	most := 1
	if k.law.Collective() || k.law == PrefillAttention || k.law == DecodeAttention || k.law == MemoryCopy {
		most = mostPieces
	}
	c := Constant{Law: k.law, Operator: k.operator, Group: k.group, Nodes: k.nodes, Pieces: fitPieces(points, most), N: len(points)}
	c.Smallest, c.Largest = points[0].Size, points[0].Size
	for _, p := range points {
		off := 100 * max(At(c.Pieces, p.Size)/p.Seconds-1, 1-At(c.Pieces, p.Size)/p.Seconds)
		c.Error, c.Worst = c.Error+off/float64(len(points)), max(c.Worst, off)
		c.Smallest, c.Largest = min(c.Smallest, p.Size), max(c.Largest, p.Size)
	}
	return c
}

// Residual is how far a sample lies above its law, % of the sample; ok is false without the law.
func Residual(all []Constant, s Sample) (percent float64, ok bool) {
	k := keyOf(s)
	for _, c := range all {
		if k == (constantKey{c.Law, c.Operator, c.Group, c.Nodes}) {
			return 100 * (1 - At(c.Pieces, s.Size())/s.Seconds), true
		}
	}
	return 0, false
}
