package kernelname

import (
	"regexp"
	"strings"
)

// CallType is what a communication kernel does. Its numbers are in the order of its names.
type CallType uint8

// Types of calls. NotComm computes. Control is communication that transfers nothing:
// barriers, buffer clean-up. OtherNCCL is work of NCCL whose name does not tell.
const (
	NotComm CallType = iota
	AllGather
	AllReduce
	AllToAll
	Broadcast
	Control
	Gather
	OtherNCCL
	Recv
	Reduce
	ReduceScatter
	Scatter
	Send
	SendRecv
)

var callNames = [...]string{
	NotComm: "", AllGather: "all_gather", AllReduce: "all_reduce", AllToAll: "all_to_all", Broadcast: "broadcast", Control: "control",
	Gather: "gather", OtherNCCL: "nccl_other", Recv: "recv", Reduce: "reduce", ReduceScatter: "reduce_scatter", Scatter: "scatter",
	Send: "send", SendRecv: "send_recv",
}

// String is the type as metrics name it.
func (t CallType) String() string { return callNames[t] }

// EndsTogether reports whether the kernels of a call end at the same moment on all ranks,
// since each rank needs the others' data (metrics.md, Clock).
func (t CallType) EndsTogether() bool {
	return t == AllReduce || t == AllGather || t == ReduceScatter
}

// MeetsAll reports whether no rank can leave the call before all have come, so that a
// late rank makes the others wait (metrics.md, straggler).
func (t CallType) MeetsAll() bool { return t.EndsTogether() || t == AllToAll }

// ncclNames are the words NCCL's kernels carry after ncclDevKernel_.
var ncclNames = map[string]CallType{
	"AllReduce": AllReduce, "AllGather": AllGather, "ReduceScatter": ReduceScatter,
	"Broadcast": Broadcast, "Reduce": Reduce, "SendRecv": SendRecv,
	"AllToAll": AllToAll, "AlltoAll": AllToAll, "Gather": Gather, "Scatter": Scatter,
}

// ncclKernel finds NCCL's own kernels: since 2.19, until 2.18, symmetric memory.
var ncclKernel = regexp.MustCompile(`^nccl(?:Dev|SymkDev|SymDev)?Kernel_([A-Za-z]+)`)

// commTable tells the communication kernels of other libraries by function name, which is
// matched whole: words such as reduce, combine and send occur in compute kernels
// too. A leading namespace is optional where the name alone is telling, because
// nsys leaves it out of short names. [reference: kernel names of NCCL, vLLM,
// PyTorch symmetric memory, FlashInfer, DeepEP, pplx, NVSHMEM]
var commTable = []struct {
	name *regexp.Regexp
	typ  CallType
}{
	{word(`cross_device_reduce_[12]stage`), AllReduce},
	{word(`allreduce_prototype_twoshot`), AllReduce},
	{word(`multimem_(?:one_shot_)?all_reduce_kernel`), AllReduce},
	{word(`(?:one|two)_shot_all_reduce_kernel(?:_inplace)?`), AllReduce},
	{word(`allreduce_fusion_kernel_(?:oneshot_lamport|twoshot_sync)`), AllReduce},
	{within(`deep_ep::.*`, `(?:cached_notify\w*|notify_dispatch|barrier\w*|clean_low_latency_buffer|get_dispatch_layout)`), Control},
	{within(`deep_ep::.*`, `pp_send_recv\w*`), SendRecv},
	{within(`deep_ep::.*`, `(?:hybrid_)?(?:dispatch|combine)\w*`), AllToAll},
	{within(`(?:legacy::)?(?:intranode|internode|internode_ll)::`, `(?:dispatch|combine)`), AllToAll},
	{within(`(?:legacy::)?(?:intranode|internode|internode_ll)::`, `(?:cached_notify\w*|notify_dispatch|barrier)`), Control},
	{within(`(?:legacy::)?(?:intranode|internode|internode_ll)::`, `clean_low_latency_buffer`), Control},
	{within(`layout::`, `get_dispatch_layout`), Control},
	{word(`(?:dispatch|combine)Kernel`), AllToAll},
	{word(`moeA2A(?:Dispatch|Combine)Kernel`), AllToAll},
	{word(`moeAllToAllKernel`), AllToAll},
	{regexp.MustCompile(`^nvshmem`), Control},
}

// word matches a function name, in any namespace or none.
func word(name string) *regexp.Regexp { return regexp.MustCompile(`^(?:.*::)?` + name + `$`) }

// within matches a function name in one namespace.
func within(namespace, name string) *regexp.Regexp {
	return regexp.MustCompile(`^` + namespace + name + `$`)
}

// callOf tells what a kernel does from its function name.
func callOf(function string) CallType {
	if m := ncclKernel.FindStringSubmatch(function); m != nil {
		if t, ok := ncclNames[m[1]]; ok {
			return t
		}
		return OtherNCCL
	}
	for _, row := range commTable {
		if row.name.MatchString(function) {
			return row.typ
		}
	}
	return NotComm
}

// metadataNames are the words of "Collective name" in NCCL metadata, without a leading
// underscore and the endings that do not change what is done.
var metadataNames = map[string]CallType{
	"allreduce": AllReduce, "all_reduce": AllReduce, "barrier": AllReduce,
	"allgather": AllGather, "all_gather": AllGather, "allgather_into_tensor": AllGather,
	"reduce_scatter": ReduceScatter, "reduce_scatter_tensor": ReduceScatter,
	"broadcast": Broadcast, "reduce": Reduce, "all_to_all": AllToAll, "alltoall": AllToAll,
	"send": Send, "recv": Recv, "gather": Gather, "scatter": Scatter,
}

// OfMetadata tells the type of a call from "Collective name" in NCCL metadata; NotComm if
// the word is not known.
func OfMetadata(name string) CallType {
	name = strings.TrimPrefix(strings.ToLower(name), "_")
	for _, ending := range []string{"_coalesced", "_base", "v", "_single"} {
		name = strings.TrimSuffix(name, ending)
	}
	if name == "rec" { // recv lost its v
		name = "recv"
	}
	return metadataNames[name]
}
