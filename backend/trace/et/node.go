package et

import "strings"

// node is the scratch copy of the node being read: pieces of the text in memory.
type node struct {
	name           []byte
	id, parent, rf uint64
	hasID          bool
	inputs         [][]byte // elements of the values; only of nodes that need them
	inputTypes     [][]byte
	outputs        [][]byte
	outputTypes    [][]byte
	attrs          map[string][]byte
	values         [partCount][]byte // the texts of the above
}

// part is a piece of a node that is looked into only where the name asks for it.
type part uint8

const (
	partInputs part = iota
	partInputTypes
	partOutputs
	partOutputTypes
	partAttrs
	partCount
)

// nodeKeys are the keys of a node in both layouts: in the flat one of 1.0.1 inputs are
// lists beside each other, in Chakra's they are keys of one object.
var nodeKeys = map[string]func(n *node, v []byte) bool{
	"name":         func(n *node, v []byte) bool { n.name = v; return true },
	"id":           func(n *node, v []byte) bool { n.hasID = true; return setID(&n.id, v) },
	"parent":       func(n *node, v []byte) bool { return setID(&n.parent, v) },
	"ctrl_deps":    func(n *node, v []byte) bool { return setID(&n.parent, v) },
	"rf_id":        func(n *node, v []byte) bool { return setID(&n.rf, v) },
	"inputs":       func(n *node, v []byte) bool { n.values[partInputs] = v; return true },
	"input_types":  func(n *node, v []byte) bool { n.values[partInputTypes] = v; return true },
	"outputs":      func(n *node, v []byte) bool { n.values[partOutputs] = v; return true },
	"output_types": func(n *node, v []byte) bool { n.values[partOutputTypes] = v; return true },
	"attrs":        func(n *node, v []byte) bool { n.values[partAttrs] = v; return true },
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
	ok := eachKey(val, func(key, v []byte) bool {
		if set := nodeKeys[string(key)]; set != nil {
			sound = set(n, v) && sound
		}
		return true
	})
	if n.rf == 0 {
		n.rfAttr()
	}
	return ok && sound && n.hasID && len(n.name) > 1 && n.name[0] == '"'
}

// rfAttr takes the record-function id from the attributes, where it comes first.
func (n *node) rfAttr() {
	done := false
	eachItem(n.values[partAttrs], func(v []byte) {
		if done {
			return
		}
		if key, val := attr(v); string(key) == "rf_id" {
			done = setID(&n.rf, val)
		}
	})
}

// attr reads {"name": …, "type": …, "value": …}.
func attr(v []byte) (name, val []byte) {
	eachKey(v, func(key, x []byte) bool {
		switch string(key) {
		case "name":
			name = raw(x)
		case "value":
			val = x
		}
		return true
	})
	return name, val
}

// open reads inputs, outputs and attributes, for a node that needs them.
func (n *node) open() {
	n.inputs, n.inputTypes = n.side(partInputs, partInputTypes)
	n.outputs, n.outputTypes = n.side(partOutputs, partOutputTypes)
	n.attrs = map[string][]byte{}
	eachItem(n.values[partAttrs], func(v []byte) {
		key, val := attr(v)
		n.attrs[string(key)] = val
	})
}

// side is the values and types of inputs or outputs, in either layout.
func (n *node) side(values, types part) (v, t [][]byte) {
	if isList(n.values[values]) {
		return items(n.values[values]), items(n.values[types])
	}
	eachKey(n.values[values], func(key, val []byte) bool {
		switch string(key) {
		case "values":
			v = items(val)
		case "types":
			t = items(val)
		}
		return true
	})
	return v, t
}

// structural says whether a name is that of the process or a thread.
func structural(name string) bool {
	return strings.HasPrefix(name, "[pytorch|profiler|execution_trace|")
}

// namespace is what stands before "::" in the name of an operator.
func namespace(name string) string {
	space, _, found := strings.Cut(name, "::")
	if !found || strings.ContainsAny(space, " <(") {
		return ""
	}
	return space
}
