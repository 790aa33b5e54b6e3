package kineto

import (
	"math"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/backend/trace/stepname"
)

// maxCorrelation is the largest correlation id CUDA gives.
const maxCorrelation = math.MaxUint32

// scanner reads events from text, at an offset that its faults name, and keeps those that metrics need.
type scanner struct {
	plain      bool        // without fast paths, which must be equal; for tests
	everyEvent everyEvent  // takes every event instead, if it is not nil
	host       *hostReader // takes the events that are no records too; nil: nobody asks for them
	ev         event
	layouts    layouts
	launches   launchTemplates
	records    []trace.Record // of those that were not packed
	packer     *trace.Packer  // has those before; nil: none was packed
	window     int            // records that are kept until they are packed; 0: all
	names      *trace.Names
	colls      collTable
	marks      []trace.Mark
	steps      stepNames
	kernels    int
	oddWords   int // values that nobody asks for and that are no JSON
	damage     *trace.DamageCounter

	// expect estimates how many records there will be in all: the list grows in few steps. nil: it doubles.
	expect func(now int) int
}

func newScanner() *scanner {
	return &scanner{names: trace.NewNames(), damage: trace.CountDamage(faults), layouts: layouts{fieldOf: fieldOf},
		colls: collTable{ids: map[string]int32{}}}
}

// readEvent reads the event at the window's position, with as much text as it needs.
func (s *scanner) readEvent(w *jsonscan.Window) status {
	for {
		end, st := s.event(w.Buf, w.Pos, w.Offset())
		if st == whole {
			w.Pos = end
		}
		if st != short || w.Full() || !w.More() {
			return st
		}
	}
}

// event reads the event at b[i], at offset at of the text. Events that are short or broken leave no trace.
func (s *scanner) event(b []byte, i int, at int64) (end int, st status) {
	if s.everyEvent != nil {
		if end, st = jsonscan.SkipObject(b, i); st == whole {
			s.everyEvent(b[:end], i, at)
		}
		return end, st
	}
	if !s.plain && isIgnored(b[i:]) {
		if end, st = jsonscan.SkipObject(b, i); st == whole {
			s.tellHost(b[:end], i)
		}
		return end, st
	}
	damage := s.damage.Total + s.oddWords
	shaped := false
	if !s.plain {
		end, shaped = s.layouts.read(b, i, &s.ev)
	}
	if !shaped {
		if end, st = s.readByKeys(b, i); st != whole {
			return end, st
		}
	}
	record := s.keepEvent(b, at)
	if !record {
		s.tellHost(b[:end], i)
	}
	if s.plain || s.damage.Total+s.oddWords != damage {
		return end, whole
	}
	if !shaped && (record || s.ev.phase == 'X' && s.ev.mark()) {
		s.layouts.learn(b, i, end, s.ev.cat)
	}
	if record {
		s.launches.learnFrom(b, i, end, s.records[len(s.records)-1])
	}
	return end, whole
}

// tellHost gives the event that is b from b[i] on to whoever asks for the host's.
func (s *scanner) tellHost(b []byte, i int) {
	if s.host == nil {
		return
	}
	if s.host.event(b, i); s.host.tooMany {
		s.host, s.records = nil, slices.Clip(s.records) // records may be packed from here on: see growRecords
	}
}

// keepEvent keeps the event in s.ev, read from b, if it is of a kind that is kept. True: it became a record.
func (s *scanner) keepEvent(b []byte, at int64) bool {
	e := &s.ev
	switch {
	case e.cat == other || e.cat == unseen || e.phase == 0 || e.phase == '?':
		return false
	case e.phase != 'X':
		if !e.mark() {
			s.damage.Count(faultHalf, at)
		}
		return false
	case e.mark():
		s.keepMark(b, e.cat == gpuMark, at)
		return false
	}
	return s.keepRecord(b, trace.Kind(e.cat-kernel), at)
}

func (s *scanner) keepRecord(b []byte, kind trace.Kind, at int64) bool {
	e := &s.ev
	start, dur, ok := s.times(at)
	if !ok {
		return false
	}
	s.oddWords += e.odd
	*s.nextRecord() = trace.Record{
		Start:  start,
		Dur:    dur,
		Name:   s.name(e.name.Of(b), at),
		Corr:   uint32(s.inRange(e.num[numCorrelation], number{}, 0, maxCorrelation, at)),
		Coll:   s.coll(b, at),
		Blocks: s.blocks(at),
		Stream: int32(s.inRange(e.num[numStream], e.num[numTid], -1, math.MaxInt32, at)),
		Device: int16(s.inRange(e.num[numDevice], e.num[numPid], -1, math.MaxInt16, at)),
		Kind:   kind,
	}
	s.commitRecord()
	return true
}

func (s *scanner) keepMark(b []byte, gpu bool, at int64) {
	name := s.steps.of(s.ev.name.Of(b))
	if name == "" {
		return
	}
	if start, dur, ok := s.times(at); ok {
		s.marks = append(s.marks, trace.Mark{Name: name, Start: start, Dur: dur, GPU: gpu})
	}
}

