package kineto

import (
	"shardeck/backend/trace/jsonscan"
)

// blockSize is read at a time: two of them, the one that the kernel copies and ours,
// stay in a core's own cache.
const blockSize = 1 << 18

// maxEvent is how large one event may be before it is given up as damage.
const maxEvent = jsonscan.MaxPiece

// glance lets s read what it knows at a glance; false if that is nothing.
func glance(w *jsonscan.Window, s *scanner, limit int) bool {
	from := w.Pos
	w.Pos = s.run(w.Buf, w.Pos, limit)
	return w.Pos > from
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
