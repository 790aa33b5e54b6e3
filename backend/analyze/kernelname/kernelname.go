// Package kernelname reads the names of GPU kernels: what a kernel computes or sends, and
// a name short enough for tables. What it knows is data, templates/kernels.yaml.
package kernelname

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"shardeck/backend/strictyaml"
	"shardeck/templates"
)

// CallType is what a communication kernel does. Its numbers are in the order of its names.
type CallType uint8

// Types of calls. NotComm computes. Control transfers nothing. OtherNCCL is work of NCCL whose name does not tell.
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

var callNames = []string{"", "all_gather", "all_reduce", "all_to_all", "broadcast", "control", "gather", "nccl_other",
	"recv", "reduce", "reduce_scatter", "scatter", "send", "send_recv"}

// String is the type as metrics name it.
func (t CallType) String() string { return callNames[t] }

// EndsTogether reports whether the kernels of a call end at the same moment on all ranks,
// since each rank needs the others' data (metrics.md, Clock).
func (t CallType) EndsTogether() bool { return t == AllReduce || t == AllGather || t == ReduceScatter }

// MeetsAll reports whether no rank can leave the call before all have come, so that a
// late rank makes the others wait (metrics.md, straggler).
func (t CallType) MeetsAll() bool { return t.EndsTogether() || t == AllToAll }

// Classes of kernels that the program itself names.
const (
	communication = "communication"
	Other         = "other" // no pattern matches the name
)

// kernel is one row of the table. Library and Source are for people.
type kernel struct {
	Function string `yaml:"function"`
	Name     string `yaml:"name"`
	Class    string `yaml:"class"`
	Call     string `yaml:"call"`
	Library  string `yaml:"library"`
	Source   string `yaml:"source"`

	pattern *regexp.Regexp // of Function, anchored, or Name
	plain   bool           // Name is a word and no expression
	call    CallType
}

// table is templates/kernels.yaml, which says what its parts mean.
type table struct {
	Classes     []string          `yaml:"classes"`
	Collectives map[string]string `yaml:"collectives"`
	Kernels     []*kernel         `yaml:"kernels"`

	types map[string]CallType // of Collectives
}

// known is the table, read once.
var known = sync.OnceValue(func() table {
	t := table{types: map[string]CallType{}}
	strictyaml.MustDecode(templates.FS, "kernels.yaml", &t)
	for word, call := range t.Collectives {
		t.types[word] = callNamed(call)
	}
	for _, k := range t.Kernels {
		k.pattern, k.plain, k.call = regexp.MustCompile(k.Name), regexp.QuoteMeta(k.Name) == k.Name, callNamed(k.Call)
		if k.Function != "" {
			k.pattern, k.Class = regexp.MustCompile("^(?:"+k.Function+")$"), communication
		}
	}
	return t
})

// callNamed is the type of that name; NotComm: there is none.
func callNamed(name string) CallType { return CallType(max(0, slices.Index(callNames, name))) }

// Classes are all classes, in the order of screens: each has a share, be it 0.
func Classes() []string { return known().Classes }

// Name is what the name of a kernel says.
type Name struct {
	Full  string   // as in the trace
	Short string   // the function, for tables
	Call  CallType // NotComm: it computes
	Class string   // one of Classes
}

// Of reads a name. Any text gives some answer.
func Of(full string) Name {
	function := functionName(full)
	n := Name{Full: full, Short: shortName(full, function), Class: Other}
	if i := slices.IndexFunc(known().Kernels, func(k *kernel) bool { return k.fits(full, function) }); i >= 0 {
		n.Call, n.Class = known().Kernels[i].call, known().Kernels[i].Class
	}
	return n
}

// fits reports whether the row tells a kernel of that name and function.
func (k *kernel) fits(full, function string) bool {
	switch {
	case k.Function == "" && k.plain:
		return strings.Contains(full, k.Name)
	case k.Function == "":
		return k.pattern.MatchString(full)
	case strings.Contains(k.Function, "::"):
		return k.pattern.MatchString(function)
	}
	return k.pattern.MatchString(withoutNamespace(function))
}

// Table reads each name of a list.
func Table(full []string) []Name {
	out := make([]Name, len(full))
	for i, name := range full {
		out[i] = Of(name)
	}
	return out
}

// IsComm reports whether the kernel is of communication.
func (n *Name) IsComm() bool { return n.Call != NotComm }

// IsCall reports whether the kernel is a call: communication that transfers something.
func (n *Name) IsCall() bool { return n.Call != NotComm && n.Call != Control }

// OfMetadata tells the type of a call from "Collective name" in NCCL metadata; NotComm: the word is not known.
func OfMetadata(name string) CallType {
	name = strings.TrimPrefix(strings.ToLower(name), "_")
	for _, ending := range []string{"_coalesced", "_base", "v", "_single"} {
		name = strings.TrimSuffix(name, ending)
	}
	return known().types[name]
}
