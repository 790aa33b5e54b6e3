package kineto

import "shardeck/backend/trace/jsonscan"

// nameTable gives each kernel name a number. A name seen before costs one look-up
// and no allocation.
type nameTable struct {
	raw   map[string]uint32 // as in the text, quotes and escapes included
	clean map[string]uint32
	names []string
}

func newNameTable() *nameTable {
	return &nameTable{raw: map[string]uint32{}, clean: map[string]uint32{}}
}

// intern takes the JSON text of a name.
func (t *nameTable) intern(val []byte) uint32 {
	if id, ok := t.raw[string(val)]; ok {
		return id
	}
	id := t.internClean(jsonscan.CleanText(val))
	t.raw[string(val)] = id
	return id
}

// internClean takes a name that is clean already.
func (t *nameTable) internClean(name string) uint32 {
	if id, ok := t.clean[name]; ok {
		return id
	}
	id := uint32(len(t.names))
	t.names = append(t.names, name)
	t.clean[name] = id
	return id
}
