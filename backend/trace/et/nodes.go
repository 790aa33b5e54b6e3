package et

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/model/present/unit"
)

// element reads the node at the window's position.
func (r *reader) element() {
	at := r.Offset()
	val, st := r.Value()
	switch {
	case st == jsonscan.Whole && r.n.read(val):
		r.keepNode(at)
	case st == jsonscan.Whole:
		r.Pos = int(at - r.Base)
		r.brokenNode(faultNode)
	case st == jsonscan.Short && r.resync():
		r.Count(faultNode, at) // a stray quote turned the rest of the text inside out
	case st == jsonscan.Short:
		r.EndInList()
	case r.Full():
		r.brokenNode(faultGiant)
	default:
		r.brokenNode(faultNode)
	}
}

// brokenNode counts the node here as damage, and goes to the next sound one or to the end of the list.
func (r *reader) brokenNode(kind trace.FaultKind) {
	r.Count(kind, r.Offset())
	if !r.resync() {
		r.EndInList()
	}
}

// resync goes to the next sound node or to the end of the list; false, and the end of
// the text, if there is neither. A stray quote turns text inside out, so that the
// place is known by its spelling: {"id": or, in the flat layout, {"name":.
func (r *reader) resync() bool {
	for r.Pos++; ; {
		i, listEnds := nextLandmark(r.Buf[r.Pos:])
		if i < 0 {
			if r.Pos = max(r.Pos, len(r.Buf)-longestLandmark); !r.More() {
				r.Pos = len(r.Buf)
				return false
			}
			continue
		}
		r.Pos += i
		if listEnds || r.soundNodeHere() {
			return true
		}
		if r.wasted += len(r.Buf) - r.Pos; r.wasted > maxWasted {
			r.Drain()
			return false
		}
		r.Pos++
	}
}

// maxWasted bounds, in bytes, the search for a sound node: every brace could begin one that never ends.
const maxWasted = 256 << 20

// soundNodeHere says whether a whole node begins at the window's position.
func (r *reader) soundNodeHere() bool {
	val, st := r.Value()
	if st != jsonscan.Whole {
		return false
	}
	r.Pos -= len(val)
	return r.n.read(val)
}

// longestLandmark is enough for a spelling that is cut by the end of a block.
const longestLandmark = 64

// nextLandmark finds the next node, or the bracket before finish_ts, in b; -1: neither.
func nextLandmark(b []byte) (at int, listEnds bool) {
	for from := 0; ; {
		n := bytes.IndexAny(b[from:], "{]")
		if n < 0 {
			return -1, false
		}
		at = from + n
		rest := bytes.TrimLeft(b[at+1:min(len(b), at+longestLandmark)], ", \t\r\n")
		switch {
		case b[at] == ']' && bytes.HasPrefix(rest, []byte(`"finish_ts"`)):
			return at, true
		case b[at] == '{' && (bytes.HasPrefix(rest, []byte(`"id"`)) || bytes.HasPrefix(rest, []byte(`"name"`))):
			return at, false
		}
		from = at + 1
	}
}

// keepNode takes the node that was read.
func (r *reader) keepNode(at int64) {
	name := r.names.JSON(r.n.name)
	n := Node{ID: r.n.id, Parent: r.n.parent, RF: r.n.rf, Name: name, Call: -1}
	switch string(jsonscan.Unquote(r.n.name)) {
	case groupNode:
		r.groups(at)
	case commNode:
		n.Call = r.call(at)
	}
	r.ops[name]++
	r.t.Nodes = append(r.t.Nodes, n)
}

// groups reads the list of process groups; a later one replaces an earlier one.
func (r *reader) groups(at int64) {
	r.n.readParts()
	if len(r.n.inputs) == 0 {
		r.Count(faultGroups, at)
		return
	}
	groups, ok := readGroups(r.n.inputs[0])
	if !ok {
		r.Count(faultGroups, at)
	}
	if len(groups) > 0 {
		r.t.Groups = groups
	}
}

// call keeps the call of the node that was read, and returns its number.
func (r *reader) call(at int64) int32 {
	coll, in, out, known := r.n.call(r.t.Groups)
	switch {
	case !known:
		r.unknown++
	case !control[coll.Name] && (coll.InElems < 0 && coll.OutElems < 0 || coll.GroupSize < 0 && !r.n.noSize):
		r.Count(faultCall, at)
	}
	k := key(&coll, in, out)
	id, ok := r.colls[k]
	if !ok {
		id = int32(len(r.t.Colls))
		r.colls[k] = id
		r.t.Colls = append(r.t.Colls, coll)
	}
	r.t.Calls = append(r.t.Calls, Call{RF: r.n.rf, Coll: id, InBytes: in, OutBytes: out})
	return int32(len(r.t.Calls) - 1)
}

// finish puts together what was counted.
func (r *reader) finish() {
	t := r.t
	t.Names = r.names.List
	if r.Complete() && t.Finish < 0 {
		r.Once(-1, "no finish_ts: the profiler was stopped before it closed the file", "perhaps the last nodes")
	}
	t.Damage = r.Damage()
	r.notes()
	r.countOps()
	t.index()
}

// notes says what is no damage and good to know.
func (r *reader) notes() {
	t := r.t
	if r.unknown > 0 {
		t.Notes = append(t.Notes, unit.Int(r.unknown)+
			` calls of torch.distributed do not say what they are ("missing comms info"): they are counted as control`)
	}
	if !knownSchema(t.Schema) {
		t.Notes = append(t.Notes, fmt.Sprintf("schema %q is not one of those known (1.0.1 to 1.1.1): sizes and groups may be missing", t.Schema))
	}
	if len(t.Nodes) == 0 && len(t.Damage) == 0 {
		t.Notes = append(t.Notes, "no nodes: was the execution trace observer running?")
	}
}

// knownSchemas are the schemas whose layout is known, without Chakra's suffix.
var knownSchemas = []string{"1.0.1", "1.0.2", "1.0.3", "1.0.4", "1.1.0", "1.1.1"}

func knownSchema(s string) bool {
	version, _, _ := strings.Cut(s, "-")
	return slices.Contains(knownSchemas, version)
}

// countOps counts operators and annotations by name, without the process and its threads.
func (r *reader) countOps() {
	for id, n := range r.ops {
		if name := r.names.List[id]; !structural(name) {
			r.t.Ops = append(r.t.Ops, Op{Name: name, Namespace: namespace(name), Count: n})
		}
	}
	slices.SortFunc(r.t.Ops, func(a, b Op) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Name, b.Name))
	})
}
