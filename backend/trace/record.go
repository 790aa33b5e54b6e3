package trace

import (
	"strconv"
	"strings"
)

// Kind of a device record.
type Kind uint8

// Kinds of device records: kernels and the two sorts of copies.
const (
	KindKernel Kind = iota
	KindMemcpy
	KindMemset
)

// Record is one thing a GPU did: a kernel, a copy or a fill. It is plain data of
// fixed size, so that a trace of any length costs a known few bytes a kernel.
type Record struct {
	Start  int64   // ns, absolute (base time added)
	Dur    int64   // ns, never negative
	Name   uint32  // index into Rank.Names
	Corr   uint32  // correlation id of its launch
	Coll   int32   // index into Rank.Colls, -1: no NCCL metadata
	Blocks float32 // blocks per SM, from the launch; negative: not given
	Stream int32
	Device int16
	Kind   Kind
}

// End is Start + Dur.
func (r Record) End() int64 { return r.Start + r.Dur }

// Mark is a step annotation: prefill, decode, execute_context_…, ProfilerStep#N.
type Mark struct {
	Name       string
	Start, Dur int64 // ns, absolute
	GPU        bool  // from gpu_user_annotation: on the device's time line, else the CPU's (launches only)
}

// Coll is the NCCL metadata of a kernel, where the trace has it. Numbers not given are -1.
type Coll struct {
	Name       string // "Collective name" as written: allreduce, _allgather_base, send …
	DType      string
	InElems    int64
	OutElems   int64
	GroupSize  int
	GroupName  string
	GroupRanks []int // nil: not given, or cut with "..."
	Src, Dst   int   // peers of send and recv
}

// Device is one entry of deviceProperties.
type Device struct {
	ID          int
	Name        string
	TotalMemory int64
	SMs         int
	Major       int
	Minor       int
}

// Info is what a trace says of its world. Fields not given are zero; Rank is -1.
type Info struct {
	Rank, WorldSize         int
	Hostname                string
	Backend                 string
	NCCLVersion             string
	CUDARuntime, CUDADriver int // as CUDA writes them: 12040
	VLLMVersion             string
	Devices                 []Device
	Schema                  string

	// Notes are things worth knowing that are no damage, in words for people:
	// "no GPU kernels; was the profiler running in the workers?".
	Notes []string
}

// Rank is one rank's trace, read whole. Records are in file order, which is not
// time order. It is owned by the caller and shares nothing.
type Rank struct {
	File    string
	Info    Info
	Records []Record
	Names   []string
	Colls   []Coll
	Marks   []Mark
	Bytes   int64    // on disk
	JSON    int64    // decompressed
	Damage  []Damage // empty: the file is sound

	// SMs is how busy the rank's multiprocessors were, in order of time; nil: not
	// recorded. Only Nsight Systems samples it.
	SMs []Sample
}

// Sample is a share of the device's multiprocessors that had work at one moment.
type Sample struct {
	At      int64   // ns, absolute as Record.Start
	Percent float32 // 0 to 100
}

// Damage is one thing that was wrong with a file, in words for people, and what was lost.
type Damage struct {
	Offset int64  // byte of the decompressed text where it first shows, -1 if it has no place
	Text   string // "ended before the list of events was closed"
	Lost   string // "everything after the last whole event (12,345 kernels read)"
}

// String is the damage in one sentence, with its place.
func (d Damage) String() string {
	text := d.Text
	if d.Offset >= 0 {
		text += ", at byte " + Count(int(d.Offset))
	}
	if d.Lost != "" {
		text += "; lost: " + d.Lost
	}
	return text
}

// Count writes a number of things as 12,345.
func Count(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// markPrefixes are the beginnings of the annotations that name a step. All others
// (nccl:…, ## process_group:init ##, a user's own) say nothing that a metric asks.
var markPrefixes = []string{
	"prefill",
	"decode",
	"execute_",      // vLLM: execute_context_1(2048)_generation_3(3), execute_model
	"ProfilerStep#", // torch.profiler with a schedule
}

// IsStep says whether an annotation of this name is kept as a Mark.
func IsStep(name string) bool {
	for _, p := range markPrefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return false
}