// times are the start and duration of the event; false if it has not both.
func (s *scanner) times(at int64) (start, dur int64, ok bool) {
	ts, d := s.ev.num[numTs], s.ev.num[numDur]
	if ts.state != given || d.state != given {
		s.damage.Count(faultTime, at)
		return 0, 0, false
	}
	if d.v < 0 {
		s.damage.Count(faultNegative, at)
	}
	return ts.v, max(0, d.v), true
}

// inRange is the argument's number, else that of the event's own row, else missing.
func (s *scanner) inRange(arg, row number, missing, most int64, at int64) int64 {
	if arg.state == notGiven {
		arg = row
		if row.state == notANumber { // rows may have names
			return missing
		}
	}
	if arg.state == notANumber || arg.state == given && (arg.v < missing || arg.v > most) {
		s.damage.Count(faultPlace, at)
		return missing
	}
	return arg.or(missing)
}

func (s *scanner) blocks(at int64) float32 {
	switch s.ev.blocksState {
	case given:
		return s.ev.blocks
	case notANumber:
		s.damage.Count(faultBlocks, at)
	}
	return -1
}

func (s *scanner) name(val []byte, at int64) uint32 {
	if id, ok := s.names.KnownJSON(val); ok {
		return id
	}
	if !utf8.Valid(val) {
		s.damage.Count(faultName, at)
	}
	return s.names.JSON(val)
}

func (s *scanner) coll(b []byte, at int64) int32 {
	id := s.colls.intern(b, &s.ev)
	if id >= 0 && s.colls.list[id].bad {
		s.damage.Count(faultColl, at)
	}
	return id
}

// Sizes of the list of records: a sample tells how many the file holds; a large one costs more memory than a collection costs time.
const (
	firstList  = 1 << 10
	sampleList = 1 << 14
	largeList  = 1 << 16
)

// nextRecord is where the next record goes; commitRecord makes it one of the list.
func (s *scanner) nextRecord() *trace.Record {
	n := len(s.records)
	if n == cap(s.records) {
		s.growRecords(n + 1)
		n = len(s.records)
	}
	return &s.records[:n+1][n]
}

func (s *scanner) commitRecord() {
	n := len(s.records)
	s.records = s.records[:n+1]
	if s.records[n].Kind == trace.KindKernel {
		s.kernels++
	}
}

// growRecords makes room for need records, and for what the whole file is expected to hold. A large list that was outgrown
// is given up at once: left to itself, the collector comes only when the heap has grown by as much again.
func (s *scanner) growRecords(need int) {
	if s.packs() && len(s.records) >= s.window {
		if s.pack(s.window / 8) {
			return
		}
		need = len(s.records) + 1
	}
	n := len(s.records)
	if s.expect == nil {
		s.records = slices.Grow(s.records, need-n)
		return
	}
	size := max(firstList, 4*n, need)
	if s.packs() {
		size = max(need, min(size, s.window))
	} else if expected := s.expect(need); need >= sampleList {
		size = max(need+need/4, expected)
	}
	s.moveRecords(s.records, size)
	if n >= largeList {
		runtime.GC()
	}
}

// moveRecords gives records a list of their own with room for so many.
func (s *scanner) moveRecords(records []trace.Record, room int) {
	to := make([]trace.Record, len(records), room)
	copy(to, records)
	s.records = to
}

// packs says that records are packed while they are read: links are made of records.
func (s *scanner) packs() bool { return s.window > 0 && s.host == nil }

// pack packs all records but the last keep, which may yet be in disorder with those that follow; false: some were so with those
// before, and all are records again.
func (s *scanner) pack(keep int) bool {
	if s.packer == nil {
		expected := len(s.records)
		if s.expect != nil {
			expected = max(expected, s.expect(expected))
		}
		s.packer = trace.NewPacker(expected)
	}
	rest, ok := s.packer.Take(s.records, keep)
	switch {
	case !ok:
		s.records = append(s.packer.Records(), rest...)
		s.packer, s.window = nil, 0
	case cap(rest) > s.window:
		s.moveRecords(rest, s.window)
		runtime.GC()
	default:
		s.records = rest
	}
	return ok
}

// stepNames are the names of annotations seen before: one that comes again costs one look-up, no allocation.
type stepNames struct {
	known map[string]string
	calls bool // annotations of calls of torch.distributed were among them
}

// Bounds of what is remembered, for a trace where every annotation has its own name.
const (
	maxStepNames = 1024
	maxStepName  = 256 // bytes
)

// of is the clean name of a step, from its JSON text; "" if it is none.
func (n *stepNames) of(text []byte) string {
	if name, ok := n.known[string(text)]; ok {
		return name
	}
	name := jsonscan.CleanText(text)
	if stepname.Of(name).Kind == stepname.NoStep {
		n.calls = n.calls || strings.HasPrefix(name, callPrefix)
		name = ""
	}
	if n.known == nil {
		n.known = map[string]string{}
	}
	if len(n.known) < maxStepNames && len(text) <= maxStepName {
		n.known[string(text)] = name
	}
	return name
}
