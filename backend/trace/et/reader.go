// Package et reads PyTorch execution traces, torch_et_<rank>.json, of schemas 1.0.1 to 1.1.1. Such a trace has no times and no
// kernels: it says which operators ran, who called whom, and what was asked of torch.distributed, in sizes and groups.
//
// The way through it:
//
//	Open   (reader.go)  one file to one Trace: the document around the nodes (package jsondoc)
//	nodes  (nodes.go)   the list of nodes one at a time, and what is counted of them
//	node                what is kept of a node, in the flat and the Chakra layout
//	comm   (comm.go)    a collective call, from its attributes or by position; the process groups
//	Trace               what a trace holds, and how its nodes are found
//
// A node costs 32 bytes and nothing is allocated for one, so that memory grows with nodes, not with text. The
// record-function id that every node has is that of a cpu_op of the Kineto trace of the same process (its
// argument "Record function id"): Trace.ByRF joins the two.
//
// What a trace does not hold: collectives that vLLM makes through its own NCCL binding, and what a CUDA graph replays.
package et

import (
	"cmp"
	"context"
	"slices"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsondoc"
	"shardeck/backend/trace/jsonscan"
	"shardeck/model/present/unit"
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
	Name  string
	Count int
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
	place := map[bool]int{true: 1}
	slices.SortStableFunc(n, func(a, b Collective) int { return place[a.Control] - place[b.Control] })
	return n
}

func rfOf(n Node) uint64 { return n.RF }
func idOf(n Node) uint64 { return n.ID }

// ByRF is the node with a record-function id, which Kineto's cpu_op events name.
func (t *Trace) ByRF(rf uint64) (Node, bool) { return t.find(t.byRF, rf, rfOf) }

// ByID is the node with an id of the trace, as Node.Parent is one.
func (t *Trace) ByID(id uint64) (Node, bool) { return t.find(t.byID, id, idOf) }

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
	i, ok := slices.BinarySearchFunc(order, key, func(i int32, key uint64) int { return cmp.Compare(of(t.Nodes[i]), key) })
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
	t.sortBy(t.byRF, rfOf)
	t.sortBy(t.byID, idOf)
}

func (t *Trace) sortBy(order []int32, of func(Node) uint64) {
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(of(t.Nodes[a]), of(t.Nodes[b])) })
}

type reader struct {
	jsondoc.Document
	t       *Trace
	names   *trace.Names
	colls   map[string]int32
	ops     map[uint32]int // how often a name occurs
	n       node           // scratch
	wasted  int            // bytes looked at in vain for the next sound node
	unknown int            // calls of which PyTorch did not know what was called
}

// Sorts of damage that are counted.
const (
	faultNode trace.FaultKind = iota
	faultGiant
	faultCall
	faultGroups
)

var faults = []trace.Fault{
	faultNode: {"node is not JSON or has no name or id", "nodes are not JSON or have no name or id",
		"those nodes and the text up to the next sound one"},
	faultGiant: {"node is larger than 16 MiB", "nodes are larger than 16 MiB", "those nodes and the text up to the next sound one"},
	faultCall: {"collective call has a size or group that is no number", "collective calls have a size or group that is no number",
		"the sizes of those calls"},
	faultGroups: {"list of process groups is not JSON or was cut", "lists of process groups are not JSON or were cut",
		"the ranks of those groups"},
}

var format = jsondoc.Format{Name: "a PyTorch execution trace", File: "torch_et", List: "nodes", Item: "node"}

func newReader(w *jsonscan.Window) *reader {
	r := &reader{t: &Trace{Start: -1, Finish: -1}, names: trace.NewNames(), colls: map[string]int32{}, ops: map[uint32]int{}}
	r.Document = jsondoc.Document{
		Window: w, DamageCounter: trace.CountDamage(faults), Format: format,
		Keys: map[string]func([]byte) bool{
			"schema":    jsonscan.KeepText(&r.t.Schema),
			"pid":       whole(&r.t.PID),
			"start_ts":  whole(&r.t.Start),
			"finish_ts": whole(&r.t.Finish),
		},
		ReadList: func() { r.EachItem(r.element, func() { r.brokenNode(faultNode) }) },
		SoFar:    func() string { return unit.Int(len(r.t.Nodes)) + " read" },
	}
	return r
}

// whole keeps a whole number that is not negative; -1 if the value is none.
func whole(to *int64) func([]byte) bool {
	return func(val []byte) bool {
		*to = max(-1, numberOr(val, -1))
		return *to >= 0
	}
}

const blockSize = 1 << 20 // bytes read at a time

// Open reads an execution trace, .json or .json.gz (told apart by their first bytes). progress, if not nil, is called on the
// same goroutine with the bytes taken from the disk so far and the size of the file. A damaged file gives what is sound, and
// Trace.Damage says what is not. An error means that nothing could be read, as by kineto.Open.
func Open(ctx context.Context, path string, progress func(done, total int64)) (*Trace, error) {
	return open(ctx, path, progress, blockSize)
}

func open(ctx context.Context, path string, progress func(done, total int64), block int) (*Trace, error) {
	src, err := trace.OpenSource(ctx, path, progress)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	r := newReader(jsonscan.NewWindow(src, block))
	if err := r.ReadFile(ctx, path); err != nil {
		return nil, err
	}
	r.finish()
	r.t.File, r.t.Bytes, r.t.JSON = path, src.Size, r.Offset()
	return r.t, nil
}
