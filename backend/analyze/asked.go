package analyze

import (
	"cmp"
	"slices"

	"shardeck/backend/trace"
)

// LacksMetadata reports whether a trace has communication kernels and says nothing of
// their sizes and groups, as profilers of old versions leave it.
func LacksMetadata(r *trace.Rank) bool {
	if len(r.Colls) > 0 {
		return false
	}
	return slices.ContainsFunc(r.Names, func(name string) bool {
		t := commOf(functionName(name))
		return t != notComm && t != control
	})
}

// FillMetadata gives the communication kernels of a trace that LacksMetadata the
// metadata of the calls that the program made, in the order it made them: the k-th
// kernel of a type is the k-th call of it. A type whose counts differ (calls that were
// coalesced, kernels that a CUDA graph replayed) is left as it is. It returns how many
// kernels were given some; r is changed.
func FillMetadata(r *trace.Rank, asked []trace.Coll) int {
	calls := map[callType][]int32{}
	for i, c := range asked {
		t := kernelType(opOf(c.Name))
		calls[t] = append(calls[t], int32(i))
	}
	kernels := map[callType][]int{}
	for i := range r.Records {
		if k := &r.Records[i]; k.Kind == trace.KindKernel {
			t := commOf(functionName(r.Names[k.Name]))
			kernels[t] = append(kernels[t], i)
		}
	}
	r.Colls = slices.Clone(asked)
	filled := 0
	for t, list := range kernels {
		if t == notComm || t == control || len(list) != len(calls[t]) {
			continue
		}
		slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(r.Records[a].Start, r.Records[b].Start) })
		for k, i := range list {
			r.Records[i].Coll = calls[t][k]
		}
		filled += len(list)
	}
	return filled
}

// kernelType is the type of kernel that does a call: NCCL has one for all that is sent
// and received.
func kernelType(t callType) callType {
	switch t {
	case send, recv, allToAll:
		return sendRecv
	}
	return t
}
