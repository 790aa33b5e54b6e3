// Package tracetest makes traces by hand, for tests: what no recording shows.
package tracetest

import (
	"fmt"
	"slices"

	"shardeck/backend/trace"
	"shardeck/model"
)

// Names of kernels.
const (
	AllReduce = "ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<4096ul>)"
	Broadcast = "ncclDevKernel_Broadcast_RING_LL(ncclDevKernelArgsStorage<4096ul>)"
	SendRecv  = "ncclDevKernel_SendRecv(ncclDevKernelArgsStorage<4096ul>)"
	AllGather = "ncclDevKernel_AllGather_RING_LL(ncclDevKernelArgsStorage<4096ul>)"
	GEMM      = "nvjet_sm90_tst_64x8"
)

// Trace is one rank's trace under construction. Its times are µs, and its methods return it
// for chains.
type Trace struct{ *trace.Rank }

// New is the trace of a rank that did nothing yet.
func New(rank int) Trace {
	return Trace{&trace.Rank{
		File: fmt.Sprintf("kineto_trace_%d.json", rank),
		Info: trace.Info{Rank: rank, Devices: []trace.Device{{ID: 0, Name: "NVIDIA H100 80GB HBM3", SMs: 132}}},
	}}
}

// Ranks are traces by the ranks that they say they are.
func Ranks(traces ...Trace) map[int]*trace.Rank {
	out := map[int]*trace.Rank{}
	for _, t := range traces {
		out[t.Info.Rank] = t.Rank
	}
	return out
}

// Run adds a kernel.
func (f Trace) Run(name string, start, end int64) Trace {
	return f.add(name, start, end, -1)
}

// RunMeta adds a kernel with NCCL metadata.
func (f Trace) RunMeta(name string, start, end int64, c trace.Coll) Trace {
	f.Colls = append(f.Colls, c)
	return f.add(name, start, end, int32(len(f.Colls)-1))
}

func (f Trace) add(name string, start, end int64, coll int32) Trace {
	id := slices.Index(f.Names, name)
	if id < 0 {
		id = len(f.Names)
		f.Names = append(f.Names, name)
	}
	f.Records = append(f.Records, trace.Record{Start: start * 1000, Dur: (end - start) * 1000, Name: uint32(id), Coll: coll, Blocks: -1})
	return f
}

// Copy adds a copy.
func (f Trace) Copy(start, end int64) Trace {
	f.add("Memcpy DtoD", start, end, -1)
	f.Records[len(f.Records)-1].Kind = trace.KindMemcpy
	return f
}

// Mark adds a step annotation, on the time line of the device or of the CPU.
func (f Trace) Mark(name string, start, end int64, gpu bool) Trace {
	f.Marks = append(f.Marks, trace.Mark{Name: name, Start: start * 1000, Dur: (end - start) * 1000, GPU: gpu})
	return f
}

// On names the host.
func (f Trace) On(host string) Trace {
	f.Info.Hostname = host
	return f
}

// Later shifts all times by a clock error, in µs.
func (f Trace) Later(by int64) Trace {
	for i := range f.Records {
		f.Records[i].Start += by * 1000
	}
	for i := range f.Marks {
		f.Marks[i].Start += by * 1000
	}
	for i := range f.SMs {
		f.SMs[i].At += by * 1000
	}
	return f
}

// TwoRanks is a TP2 run of n all-reduces with a gemm before each; rank 1 starts late
// by so many µs in each.
func TwoRanks(n int, late int64) (a, b Trace) {
	a, b = New(0), New(1)
	for k := range int64(n) {
		t := 100 * k
		a.Run(GEMM, t, t+30).Run(AllReduce, t+30, t+60+late)
		b.Run(GEMM, t+late, t+30+late).Run(AllReduce, t+30+late, t+60+late)
	}
	return a, b
}

// Experiment is one of the reference engine under a layout.
func Experiment(l model.Layout) *model.Experiment {
	e := model.Defaults()
	e.Engine, e.Layout, e.ProfileIterations = model.EngineTorch, l, 1
	e.Data = model.Workload{BatchSize: 2, SeqLen: 8, MaxTokens: 2}
	return &e
}

// Layout is one without replicated data parallelism.
func Layout(tp, pp, dp, ep int) model.Layout {
	return model.Layout{TP: tp, PP: pp, DPReplicate: 1, DPShard: dp, EP: ep}
}
