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

// word is one word of a row: pieces of text that occur in a name one after the other.
type word struct {
	row    *Row
	call   CallType
	pieces []string // in small letters: what stands between its *
	whole  bool     // a function's whole name
	spaces bool     // of which namespaces are a part
	gram   uint16   // of its longest piece; 0: that is shorter than a gram
}

// grams are the places of four letters after each other that a name has: most words are ruled out by one look.
type grams [1 << 16 / 64]uint64

func gramOf(text string, i int) uint16 {
	return uint16((uint32(text[i])|uint32(text[i+1])<<8|uint32(text[i+2])<<16|uint32(text[i+3])<<24)*2654435761>>16) | 1
}

func (g *grams) add(text string) {
	for i := range len(text) - 3 {
		n := gramOf(text, i)
		g[n/64] |= 1 << (n % 64)
	}
}

// wordsOf are the words of rows, in their order.
func wordsOf(rows []Row) (all []word) {
	for i := range rows {
		r := &rows[i]
		for n, list := range []string{r.Functions, r.Names} {
			for _, w := range strings.Fields(strings.ToLower(list)) {
				next := word{r, callNamed(r.Call), strings.Split(w, "*"), n == 0, strings.Contains(w, "::"), 0}
				longest := slices.MaxFunc(next.pieces, func(a, b string) int { return len(a) - len(b) })
				if len(longest) > 3 {
					next.gram = gramOf(longest, 0)
				}
				all = append(all, next)
			}
		}
	}
	return all
}

// fits reports whether the word tells a kernel of that name and function, both in small letters.
func (w *word) fits(full, function string) bool {
	switch {
	case !w.whole:
		return inOrder(full, w.pieces)
	case !w.spaces:
		function = withoutNamespace(function)
	}
	first, last := w.pieces[0], w.pieces[len(w.pieces)-1]
	if len(w.pieces) == 1 {
		return function == first
	}
	return len(function) >= len(first)+len(last) && strings.HasPrefix(function, first) && strings.HasSuffix(function, last) &&
		inOrder(function[len(first):len(function)-len(last)], w.pieces[1:len(w.pieces)-1])
}

// inOrder reports whether the text has the pieces, one after the other.
func inOrder(text string, pieces []string) bool {
	for _, p := range pieces {
		_, after, found := strings.Cut(text, p)
		if !found {
			return false
		}
		text = after
	}
	return true
}

// Of reads a name. Any text gives some answer.
func (n *Names) Of(full string) Name {
	if n == nil {
		n = &known().names
	}
	if v, ok := n.seen.Load(full); ok {
		return v.(Name)
	}
	function, distinct := functionName(full)
	name := Name{Full: full, Short: shortName(full, function), Class: Other}
	name.Distinct = strings.Replace(distinct, withoutNamespace(function), name.Short, 1)
	lower, of, has := strings.ToLower(full), strings.ToLower(function), grams{}
	has.add(lower)
	has.add(of)
	for i := range n.words {
		if w := &n.words[i]; (w.gram == 0 || has[w.gram/64]&(1<<(w.gram%64)) != 0) && w.fits(lower, of) {
			name.Call, name.Class, name.Also = w.call, w.row.Class, w.row.Also
			if w.call != NotComm {
				name.Class = communication
			}
			break
		}
	}
	n.seen.Store(full, name)
	return name
}

// OfMetadata tells the type of a call from "Collective name" in NCCL metadata; NotComm: the word is not known.
func OfMetadata(name string) CallType {
	name = strings.TrimPrefix(strings.ToLower(name), "_")
	for _, ending := range []string{"_coalesced", "_base", "v", "_single"} {
		name = strings.TrimSuffix(name, ending)
	}
	return known().types[name]
}
