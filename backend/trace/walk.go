package trace

// verdict is what the reader of a field thinks of the event after it.
type verdict bool

const (
	goOn    verdict = false
	abandon verdict = true // no event that is kept
)

// fieldFunc takes one key and the text of its value.
type fieldFunc func(s *scanner, key, val []byte) verdict

// walk reads the event at b[i] key by key, in any order and layout, into s.ev. Of a
// key given twice the first counts. As soon as the event shows to be one that is not
// kept, the rest is skipped.
func (s *scanner) walk(b []byte, i, clean int) (end int, st status) {
	s.ev = event{}
	end, st = s.object(b, i, (*scanner).eventField)
	if st == whole && end < 0 {
		return skip(b, i, clean)
	}
	return end, st
}

// object reads the keys of the object at b[i]. An end of -1 means that a field
// abandoned the event.
func (s *scanner) object(b []byte, i int, field fieldFunc) (end int, st status) {
	i++
	for {
		i = skipSpace(b, i)
		if i >= len(b) {
			return 0, short
		}
		switch b[i] {
		case '}':
			return i + 1, whole
		case ',':
			i++
			continue
		case '"':
		default:
			return 0, broken
		}
		if i, st = s.pair(b, i, field); st != whole || i < 0 {
			return i, st
		}
	}
}

// pair reads one key and its value, up to the comma or brace after it.
func (s *scanner) pair(b []byte, i int, field fieldFunc) (end int, st status) {
	keyEnd, st := stringEnd(b, i)
	if st != whole {
		return 0, st
	}
	key := b[i+1 : keyEnd-1]
	if i, st = colon(b, keyEnd); st != whole {
		return 0, st
	}
	if b[i] == '{' && !s.ev.args && string(key) == "args" {
		s.ev.args = true
		end, st = s.object(b, i, (*scanner).argField)
	} else {
		end, st = value(b, i)
		if st == whole && field(s, key, b[i:end]) == abandon {
			return -1, whole
		}
	}
	if st != whole {
		return 0, st
	}
	return end, closed(b, end)
}

// colon is the index of the value after the key that ended at i.
func colon(b []byte, i int) (int, status) {
	i = skipSpace(b, i)
	if i < len(b) && b[i] != ':' {
		return 0, broken
	}
	if i = skipSpace(b, i+1); i >= len(b) {
		return 0, short
	}
	return i, whole
}

// closed says whether a value that ended at i is followed by what must follow it.
func closed(b []byte, i int) status {
	i = skipSpace(b, i)
	if i >= len(b) {
		return short
	}
	if b[i] == ',' || b[i] == '}' {
		return whole
	}
	return broken
}
