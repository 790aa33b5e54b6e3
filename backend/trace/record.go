package trace

import (
	"cmp"
	"strings"

	"shardeck/backend/trace/jsonscan"
	"shardeck/model"
)

// Kind of a device record.
type Kind uint8

// Kinds of device records: kernels and the two sorts of copies.
const (
	KindKernel Kind = iota
	KindMemcpy
	KindMemset
)

// Record is one thing a GPU did: a kernel, a copy or a fill; of fixed size, so that a trace costs a known few bytes a kernel.
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

// Mark is a step annotation, or what looks like one; stepname reads its name.
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

// elementSizes are the bytes of PyTorch's types of elements; 8-bit floats have many names and one size.
var elementSizes = map[string]int64{
	"double": 8, "float": 4, "half": 2, "bfloat16": 2, "long": 8, "int": 4, "short": 2, "byte": 1, "char": 1, "bool": 1,
	"complexfloat": 8, "complexdouble": 16, "float8": 1,
}

// ElementBytes is the size of so many elements of a type by PyTorch's name, in any case; -1: not known.
func ElementBytes(elems int64, dtype string) int64 {
	dtype, _, _ = strings.Cut(strings.ToLower(dtype), "_") // float8_e4m3fn
	size := elementSizes[dtype]
	if elems < 0 || size == 0 || elems > 1<<60/size {
		return -1
	}
	return elems * size
}

// elementTypes are PyTorch's names of types of elements in metadata, by those of C++ in the types of an operator's inputs.
var elementTypes = map[string]string{
	"float": "Float", "double": "Double", "c10::Half": "Half", "c10::BFloat16": "BFloat16", "long int": "Long", "long": "Long",
	"int": "Int", "short int": "Short", "signed char": "Char", "unsigned char": "Byte", "bool": "Bool",
	"c10::Float8_e4m3fn": "Float8_e4m3fn", "c10::Float8_e5m2": "Float8_e5m2", "c10::complex<float>": "ComplexFloat",
}

// ElementType is the name in metadata of a type of C++; one that is not known stays as it is.
func ElementType(name string) string {
	return cmp.Or(elementTypes[name], name)
}

// maxRanks bounds the ranks that are written out for a group of a damaged file.
const maxRanks = 1 << 16

// RankList reads the JSON list [0, 1], in quotes or not; nil if missing, cut with "..." or no list of ranks.
func RankList(val []byte) (ranks []int) {
	for _, v := range jsonscan.Elements(jsonscan.Unquote(val)) {
		r, ok := jsonscan.Integer(v)
		if !ok || r < 0 || len(ranks) == maxRanks {
			return nil
		}
		ranks = append(ranks, int(r))
	}
	return ranks
}

// RankStride is start, start+step … of n ranks; nil if that makes no sense.
func RankStride(start, step, n int64) []int {
	if start < 0 || step <= 0 || n <= 0 || n > maxRanks || start > maxRanks || step > maxRanks {
		return nil
	}
	out := make([]int, n)
	for i := range out {
		out[i] = int(start + int64(i)*step)
	}
	return out
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
	Groups                  map[string][]int // ranks of the process groups, by name; nil: not given
	CUDARuntime, CUDADriver int              // as CUDA writes them: 12040
	VLLMVersion             string
	Devices                 []Device
	Schema                  string
	Notes                   []string // worth knowing and no damage, for people; one that begins with NoKernels says why there are none
}

// NoKernels begins the note of a trace that is sound and holds no GPU work.
const NoKernels = "no GPU kernels"

// WithoutKernels is why a trace has no kernels, as far as it tells.
func (i Info) WithoutKernels() string {
	if note := model.First(i.Notes, func(note string) bool { return strings.HasPrefix(note, NoKernels) }); note != nil {
		return *note
	}
	return NoKernels + "; was the profiler running in the workers?"
}

// Rank is one rank's trace, read whole. Records are in file order, which is not time order. The caller owns it; it shares nothing.
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
	Columns *Columns // nil, or in place of Records: see Pack
	Links   *Links   // what launched its kernels; nil: not asked for
	SMs     []Sample // how busy the multiprocessors were, in order of time; nil: not recorded, as by all but Nsight Systems
}

// NameGroups gives calls whose group is named, and whose ranks are missing or cut, what Info knows of that group.
func (r *Rank) NameGroups() {
	for i := range r.Colls {
		c := &r.Colls[i]
		if ranks := r.Info.Groups[c.GroupName]; c.GroupRanks == nil && len(ranks) > 0 {
			c.GroupRanks, c.GroupSize = ranks, len(ranks)
		}
	}
}

// Sample is a share of the device's multiprocessors that had work at one moment.
type Sample struct {
	At      int64   // ns, absolute as Record.Start
	Percent float32 // 0 to 100
}

// Names numbers names, in the order in which they are first met. One met before costs a look-up, no allocation.
type Names struct {
	List   []string          // clean, by number
	byName map[string]uint32 // clean
	byJSON map[string]uint32 // as in the text, quotes and escapes included
}

// NewNames is an empty table.
func NewNames() *Names { return &Names{byName: map[string]uint32{}, byJSON: map[string]uint32{}} }

// ID is the number of a clean name.
func (t *Names) ID(name string) uint32 {
	id, ok := t.byName[name]
	if !ok {
		id = uint32(len(t.List))
		t.List = append(t.List, name)
		t.byName[name] = id
	}
	return id
}

// KnownJSON is the number of a name met before, from its JSON text.
func (t *Names) KnownJSON(val []byte) (id uint32, ok bool) {
	id, ok = t.byJSON[string(val)]
	return id, ok
}

// JSON is the number of the name whose JSON text is val.
func (t *Names) JSON(val []byte) uint32 {
	id, ok := t.KnownJSON(val)
	if !ok {
		id = t.ID(jsonscan.CleanText(val))
		t.byJSON[string(val)] = id
	}
	return id
}
