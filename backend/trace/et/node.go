package et

import (
	"strconv"
	"strings"

	"shardeck/backend/trace/jsonscan"
)

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

// nodeKeys are the keys of a node in both layouts: in the flat one of 1.0.1 inputs are
// lists beside each other, in Chakra's they are keys of one object.
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
	if n.rf == 0 {
		n.readRFAttr()
	}
	return st == jsonscan.Whole && sound && n.hasID && len(n.name) > 1 && n.name[0] == '"'
}

// readRFAttr takes the record-function id from the attributes, where it comes first.
func (n *node) readRFAttr() {
	n.eachAttr(func(name, val []byte) (more bool) {
		return string(name) != "rf_id" || !setID(&n.rf, val)
	})
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
	n.eachAttr(func(name, val []byte) bool {
		n.attrs[string(name)] = val
		return true
	})
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

// namespace is what stands before "::" in the name of an operator.
func namespace(name string) string {
	space, _, found := strings.Cut(name, "::")
	if !found || strings.ContainsAny(space, " <(") {
		return ""
	}
	return space
}

// text is a string for people.
func text(val []byte) string { return jsonscan.CleanText(val) }

// number reads a whole number, in quotes or not.
func number(val []byte) (int64, bool) {
	v, err := strconv.ParseInt(string(jsonscan.Unquote(val)), 10, 64)
	return v, err == nil
}

// numberOr is the number val, or missing if it is none.
func numberOr(val []byte, missing int64) int64 {
	if v, ok := number(val); ok {
		return v
	}
	return missing
}

// isList says whether val begins a list.
func isList(val []byte) bool { return len(val) > 0 && val[0] == '[' }
