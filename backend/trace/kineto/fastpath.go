package kineto

import (
	"bytes"
	"strings"

	"shardeck/backend/trace/jsonscan"
)

// readKnown reads the events at the window's position, one after another, as long as each
// is known by its text; false if the first is not. One that may not be whole in memory is left until it is: it would be read twice.
func (s *scanner) readKnown(w *jsonscan.Window) bool {
	margin := w.Block / 64
	if len(w.Buf)-w.Pos < margin {
		w.More()
	}
	b, i, limit := w.Buf, w.Pos, len(w.Buf)
	if w.Err == nil {
		limit -= margin
	}
	for i < limit && !s.plain && s.everyEvent == nil {
		end, ok := s.readKnownEvent(b, i)
		if !ok {
			break
		}
		i = passComma(b, end)
	}
	known := i > w.Pos
	w.Pos = i
	return known
}

// readKnownEvent reads the event at b[i] if it is one that is ignored, or the launch that was expected.
func (s *scanner) readKnownEvent(b []byte, i int) (end int, ok bool) {
	if isIgnored(b[i:]) {
		if end = jsonscan.SkipUnescaped(b, i); end > 0 {
			s.tellHost(b[:end], i)
		}
		return end, end > 0
	}
	end = s.expectedLaunch(b, i)
	return end, end > 0
}

// passComma goes from b[i], over a comma and white space, to the next event's brace; i if there is anything else.
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

// How an event begins, up to its phase and from there to its category, in the spacing of the writers we know: Kineto's own,
// Python's json.dump, and compact. One in another layout or order is read all the same, key by key.
const (
	kinetoStart     = "{\n    \"ph\": \""
	spacedStart     = "{\"ph\": \""
	compactStart    = "{\"ph\":\""
	spacedCategory  = "X\", \"cat\": \""
	compactCategory = "X\",\"cat\":\""
	kinetoNamed     = "{\n    \"name\": \"" // of a row or process
	kinetoRow       = "\", \"ph\": \"M\""
	longestRow      = 24 // thread_sort_index, process_sort_index …
	ignoredMargin   = 64 // more text than any of these with a category that is kept
)

// isIgnored says that b begins with an event of a kind that is not kept; false means only that it did not see.
func isIgnored(b []byte) bool {
	switch {
	case len(b) < ignoredMargin:
		return false
	case string(b[:len(kinetoStart)]) == kinetoStart:
		return ignoredPhase(b[len(kinetoStart):])
	case string(b[:len(spacedStart)]) == spacedStart:
		return ignoredPhase(b[len(spacedStart):])
	case string(b[:len(compactStart)]) == compactStart:
		return ignoredPhase(b[len(compactStart):])
	case string(b[:len(kinetoNamed)]) == kinetoNamed:
		return ignoredName(b[len(kinetoNamed):])
	}
	return false
}

// ignoredName is isIgnored for an event from its name on.
func ignoredName(b []byte) bool {
	n := bytes.IndexByte(b[:longestRow], '"')
	return n > 0 && b[n-1] != '\\' && string(b[n:n+len(kinetoRow)]) == kinetoRow
}

// ignoredPhase is isIgnored for an event from its phase on.
func ignoredPhase(b []byte) bool {
	switch {
	case string(b[:len(spacedCategory)]) == spacedCategory:
		return ignoredCategory(b[len(spacedCategory):])
	case string(b[:len(compactCategory)]) == compactCategory:
		return ignoredCategory(b[len(compactCategory):])
	}
	return b[1] == '"' && strings.IndexByte("MsfiC", b[0]) >= 0
}

// ignoredCategory says that b begins like no category that is kept.
func ignoredCategory(b []byte) bool {
	switch string(b[:4]) {
	case "kern", "Kern", "gpu_", "Memc", "Mems", "user", "Oper":
		return false
	}
	return true
}
