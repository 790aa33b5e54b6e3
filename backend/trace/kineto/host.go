package kineto

import (
	"bytes"
	"strings"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/backend/trace/stepname"
)

// hostReader collects what the host did of which links are made: launches, and ranges of the program.
type hostReader struct {
	want     rangeKind // ranges that are kept
	seen     rangeKind // of those
	most     int       // launches and ranges that are kept; 0: any number
	tooMany  bool      // there were more: none is kept
	launches []hostLaunch
	ranges   []hostRange
	known    *trace.Names // names of both
	rows     []hostRow    // threads

	byTime  []int32 // launches in order of threads and time: see order
	hint    int     // see find
	ev      event
	layouts layouts
	steps   stepname.Names
	numbers map[hostRow]uint32 // of rows
	words   *trace.Names       // that stand for numbers of rows
}

// hostLaunch is a call that launched kernels, or did something else on the device.
type hostLaunch struct {
	corr, start int64
	dur         int64
	thread      uint32 // index into rows
	name        uint32
}

// hostRange is a range of the program.
type hostRange struct {
	start, end int64
	id         int64 // grows with the time of the call
	rf         uint64
	thread     uint32 // index into rows
	name       uint32
	kinds      rangeKind
}

// hostRow is a thread of a process, or a stream of a device.
type hostRow struct{ pid, tid int64 }

func newHostReader(want rangeKind) *hostReader {
	r := &hostReader{want: want, known: trace.NewNames(), words: trace.NewNames(), numbers: map[hostRow]uint32{}}
	r.layouts.fieldOf = hostField
	r.known.ID("") // 0 is no name
	return r
}

// hostFields are the keys of args that the host's events have; those of the event itself are eventFields.
var hostFields = map[string]field{
	"correlation": numCorrelation, "External id": numID, "external id": numID, "Python id": numID, "Record function id": numRF,
}

func hostField(key []byte, inArgs bool) field {
	if f, ok := hostFields[string(key)]; ok && inArgs {
		return f
	}
	if inArgs {
		return fieldNone
	}
	return fieldOf(key, false)
}

// event takes the event that is b from b[i] on.
func (r *hostReader) event(b []byte, i int) {
	if r.tooMany || r.isNeither(b[i:]) {
		return
	}
	e := &r.ev
	if end, ok := r.layouts.read(b, i, e); !ok || end != len(b) {
		if r.readByKeys(b, i); e.phase == 'X' && e.cat != other {
			r.layouts.learn(b, i, len(b), e.cat)
		}
	}
	ts, dur := e.num[numTs], e.num[numDur]
	if e.cat == other || ts.state != given || dur.state != given {
		return
	}
	name := e.name.Of(b)
	if e.cat == hostCall {
		r.launches = append(r.launches, hostLaunch{e.num[numCorrelation].or(0), ts.v, dur.v, r.row(e.row()), r.known.JSON(name)})
	} else if kinds := r.kindsOf(e.cat, name) & r.want; kinds != 0 {
		r.seen |= kinds
		r.ranges = append(r.ranges, hostRange{
			ts.v, ts.v + dur.v, e.num[numID].or(-1), uint64(max(0, e.num[numRF].or(0))), r.row(e.row()), r.known.JSON(name), kinds})
	}
	if r.tooMany = r.most > 0 && len(r.launches)+len(r.ranges) > r.most; r.tooMany {
		r.launches, r.ranges = nil, nil
	}
}

// isNeither says that b begins with an event that shows at once to be no launch and no range that is wanted.
func (r *hostReader) isNeither(b []byte) bool {
	for _, start := range [...]string{kinetoStart, spacedStart, compactStart} {
		if len(b) > len(start)+1 && string(b[:len(start)]) == start && b[len(start)] != 'X' && b[len(start)+1] == '"' {
			return true
		}
	}
	head := b[:min(len(b), ignoredMargin)]
	return r.want&^stepRange == 0 && isIgnored(b) && !bytes.Contains(head, []byte(`untime"`)) && !bytes.Contains(head, []byte(`driver"`))
}

// readByKeys reads the event at b[i], in any order and layout, into r.ev.
func (r *hostReader) readByKeys(b []byte, i int) {
	e := &r.ev
	e.reset()
	eachPair(b, i, func(key []byte, inArgs bool, from, to int) {
		switch f := hostField(key, inArgs); {
		case f == fieldCategory && e.cat == unseen:
			e.cat = hostCategory(jsonscan.Unquote(b[from:to]))
		case f == fieldCategory || f == fieldNone:
		default:
			e.setValue(b, f, jsonscan.SpanOf(from, to))
			if (f == numPid || f == numTid) && e.num[f].state == notANumber {
				e.num[f] = number{-2 - int64(r.words.JSON(b[from:to])), given}
			}
		}
	})
	if e.cat == unseen {
		e.cat = other
	}
}

// hostCategory is the category of an event, other for those that no one asks for.
func hostCategory(cat []byte) category {
	switch name := string(cat); {
	case name == "cpu_op":
		return hostOp
	case name == "Operator": // of before 2022
		return hostOldOp
	case name == "python_function":
		return hostFrame
	case name == "Runtime" || strings.HasSuffix(name, "_runtime") || strings.HasSuffix(name, "_driver"):
		return hostCall
	}
	return categoryOf(cat)
}

// onDevice says that the event is on the device's time line.
func (c category) onDevice() bool { return c >= kernel && c <= memset || c == gpuMark }

// kindsOf is what a range of that category and name may be asked for as.
func (r *hostReader) kindsOf(cat category, text []byte) rangeKind {
	name := jsonscan.Unquote(text)
	isStep := r.want&stepRange != 0 && (cat == hostOldOp || cat == cpuMark) && r.steps.Of(string(name)).Kind != stepname.NoStep
	isCall := strings.HasPrefix(string(name), callPrefix)
	switch {
	case cat == hostFrame && strings.HasPrefix(string(name), "nn.Module: "):
		return frameRange | moduleRange
	case cat == hostFrame:
		return frameRange
	case cat == hostOp && string(name) == callOp:
		return operatorRange | callRange
	case cat == hostOldOp && isStep: // annotations are among them
		return stepRange
	case cat == hostOp || cat == hostOldOp:
		return operatorRange
	case cat == cpuMark && isStep:
		return annotationRange | stepRange
	case cat == cpuMark && isCall:
		return annotationRange | callRange
	case cat == cpuMark:
		return annotationRange
	case cat == gpuMark && isCall:
		return callRange
	}
	return 0
}

// row is where the event stands.
func (e *event) row() hostRow { return hostRow{e.num[numPid].or(-1), e.num[numTid].or(-1)} }

// row is the number of a row.
func (r *hostReader) row(at hostRow) uint32 {
	if n := len(r.launches); n > 0 && r.rows[r.launches[n-1].thread] == at { // mostly
		return r.launches[n-1].thread
	}
	id, ok := r.numbers[at]
	if !ok {
		id = uint32(len(r.rows))
		r.rows = append(r.rows, at)
		r.numbers[at] = id
	}
	return id
}
