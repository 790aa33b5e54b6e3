// Package nsys reads what Nsight Systems leaves behind into the ranks of package trace.
//
// Four sorts of file, told apart by what they hold:
//
//	an SQLite export       read directly: kernels, copies, NVTX ranges, GPU metrics
//	CSV of `nsys stats`    the cuda_gpu_trace report: kernels and copies, no more
//	a report (.nsys-rep)   exported to SQLite first, by nsys itself if it is there
//	a recording (.qdstrm)  refused, with the command that makes a report of it
//
// The way through it:
//
//	Reader.Open  (open.go)     which sort of file this is
//	convert      (convert.go)  a report to an SQLite export in a temporary folder, by nsys
//	export       (sqlite.go)   an export to ranks
//	db           (db.go)       tables and columns that are there, rows that can be read
//	target       (target.go)   the world: GPUs, host, start of the capture, warnings
//	activity     (activity.go) kernels, copies, CUDA graphs recorded whole; GPU metrics: "SMs Active"
//	steps        (steps.go)    NVTX ranges, and the same on the GPU's time line
//	csvTables    (csv.go)      CSV, whatever stands before, between and after; csvlines.go
//	devices      (devices.go)  what each device did for each process, and the rank it becomes
//
// A report says nothing of torch.distributed: records have no NCCL metadata, and a
// rank's number is not in it. Ranks come in the order of their physical GPUs.
//
// Tables and columns of an export depend on its version and on what was collected;
// all are optional. Damaged files give what is sound and a trace.Damage for the rest.
package nsys
