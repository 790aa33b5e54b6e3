package et

import (
	"cmp"
	"slices"

	"shardeck/backend/trace"
)

// Trace is one execution trace, read whole. It is owned by the caller.
type Trace struct {
	File          string
	Schema        string // "1.1.1-chakra.0.0.4"
	PID           int64
	Start, Finish int64 // ms on a steady clock; -1: not given
	Nodes         []Node
	Names         []string
	Groups        []Group
	Calls         []Call
	Colls         []trace.Coll
	Ops           []Op     // most frequent first, then by name
	Notes         []string // things worth knowing that are no damage
	Bytes         int64    // on disk
	JSON          int64    // decompressed
	Damage        []trace.Damage

	byRF, byID []int32 // node numbers in the order of RF, of ID
}

// Node is one operator, annotation or thread of the program.
type Node struct {
	ID, Parent uint64 // ids ascend by entry; the root is its own parent
	RF         uint64 // record-function id, that of Kineto's cpu_op; 0: none
	Name       uint32 // index into Trace.Names
	Call       int32  // index into Trace.Calls, -1: not a call of torch.distributed
}

// Call is one call of torch.distributed (record_param_comms).
type Call struct {
	RF       uint64
	Coll     int32 // index into Trace.Colls, where name, type, sizes, group and peers are
	InBytes  int64 // -1: not given
	OutBytes int64
}

// Group is a process group, as PyTorch lists them when the trace begins.
type Group struct {
	Name, Description string
	Backend           string
	Size              int
	Ranks             []int // global ranks; nil: not given
	ids               []string
}

// Op is how often a node of one name occurs.
type Op struct {
	Name      string
	Namespace string // what stands before "::", as aten, c10d, vllm, _C; empty: not an operator
	Count     int
}

// Collective sums the calls of one sort.
type Collective struct {
	trace.Coll
	Control  bool  // moves no data: wait, barrier, init
	Calls    int   // how many
	InBytes  int64 // of one call; -1: not given
	OutBytes int64
}

// control are the collective names that move no data of the program.
var control = map[string]bool{"wait": true, "barrier": true, "init": true, "": true}

// Collectives counts the calls of each sort, those that move data first, each in the order of their first call.
func (t *Trace) Collectives() []Collective {
	n := make([]Collective, len(t.Colls))
	for i, c := range t.Colls {
		n[i] = Collective{Coll: c, Control: control[c.Name]}
	}
	for _, c := range t.Calls {
		s := &n[c.Coll]
		s.Calls++
		s.InBytes, s.OutBytes = c.InBytes, c.OutBytes
	}
	place := map[bool]int{false: 0, true: 1}
	slices.SortStableFunc(n, func(a, b Collective) int { return place[a.Control] - place[b.Control] })
	return n
}

// ByRF is the node with a record-function id, which Kineto's cpu_op events name.
func (t *Trace) ByRF(rf uint64) (Node, bool) {
	return t.find(t.byRF, rf, func(n Node) uint64 { return n.RF })
}

// ByID is the node with an id of the trace, as Node.Parent is one.
func (t *Trace) ByID(id uint64) (Node, bool) {
	return t.find(t.byID, id, func(n Node) uint64 { return n.ID })
}

// maxDepth bounds the way to the root, which damaged parents could turn into a ring.
const maxDepth = 1000

// Path is the names from the outermost caller of n down to n, without the process and its threads.
func (t *Trace) Path(n Node) []string {
	var path []string
	for range maxDepth {
		if name := t.Names[n.Name]; !structural(name) {
			path = append(path, name)
		}
		up, ok := t.ByID(n.Parent)
		if !ok || up.ID == n.ID {
			break
		}
		n = up
	}
	slices.Reverse(path)
	return path
}

func (t *Trace) find(order []int32, key uint64, of func(Node) uint64) (Node, bool) {
	i, ok := slices.BinarySearchFunc(order, key, func(i int32, key uint64) int {
		return cmp.Compare(of(t.Nodes[i]), key)
	})
	if !ok {
		return Node{}, false
	}
	return t.Nodes[order[i]], true
}

// index makes the orders that ByRF (of nodes that have one) and ByID search; of equal keys the first node counts.
func (t *Trace) index() {
	for i, n := range t.Nodes {
		t.byID = append(t.byID, int32(i))
		if n.RF != 0 {
			t.byRF = append(t.byRF, int32(i))
		}
	}
	t.sortBy(t.byRF, func(n Node) uint64 { return n.RF })
	t.sortBy(t.byID, func(n Node) uint64 { return n.ID })
}

func (t *Trace) sortBy(order []int32, of func(Node) uint64) {
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(of(t.Nodes[a]), of(t.Nodes[b])) })
}
