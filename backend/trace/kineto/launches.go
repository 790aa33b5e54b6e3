package kineto

import (
	"math"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// launchTemplates reads launches that came before. A model runs the same kernels step after step, and the text of a launch
// differs from that of its last one in a few numbers only: when it began, how long it took, its ids, and of a copy its bytes
// and their rate. A template is the rest of that text, with the record that it makes. The templates of the launches before
// tell which one to expect next. Where the text is equal, the record is known without reading a key; where it is not, the
// event is read by other means, and a new template is made of it.
type launchTemplates struct {
	list     []launchTemplate
	byName   [][]int32             // those of a kernel name, the last that came first
	past     uint32                // of the templates before
	wasted   int                   // what wrong guesses cost, less what right ones saved
	expected [1 << guessBits]int16 // after each past; fewer than maxTemplates
	numbers  numbers               // scratch
}

// Limits of what is remembered: a file where no launch comes twice costs little more than without templates.
const (
	maxTemplates = 1024
	maxPerName   = 32
	maxWasted    = 50_000 // then templates are given up for this file
	guessBits    = 14     // for the contexts of three models; with 12 a thirtieth of them shared a place
	historyShift = 8      // the last four templates make the past
)

// launchTemplate is the text of one launch of one kernel.
type launchTemplate struct {
	record trace.Record // all but start, duration and correlation
	jsonscan.Pattern
	start, dur, corr, stream int8 // which numbers of the pattern they are; -1: none
}

// numbers are those that differ in a text: their places and values.
type numbers struct {
	at     [jsonscan.MaxNumbers]jsonscan.Span
	values [jsonscan.MaxNumbers]jsonscan.Value
}

// micros is number k of b, in ns.
func (n *numbers) micros(b []byte, k int8) (ns int64, ok bool) {
	if ns, ok = n.values[k].Thousandths(); ok {
		return ns, true
	}
	return jsonscan.Micros(n.at[k].Of(b))
}

// varyingNumber is a number that differs from launch to launch.
type varyingNumber uint8

const (
	startNumber varyingNumber = iota
	durNumber
	corrNumber
	idNumber        // not kept
	bytesNumber     // of a copy or fill; not kept
	bandwidthNumber // the same
	rowNumber       // the tid, which repeats the stream; not kept
	streamNumber
	varyingNumbers
)

// expectedSlot is where the template expected after the present past is kept.
func (s *launchTemplates) expectedSlot() *int16 {
	return &s.expected[s.past*0x9e3779b1>>(32-guessBits)]
}

// follow adds a template to the past.
func (s *launchTemplates) follow(id int32) { s.past = s.past<<historyShift ^ uint32(id) }

// expectedLaunch keeps the event at b[i] if it is a launch of the expected template, and says where it ends, else 0.
func (s *scanner) expectedLaunch(b []byte, i int) (end int) {
	l := &s.launches
	id := *l.expectedSlot()
	if int(id) >= len(l.list) || l.wasted > maxWasted {
		return 0
	}
	t := &l.list[id]
	end = t.Match(b, i, &l.numbers.at)
	if end == 0 || !t.readRecord(s.nextRecord(), b, &l.numbers) {
		return 0
	}
	s.commitRecord()
	l.follow(int32(id))
	l.wasted = max(l.wasted-2, -maxWasted)
	return end
}

// readRecord makes r of the template and its numbers, which are at n.at in b; false if they are out of range.
func (t *launchTemplate) readRecord(r *trace.Record, b []byte, n *numbers) bool {
	t.Values(b, &n.at, &n.values)
	start, isStart := n.micros(b, t.start)
	dur, isDur := n.micros(b, t.dur)
	*r = t.record
	r.Start, r.Dur = start, dur
	return isStart && isDur && t.readPlace(r, n)
}

// readPlace reads the correlation and the stream into r, where they are numbers of t.
func (t *launchTemplate) readPlace(r *trace.Record, n *numbers) bool {
	if t.corr >= 0 {
		corr, ok := n.values[t.corr].Whole()
		if !ok || corr > maxCorrelation {
			return false
		}
		r.Corr = uint32(corr)
	}
	if t.stream >= 0 {
		stream, ok := n.values[t.stream].Whole()
		if !ok || stream > math.MaxInt32 {
			return false
		}
		r.Stream = int32(stream)
	}
	return true
}

// makes says whether t makes record r of the event b[i:end].
func (t *launchTemplate) makes(b []byte, i, end int, r trace.Record) bool {
	var n numbers
	var got trace.Record
	return t.Match(b, i, &n.at) == end && t.readRecord(&got, b, &n) && got == r
}

// learnFrom remembers the event b[i:end], which made record r: another template was expected, or none.
func (s *launchTemplates) learnFrom(b []byte, i, end int, r trace.Record) {
	if s.wasted > maxWasted {
		return
	}
	slot := s.expectedSlot()
	id, ok := s.find(b, i, end, r)
	if !ok {
		id = int32(len(s.list))
		if len(s.list) == maxTemplates || len(s.byName[r.Name]) == maxPerName || !s.add(b[:end], i, r) {
			return
		}
	}
	*slot = int16(id)
	s.follow(id)
}

// find is the template of the event b[i:end], which made r, if there is one.
func (s *launchTemplates) find(b []byte, i, end int, r trace.Record) (id int32, ok bool) {
	for int(r.Name) >= len(s.byName) {
		s.byName = append(s.byName, nil)
	}
	s.wasted++
	own := s.byName[r.Name]
	for n, id := range own {
		if s.list[id].makes(b, i, end, r) {
			copy(own[1:n+1], own[:n])
			own[0] = id
			return id, true
		}
		s.wasted++
	}
	return 0, false
}

// add makes a template of the event b[i:] and its record; false if it has not what a template needs.
func (s *launchTemplates) add(b []byte, i int, r trace.Record) bool {
	l := cutTemplate(b, i, s.onManyStreams(r))
	if !l.complete() && l.streams {
		l = cutTemplate(b, i, false)
	}
	if !l.complete() {
		return false
	}
	s.byName[r.Name] = append(s.byName[r.Name], int32(len(s.list)))
	s.list = append(s.list, launchTemplate{
		record: r, Pattern: jsonscan.NewPattern(l.pieces),
		start: l.at[startNumber], dur: l.at[durNumber], corr: l.at[corrNumber], stream: l.at[streamNumber],
	})
	return true
}

// onManyStreams says that the kernel of r was seen on other streams, of which a CUDA graph has dozens: none would be met twice.
func (s *launchTemplates) onManyStreams(r trace.Record) bool {
	others := 0
	for _, id := range s.byName[r.Name] {
		if s.list[id].record.Stream != r.Stream {
			others++
		}
	}
	return others >= 2
}

// templateCutter cuts the text of an event at its varying numbers.
type templateCutter struct {
	b       []byte
	pieces  []string
	from    int // end of the number before
	at      [varyingNumbers]int8
	ok      bool
	streams bool // the stream and its row vary too
}

// cutTemplate cuts the event b[i:].
func cutTemplate(b []byte, i int, streams bool) *templateCutter {
	l := &templateCutter{b: b, from: i, ok: true, streams: streams, pieces: make([]string, 0, jsonscan.MaxNumbers+2)}
	for v := range l.at {
		l.at[v] = -1
	}
	eachPair(b, i, l.cutKey)
	l.pieces = append(l.pieces, string(b[l.from:]))
	return l
}

// complete says that all was cut that a template must have; a row may vary only beside a stream, which counts.
func (l *templateCutter) complete() bool {
	return l.ok && l.at[startNumber] >= 0 && l.at[durNumber] >= 0 && (!l.streams || l.at[streamNumber] >= 0)
}

// eventNumbers and argNumbers are the keys of an event and of its args whose numbers vary.
var (
	eventNumbers = map[string]varyingNumber{"ts": startNumber, "dur": durNumber, "tid": rowNumber}
	argNumbers   = map[string]varyingNumber{
		"correlation": corrNumber, "External id": idNumber, "bytes": bytesNumber,
		"memory bandwidth (GB/s)": bandwidthNumber, "stream": streamNumber,
	}
)

// cutKey ends a piece before the value b[from:to] of a key that varies; one given twice, or without a plain number, makes no template.
func (l *templateCutter) cutKey(key []byte, inArgs bool, from, to int) {
	numbers := eventNumbers
	if inArgs {
		numbers = argNumbers
	}
	v, varies := numbers[string(key)]
	if !varies || !l.streams && (v == rowNumber || v == streamNumber) {
		l.ok = l.ok && (inArgs || string(key) != "args")
		return
	}
	end, plain := numberEnd(l.b, from)
	if l.at[v] >= 0 || !plain || end != to {
		l.ok = false
		return
	}
	l.at[v] = int8(len(l.pieces))
	l.pieces = append(l.pieces, string(l.b[l.from:from]))
	l.from = to
}
