package et

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

const commNode = "record_param_comms"

// call reads the call that n records; known is false where PyTorch itself did not know it.
func (n *node) call(groups []Group) (coll trace.Coll, in, out int64, known bool) {
	n.readParts()
	p := n.positions()
	if _, ok := n.attrs["collective_name"]; ok {
		coll = n.byAttrs()
		in, out = trace.ElementBytes(coll.InElems, coll.DType), trace.ElementBytes(coll.OutElems, coll.DType)
	} else {
		coll, in, out = n.byPosition(p)
	}
	p.addGroup(&coll, groups)
	p.addPeer(&coll)
	n.noSize = p.name != nil && p.n == nil
	return coll, in, out, coll.Name != ""
}

// byAttrs reads the communication attributes of schemas that have them.
func (n *node) byAttrs() trace.Coll {
	size := numberOr(n.attrs["pg_size"], -1)
	return trace.Coll{
		Name:       text(n.attrs["collective_name"]),
		DType:      text(n.attrs["dtype"]),
		InElems:    numberOr(n.attrs["in_msg_nelems"], -1),
		OutElems:   numberOr(n.attrs["out_msg_nelems"], -1),
		GroupSize:  int(size),
		GroupName:  text(n.attrs["pg_name"]),
		GroupRanks: trace.RankStride(numberOr(n.attrs["global_rank_start"], -1), numberOr(n.attrs["global_rank_stride"], -1), size),
		Src:        -1, Dst: -1,
	}
}

// positions are the inputs of a call by what they mean: [tensors,] sequence, group, rank, collective, split in, split out,
// [start, stride,] [group size]. Schemas differ in how the sequence and the group are written, not in the order.
type positions struct{ tensors, group, rank, name, split, start, step, n []byte }

// positions sorts the inputs; the zero value if there are too few.
func (n *node) positions() (p positions) {
	v := n.inputs
	if len(v) > 0 && isList(v[0]) || len(v) == 8 || len(v) == 10 {
		p.tensors, v = v[0], v[1:]
	}
	if len(v) < 6 {
		return p
	}
	p.group, p.rank, p.name, p.split = v[1], v[2], v[3], v[4]
	if len(v) > 6 {
		p.n = v[len(v)-1]
	}
	if len(v) >= 9 {
		p.start, p.step = v[6], v[7]
	}
	return p
}

// isTensors says whether val is a tensor, six elements of which the last is its device, or a list of such.
func isTensors(val []byte) bool {
	list := jsonscan.Elements(val)
	return len(list) > 0 && (isList(list[0]) || len(list) == tensorFields)
}

// tensorFields is how many a tensor has: [id, storage, offset, elements, size of one, "device"].
const tensorFields = 6

// sizeOfTensors adds up the elements and bytes of a tensor or of lists of them.
func sizeOfTensors(val []byte) (elems, size int64) {
	list := jsonscan.Elements(val)
	if len(list) == tensorFields && !isList(list[0]) {
		n, one := numberOr(list[3], -1), numberOr(list[4], -1)
		if n < 0 || one < 0 || n > 1<<50 || one > 1<<10 {
			return 0, 0
		}
		return n, n * one
	}
	for _, v := range list {
		if isList(v) {
			n, b := sizeOfTensors(v)
			elems, size = elems+n, size+b
		}
	}
	return elems, size
}

// byPosition reads a call of a schema without communication attributes.
func (n *node) byPosition(p positions) (c trace.Coll, in, out int64) {
	c = trace.Coll{Name: text(p.name), GroupSize: p.size(), InElems: -1, OutElems: -1, Src: -1, Dst: -1}
	c.GroupName = groupName(p.group)
	c.GroupRanks = trace.RankStride(numberOr(p.start, -1), numberOr(p.step, -1), int64(c.GroupSize))
	in, out = -1, -1
	if p.tensors != nil {
		c.InElems, in = sizeOfTensors(p.tensors)
	}
	if len(n.outputs) > 0 && isTensors(n.outputs[0]) {
		c.OutElems, out = sizeOfTensors(n.outputs[0])
	}
	if len(n.inputTypes) > 0 && p.tensors != nil {
		c.DType = tensorType(text(n.inputTypes[0]))
	}
	return c, in, out
}

