package kineto

import "shardeck/backend/trace/jsonscan"

// templateCutter cuts the text of an event at its varying numbers.
type templateCutter struct {
	b        []byte
	pieces   []string
	from     int // end of the number before
	at       [varyingNumbers]int8
	args, ok bool
	streams  bool // the stream and its row vary too
}

// cutTemplate cuts the event b[i:].
func cutTemplate(b []byte, i int, streams bool) *templateCutter {
	l := &templateCutter{b: b, from: i, ok: true, streams: streams, pieces: make([]string, 0, jsonscan.MaxNumbers+2)}
	for v := range l.at {
		l.at[v] = -1
	}
	jsonscan.EachKey(b, i, l.eventKey)
	l.pieces = append(l.pieces, string(b[l.from:]))
	return l
}

// complete says that all was cut that a template must have. A row may vary only beside a
// stream, which counts before it.
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

func (l *templateCutter) eventKey(key []byte, from, to int) {
	if string(key) == "args" && l.b[from] == '{' {
		l.ok = l.ok && !l.args
		l.args = true
		jsonscan.EachKey(l.b[:to], from, func(key []byte, from, to int) { l.cutKey(argNumbers, key, from, to) })
		return
	}
	l.cutKey(eventNumbers, key, from, to)
}

// cutKey cuts at the value b[from:to] of a key, if it is one that varies.
func (l *templateCutter) cutKey(numbers map[string]varyingNumber, key []byte, from, to int) {
	v, varies := numbers[string(key)]
	if varies && (l.streams || v != rowNumber && v != streamNumber) {
		l.cutNumber(v, from, to)
	}
}

// cutNumber ends a piece before the number b[from:to]. A key given twice, or one whose
// value is no plain number, makes no template.
func (l *templateCutter) cutNumber(v varyingNumber, from, to int) {
	end, plain := numberEnd(l.b, from)
	if l.at[v] >= 0 || !plain || end != to {
		l.ok = false
		return
	}
	l.at[v] = int8(len(l.pieces))
	l.pieces = append(l.pieces, string(l.b[l.from:from]))
	l.from = to
}
