package analyze

import (
	"regexp"
	"strings"
)

// callType is what a communication kernel does. A run has millions of calls: a small
// number, in the order of the names.
type callType uint8

// Types of calls. control is communication that is no call: barriers, buffer
// clean-up. ncclOther is NCCL work whose name does not tell.
const (
	notComm callType = iota
	allGather
	allReduce
	allToAll
	broadcast
	control
	gather
	ncclOther
	recv
	reduce
	reduceScatter
	scatter
	send
	sendRecv
)

var callNames = [...]string{
	notComm: "", allGather: "all_gather", allReduce: "all_reduce", allToAll: "all_to_all", broadcast: "broadcast", control: "control",
	gather: "gather", ncclOther: "nccl_other", recv: "recv", reduce: "reduce", reduceScatter: "reduce_scatter", scatter: "scatter",
	send: "send", sendRecv: "send_recv",
}

// String is the type as metrics name it.
func (t callType) String() string { return callNames[t] }

// endsTogether are the types whose kernels end at the same moment on all ranks,
// since each rank needs the others' data (metrics.md, Clock).
func (t callType) endsTogether() bool {
	return t == allReduce || t == allGather || t == reduceScatter
}

// meetsAll are the types that no rank can leave before all have come, so that a
// late rank makes the others wait (metrics.md, straggler).
func (t callType) meetsAll() bool { return t.endsTogether() || t == allToAll }

// ncclNames are the words NCCL's kernels carry after ncclDevKernel_.
var ncclNames = map[string]callType{
	"AllReduce": allReduce, "AllGather": allGather, "ReduceScatter": reduceScatter,
	"Broadcast": broadcast, "Reduce": reduce, "SendRecv": sendRecv,
	"AllToAll": allToAll, "AlltoAll": allToAll, "Gather": gather, "Scatter": scatter,
}

// ncclKernel finds NCCL's own kernels: since 2.19, until 2.18, symmetric memory.
var ncclKernel = regexp.MustCompile(`^nccl(?:Dev|SymkDev|SymDev)?Kernel_([A-Za-z]+)`)

// commTable tells the other communication kernels by function name, which is
// matched whole: words such as reduce, combine and send occur in compute kernels
// too. A leading namespace is optional where the name alone is telling, because
// nsys leaves it out of short names. [reference: kernel names of NCCL, vLLM,
// PyTorch symmetric memory, FlashInfer, DeepEP, pplx, NVSHMEM]
var commTable = []struct {
	name *regexp.Regexp
	typ  callType
}{
	{word(`cross_device_reduce_[12]stage`), allReduce},
	{word(`allreduce_prototype_twoshot`), allReduce},
	{word(`multimem_(?:one_shot_)?all_reduce_kernel`), allReduce},
	{word(`(?:one|two)_shot_all_reduce_kernel(?:_inplace)?`), allReduce},
	{word(`allreduce_fusion_kernel_(?:oneshot_lamport|twoshot_sync)`), allReduce},
	{within(`deep_ep::.*`, `(?:cached_notify\w*|notify_dispatch|barrier\w*|clean_low_latency_buffer|get_dispatch_layout)`), control},
	{within(`deep_ep::.*`, `pp_send_recv\w*`), sendRecv},
	{within(`deep_ep::.*`, `(?:hybrid_)?(?:dispatch|combine)\w*`), allToAll},
	{within(`(?:legacy::)?(?:intranode|internode|internode_ll)::`, `(?:dispatch|combine)`), allToAll},
	{within(`(?:legacy::)?(?:intranode|internode|internode_ll)::`, `(?:cached_notify\w*|notify_dispatch|barrier|clean_low_latency_buffer)`), control},
	{within(`layout::`, `get_dispatch_layout`), control},
	{word(`(?:dispatch|combine)Kernel`), allToAll},
	{word(`moeA2A(?:Dispatch|Combine)Kernel`), allToAll},
	{word(`moeAllToAllKernel`), allToAll},
	{regexp.MustCompile(`^nvshmem`), control},
}

// word matches a function name, in any namespace or none.
func word(name string) *regexp.Regexp { return regexp.MustCompile(`^(?:.*::)?` + name + `$`) }

// within matches a function name in one namespace.
func within(namespace, name string) *regexp.Regexp {
	return regexp.MustCompile(`^` + namespace + name + `$`)
}

// commOf tells the type of communication kernel from its function name; notComm
// is everything else, and that is compute.
func commOf(function string) callType {
	if m := ncclKernel.FindStringSubmatch(function); m != nil {
		if t, ok := ncclNames[m[1]]; ok {
			return t
		}
		return ncclOther
	}
	for _, row := range commTable {
		if row.name.MatchString(function) {
			return row.typ
		}
	}
	return notComm
}

// commOps are the words of "Collective name" in NCCL metadata, without a leading
// underscore and the endings that do not change what is done.
var commOps = map[string]callType{
	"allreduce": allReduce, "all_reduce": allReduce, "barrier": allReduce,
	"allgather": allGather, "all_gather": allGather, "allgather_into_tensor": allGather,
	"reduce_scatter": reduceScatter, "reduce_scatter_tensor": reduceScatter,
	"broadcast": broadcast, "reduce": reduce, "all_to_all": allToAll, "alltoall": allToAll,
	"send": send, "recv": recv, "gather": gather, "scatter": scatter,
}

// opOf tells the type of call from NCCL metadata; notComm if the word is not known.
func opOf(name string) callType {
	name = strings.TrimPrefix(strings.ToLower(name), "_")
	for _, ending := range []string{"_coalesced", "_base", "v", "_single"} {
		name = strings.TrimSuffix(name, ending)
	}
	if name == "rec" { // recv lost its v
		name = "recv"
	}
	return commOps[name]
}
