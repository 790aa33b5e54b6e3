package trace

import "shardeck/backend/trace/jsonscan"

// Names gives each name a number, in the order in which names are first met. A name
// met before costs one look-up and no allocation.
type Names struct {
	List   []string          // clean, by number
	byName map[string]uint32 // clean
	byJSON map[string]uint32 // as in the text, quotes and escapes included
}

// NewNames is an empty table.
func NewNames() *Names { return &Names{byName: map[string]uint32{}, byJSON: map[string]uint32{}} }

// ID is the number of a clean name.
func (t *Names) ID(name string) uint32 {
	id, ok := t.byName[name]
	if !ok {
		id = uint32(len(t.List))
		t.List = append(t.List, name)
		t.byName[name] = id
	}
	return id
}

// KnownJSON is the number of a name met before, from its JSON text.
func (t *Names) KnownJSON(val []byte) (id uint32, ok bool) {
	id, ok = t.byJSON[string(val)]
	return id, ok
}

// JSON is the number of the name whose JSON text is val.
func (t *Names) JSON(val []byte) uint32 {
	id, ok := t.byJSON[string(val)]
	if !ok {
		id = t.ID(jsonscan.CleanText(val))
		t.byJSON[string(val)] = id
	}
	return id
}
