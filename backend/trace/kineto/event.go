package kineto

import "shardeck/backend/trace/jsonscan"

// category is a kind of event that is kept.
type category uint8

const (
	unseen category = iota
	other
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

// set reads val once; numbers in quotes are numbers, as some writers make them.
func (n *number) set(val []byte, read func([]byte) (int64, bool)) {
	if n.state != notGiven {
		return
	}
	val = jsonscan.Unquote(val)
	if len(val) == 0 || string(val) == "null" {
		return
	}
	v, ok := read(val)
	n.v, n.state = v, notANumber
	if ok {
		n.state = given
	}
}

// event is the scratch copy of the event being read; its spans are places in the
// text it was read from.
type event struct {
	phase       byte // 0: unseen; X, B and E may be kept, ? is any other
	cat         category
	name        jsonscan.Span
	num         [numFields]number
	blocks      float32
	blocksState numberState
	args        bool // seen
	odd         int  // values that are not kept and no JSON: inf, NaN, N/A
	collGiven   bool
	coll        [collFields]jsonscan.Span
}

// numField is a number of an event that is kept.
type numField uint8

const (
	numTs numField = iota
	numDur
	numPid
	numTid
	numDevice
	numStream
	numCorrelation
	numFields
)

// reset makes the event empty; what is rarely used is cleared only then.
func (e *event) reset() {
	if e.collGiven {
		e.coll = [collFields]jsonscan.Span{}
	}
	e.phase, e.cat, e.name = 0, unseen, jsonscan.Span{}
	e.num = [numFields]number{}
	e.blocksState, e.args, e.collGiven, e.odd = notGiven, false, false, 0
}

// field is where the value of a key goes.
type field uint8

const (
	fieldNone field = iota
	fieldPhase
	fieldCategory
	fieldName
	fieldNumber // sub is a numField
	fieldBlocks
	fieldColl // sub is a collField
)

// eventField says what a key of the event itself holds.
func eventField(key []byte) (f field, sub uint8) {
	switch string(key) {
	case "ph":
		return fieldPhase, 0
	case "cat":
		return fieldCategory, 0
	case "name":
		return fieldName, 0
	case "ts":
		return fieldNumber, uint8(numTs)
	case "dur":
		return fieldNumber, uint8(numDur)
	case "pid":
		return fieldNumber, uint8(numPid)
	case "tid":
		return fieldNumber, uint8(numTid)
	}
	return fieldNone, 0
}

// argField says what a key of the event's args holds.
func argField(key []byte) (f field, sub uint8) {
	switch string(key) {
	case "device":
		return fieldNumber, uint8(numDevice)
	case "stream":
		return fieldNumber, uint8(numStream)
	case "correlation":
		return fieldNumber, uint8(numCorrelation)
	case "blocks per SM":
		return fieldBlocks, 0
	}
	if c, ok := collFieldOf(key); ok {
		return fieldColl, uint8(c)
	}
	return fieldNone, 0
}

// setValue puts the value b[at.from:at.to] where it belongs, unless the key came before:
// of a key given twice the first counts.
func (e *event) setValue(b []byte, f field, sub uint8, at jsonscan.Span) {
	switch f {
	case fieldNone:
		e.noteOdd(at.Of(b))
	case fieldPhase:
		e.setPhase(jsonscan.Unquote(at.Of(b)))
	case fieldCategory:
		if e.cat == unseen {
			e.cat = categoryOf(jsonscan.Unquote(at.Of(b)))
		}
	case fieldName:
		setFirst(&e.name, at)
	case fieldNumber:
		e.setNumber(numField(sub), at.Of(b))
	case fieldBlocks:
		e.setBlocks(at.Of(b))
	case fieldColl:
		e.collGiven = true
		setFirst(&e.coll[sub], at)
	}
}

// noteOdd counts a bare word that JSON does not know.
func (e *event) noteOdd(val []byte) {
	switch c := val[0]; {
	case c == '"', c == '[', c == '{', c >= '0' && c <= '9':
		return
	}
	if _, ok := jsonscan.Float(val); ok {
		return
	}
	switch string(val) {
	case "true", "false", "null":
	default:
		e.odd++
	}
}

// setPhase takes the ph of an event. "X" is kept, "B" and "E" only to be counted as
// lost; metadata, flows, instants and counters hold no record.
func (e *event) setPhase(ph []byte) {
	if e.phase != 0 {
		return
	}
	switch string(ph) {
	case "X", "B", "E":
		e.phase = ph[0]
	default:
		e.phase = '?'
	}
}

// setFirst sets p to at, unless it is set.
func setFirst(p *jsonscan.Span, at jsonscan.Span) {
	if !p.Given() {
		*p = at
	}
}

// setNumber takes a number; old traces name their rows "stream 7".
func (e *event) setNumber(f numField, val []byte) {
	const word = "\"stream "
	read := jsonscan.Integer
	switch {
	case f.isTime():
		read = jsonscan.Micros
	case f == numTid && len(val) > len(word) && string(val[:len(word)]) == word:
		val = val[len(word) : len(val)-1]
	}
	e.num[f].set(val, read)
}

func (f numField) isTime() bool { return f == numTs || f == numDur }

func (e *event) setBlocks(val []byte) {
	if e.blocksState != notGiven {
		return
	}
	e.blocksState = notANumber
	if f, ok := jsonscan.Float(jsonscan.Unquote(val)); ok {
		e.blocks, e.blocksState = float32(f), given
	}
}

// kept says whether the event is, or may yet turn out to be, one that is kept.
func (e *event) kept() bool { return e.phase != '?' && e.cat != other }

// mark says that the event is an annotation.
func (e *event) mark() bool { return e.cat == cpuMark || e.cat == gpuMark }
