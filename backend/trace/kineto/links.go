package kineto

import (
	"cmp"
	"context"
	"slices"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// Links says which operators launched the kernels of a Kineto trace; metrics ask for none of it.
type Links struct {
	Launches []Launch
	Ops      []CPUOp  // in the order of their ids
	Names    []string // of the operators
	Damaged  bool     // as with Open, which says how
}

// Launch is one kernel.
type Launch struct {
	Op   int64 // "External id": the operator that launched it; -1: not given
	Dur  int64 // ns
	Corr int64 // correlation id of its launch, which all kernels of a graph replay share; -1: not given
}

// CPUOp is one run of an operator on the CPU.
type CPUOp struct {
	ID   int64  // "External id"
	RF   uint64 // "Record function id", that of the execution trace; 0: not given
	Name uint32 // index into Links.Names
}

// OpenLinks reads the links of a Kineto trace; files and errors are as with Open.
func OpenLinks(ctx context.Context, path string, progress func(done, total int64)) (*Links, error) {
	r := linkReader{names: trace.NewNames()}
	d, err := openReader(ctx, path, progress, blockSize, splitting{}, r.event)
	if err != nil {
		return nil, err
	}
	l := &r.links
	l.Names, l.Damaged = r.names.List, len(d.Damage()) > 0
	slices.SortStableFunc(l.Ops, func(a, b CPUOp) int { return cmp.Compare(a.ID, b.ID) })
	return l, nil
}

// Op is the operator with an id; of equal ids the first in the file counts.
func (l *Links) Op(id int64) (CPUOp, bool) {
	i, ok := slices.BinarySearchFunc(l.Ops, id, func(o CPUOp, id int64) int { return cmp.Compare(o.ID, id) })
	if !ok || id < 0 {
		return CPUOp{}, false
	}
	return l.Ops[i], true
}

// linkReader collects links event by event.
type linkReader struct {
	links Links
	names *trace.Names
	e     linkEvent
}

// linkEvent is the event being read.
type linkEvent struct {
	cat, name         []byte
	dur, op, corr, rf number
}

// event takes the event at b[i].
func (r *linkReader) event(b []byte, i int) {
	r.e = linkEvent{}
	e := &r.e
	eachPair(b, i, func(key []byte, inArgs bool, from, to int) { e.set(key, inArgs, b[from:to]) })
	switch string(e.cat) {
	case "kernel", "Kernel":
		if e.dur.state == given {
			r.links.Launches = append(r.links.Launches, Launch{Op: e.op.or(-1), Dur: max(0, e.dur.v), Corr: e.corr.or(-1)})
		}
	case "cpu_op", "Operator":
		if e.op.state == given {
			r.links.Ops = append(r.links.Ops, CPUOp{ID: e.op.v, RF: uint64(max(0, e.rf.or(0))), Name: r.names.JSON(e.name)})
		}
	}
}

// set takes one value of the event or of its args.
func (e *linkEvent) set(key []byte, inArgs bool, val []byte) {
	switch name := string(key); {
	case !inArgs && name == "cat":
		e.cat = jsonscan.Unquote(val)
	case !inArgs && name == "name":
		e.name = val
	case !inArgs && name == "dur":
		e.dur.set(val, jsonscan.Micros)
	case inArgs && (name == "External id" || name == "external id"):
		e.op.set(val, jsonscan.Integer)
	case inArgs && name == "correlation":
		e.corr.set(val, jsonscan.Integer)
	case inArgs && name == "Record function id":
		e.rf.set(val, jsonscan.Integer)
	}
}
