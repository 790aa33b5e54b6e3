package et

import (
	"context"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsondoc"
	"shardeck/backend/trace/jsonscan"
	"shardeck/model/present/unit"
)

// reader reads a trace from its first byte to its last.
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

// blockSize is read at a time.
const blockSize = 1 << 20

// Open reads an execution trace, .json or .json.gz (told apart by their first bytes).
// progress, if not nil, is called on the same goroutine with the bytes taken from
// the disk so far and the size of the file.
//
// A damaged file gives what is sound, and Trace.Damage says what is not. An error
// means that nothing could be read: no such file, an empty file, another format, or
// a context that ended.
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
