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

// kindOf says how the value b[from:to] of a field can be read; false if it has no
// simple form.
func kindOf(b []byte, f field, sub uint8, from, to int) (valueKind, bool) {
	number, text, list := kindsOf(f, sub)
	for _, form := range []struct {
		kind valueKind
		end  func([]byte, int) (int, bool)
	}{{number, numberEnd}, {text, textEnd}, {list, listEnd}} {
		if end, ok := form.end(b, from); ok && end == to && form.kind != endOfEvent {
			return form.kind, true
		}
	}
	return endOfEvent, false
}

// kindsOf says how a field's value is read if it is a number, a string or a list;
// endOfEvent: not at all.
func kindsOf(f field, sub uint8) (number, text, list valueKind) {
	switch f {
	case fieldNone:
		return plainNumber, plainText, plainList
	case fieldName:
		return endOfEvent, nameText, endOfEvent
	case fieldBlocks:
		return floatNumber, endOfEvent, endOfEvent
	case fieldColl:
		return collNumber, collText, endOfEvent
	case fieldNumber:
		if numField(sub) == numTs || numField(sub) == numDur {
			return timeNumber, endOfEvent, endOfEvent
		}
		return wholeNumber, endOfEvent, endOfEvent
	}
	return endOfEvent, endOfEvent, endOfEvent
}
