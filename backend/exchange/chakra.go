package exchange

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"iter"

	"google.golang.org/protobuf/encoding/protowire"

	"shardeck/model/present/unit"
	"shardeck/model/timeline"
)

// Numbers of fields and kinds of https://github.com/mlcommons/chakra, schema/protobuf/et_def.proto.
const (
	nodeID, nodeName, nodeType, nodeCtrlDeps, nodeDataDeps, nodeStart, nodeDuration, nodeAttr = 1, 2, 3, 4, 5, 6, 7, 10

	attrName, attrInt64, attrBool, attrString = 1, 9, 27, 29

	nodeComp, nodeSend, nodeRecv, nodeColl = 4, 5, 6, 7
)

// collectiveTypes are Chakra's of our types of calls; a dispatch and a combine are an all-to-all.
var collectiveTypes = map[string]int{"all_reduce": 0, "reduce": 1, "all_gather": 2, "gather": 3, "scatter": 4, "broadcast": 5,
	"all_to_all": 6, "dispatch": 6, "combine": 6, "reduce_scatter": 7}

// chakra writes the nodes of one rank, each message behind its length.
type chakra struct {
	w      *bufio.Writer
	run    *timeline.Run
	rank   int
	calls  map[int64]*timeline.Call // by the start of this rank's part
	nodes  uint64
	last   [2]uint64 // node of each track
	ended  [2]int64  // when it ends
	bare   int       // calls whose type or size Chakra cannot be told
	buffer []byte
}

// writeChakra writes a trace a rank. The nodes are the kernels: the order on a track is a control dependency, and what ended on the
// other track before a kernel began is a data dependency.
func writeChakra(dir string, s Source) (remarks []string, err error) {
	bare := 0
	for rank, ranks := 0, 1; rank < ranks; rank++ {
		c := &chakra{rank: rank}
		err := file(dir, fmt.Sprintf("rank.%d.et", rank), func(w *bufio.Writer) error {
			c.w = w
			return s.Lanes(func(run *timeline.Run) error {
				if c.run, ranks = run, len(run.Ranks); c.calls == nil {
					c.begin()
				}
				return c.write()
			})
		})
		if err != nil {
			return nil, err
		}
		bare += c.bare
	}
	remarks = []string{"what depends on what is taken from the order in time, as recorded: the kernels do not tell it"}
	if bare > 0 {
		remarks = append(remarks, unit.Plural(bare, "call")+
			" of which the traces tell no type, peer or size that Chakra knows are nodes of computation, as long as they took")
	}
	return remarks, nil
}

func (c *chakra) begin() {
	c.calls = map[int64]*timeline.Call{}
	for i := range c.run.Calls {
		if p := c.run.Calls[i].On(c.rank); p != nil {
			c.calls[p.Start] = &c.run.Calls[i]
		}
	}
	head := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "0.0.4")
	head = attribute(head, 2, "schema", "shardeck: kernels in order of time")
	c.message(attribute(head, 2, "rank", int64(c.run.Ranks[c.rank].Number)))
}

func (c *chakra) message(m []byte) {
	c.w.Write(binary.AppendUvarint(nil, uint64(len(m)))) // an error stays in the buffer until its end
	c.w.Write(m)
}

// write writes the kernels of both tracks of one part in order of their starts.
func (c *chakra) write() error {
	next := [2]func() (timeline.Kernel, bool){}
	var head [2]timeline.Kernel
	var there [2]bool
	for t := range next {
		pull, stop := iter.Pull(kernelsOf(c.run, c.rank, t))
		defer stop()
		next[t] = pull
		head[t], there[t] = pull()
	}
	for there[0] || there[1] {
		t := timeline.Work
		if !there[t] || there[timeline.Comm] && head[timeline.Comm].Start < head[t].Start {
			t = timeline.Comm
		}
		c.node(t, head[t])
		head[t], there[t] = next[t]()
	}
	_, err := c.w.Write(nil)
	return err
}

func (c *chakra) node(track int, k timeline.Kernel) {
	c.nodes++
	m := protowire.AppendVarint(protowire.AppendTag(c.buffer[:0], nodeID, protowire.VarintType), c.nodes)
	m = protowire.AppendString(protowire.AppendTag(m, nodeName, protowire.BytesType), c.run.Names[k.Name].Full)
	if c.last[track] > 0 {
		m = deps(m, nodeCtrlDeps, c.last[track])
	}
	if other := 1 - track; c.last[other] > 0 && c.ended[other] <= k.Start {
		m = deps(m, nodeDataDeps, c.last[other])
	}
	c.last[track], c.ended[track] = c.nodes, k.End
	number := func(field protowire.Number, v int64) {
		m = protowire.AppendVarint(protowire.AppendTag(m, field, protowire.VarintType), uint64(v))
	}
	kind, attrs := nodeComp, map[string]int64(nil)
	if track == timeline.Comm {
		if kind, attrs = c.communication(k); kind == nodeComp {
			c.bare++
		}
	}
	number(nodeType, int64(kind))
	number(nodeStart, k.Start/1000)
	number(nodeDuration, (k.End-k.Start+500)/1000)
	m = attribute(m, nodeAttr, "is_cpu_op", false)
	m = attribute(m, nodeAttr, "stream", int64(track))
	m = attribute(m, nodeAttr, "duration_ns", k.End-k.Start)
	for _, name := range []string{"comm_type", "comm_size", "comm_src", "comm_dst", "comm_tag"} {
		if v, has := attrs[name]; has {
			m = attribute(m, nodeAttr, name, v)
		}
	}
	c.message(m)
	c.buffer = m
}

// communication is what a kernel of communication is to Chakra; of what it cannot be told all that it needs, a computation.
func (c *chakra) communication(k timeline.Kernel) (kind int, attrs map[string]int64) {
	call := c.calls[k.Start]
	if call == nil || call.Bytes < 0 {
		return nodeComp, nil
	}
	attrs = map[string]int64{"comm_size": call.Bytes}
	if t, has := collectiveTypes[call.Type]; has {
		attrs["comm_type"] = int64(t)
		return nodeColl, attrs
	}
	if len(call.Parts) != 2 || call.Type != "send" && call.Type != "recv" {
		return nodeComp, nil
	}
	peer, own := call.Parts[0].Rank, c.rank
	if peer == own {
		peer = call.Parts[1].Rank
	}
	attrs["comm_tag"] = int64(call.Number)
	kind, attrs["comm_src"], attrs["comm_dst"] = nodeSend, int64(own), int64(peer)
	if c.run.Names[k.Name].Short == "recv" {
		kind, attrs["comm_src"], attrs["comm_dst"] = nodeRecv, int64(peer), int64(own)
	}
	return kind, attrs
}

func deps(m []byte, field protowire.Number, node uint64) []byte {
	return protowire.AppendBytes(protowire.AppendTag(m, field, protowire.BytesType), protowire.AppendVarint(nil, node))
}

// attribute appends an AttributeProto.
func attribute(m []byte, field protowire.Number, name string, value any) []byte {
	a := protowire.AppendString(protowire.AppendTag(nil, attrName, protowire.BytesType), name)
	switch v := value.(type) {
	case int64:
		a = protowire.AppendVarint(protowire.AppendTag(a, attrInt64, protowire.VarintType), uint64(v))
	case bool:
		a = protowire.AppendVarint(protowire.AppendTag(a, attrBool, protowire.VarintType), protowire.EncodeBool(v))
	case string:
		a = protowire.AppendString(protowire.AppendTag(a, attrString, protowire.BytesType), v)
	}
	return protowire.AppendBytes(protowire.AppendTag(m, field, protowire.BytesType), a)
}