// size is how many ranks the group has, by writers of 2022 as many as a split buffer has parts; -1: not given.
func (p positions) size() int {
	if parts := len(jsonscan.Elements(p.split)); p.n == nil && parts > 0 {
		return parts
	}
	return int(numberOr(p.n, -1))
}

// groupName is the name of ["name", "description"], or the number of old schemas.
func groupName(val []byte) string {
	if list := jsonscan.Elements(val); len(list) > 0 {
		return text(list[0])
	}
	if isList(val) {
		return ""
	}
	return text(val)
}

// tensorType is the element type in GenericList[Tensor(c10::BFloat16), …].
func tensorType(types string) string {
	_, after, _ := strings.Cut(types, "Tensor(")
	name, _, _ := strings.Cut(after, ")")
	return trace.ElementType(name)
}

// addGroup fills in what the list of groups knows and the call does not say.
func (p positions) addGroup(c *trace.Coll, groups []Group) {
	g := findGroup(groups, c.GroupName)
	if g == nil {
		return
	}
	c.GroupName, c.GroupSize = cmp.Or(g.Name, c.GroupName), cmp.Or(max(c.GroupSize, 0), g.Size)
	if len(g.Ranks) == c.GroupSize {
		c.GroupRanks = g.Ranks
	}
}

// addPeer reads the rank input, which is the peer of a send or receive in its group.
func (p positions) addPeer(c *trace.Coll) {
	rank, ok := number(p.rank)
	if !ok || rank < 0 || rank > math.MaxInt32 {
		return
	}
	peer := int(rank)
	if peer < len(c.GroupRanks) {
		peer = c.GroupRanks[peer]
	}
	switch c.Name {
	case "send":
		c.Dst = peer
	case "recv":
		c.Src = peer
	}
}

// key tells one sort of call from another.
func key(c *trace.Coll, in, out int64) string {
	return fmt.Sprintf("%s\x00%s\x00%s\x00", c.Name, c.DType, c.GroupName) +
		fmt.Sprint(c.InElems, c.OutElems, c.GroupSize, c.GroupRanks, c.Src, c.Dst, in, out)
}

// groupNode is the node whose first input lists the process groups as JSON in a string.
const groupNode = "## process_group:init ##"

// readGroups reads that list; false: it is not JSON, or was cut.
func readGroups(val []byte) ([]Group, bool) {
	if len(val) == 0 || val[0] != '"' {
		return nil, false
	}
	list := []byte(jsonscan.Text(val))
	sound := true
	var out []Group
	isList := jsonscan.EachElement(list, 0, func(from, to int) {
		g, ok := readGroup(list[from:to])
		sound = sound && ok
		if ok {
			out = append(out, g)
		}
	})
	return out, sound && isList
}

// readGroup reads one group. Its key in calls is the name, in old schemas a number of several names.
func readGroup(val []byte) (Group, bool) {
	var g Group
	id := func(v []byte) bool { g.ids = append(g.ids, text(v)); return true }
	size := func(v []byte) bool { g.Size = int(max(0, numberOr(v, 0))); return true }
	ok := jsonscan.ReadKeys(val, map[string]func([]byte) bool{
		"pg_name": func(v []byte) bool { g.Name = text(v); return id(v) },
		"pg_id":   id, "uid": id, "backend_id": id,
		"pg_desc":        jsonscan.KeepText(&g.Description),
		"backend_config": jsonscan.KeepText(&g.Backend),
		"group_size":     size, "pg_size": size,
		"ranks": func(v []byte) bool { g.Ranks = trace.RankList(v); return true },
	})
	if len(g.Ranks) == 0 { // an empty list: all ranks
		g.Ranks = trace.RankStride(0, 1, int64(g.Size))
	}
	g.Size = max(g.Size, len(g.Ranks))
	return g, ok
}

func findGroup(groups []Group, id string) *Group {
	for i := range groups {
		if slices.Contains(groups[i].ids, strings.TrimSpace(id)) {
			return &groups[i]
		}
	}
	return nil
}
