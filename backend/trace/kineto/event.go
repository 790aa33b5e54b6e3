package kineto

import (
	"shardeck/backend/trace/jsonscan"
)

// category is a kind of event that is kept, or none.
type category uint8

const (
	other category = iota
	kernel
	memcpy
	memset
	cpuMark
	gpuMark
	unseen
	hostCall // of the GPU's runtime or driver; these are of a hostReader alone
	hostOp
	hostOldOp
	hostFrame
)

// categories are the kinds that are kept, by their names in new traces and in those of before 2022: steps stood among operators.
var categories = map[string]category{
	"kernel": kernel, "gpu_memcpy": memcpy, "gpu_memset": memset, "user_annotation": cpuMark, "gpu_user_annotation": gpuMark,
	"Kernel": kernel, "Memcpy": memcpy, "Memset": memset, "Operator": cpuMark,
}

func categoryOf(cat []byte) category { return categories[string(cat)] }

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

// event is the scratch copy of the event being read; its spans are places in the text it was read from.
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

// reset makes the event empty; what is rarely used is cleared only then.
func (e *event) reset() {
	if e.collGiven {
		e.coll = [collFields]jsonscan.Span{}
	}
	e.phase, e.cat, e.name = 0, unseen, jsonscan.Span{}
	e.num = [numFields]number{}
	e.blocksState, e.args, e.collGiven, e.odd = notGiven, false, false, 0
}

// field is where the value of a key goes: numbers first, NCCL's arguments from collName on.
type field uint8

const (
	numTs field = iota
	numDur
	numPid
	numTid
	numDevice
	numStream
	numCorrelation
	numID
	numRF
	collName
	collDType
	collIn
	collOut
	collSize
	collGroup
	collRanks
	collSrc
	collDst
	fieldNone // not kept
	fieldPhase
	fieldCategory
	fieldName
	fieldBlocks
	fields

	numFields  = collName
	collFields = fieldNone - collName
)

func (f field) isTime() bool   { return f <= numDur }
func (f field) isNumber() bool { return f < collName }
func (f field) isColl() bool   { return f >= collName && f < fieldNone }

// eventFields are the keys of the event itself.
var eventFields = map[string]field{
	"ph": fieldPhase, "cat": fieldCategory, "name": fieldName, "ts": numTs, "dur": numDur, "pid": numPid, "tid": numTid,
}

// argFields are the keys of args by every writer; "Process Group ID" is the group of traces before 2024.
var argFields = map[string]field{
	"device": numDevice, "stream": numStream, "correlation": numCorrelation, "blocks per SM": fieldBlocks,
	"Collective name": collName, "dtype": collDType, "In msg nelems": collIn, "Out msg nelems": collOut,
	"Group size": collSize, "Process Group Name": collGroup, "Process Group ID": collGroup,
	"Process Group Ranks": collRanks, "Src Rank": collSrc, "Dst Rank": collDst,
}

// fieldOf says what a key holds.
func fieldOf(key []byte, inArgs bool) field {
	fields := eventFields
	if inArgs {
		fields = argFields
	}
	if f, ok := fields[string(key)]; ok {
		return f
	}
	return fieldNone
}

// setValue puts the value b[at.from:at.to] where it belongs; of a key given twice the first counts.
func (e *event) setValue(b []byte, f field, at jsonscan.Span) {
	switch val := at.Of(b); {
	case f == fieldNone:
		e.noteOdd(val)
	case f.isNumber():
		e.setNumber(f, val)
	case f.isColl():
		e.collGiven = true
		setFirst(&e.coll[f-collName], at)
	case f == fieldPhase:
		e.setPhase(jsonscan.Unquote(val))
	case f == fieldName:
		setFirst(&e.name, at)
	case f == fieldBlocks:
		e.setBlocks(val)
	case e.cat == unseen:
		e.cat = categoryOf(jsonscan.Unquote(val))
	}
}

// noteOdd counts a bare word that JSON does not know.
func (e *event) noteOdd(val []byte) {
	switch c := val[0]; {
	case c == '"', c == '[', c == '{', c >= '0' && c <= '9':
	default:
		_, number := jsonscan.Float(val)
		if word := string(val); !number && word != "true" && word != "false" && word != "null" {
			e.odd++
		}
	}
}

// setPhase takes the ph of an event. "X" is kept, "B" and "E" only to be counted as lost; no other holds a record.
func (e *event) setPhase(ph []byte) {
	switch known := string(ph); {
	case e.phase != 0:
	case known == "X" || known == "B" || known == "E":
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
func (e *event) setNumber(f field, val []byte) {
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

// How far reading a piece of JSON got.
const (
	whole  = jsonscan.Whole
	short  = jsonscan.Short
	broken = jsonscan.Broken
)

type status = jsonscan.Status

// readByKeys reads the event at b[i] key by key, in any order and layout, into s.ev. As
// soon as the event shows to be one that is not kept, the rest is skipped.
func (s *scanner) readByKeys(b []byte, i int) (end int, st status) {
	s.ev.reset()
	end, st = s.readObject(b, i, false)
	switch {
	case st != whole || end >= 0:
		return end, st
	case s.plain:
		return jsonscan.SkipByStrings(b, i) // what SkipObject must equal
	}
	return jsonscan.SkipObject(b, i)
}

// readObject reads the keys of the object at b[i], an event or its args; -1: the event need not be read on.
func (s *scanner) readObject(b []byte, i int, args bool) (end int, st status) {
	i++
	for {
		i = jsonscan.SkipSpace(b, i)
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
		if i, st = s.readPair(b, i, args); st != whole || i < 0 {
			return i, st
		}
	}
}

// readPair reads one key and its value, up to the comma or brace after it.
func (s *scanner) readPair(b []byte, i int, args bool) (end int, st status) {
	key, from, st := jsonscan.KeyAndColon(b, i)
	if st != whole {
		return 0, st
	}
	if !args && !s.ev.args && b[from] == '{' && string(key) == "args" {
		s.ev.args = true
		end, st = s.readObject(b, from, true)
	} else if end, st = jsonscan.ValueEnd(b, from); st == whole {
		if !s.takeValue(b, fieldOf(key, args), jsonscan.SpanOf(from, end)) {
			return -1, whole
		}
	}
	if st != whole {
		return 0, st
	}
	return end, jsonscan.SeparatorAt(b, end)
}

// takeValue takes one value; false if the event is not one that is kept.
func (s *scanner) takeValue(b []byte, f field, at jsonscan.Span) bool {
	s.ev.setValue(b, f, at)
	switch f {
	case fieldPhase, fieldCategory:
		return s.ev.kept()
	case fieldName:
		return !s.ev.mark() || s.steps.of(s.ev.name.Of(b)) != ""
	}
	return true
}

// eachPair calls do for the keys of the event at b[i] and of its args, the first object of that name.
func eachPair(b []byte, i int, do func(key []byte, inArgs bool, from, to int)) {
	seen := false
	jsonscan.EachKey(b, i, func(key []byte, from, to int) {
		if seen || b[from] != '{' || string(key) != "args" {
			do(key, false, from, to)
			return
		}
		seen = true
		jsonscan.EachKey(b[:to], from, func(key []byte, from, to int) { do(key, true, from, to) })
	})
}
