package trace

import (
	"math"
	"unicode/utf8"
)

// scanner reads events and keeps those that metrics need. It knows nothing of files:
// it is given text, and the offset of that text for its faults.
type scanner struct {
	ev      event
	last    layout // of the event before, tried first
	records []Record
	names   *nameTable
	colls   collTable
	marks   []Mark
	kernels int
	faults  faults

	// expect estimates how many records there will be in all, so that the list
	// grows in few steps; nil: it doubles.
	expect func(now int) int
}

func newScanner() *scanner {
	return &scanner{names: newNameTable(), colls: collTable{ids: map[string]int32{}}}
}

// event reads the event at b[i], which is at offset at of the text. clean is as in
// skip. Events that are short or broken leave no trace.
func (s *scanner) event(b []byte, i, clean int, at int64) (end int, st status) {
	if s.dull(b[i:]) {
		return skip(b, i, clean)
	}
	if end, st = s.walk(b, i, clean); st == whole {
		s.take(at)
	}
	return end, st
}

// take keeps the event in s.ev if it is of a kind that is kept.
func (s *scanner) take(at int64) {
	e := &s.ev
	cat := categoryOf(e.cat)
	if cat == other {
		return
	}
	switch string(e.ph) {
	case "X":
	case "B", "E":
		if cat != cpuMark && cat != gpuMark {
			s.faults.add(faultHalf, at)
		}
		return
	default:
		return
	}
	switch cat {
	case cpuMark, gpuMark:
		s.takeMark(cat == gpuMark, at)
	case kernel, memcpy, memset:
		s.takeRecord(Kind(cat-kernel), at)
	}
}

func (s *scanner) takeRecord(kind Kind, at int64) {
	e := &s.ev
	start, dur, ok := s.times(at)
	if !ok {
		return
	}
	r := Record{
		Start:  start,
		Dur:    dur,
		Name:   s.name(e.name, at),
		Corr:   uint32(s.place(e.correlation, number{}, 0, math.MaxUint32, at)),
		Coll:   s.coll(at),
		Blocks: s.blocks(at),
		Stream: int32(s.place(e.stream, e.tid, -1, math.MaxInt32, at)),
		Device: int16(s.place(e.device, e.pid, -1, math.MaxInt16, at)),
		Kind:   kind,
	}
	s.room()
	s.records = append(s.records, r)
	if kind == KindKernel {
		s.kernels++
	}
}

func (s *scanner) takeMark(gpu bool, at int64) {
	name := cleanJSON(s.ev.name)
	if !isStep(name) {
		return
	}
	if start, dur, ok := s.times(at); ok {
		s.marks = append(s.marks, Mark{Name: name, Start: start, Dur: dur, GPU: gpu})
	}
}

// times are the start and duration of the event; false if it has not both.
func (s *scanner) times(at int64) (start, dur int64, ok bool) {
	e := &s.ev
	if e.ts.state != given || e.dur.state != given {
		s.faults.add(faultTime, at)
		return 0, 0, false
	}
	if e.dur.v < 0 {
		s.faults.add(faultNegative, at)
	}
	return e.ts.v, max(0, e.dur.v), true
}

// place is the argument's number, else that of the event's own row, else missing.
func (s *scanner) place(arg, row number, missing, most int64, at int64) int64 {
	if arg.state == notGiven {
		arg = row
		if row.state == notANumber { // rows may have names
			return missing
		}
	}
	if arg.state == notANumber || arg.state == given && (arg.v < missing || arg.v > most) {
		s.faults.add(faultPlace, at)
		return missing
	}
	return arg.or(missing)
}

func (s *scanner) blocks(at int64) float32 {
	switch s.ev.blocks.state {
	case given:
		return s.ev.blocksF
	case notANumber:
		s.faults.add(faultBlocks, at)
	}
	return -1
}

func (s *scanner) name(val []byte, at int64) uint32 {
	if id, ok := s.names.raw[string(val)]; ok {
		return id
	}
	if !utf8.Valid(val) {
		s.faults.add(faultName, at)
	}
	return s.names.intern(val)
}

func (s *scanner) coll(at int64) int32 {
	id := s.colls.intern(&s.ev.coll)
	if id >= 0 && s.colls.bad[id] {
		s.faults.add(faultColl, at)
	}
	return id
}

// room grows the list of records to what the whole file is expected to hold.
func (s *scanner) room() {
	n := len(s.records)
	if n < cap(s.records) || s.expect == nil {
		return
	}
	to := make([]Record, n, max(1024, n+n/4, s.expect(n)))
	copy(to, s.records)
	s.records = to
}
