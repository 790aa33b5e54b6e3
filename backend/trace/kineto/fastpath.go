package kineto

import "shardeck/backend/trace/jsonscan"

// readKnown lets s read the events at the window's position, up to byte limit of its
// buffer, as long as it knows each by its text; false if the first is not known.
func readKnown(w *jsonscan.Window, s *scanner, limit int) bool {
	from := w.Pos
	w.Pos = s.readKnownEvents(w.Buf, w.Pos, limit)
	return w.Pos > from
}

// readKnownEvents reads the events that begin at b[i], one after another up to limit, as
// long as each is known by its text, and returns where the next is to be looked for.
func (s *scanner) readKnownEvents(b []byte, i, limit int) int {
	for i < limit && !s.plain && s.everyEvent == nil {
		end, ok := s.readKnownEvent(b, i)
		if !ok {
			return i
		}
		i = passComma(b, end)
	}
	return i
}

// readKnownEvent reads the event at b[i] if it is one that is ignored, or a launch that was
// expected.
func (s *scanner) readKnownEvent(b []byte, i int) (end int, ok bool) {
	if isIgnored(b[i:]) {
		end = jsonscan.SkipUnescaped(b, i)
		return end, end > 0
	}
	end = s.expectedLaunch(b, i)
	return end, end > 0
}

// passComma passes over the comma and the white space between two events, from b[i]
// to the brace of the next; i if there is anything else.
func passComma(b []byte, i int) int {
	const text = ",\n  {" // Kineto's
	if len(b)-i >= len(text) && string(b[i:i+len(text)]) == text {
		return i + len(text) - 1
	}
	if i < len(b) && b[i] == ',' {
		if k := jsonscan.SkipSpace(b, i+1); k < len(b) && b[k] == '{' {
			return k
		}
	}
	return i
}
