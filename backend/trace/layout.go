package trace

// layout is the spacing a writer puts before the category of an event.
type layout struct {
	before   string // the phase
	complete string // the category of an event with the phase X
}

// layouts are those of the writers we know: Kineto's own, Python's json.dump, and
// compact. An event in another layout or order is read all the same, by walk.
var layouts = []layout{
	{"{\n    \"ph\": \"", "{\n    \"ph\": \"X\", \"cat\": \""},
	{"{\"ph\": \"", "{\"ph\": \"X\", \"cat\": \""},
	{"{\"ph\":\"", "{\"ph\":\"X\",\"cat\":\""},
}

// glance knows events of kinds that are not kept by their first bytes.
type glance struct {
	last *layout // of the event before, tried first

	// names are categories not kept, each with its closing quote, at places made
	// of their letters.
	names [32]string
}

// margin is more text than any phase and category that is kept has.
const margin = 64

// dull says that the event that b begins with is of a kind that is not kept. It is
// pure optimisation: false means only that it did not see.
func (g *glance) dull(b []byte) bool {
	if l := g.last; l != nil && l.matches(b) {
		return g.dullIn(l, b)
	}
	for k := range layouts {
		if l := &layouts[k]; l.matches(b) {
			g.last = l
			return g.dullIn(l, b)
		}
	}
	return false
}

func (l *layout) matches(b []byte) bool {
	return len(b) > len(l.complete)+margin && string(b[:len(l.before)]) == l.before
}

// dullIn is dull for an event in layout l.
func (g *glance) dullIn(l *layout, b []byte) bool {
	switch b[len(l.before)] {
	case 'X':
		n := len(l.complete)
		return string(b[len(l.before):n]) == l.complete[len(l.before):] && g.dullCategory(b[n:])
	case 'M', 's', 'f', 'i', 'C':
		return b[len(l.before)+1] == '"'
	}
	return false
}

// dullCategory says that b begins with the whole name of a category not kept.
func (g *glance) dullCategory(b []byte) bool {
	name := &g.names[(b[0]^b[5])%uint8(len(g.names))]
	if n := len(*name); n > 0 && string(b[:n]) == *name {
		return true
	}
	if b[0] == 'k' { // a kernel
		return false
	}
	for i := range margin / 2 {
		switch {
		case b[i] == '"':
			dull := categoryOf(b[:i]) == other
			if dull && *name == "" {
				*name = string(b[:i+1])
			}
			return dull
		case b[i] == '\\':
			return false
		}
	}
	return false
}
