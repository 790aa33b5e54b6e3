package kineto

import (
	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// collTable interns NCCL metadata: calls of one kind and size share one Coll.
type collTable struct {
	ids  map[string]int32
	list []collEntry
	key  []byte // scratch
}

type collEntry struct {
	trace.Coll
	key string // its text
	bad bool   // a number of it is none
}

// intern is the index of the Coll of e, which was read from b; -1 if it has no metadata.
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
	return t.number(readColl(b, e, string(t.key)))
}

// number is the index of c, which may be an entry of another table.
func (t *collTable) number(c collEntry) int32 {
	id, ok := t.ids[c.key]
	if !ok {
		id = int32(len(t.list))
		t.ids[c.key] = id
		t.list = append(t.list, c)
	}
	return id
}

// all is the metadata that a Rank holds.
func (t *collTable) all() (out []trace.Coll) {
	for _, c := range t.list {
		out = append(out, c.Coll)
	}
	return out
}

// readColl reads the metadata of one event. A number that is missing or none is -1.
func readColl(b []byte, e *event, key string) collEntry {
	c := collEntry{key: key}
	val := func(f field) []byte { return e.coll[f-collName].Of(b) }
	text := func(f field) string { return jsonscan.CleanText(val(f)) }
	integer := func(f field) int64 {
		var n number
		n.set(val(f), jsonscan.Integer)
		c.bad = c.bad || n.state == notANumber
		return n.or(-1)
	}
	c.Coll = trace.Coll{
		Name: text(collName), DType: text(collDType), InElems: integer(collIn), OutElems: integer(collOut),
		GroupSize: int(integer(collSize)), GroupName: text(collGroup), GroupRanks: trace.RankList(val(collRanks)),
		Src: int(integer(collSrc)), Dst: int(integer(collDst)),
	}
	return c
}
