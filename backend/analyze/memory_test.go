package analyze

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"shardeck/backend/trace"
)

// bytesPerKernel is what analysis may allocate for a kernel beside its columns, what it gives back on the way included.
// When the device computed costs 8 bytes; what calls remember, one in twenty kernels, is most of the rest. It takes 26 bytes of
// one rank and 30 of two; the race detector adds 3.
const bytesPerKernel = 35

// manyKernels is a rank of 20 kernels a layer, the last of them an all-reduce.
func manyKernels(rank, kernels int) *trace.Rank {
	r := &trace.Rank{File: fmt.Sprintf("kineto_trace_%d.json", rank),
		Names: []string{"gemm", "ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<4096ul>)"}}
	r.Info.Rank, r.Info.WorldSize = rank, 2
	for i := range kernels {
		k := trace.Record{Start: int64(i) * 1000, Dur: 900, Coll: -1, Blocks: 0.5}
		if i%20 == 19 {
			k.Name = 1
		}
		r.Records = append(r.Records, k)
	}
	return r
}

func TestMemoryPerKernel(t *testing.T) {
	const kernels = 200_000
	for _, world := range []int{1, 2} {
		in := Input{Ranks: map[int]*trace.Rank{}}
		for rank := range world {
			in.Ranks[rank] = manyKernels(rank, kernels/world)
			in.Ranks[rank].Pack()
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		a, err := Analyse(context.Background(), in)
		runtime.ReadMemStats(&after)
		if err != nil || a.Metric("gpu_busy").Value == nil {
			t.Fatal(err, a.Warnings)
		}
		each := float64(after.TotalAlloc-before.TotalAlloc) / kernels
		t.Logf("%d traced: %.1f bytes a kernel", world, each)
		if each > bytesPerKernel {
			t.Errorf("%d traced: analysis allocates %.0f bytes a kernel", world, each)
		}
	}
}
