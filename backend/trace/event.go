package trace

import "strconv"

// category is a kind of event that is kept.
type category uint8

const (
	other category = iota
	kernel
	memcpy
	memset
	cpuMark
	gpuMark
)

// categoryOf knows the categories that are kept, by their names in new traces and
// in those of before 2022.
func categoryOf(cat []byte) category {
	switch string(cat) {
	case "kernel", "Kernel":
		return kernel
	case "gpu_memcpy", "Memcpy":
		return memcpy
	case "gpu_memset", "Memset":
		return memset
	case "user_annotation":
		return cpuMark
	case "gpu_user_annotation":
		return gpuMark
	}
	return other
}

// number is a value that an event may lack.
type number struct {
	v     int64
	state numberState
}

type numberState uint8

const (
	notGiven numberState = iota
	given
	notANumber // present, but NaN, inf, N/A or other text
)

func (n number) or(missing int64) int64 {
	if n.state == given {
		return n.v
	}
	return missing
}

// event is the scratch copy of the event being read. Slices point into the window
// and are void once the event has been taken.
type event struct {
	ph, cat, name                       []byte
	ts, dur, pid, tid                   number
	device, stream, correlation, blocks number
	blocksF                             float32
	coll                                collText
	args                                bool // seen
}

// eventField takes a field of the event itself.
func (s *scanner) eventField(key, val []byte) verdict {
	e := &s.ev
	switch string(key) {
	case "ph":
		return e.setPhase(val)
	case "cat":
		return e.setCategory(val)
	case "name":
		if e.name == nil {
			e.name = val
		}
	case "ts":
		e.ts.set(val, micros)
	case "dur":
		e.dur.set(val, micros)
	case "pid":
		e.pid.set(val, integer)
	case "tid":
		e.tid.set(streamText(val), integer)
	}
	return goOn
}

// phases that hold no record: metadata, flows, instants, counters and the like. "X"
// is kept, and "B" and "E" only to be counted as lost.
func (e *event) setPhase(val []byte) verdict {
	if e.ph == nil {
		e.ph = unquote(val)
	}
	switch string(e.ph) {
	case "X", "B", "E":
		return goOn
	}
	return abandon
}

func (e *event) setCategory(val []byte) verdict {
	if e.cat == nil {
		e.cat = unquote(val)
	}
	return verdict(categoryOf(e.cat) == other)
}

// set reads val once; numbers in quotes are numbers, as some writers make them.
func (n *number) set(val []byte, read func([]byte) (int64, bool)) {
	if n.state != notGiven {
		return
	}
	val = unquote(val)
	if len(val) == 0 || string(val) == "null" {
		return
	}
	v, ok := read(val)
	n.v, n.state = v, notANumber
	if ok {
		n.state = given
	}
}

// unquote takes the quotes off a string; escapes stay as they are.
func unquote(val []byte) []byte {
	if len(val) >= 2 && val[0] == '"' {
		return val[1 : len(val)-1]
	}
	return val
}

// streamText is the number in a tid that says "stream 7".
func streamText(val []byte) []byte {
	const word = "\"stream "
	if len(val) > len(word) && string(val[:len(word)]) == word {
		return val[len(word) : len(val)-1]
	}
	return val
}

// argField takes a field of the event's args.
func (s *scanner) argField(key, val []byte) verdict {
	e := &s.ev
	switch string(key) {
	case "device":
		e.device.set(val, integer)
	case "stream":
		e.stream.set(val, integer)
	case "correlation":
		e.correlation.set(val, integer)
	case "blocks per SM":
		e.setBlocks(val)
	default:
		e.coll.set(key, val)
	}
	return goOn
}

func (e *event) setBlocks(val []byte) {
	if e.blocks.state != notGiven {
		return
	}
	val = unquote(val)
	e.blocks.state = notANumber
	if _, _, ok := mantissa(val); !ok {
		return
	}
	f, err := strconv.ParseFloat(string(val), 32)
	if err == nil {
		e.blocksF, e.blocks.state = float32(f), given
	}
}
