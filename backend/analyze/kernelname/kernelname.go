// Package kernelname reads the names of GPU kernels: what a kernel computes or sends, and
// a name short enough for tables. What it knows is data, templates/kernels.yaml.
package kernelname

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"shardeck/backend/strictyaml"
)

// CallType is what a communication kernel does. Its numbers are in the order of its names.
type CallType uint8

// Types of calls. Dispatch and Combine are the all-to-all of expert parallelism, there and back. NotComm computes, Control
// transfers nothing. OtherNCCL is work whose name does not tell.
const (
	NotComm CallType = iota
	AllGather
	AllReduce
	AllToAll
	Broadcast
	Combine
	Control
	Dispatch
	Gather
	OtherNCCL
	Recv
	Reduce
	ReduceScatter
	Scatter
	Send
	SendRecv
)

var callNames = []string{"", "all_gather", "all_reduce", "all_to_all", "broadcast", "combine", "control", "dispatch", "gather",
	"nccl_other", "recv", "reduce", "reduce_scatter", "scatter", "send", "send_recv"}

// String is the type as metrics name it.
func (t CallType) String() string { return callNames[t] }

// EndsTogether reports whether the kernels of a call end at the same moment on all ranks,
// since each rank needs the others' data (metrics.md, Clock).
func (t CallType) EndsTogether() bool { return t == AllReduce || t == AllGather || t == ReduceScatter }

// MeetsAll reports whether no rank can leave the call before all have come, so that a
// late rank makes the others wait (metrics.md, straggler).
func (t CallType) MeetsAll() bool { return t.EndsTogether() || t.Among() == AllToAll }

// Among is the type among those that PyTorch knows: a dispatch and a combine are an all-to-all.
func (t CallType) Among() CallType {
	if t == Dispatch || t == Combine {
		return AllToAll
	}
	return t
}

// Classes of kernels that the program itself names.
const (
	communication = "communication"
	Other         = "other" // no row fits the name
)

// Row is a row of the table: words, and what kernels are whose names fit one of them.
type Row struct {
	Functions string `yaml:"functions"`
	Names     string `yaml:"names"`
	Class     string `yaml:"class"`
	Call      string `yaml:"call"`
	Also      string `yaml:"also"`
}

// table is templates/kernels.yaml, which says what its parts mean.
type table struct {
	Classes     []string          `yaml:"classes"`
	Collectives map[string]string `yaml:"collectives"`
	Kernels     []Row             `yaml:"kernels"`

	types map[string]CallType // of Collectives
	names Names               // by Kernels
}

// known is the table, read once.
var known = strictyaml.Embedded("kernels.yaml", func(t *table) {
	t.types = map[string]CallType{}
	for word, call := range t.Collectives {
		t.types[word] = callNamed(call)
	}
	t.names.words = wordsOf(t.Kernels)
})

// callNamed is the type of that name; NotComm: there is none.
func callNamed(name string) CallType { return CallType(max(0, slices.Index(callNames, name))) }

// Classes are all classes, in the order of screens: each has a share, be it 0.
func Classes() []string { return known().Classes }

// Name is what the name of a kernel says.
type Name struct {
	Full     string   // as in the trace
	Short    string   // the function, for tables
	Distinct string   // with namespaces and template arguments: what tells it from others
	Call     CallType // NotComm: it computes
	Class    string   // one of Classes
	Also     string   // what a kernel of communication computes besides: norm; empty: nothing
}

// IsComm reports whether the kernel is of communication.
func (n *Name) IsComm() bool { return n.Call != NotComm }

// IsCall reports whether the kernel is a call: communication that transfers something.
func (n *Name) IsCall() bool { return n.Call != NotComm && n.Call != Control }

// Names reads names by the table of the program, and before it by rows of a user's own. A nil *Names has none. It reads a
// name once. Its methods are safe for concurrent use.
type Names struct {
	Own []Row

	words []word
	seen  sync.Map // Name by full name
}

// Builtin reads by the table of the program alone.
var Builtin *Names

// With are names by the rows too, which are read first. An error names the fault of one.
func (n *Names) With(own []Row) (*Names, error) {
	for _, r := range own {
		switch {
		case strings.TrimSpace(r.Functions+r.Names) == "", (r.Class == "") == (r.Call == ""):
			return nil, fmt.Errorf("kernels %q: a row needs words (names or functions), and either a class or a call", r.Functions+r.Names)
		case r.Call != "" && callNamed(r.Call) == NotComm:
			return nil, fmt.Errorf("kernels %s: there is no call %q: %s", r.Functions+r.Names, r.Call, strings.Join(callNames[1:], ", "))
		case r.Call == "" && !slices.Contains(Classes(), r.Class):
			return nil, fmt.Errorf("kernels %s: there is no class %q: %s", r.Functions+r.Names, r.Class, strings.Join(Classes(), ", "))
		}
	}
	if n == nil {
		n = &known().names
	}
	return &Names{Own: slices.Concat(own, n.Own), words: slices.Concat(wordsOf(own), n.words)}, nil
}
