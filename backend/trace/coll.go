package trace

import (
	"strconv"
	"strings"
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

// collText is the NCCL metadata of an event as it stands in the text.
type collText struct {
	given bool
	val   [collFields][]byte
}

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

func (c *collText) set(key, val []byte) {
	f, ok := collFieldOf(key)
	if ok && c.val[f] == nil {
		c.val[f], c.given = val, true
	}
}

// collTable interns NCCL metadata: calls of one kind and size share one Coll.
type collTable struct {
	ids   map[string]int32
	colls []Coll
	bad   []bool // a number of it is none
	key   []byte
}

// intern returns the index of c's Coll, -1 if there is no metadata.
func (t *collTable) intern(c *collText) int32 {
	if !c.given {
		return -1
	}
	t.key = t.key[:0]
	for _, v := range c.val {
		t.key = append(append(t.key, v...), 0)
	}
	if id, ok := t.ids[string(t.key)]; ok {
		return id
	}
	id := int32(len(t.colls))
	t.colls = append(t.colls, c.coll())
	t.bad = append(t.bad, c.damaged())
	t.ids[string(t.key)] = id
	return id
}

// coll reads the text. A number that is missing or none is -1.
func (c *collText) coll() Coll {
	return Coll{
		Name:       cleanJSON(c.val[collName]),
		DType:      cleanJSON(c.val[collDType]),
		InElems:    c.int(collIn),
		OutElems:   c.int(collOut),
		GroupSize:  int(c.int(collSize)),
		GroupName:  cleanJSON(c.val[collGroup]),
		GroupRanks: rankList(c.val[collRanks]),
		Src:        int(c.int(collSrc)),
		Dst:        int(c.int(collDst)),
	}
}

func (c *collText) int(f collField) int64 {
	var n number
	n.set(c.val[f], integer)
	return n.or(-1)
}

// rankList reads [0, 1], in quotes or not; nil if it is missing, cut with "..." or
// not a list of numbers.
func rankList(val []byte) []int {
	text := strings.TrimSpace(string(unquote(val)))
	if len(text) < 2 || text[0] != '[' || text[len(text)-1] != ']' {
		return nil
	}
	var ranks []int
	for _, f := range strings.Split(text[1:len(text)-1], ",") {
		r, err := strconv.Atoi(strings.TrimSpace(f))
		if err != nil || r < 0 {
			return nil
		}
		ranks = append(ranks, r)
	}
	return ranks
}

// collNumbers are the fields that should hold numbers.
var collNumbers = [...]collField{collIn, collOut, collSize, collSrc, collDst}

// damaged says whether one of the numbers is given but is none.
func (c *collText) damaged() bool {
	for _, f := range collNumbers {
		var n number
		n.set(c.val[f], integer)
		if n.state == notANumber {
			return true
		}
	}
	return false
}
