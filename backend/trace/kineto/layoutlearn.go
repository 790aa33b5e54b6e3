package kineto

import "shardeck/backend/trace/jsonscan"

// layoutLearner makes a layout of one event that was read key by key.
type layoutLearner struct {
	b      []byte
	pieces []layoutPiece
	from   int // end of the value before
	seen   [fieldColl + 1][16]bool
	args   bool
	ok     bool
}

// learn adds the layout of the event b[i:end], which was read key by key and is kept.
func (s *layouts) learn(b []byte, i, end int, cat category) {
	if s.learned == maxLearned {
		return
	}
	s.learned++
	l := &layoutLearner{b: b[:end], from: i, ok: true}
	jsonscan.EachKey(b[:end], i, l.eventKey)
	if !l.ok || len(l.pieces) > maxPieces {
		return
	}
	l.pieces = append(l.pieces, layoutPiece{text: string(b[l.from:end]), kind: endOfEvent})
	if len(s.list) == maxLayouts {
		s.list = s.list[:maxLayouts-1]
	}
	s.list = append([]*layout{{cat: cat, pieces: l.pieces}}, s.list...)
}

func (l *layoutLearner) eventKey(key []byte, from, to int) {
	if string(key) == "args" && l.b[from] == '{' && !l.args {
		l.args = true
		jsonscan.EachKey(l.b[:to], from, l.argKey)
		return
	}
	f, sub := eventField(key)
	l.value(f, sub, from, to)
}

func (l *layoutLearner) argKey(key []byte, from, to int) {
	f, sub := argField(key)
	l.value(f, sub, from, to)
}

// value adds the piece that ends in one value. A value that is not kept and of no simple kind
// is left in the constant text, as are the phase and the category.
func (l *layoutLearner) value(f field, sub uint8, from, to int) {
	if l.seen[f][sub] {
		f = fieldNone // the first counts
	}
	l.seen[f][sub] = f != fieldNone
	kind, simple := kindOf(l.b, f, sub, from, to)
	if !simple {
		l.ok = l.ok && (f == fieldNone || f == fieldPhase || f == fieldCategory)
		return
	}
	l.pieces = append(l.pieces, layoutPiece{text: string(l.b[l.from:from]), kind: kind, sub: sub})
	l.from = to
}

// valueKinds says for each field how its value is read if it is a number, a string or a
// list; endOfEvent: not at all.
var valueKinds = [...][3]valueKind{
	fieldNone:   {plainNumber, plainText, plainList},
	fieldName:   {endOfEvent, nameText},
	fieldNumber: {wholeNumber},
	fieldBlocks: {floatNumber},
	fieldColl:   {collNumber, collText},
}

// kindOf says how the value b[from:to] of a field can be read; false if it has no
// simple form.
func kindOf(b []byte, f field, sub uint8, from, to int) (valueKind, bool) {
	kinds := valueKinds[f]
	if f == fieldNumber && numField(sub).isTime() {
		kinds[0] = timeNumber
	}
	for form, endOf := range []func([]byte, int) (int, bool){numberEnd, textEnd, listEnd} {
		if end, ok := endOf(b, from); ok && end == to && kinds[form] != endOfEvent {
			return kinds[form], true
		}
	}
	return endOfEvent, false
}
