package analyze

import (
	"fmt"
	"slices"

	"shardeck/backend/trace"
	"shardeck/model"
)

// Hand-made records: what no recording shows.

const (
	arKernel = "ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<4096ul>)"
	bcKernel = "ncclDevKernel_Broadcast_RING_LL(ncclDevKernelArgsStorage<4096ul>)"
	srKernel = "ncclDevKernel_SendRecv(ncclDevKernelArgsStorage<4096ul>)"
	agKernel = "ncclDevKernel_AllGather_RING_LL(ncclDevKernelArgsStorage<4096ul>)"
	gemm     = "nvjet_sm90_tst_64x8"
)

// fake is a trace under construction; times are µs.
type fake struct{ *trace.Rank }

func newFake(rank int) fake {
	return fake{&trace.Rank{
		File: fmt.Sprintf("kineto_trace_%d.json", rank),
		Info: trace.Info{Rank: rank, Devices: []trace.Device{{ID: 0, Name: "NVIDIA H100 80GB HBM3", SMs: 132}}},
	}}
}

// run adds a kernel and returns the fake, for chains.
func (f fake) run(name string, start, end int64) fake {
	return f.add(name, start, end, -1)
}

// runMeta adds a kernel with NCCL metadata.
func (f fake) runMeta(name string, start, end int64, c trace.Coll) fake {
	f.Colls = append(f.Colls, c)
	return f.add(name, start, end, int32(len(f.Colls)-1))
}

func (f fake) add(name string, start, end int64, coll int32) fake {
	id := slices.Index(f.Names, name)
	if id < 0 {
		id = len(f.Names)
		f.Names = append(f.Names, name)
	}
	f.Records = append(f.Records, trace.Record{Start: start * 1000, Dur: (end - start) * 1000, Name: uint32(id), Coll: coll, Blocks: -1})
	return f
}

// copies adds a copy.
func (f fake) copies(start, end int64) fake {
	f.Records = append(f.Records, trace.Record{Start: start * 1000, Dur: (end - start) * 1000, Coll: -1, Kind: trace.KindMemcpy})
	if len(f.Names) == 0 {
		f.Names = append(f.Names, "Memcpy DtoD")
	}
	return f
}

func (f fake) mark(name string, start, end int64, gpu bool) fake {
	f.Marks = append(f.Marks, trace.Mark{Name: name, Start: start * 1000, Dur: (end - start) * 1000, GPU: gpu})
	return f
}

// on names the host.
func (f fake) on(host string) fake {
	f.Info.Hostname = host
	return f
}

// later shifts all times by a clock error, in µs.
func (f fake) later(by int64) fake {
	for i := range f.Records {
		f.Records[i].Start += by * 1000
	}
	return f
}

// fakeInput is a run of those traces under a layout.
func fakeInput(l model.Layout, ranks ...fake) Input {
	e := model.Defaults()
	e.Engine, e.Layout, e.ProfileIterations = model.EngineTorch, l, 1
	e.Data = model.Workload{BatchSize: 2, SeqLen: 8, MaxTokens: 2}
	in := Input{Run: "fake", Experiment: &e, GPUsPerNode: 4, Ranks: map[int]*trace.Rank{}, Timing: map[int]*trace.Timing{}}
	for _, f := range ranks {
		in.Ranks[f.Info.Rank] = f.Rank
	}
	return in
}

func layoutOf(tp, pp, dp, ep int) model.Layout {
	return model.Layout{TP: tp, PP: pp, DPReplicate: 1, DPShard: dp, EP: ep}
}
