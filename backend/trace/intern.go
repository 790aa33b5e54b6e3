package trace

import (
	"encoding/json"
	"strings"

	"shardeck/model"
)

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
	id := t.internClean(cleanJSON(val))
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

// cleanJSON is a JSON string (or a bare value) as text for people.
func cleanJSON(val []byte) string {
	text := string(unquote(val))
	var plain string
	if strings.IndexByte(text, '\\') >= 0 && json.Unmarshal(val, &plain) == nil {
		text = plain
	}
	return model.Printable(text)
}
