package kineto

import (
	"math"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// A model runs the same kernels step after step, and the text of a launch differs
// from that of its last one in a few numbers only: when it began, how long it took,
// its correlation and its external id, and of a copy its bytes and their rate. A stamp is the rest of that text, with the
// record that it makes. stamps guesses from the records before which stamp comes
// next; where the text is equal the record is known, without reading a key.
// Where it is not, shapes and walk read the event, and a new stamp is made of it.
type stamps struct {
	list   []stamp
	byName [][]int32                          // those of a kernel name, the last that came first
	past   uint32                             // of the stamps before
	lost   int                                // what wrong guesses cost, less what right ones saved
	guess  [1 << guessBits]int16              // fewer than maxStamps
	at     [jsonscan.MaxNumbers]jsonscan.Span // scratch
}

// Limits of what is remembered, so that a file where no launch comes twice costs
// little more than without stamps.
const (
	maxStamps    = 1024
	maxPerName   = 32
	maxLost      = 50_000 // then stamps are given up for this file
	guessBits    = 14     // for the contexts of three models; with 12 a thirtieth of them shared a place
	historyShift = 8      // the last four stamps make the past
)

// stamp is the text of one launch of one kernel.
type stamp struct {
	record trace.Record // all but start, duration and correlation
	jsonscan.Pattern
	start, dur, corr, stream int8 // which numbers of the pattern they are; -1: none
}

// varying is a number that differs from launch to launch.
type varying uint8

const (
	startNumber varying = iota
	durNumber
	corrNumber
	idNumber        // not kept
	bytesNumber     // of a copy or fill; not kept
	bandwidthNumber // the same
	rowNumber       // the tid, which repeats the stream; not kept
	streamNumber
	varyings
)

// slot is where the guess after the present past is kept.
func (s *stamps) slot() *int16 { return &s.guess[s.past*0x9e3779b1>>(32-guessBits)] }

// follow adds a stamp to the past.
func (s *stamps) follow(id int32) { s.past = s.past<<historyShift ^ uint32(id) }

// match is the stamp that is expected, if the event at b[i] is one of it, with where
// its numbers are in s.at; 0: it is not.
func (s *stamps) match(b []byte, i int) (t *stamp, end int) {
	id := *s.slot()
	if int(id) >= len(s.list) || s.lost > maxLost {
		return nil, 0
	}
	t = &s.list[id]
	return t, t.Match(b, i, &s.at)
}

// right says that what match gave was the event.
func (s *stamps) right() {
	s.follow(int32(*s.slot()))
	s.lost = max(s.lost-2, -maxLost)
}

// fill makes r of the stamp and the numbers of b that are at at; false if they are
// not such as it can have.
func (t *stamp) fill(r *trace.Record, b []byte, at *[jsonscan.MaxNumbers]jsonscan.Span) bool {
	start, isStart := jsonscan.ReadMicros(b, at[t.start])
	dur, isDur := jsonscan.ReadMicros(b, at[t.dur])
	*r = t.record
	r.Start, r.Dur = start, dur
	return isStart && isDur && t.fillPlace(r, b, at)
}

// fillPlace fills in the correlation and the stream, where they are numbers of t.
func (t *stamp) fillPlace(r *trace.Record, b []byte, at *[jsonscan.MaxNumbers]jsonscan.Span) bool {
	if t.corr >= 0 {
		corr, ok := jsonscan.ReadWhole(b, at[t.corr])
		if !ok || corr > maxCorrelation {
			return false
		}
		r.Corr = uint32(corr)
	}
	if t.stream >= 0 {
		stream, ok := jsonscan.ReadWhole(b, at[t.stream])
		if !ok || stream > math.MaxInt32 {
			return false
		}
		r.Stream = int32(stream)
	}
	return true
}

// is says whether the event b[i:end], which made r, is one of this stamp.
func (t *stamp) is(b []byte, i, end int, r trace.Record) bool {
	var at [jsonscan.MaxNumbers]jsonscan.Span
	var got trace.Record
	return t.Match(b, i, &at) == end && t.fill(&got, b, &at) && got == r
}

// note remembers the event b[i:end], which was read by other means and made record
// r: the guess was wrong, or there was none.
func (s *stamps) note(b []byte, i, end int, r trace.Record) {
	if s.lost > maxLost {
		return
	}
	slot := s.slot()
	id, ok := s.find(b, i, end, r)
	if !ok {
		id = int32(len(s.list))
		if len(s.list) == maxStamps || len(s.byName[r.Name]) == maxPerName || !s.learn(b[:end], i, r) {
			return
		}
	}
	*slot = int16(id)
	s.follow(id)
}

// find is the stamp of the event b[i:end], which made r, if there is one.
func (s *stamps) find(b []byte, i, end int, r trace.Record) (id int32, ok bool) {
	for int(r.Name) >= len(s.byName) {
		s.byName = append(s.byName, nil)
	}
	s.lost++
	own := s.byName[r.Name]
	for n, id := range own {
		if s.list[id].is(b, i, end, r) {
			copy(own[1:n+1], own[:n])
			own[0] = id
			return id, true
		}
		s.lost++
	}
	return 0, false
}

// learn makes a stamp of the event b[i:] and its record.
func (s *stamps) learn(b []byte, i int, r trace.Record) bool {
	l := cutStamp(b, i, s.roams(r))
	if !l.whole() && l.streams {
		l = cutStamp(b, i, false)
	}
	if !l.whole() {
		return false
	}
	s.byName[r.Name] = append(s.byName[r.Name], int32(len(s.list)))
	s.list = append(s.list, stamp{record: r, Pattern: jsonscan.NewPattern(l.pieces), start: l.at[startNumber], dur: l.at[durNumber], corr: l.at[corrNumber], stream: l.at[streamNumber]})
	return true
}

// roams says that the kernel of r was seen on several streams before: a CUDA graph
// spreads its kernels over dozens, and a stamp for each would never be right twice.
func (s *stamps) roams(r trace.Record) bool {
	others := 0
	for _, id := range s.byName[r.Name] {
		if s.list[id].record.Stream != r.Stream {
			others++
		}
	}
	return others >= 2
}
