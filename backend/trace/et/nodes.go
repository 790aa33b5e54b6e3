package et

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/model/present/unit"
)

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

// resync goes to the next sound node or to the end of the list; false, and the end of the text: there is neither. A stray
// quote turns text inside out, so that the place is known by its spelling: {"id": or, in the flat layout, {"name":.
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
	groups, ok := readGroups(slices.Concat(r.n.inputs[:min(1, len(r.n.inputs))]...))
	if !ok {
		r.Count(faultGroups, at)
	}
	if len(groups) > 0 {
		r.t.Groups = groups
	}
}

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

func (r *reader) notes() {
	t := r.t
	if r.unknown > 0 {
		t.Notes = append(t.Notes, unit.Int(r.unknown)+
			` calls of torch.distributed do not say what they are ("missing comms info"): they are counted as control`)
	}
	if version, _, _ := strings.Cut(t.Schema, "-"); !slices.Contains(knownSchemas, version) {
		t.Notes = append(t.Notes, fmt.Sprintf("schema %q is not one of those known (1.0.1 to 1.1.1): sizes and groups may be missing", t.Schema))
	}
	if len(t.Nodes) == 0 && len(t.Damage) == 0 {
		t.Notes = append(t.Notes, "no nodes: was the execution trace observer running?")
	}
}

// knownSchemas are the schemas whose layout is known, without Chakra's suffix.
var knownSchemas = []string{"1.0.1", "1.0.2", "1.0.3", "1.0.4", "1.1.0", "1.1.1"}

// countOps counts operators and annotations by name, without the process and its threads.
func (r *reader) countOps() {
	for id, n := range r.ops {
		if name := r.names.List[id]; !structural(name) {
			r.t.Ops = append(r.t.Ops, Op{Name: name, Count: n})
		}
	}
	slices.SortFunc(r.t.Ops, func(a, b Op) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Name, b.Name))
	})
}

// node is the scratch copy of the node being read: pieces of the text in memory.
type node struct {
	name           []byte
	id, parent, rf uint64
	hasID          bool
	noSize         bool // a call whose writer does not give the size of its group

	inputs, inputTypes, outputs [][]byte // elements; only of nodes whose name asks for them
	attrs                       map[string][]byte
	text                        struct{ inputs, inputTypes, outputs, attrs []byte } // the texts of the above
}

// nodeKeys are the keys of a node: in the flat layout of 1.0.1 inputs are lists beside each other, in Chakra's keys of one object.
var nodeKeys = map[string]func(n *node, v []byte) bool{
	"name":        func(n *node, v []byte) bool { n.name = v; return true },
	"id":          func(n *node, v []byte) bool { n.hasID = true; return setID(&n.id, v) },
	"parent":      func(n *node, v []byte) bool { return setID(&n.parent, v) },
	"ctrl_deps":   func(n *node, v []byte) bool { return setID(&n.parent, v) },
	"rf_id":       func(n *node, v []byte) bool { return setID(&n.rf, v) },
	"inputs":      func(n *node, v []byte) bool { n.text.inputs = v; return true },
	"input_types": func(n *node, v []byte) bool { n.text.inputTypes = v; return true },
	"outputs":     func(n *node, v []byte) bool { n.text.outputs = v; return true },
	"attrs":       func(n *node, v []byte) bool { n.text.attrs = v; return true },
}

// setID reads an id; one beyond int64 is kept as its bits.
func setID(to *uint64, val []byte) bool {
	v, ok := number(val)
	if ok {
		*to = uint64(v)
	}
	return ok
}

// read takes the node val apart. False: it is no node.
func (n *node) read(val []byte) bool {
	*n = node{}
	sound := true
	_, st := jsonscan.EachKey(val, 0, func(key []byte, from, to int) {
		if set := nodeKeys[string(key)]; set != nil {
			sound = set(n, val[from:to]) && sound
		}
	})
	if n.rf == 0 { // it may stand among the attributes, where it comes first
		n.eachAttr(func(name, val []byte) (more bool) { return string(name) != "rf_id" || !setID(&n.rf, val) })
	}
	return st == jsonscan.Whole && sound && n.hasID && len(n.name) > 1 && n.name[0] == '"'
}

// eachAttr calls do for the attributes, each {"name": …, "type": …, "value": …}, while it wants more.
func (n *node) eachAttr(do func(name, val []byte) (more bool)) {
	attrs, more := n.text.attrs, true
	jsonscan.EachElement(attrs, 0, func(from, to int) {
		if !more {
			return
		}
		var name, value []byte
		attr := attrs[from:to]
		jsonscan.EachKey(attr, 0, func(key []byte, from, to int) {
			switch string(key) {
			case "name":
				name = jsonscan.Unquote(attr[from:to])
			case "value":
				value = attr[from:to]
			}
		})
		more = do(name, value)
	})
}

// readParts reads inputs, outputs and attributes, for a node that needs them.
func (n *node) readParts() {
	n.inputs, n.inputTypes = valuesAndTypes(n.text.inputs, n.text.inputTypes)
	n.outputs, _ = valuesAndTypes(n.text.outputs, nil)
	n.attrs = map[string][]byte{}
	n.eachAttr(func(name, val []byte) bool { n.attrs[string(name)] = val; return true })
}

// valuesAndTypes is the values and types of inputs or outputs, in either layout.
func valuesAndTypes(values, types []byte) (v, t [][]byte) {
	if isList(values) {
		return jsonscan.Elements(values), jsonscan.Elements(types)
	}
	jsonscan.ReadKeys(values, map[string]func([]byte) bool{
		"values": func(val []byte) bool { v = jsonscan.Elements(val); return true },
		"types":  func(val []byte) bool { t = jsonscan.Elements(val); return true },
	})
	return v, t
}

// structural says whether a name is that of the process or a thread.
func structural(name string) bool {
	return strings.HasPrefix(name, "[pytorch|profiler|execution_trace|")
}

// IsOperator tells aten::mm, of aten, c10d, vllm, _C …, from annotations and threads.
func IsOperator(name string) bool {
	space, _, found := strings.Cut(name, "::")
	return found && !strings.ContainsAny(space, " <(")
}

func text(val []byte) string { return jsonscan.CleanText(val) }

func number(val []byte) (int64, bool) {
	v, err := strconv.ParseInt(string(jsonscan.Unquote(val)), 10, 64)
	return v, err == nil
}

func numberOr(val []byte, missing int64) int64 {
	if v, ok := number(val); ok {
		return v
	}
	return missing
}

func isList(val []byte) bool { return len(val) > 0 && val[0] == '[' }
