// Package et reads PyTorch execution traces, torch_et_<rank>.json, of schemas 1.0.1
// to 1.1.1. Such a trace has no times and no kernels: it says which operators ran,
// who called whom, and what was asked of torch.distributed, in sizes and groups.
//
// The way through it:
//
//	Open   (reader.go)  one file to one Trace: the document around the nodes (package jsondoc)
//	nodes  (nodes.go)   the list of nodes one at a time, and what is counted of them
//	node   (node.go)    what is kept of a node, in the flat and the Chakra layout
//	comm   (comm.go)    a collective call, from its attributes or by position; the process groups
//	Trace  (trace.go)   what a trace holds, and how its nodes are found
//
// A node costs 32 bytes and nothing is allocated for one, so that memory grows with
// nodes, not with text. The record-function id that every node has is that of a
// cpu_op of the Kineto trace of the same process (its argument "Record function id"):
// Trace.ByRF joins the two.
//
// What a trace does not hold: collectives that vLLM makes through its own NCCL
// binding, and what a CUDA graph replays. Damaged text gives what is sound and a
// trace.Damage for the rest; only a file of another kind is an error.
package et
