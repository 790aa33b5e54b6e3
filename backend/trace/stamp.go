package trace

// A model runs the same kernels step after step, and the text of a launch differs
// from that of its last one in a few numbers only: when it began, how long it took,
// its correlation and its external id. A stamp is the rest of that text, with the
// record that it makes. stamps guesses from the records before which stamp comes
// next; where the text is equal the record is known, without reading a key.
// Where it is not, shapes and walk read the event, and a new stamp is made of it.
type stamps struct {
	list   []stamp
	byName map[uint32][]int32 // those of a kernel name
	past   uint32             // of the stamps before
	lost   int                // what wrong guesses cost, less what right ones saved
	guess  [1 << guessBits]int32
}

// Limits of what is remembered, so that a file where no launch comes twice costs
// little more than without stamps.
const (
	maxStamps    = 1024
	maxPerName   = 32
	maxLost      = 20_000 // then stamps are given up for this file
	guessBits    = 12
	historyShift = 8 // the last four stamps make the past
)

// stamp is the text of one launch of one kernel.
type stamp struct {
	record   Record // all but start, duration and correlation
	segments []segment
}

// segment is constant text and the number after it.
type segment struct {
	text string
	kind varying
}

// varying is a number that differs from launch to launch.
type varying uint8

const (
	nothing varying = iota // the event ends here
	startNumber
	durNumber
	corrNumber
	idNumber // not kept
)

// slot is where the guess after the present past is kept.
func (s *stamps) slot() *int32 { return &s.guess[s.past*0x9e3779b1>>(32-guessBits)] }

// follow adds a stamp to the past.
func (s *stamps) follow(id int32) { s.past = s.past<<historyShift ^ uint32(id) }

// read reads the event at b[i] if it is the one that is expected.
func (s *stamps) read(b []byte, i int) (r Record, end int, ok bool) {
	id := *s.slot()
	if int(id) >= len(s.list) || s.lost > maxLost {
		return r, 0, false
	}
	if r, end, ok = s.list[id].read(b, i); ok {
		s.follow(id)
		s.lost -= 2
	}
	return r, end, ok
}

func (t *stamp) read(b []byte, i int) (r Record, end int, ok bool) {
	r = t.record
	for k := range t.segments {
		seg := &t.segments[k]
		from := i + len(seg.text)
		if from >= len(b) || string(b[i:from]) != seg.text {
			return r, 0, false
		}
		var n number
		switch i = from; seg.kind {
		case nothing:
			return r, i, true
		case startNumber:
			i, ok = n.readMicros(b, i)
			r.Start = n.v
		case durNumber:
			i, ok = n.readMicros(b, i)
			r.Dur = n.v
			ok = ok && n.v >= 0
		case corrNumber:
			i, ok = n.readWhole(b, i)
			r.Corr = uint32(n.v)
			ok = ok && n.v <= maxCorrelation
		case idNumber:
			i, ok = numberEnd(b, i)
		}
		if !ok {
			return r, 0, false
		}
	}
	return r, 0, false
}

// note remembers the event b[i:end], which was read by other means and made record
// r: the guess was wrong, or there was none.
func (s *stamps) note(b []byte, i, end int, r Record) {
	if s.lost > maxLost {
		return
	}
	slot := s.slot()
	s.lost += 1 + len(s.byName[r.Name])
	for _, id := range s.byName[r.Name] {
		if got, to, ok := s.list[id].read(b[:end+1], i); ok && to == end && got == r {
			*slot = id
			s.follow(id)
			return
		}
	}
	id := int32(len(s.list))
	if len(s.list) == maxStamps || len(s.byName[r.Name]) == maxPerName || !s.learn(b[:end], i, r) {
		return
	}
	*slot = id
	s.follow(id)
}

// learn makes a stamp of the event b[i:] and its record.
func (s *stamps) learn(b []byte, i int, r Record) bool {
	l := stampLearner{b: b, from: i, ok: true}
	eachKey(b, i, l.eventKey)
	l.segments = append(l.segments, segment{string(b[l.from:]), nothing})
	if !l.ok || !l.seen[startNumber] || !l.seen[durNumber] {
		return false
	}
	if s.byName == nil {
		s.byName = map[uint32][]int32{}
	}
	s.byName[r.Name] = append(s.byName[r.Name], int32(len(s.list)))
	s.list = append(s.list, stamp{record: r, segments: l.segments})
	return true
}

// stampLearner cuts the text of an event at its varying numbers.
type stampLearner struct {
	b        []byte
	segments []segment
	from     int // end of the number before
	seen     [idNumber + 1]bool
	args, ok bool
}

// varyingKeys are the keys of the varying numbers.
var varyingKeys = map[string]varying{"ts": startNumber, "dur": durNumber, "correlation": corrNumber, "External id": idNumber}

func (l *stampLearner) eventKey(key []byte, from, to int) {
	if string(key) == "args" && l.b[from] == '{' {
		l.ok = l.ok && !l.args
		l.args = true
		eachKey(l.b[:to], from, l.argKey)
		return
	}
	if v := varyingKeys[string(key)]; v == startNumber || v == durNumber {
		l.cut(v, from, to)
	}
}

func (l *stampLearner) argKey(key []byte, from, to int) {
	if v := varyingKeys[string(key)]; v == corrNumber || v == idNumber {
		l.cut(v, from, to)
	}
}

// cut ends a segment before the number b[from:to]. A key given twice, or one whose
// value is no plain number, makes no stamp.
func (l *stampLearner) cut(v varying, from, to int) {
	end, plain := numberEnd(l.b, from)
	if l.seen[v] || !plain || end != to {
		l.ok = false
		return
	}
	l.seen[v] = true
	l.segments = append(l.segments, segment{string(l.b[l.from:from]), v})
	l.from = to
}
