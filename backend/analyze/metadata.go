package analyze

import (
	"cmp"
	"slices"

	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/trace"
)

// LacksMetadata reports whether a trace has communication kernels and says nothing of
// their sizes and groups, as profilers of old versions leave it.
func LacksMetadata(r *trace.Rank) bool {
	return len(r.Colls) == 0 && slices.ContainsFunc(kernelname.Table(r.Names), func(n kernelname.Name) bool { return n.IsCall() })
}

// FillMetadata gives the communication kernels of a trace that LacksMetadata the
// metadata of the calls that the program made, in the order it made them: the k-th
// kernel of a type is the k-th call of it. An execution trace may hold the first of
// several equal iterations: then every type has the same whole number of kernels a call,
// and the calls are gone through again. A type whose counts do not fit (calls that were
// coalesced, kernels that a CUDA graph replayed) is left as it is. It returns how many
// kernels were given some; r is changed.
func FillMetadata(r *trace.Rank, made []trace.Coll) int {
	calls := map[kernelname.CallType][]int32{}
	for i, c := range made {
		t := kernelname.OfMetadata(c.Name)
		if slices.Contains([]kernelname.CallType{kernelname.Send, kernelname.Recv, kernelname.AllToAll}, t) {
			t = kernelname.SendRecv // NCCL has one kernel for all that is sent and received
		}
		calls[t] = append(calls[t], int32(i))
	}
	names, kernels := kernelname.Table(r.Names), map[kernelname.CallType][]int{}
	for i := range r.Records {
		if k := &r.Records[i]; k.Kind == trace.KindKernel && names[k.Name].IsCall() {
			kernels[names[k.Name].Call] = append(kernels[names[k.Name].Call], i)
		}
	}
	r.Colls = slices.Clone(made)
	filled, times := 0, iterationsOf(kernels, calls)
	for t, list := range kernels {
		if len(list) != times*len(calls[t]) {
			continue
		}
		slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(r.Records[a].Start, r.Records[b].Start) })
		for k, i := range list {
			r.Records[i].Coll = calls[t][k%len(calls[t])]
		}
		filled += len(list)
	}
	return filled
}

// iterationsOf is how often the calls were made, by the kernels of every type; 1 where
// the types do not agree.
func iterationsOf(kernels map[kernelname.CallType][]int, calls map[kernelname.CallType][]int32) int {
	times := 0
	for t, list := range kernels {
		n := len(calls[t])
		if n == 0 || len(list)%n != 0 || times > 0 && len(list)/n != times {
			return 1
		}
		times = len(list) / n
	}
	return max(times, 1)
}
