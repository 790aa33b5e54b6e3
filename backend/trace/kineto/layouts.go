package kineto

import "shardeck/backend/trace/jsonscan"

// layouts reads events that are laid out like one before. A writer spells every event of a
// kind alike: only the values differ. The text between the values is learned from events that
// were read key by key; the next one is read by comparing that text and taking the values
// between. Where the text differs, the event is read key by key.
type layouts struct {
	list    []*layout // the last that fitted comes first
	learned int
}

// layout is the spelling of one kind of event.
type layout struct {
	cat    category // constant, as is the phase X
	pieces []layoutPiece
}

// layoutPiece is constant text and the value after it.
type layoutPiece struct {
	text string
	kind valueKind
	sub  uint8 // numField or collField
}

// valueKind is how the value of a piece is read.
type valueKind uint8

const (
	endOfEvent  valueKind = iota
	plainNumber           // not kept
	plainText             // a string, not kept
	plainList             // of numbers, not kept
	timeNumber
	wholeNumber
	floatNumber
	nameText
	collText
	collNumber
)

// Limits on what is learned, so that a file where every event is spelled in its own
// way costs no more than reading it key by key.
const (
	maxLayouts = 8
	maxLearned = 64
	maxPieces  = 64
)

// read reads the event at b[i] into e if a learned layout fits it.
func (s *layouts) read(b []byte, i int, e *event) (end int, ok bool) {
	for n, l := range s.list {
		if end, ok = l.read(b, i, e); ok {
			copy(s.list[1:n+1], s.list[:n])
			s.list[0] = l
			return end, true
		}
	}
	return 0, false
}

func (l *layout) read(b []byte, i int, e *event) (end int, ok bool) {
	e.reset()
	e.phase, e.cat = 'X', l.cat
	for k := range l.pieces {
		st := &l.pieces[k]
		from := i + len(st.text)
		if from >= len(b) || string(b[i:from]) != st.text {
			return 0, false
		}
		if i, ok = st.value(b, from, e); !ok {
			return 0, false
		}
	}
	return i, true
}

// value reads the value at b[i]; false if it is not of the piece's kind.
func (st *layoutPiece) value(b []byte, i int, e *event) (end int, ok bool) {
	switch st.kind {
	case endOfEvent:
		return i, true
	case plainNumber:
		return numberEnd(b, i)
	case plainList:
		return listEnd(b, i)
	case timeNumber, wholeNumber:
		return e.num[st.sub].read(b, i, st.kind == timeNumber)
	case floatNumber:
		end, ok = numberEnd(b, i)
		if ok {
			e.setBlocks(b[i:end])
		}
		return end, ok && e.blocksState == given
	}
	return st.span(b, i, e)
}

// span reads a value that is kept as text.
func (st *layoutPiece) span(b []byte, i int, e *event) (end int, ok bool) {
	if st.kind == collNumber {
		end, ok = numberEnd(b, i)
	} else {
		end, ok = textEnd(b, i)
	}
	switch st.kind {
	case nameText:
		e.name = jsonscan.SpanOf(i, end)
	case collText, collNumber:
		e.collGiven = true
		e.coll[st.sub] = jsonscan.SpanOf(i, end)
	}
	return end, ok
}

// inNumber says which bytes a number is made of.
var inNumber = [256]bool{
	'0': true, '1': true, '2': true, '3': true, '4': true, '5': true, '6': true, '7': true, '8': true, '9': true,
	'.': true, '-': true, '+': true, 'e': true, 'E': true,
}

func numberEnd(b []byte, i int) (end int, ok bool) {
	for end = i; end < len(b) && inNumber[b[end]]; end++ {
	}
	return end, end > i
}

// listEnd passes over a list of numbers.
func listEnd(b []byte, i int) (end int, ok bool) {
	if i >= len(b) || b[i] != '[' {
		return 0, false
	}
	for end = i + 1; end < len(b); end++ {
		c := b[end]
		if c == ']' {
			return end + 1, true
		}
		if !inNumber[c] && c != ',' && c != ' ' {
			return 0, false
		}
	}
	return 0, false
}

func textEnd(b []byte, i int) (end int, ok bool) {
	if i >= len(b) || b[i] != '"' {
		return 0, false
	}
	end, st := jsonscan.StringEnd(b, i)
	return end, st == whole
}

// read reads a number, of microseconds if it is a time.
func (n *number) read(b []byte, i int, time bool) (end int, ok bool) {
	if end, ok = numberEnd(b, i); !ok {
		return 0, false
	}
	n.state = given
	if time {
		n.v, ok = jsonscan.ReadMicros(b, jsonscan.SpanOf(i, end))
	} else {
		n.v, ok = jsonscan.ReadWhole(b, jsonscan.SpanOf(i, end))
	}
	return end, ok
}
