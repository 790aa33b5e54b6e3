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
//	export       (export.go)   a report to an SQLite file in a temporary folder
//	db           (db.go)       tables and columns that are there, rows that can be read
//	target       (target.go)   the world: GPUs, host, start of the capture, warnings
//	report       (report.go)   an export to ranks: one for each process and device
//	device work  (gpu.go)      kernels, copies, CUDA graphs recorded whole
//	steps        (nvtx.go)     NVTX ranges, and the same on the GPU's time line
//	metrics      (metrics.go)  samples of "SMs Active"
//	sections     (csv.go)      CSV, whatever stands before, between and after
//
// A report says nothing of torch.distributed: records have no NCCL metadata, and a
// rank's number is not in it. Ranks come in the order of their physical GPUs.
//
// Tables and columns of an export depend on its version and on what was collected;
// all are optional. Damaged files give what is sound and a trace.Damage for the rest.
package nsys
