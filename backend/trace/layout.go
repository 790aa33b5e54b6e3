package trace

// layout is the spacing a writer puts before the category of an event.
type layout struct{ before, after string }

// layouts are those of the writers we know: Kineto's own, Python's json.dump, and
// compact. An event in another layout or order is read all the same, by walk.
var layouts = []layout{
	{"{\n    \"ph\": \"", "\", \"cat\": \""},
	{"{\"ph\": \"", "\", \"cat\": \""},
	{"{\"ph\":\"", "\",\"cat\":\""},
}

// dull says that the event that b begins with is of a kind that is not kept, judged
// by its first bytes. It is pure optimisation: false means only that it did not see.
func (s *scanner) dull(b []byte) bool {
	if s.last.dull(b) {
		return true
	}
	for _, l := range layouts {
		if l != s.last && l.matches(b) {
			s.last = l
			return l.dull(b)
		}
	}
	return false
}

func (l layout) matches(b []byte) bool {
	return len(b) > len(l.before) && string(b[:len(l.before)]) == l.before
}

func (l layout) dull(b []byte) bool {
	const margin = 64 // more than any phase and category that is kept
	if l.before == "" || len(b) < len(l.before)+len(l.after)+margin || !l.matches(b) {
		return false
	}
	b = b[len(l.before):]
	switch b[0] {
	case 'X':
		b = b[1:]
		return string(b[:len(l.after)]) == l.after && dullCategory(b[len(l.after):])
	case 'M', 's', 'f', 'i', 'C':
		return b[1] == '"'
	}
	return false
}

// dullCategory says that b begins with the whole name of a category not kept.
func dullCategory(b []byte) bool {
	for i := range b {
		switch {
		case b[i] == '"':
			return categoryOf(b[:i]) == other
		case i == 32 || b[i] == '\\':
			return false
		}
	}
	return false
}
