package kineto

import (
	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// collField is one NCCL argument that is kept.
type collField uint8

const (
	collName collField = iota
	collDType
	collIn
	collOut
	collSize
	collGroup
	collRanks
	collSrc
	collDst
	collFields // how many there are
)

// collFieldOf knows the argument names of every writer; "Process Group ID" is the
// group of traces before 2024.
func collFieldOf(key []byte) (collField, bool) {
	switch string(key) {
	case "Collective name":
		return collName, true
	case "dtype":
		return collDType, true
	case "In msg nelems":
		return collIn, true
	case "Out msg nelems":
		return collOut, true
	case "Group size":
		return collSize, true
	case "Process Group Name", "Process Group ID":
		return collGroup, true
	case "Process Group Ranks":
		return collRanks, true
	case "Src Rank":
		return collSrc, true
	case "Dst Rank":
		return collDst, true
	}
	return 0, false
}

// collTable interns NCCL metadata: calls of one kind and size share one Coll.
type collTable struct {
	ids   map[string]int32
	colls []trace.Coll
	keys  []string // the text of each
	bad   []bool   // a number of it is none
	key   []byte   // scratch
}

// intern returns the index of the Coll of e, which was read from b; -1 if it has
// no metadata.
func (t *collTable) intern(b []byte, e *event) int32 {
	if !e.collGiven {
		return -1
	}
	t.key = t.key[:0]
	for _, v := range e.coll {
		t.key = append(append(t.key, v.Of(b)...), 0)
	}
	if id, ok := t.ids[string(t.key)]; ok {
		return id
	}
	c := collReader{b: b, e: e}
	coll := c.coll()
	return t.add(string(t.key), coll, c.bad)
}

func (t *collTable) add(key string, c trace.Coll, bad bool) int32 {
	id := int32(len(t.colls))
	t.colls = append(t.colls, c)
	t.keys = append(t.keys, key)
	t.bad = append(t.bad, bad)
	t.ids[key] = id
	return id
}

// adopt is the index here of entry id of another table.
func (t *collTable) adopt(from *collTable, id int32) int32 {
	if here, ok := t.ids[from.keys[id]]; ok {
		return here
	}
	return t.add(from.keys[id], from.colls[id], from.bad[id])
}

// sofar is what the table holds now; it stays so while the table grows.
func (t *collTable) sofar() collTable {
	return collTable{colls: t.colls, keys: t.keys, bad: t.bad}
}

// collReader reads one event's metadata. A number that is missing or none is -1.
type collReader struct {
	b   []byte
	e   *event
	bad bool
}

func (c *collReader) coll() trace.Coll {
	return trace.Coll{
		Name:       c.text(collName),
		DType:      c.text(collDType),
		InElems:    c.int(collIn),
		OutElems:   c.int(collOut),
		GroupSize:  int(c.int(collSize)),
		GroupName:  c.text(collGroup),
		GroupRanks: trace.RankList(c.e.coll[collRanks].Of(c.b)),
		Src:        int(c.int(collSrc)),
		Dst:        int(c.int(collDst)),
	}
}

func (c *collReader) text(f collField) string { return jsonscan.CleanText(c.e.coll[f].Of(c.b)) }

func (c *collReader) int(f collField) int64 {
	var n number
	n.set(c.e.coll[f].Of(c.b), jsonscan.Integer)
	c.bad = c.bad || n.state == notANumber
	return n.or(-1)
}
