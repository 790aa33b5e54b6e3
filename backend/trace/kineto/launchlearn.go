package kineto

import "shardeck/backend/trace/jsonscan"

// stampLearner cuts the text of an event at its varying numbers.
type stampLearner struct {
	b        []byte
	pieces   []string
	from     int // end of the number before
	at       [varyings]int8
	args, ok bool
	streams  bool // the stream and its row vary too
}

// cutStamp cuts the event b[i:].
func cutStamp(b []byte, i int, streams bool) *stampLearner {
	l := &stampLearner{b: b, from: i, ok: true, streams: streams, pieces: make([]string, 0, jsonscan.MaxNumbers+2)}
	for v := range l.at {
		l.at[v] = -1
	}
	jsonscan.EachKey(b, i, l.eventKey)
	l.pieces = append(l.pieces, string(b[l.from:]))
	return l
}

// whole says that all was cut that a stamp must have. A row may vary only beside a
// stream, which counts before it.
func (l *stampLearner) whole() bool {
	return l.ok && l.at[startNumber] >= 0 && l.at[durNumber] >= 0 && (!l.streams || l.at[streamNumber] >= 0)
}

func (l *stampLearner) eventKey(key []byte, from, to int) {
	switch string(key) {
	case "args":
		if l.b[from] == '{' {
			l.ok = l.ok && !l.args
			l.args = true
			jsonscan.EachKey(l.b[:to], from, l.argKey)
		}
	case "ts":
		l.cut(startNumber, from, to)
	case "dur":
		l.cut(durNumber, from, to)
	case "tid":
		l.cutStream(rowNumber, from, to)
	}
}

func (l *stampLearner) argKey(key []byte, from, to int) {
	switch string(key) {
	case "correlation":
		l.cut(corrNumber, from, to)
	case "External id":
		l.cut(idNumber, from, to)
	case "bytes":
		l.cut(bytesNumber, from, to)
	case "memory bandwidth (GB/s)":
		l.cut(bandwidthNumber, from, to)
	case "stream":
		l.cutStream(streamNumber, from, to)
	}
}

// cutStream is cut for what varies only where kernels roam.
func (l *stampLearner) cutStream(v varying, from, to int) {
	if l.streams {
		l.cut(v, from, to)
	}
}

// cut ends a piece before the number b[from:to]. A key given twice, or one whose
// value is no plain number, makes no stamp.
func (l *stampLearner) cut(v varying, from, to int) {
	end, plain := numberEnd(l.b, from)
	if l.at[v] >= 0 || !plain || end != to {
		l.ok = false
		return
	}
	l.at[v] = int8(len(l.pieces))
	l.pieces = append(l.pieces, string(l.b[l.from:from]))
	l.from = to
}
