package kineto

import "bytes"

// How an event begins, up to its phase, in the spacing of the writers we know: Kineto's
// own, Python's json.dump, and compact. An event in another layout or order is read all
// the same, by walk.
const (
	kinetoStart  = "{\n    \"ph\": \""
	spacedStart  = "{\"ph\": \""
	compactStart = "{\"ph\":\""
)

// How it goes on to its category.
const (
	spacedCategory  = "X\", \"cat\": \""
	compactCategory = "X\",\"cat\":\""
)

// How Kineto writes the names of its rows and processes.
const (
	kinetoNamed = "{\n    \"name\": \""
	kinetoRow   = "\", \"ph\": \"M\""
	longestRow  = 24 // thread_sort_index, process_sort_index …
)

// margin is more text than any of these with a category that is kept.
const margin = 64

// dull says that the event that b begins with is of a kind that is not kept. It is
// pure optimisation: false means only that it did not see.
func dull(b []byte) bool {
	switch {
	case len(b) < margin:
		return false
	case string(b[:len(kinetoStart)]) == kinetoStart:
		return dullPhase(b[len(kinetoStart):])
	case string(b[:len(spacedStart)]) == spacedStart:
		return dullPhase(b[len(spacedStart):])
	case string(b[:len(compactStart)]) == compactStart:
		return dullPhase(b[len(compactStart):])
	case string(b[:len(kinetoNamed)]) == kinetoNamed:
		return dullNamed(b[len(kinetoNamed):])
	}
	return false
}

// dullNamed is dull for an event from its name on.
func dullNamed(b []byte) bool {
	n := bytes.IndexByte(b[:longestRow], '"')
	return n > 0 && b[n-1] != '\\' && string(b[n:n+len(kinetoRow)]) == kinetoRow
}

// dullPhase is dull for an event from its phase on.
func dullPhase(b []byte) bool {
	switch b[0] {
	case 'X':
		switch {
		case string(b[:len(spacedCategory)]) == spacedCategory:
			return dullCategory(b[len(spacedCategory):])
		case string(b[:len(compactCategory)]) == compactCategory:
			return dullCategory(b[len(compactCategory):])
		}
	case 'M', 's', 'f', 'i', 'C':
		return b[1] == '"'
	}
	return false
}

// dullCategory says that b begins like no category that is kept.
func dullCategory(b []byte) bool {
	switch string(b[:4]) {
	case "kern", "Kern", "gpu_", "Memc", "Mems", "user":
		return false
	}
	return true
}
