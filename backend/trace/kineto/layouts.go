package kineto

import "shardeck/backend/trace/jsonscan"

// layouts reads events that are laid out like one before: a writer spells every event of a kind alike, but for the values.
// The text between them is learned from events that were read key by key; the next one is read by comparing that text and
// taking the values between. Where the text differs, the event is read key by key.
type layouts struct {
	fieldOf func(key []byte, inArgs bool) field // what the keys hold
	list    []*layout                           // the last that fitted comes first
	learned int
}

// layout is the spelling of one kind of event.
type layout struct {
	cat    category // constant, as is the phase X
	pieces []layoutPiece
}

// layoutPiece is constant text and the value after it.
type layoutPiece struct {
	text  string
	form  form
	field field
}

// form is how a value is spelled.
type form uint8

const (
	endOfEvent form = iota // there is no value
	formNumber
	formText
	formList // of numbers
	formAny  // list or object
)

// Limits: a file where every event is spelled in its own way costs no more than reading it key by key.
const (
	maxLayouts = 16
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
		p := &l.pieces[k]
		from := i + len(p.text)
		if from > len(b) || string(b[i:from]) != p.text {
			return 0, false
		}
		if i, ok = p.form.end(b, from); !ok || p.field != fieldNone && !e.take(b, p.field, jsonscan.SpanOf(from, i)) {
			return 0, false
		}
	}
	return i, true
}

// take takes a value of the right form; false if it is none for all that.
func (e *event) take(b []byte, f field, at jsonscan.Span) (ok bool) {
	if !f.isNumber() {
		e.setValue(b, f, at)
		return e.blocksState != notANumber
	}
	n := &e.num[f]
	if n.state = given; f.isTime() {
		n.v, ok = jsonscan.ReadMicros(b, at)
	} else {
		n.v, ok = jsonscan.ReadWhole(b, at)
	}
	return ok
}

// end is where a value of this form that begins at b[i] ends; false if there is none.
func (f form) end(b []byte, i int) (end int, ok bool) {
	switch {
	case f == formNumber:
		return numberEnd(b, i)
	case f == formText && i < len(b) && b[i] == '"':
		end, st := jsonscan.StringEnd(b, i)
		return end, st == whole
	case f == formList:
		return listEnd(b, i)
	case f == formAny && i < len(b) && (b[i] == '[' || b[i] == '{'):
		end, st := jsonscan.ValueEnd(b, i)
		return end, st == whole
	}
	return i, f == endOfEvent
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

// layoutLearner makes a layout of one event that was read key by key.
type layoutLearner struct {
	fieldOf func(key []byte, inArgs bool) field
	b       []byte
	pieces  []layoutPiece
	from    int // end of the value before
	seen    [fields]bool
	ok      bool
}

// learn adds the layout of the event b[i:end], which was read key by key and is kept.
func (s *layouts) learn(b []byte, i, end int, cat category) {
	if s.learned == maxLearned {
		return
	}
	s.learned++
	l := &layoutLearner{b: b[:end], from: i, ok: true, fieldOf: s.fieldOf}
	eachPair(b[:end], i, l.value)
	if !l.ok || len(l.pieces) > maxPieces {
		return
	}
	l.pieces = append(l.pieces, layoutPiece{text: string(b[l.from:end]), field: fieldNone})
	if len(s.list) == maxLayouts {
		s.list = s.list[:maxLayouts-1]
	}
	s.list = append([]*layout{{cat: cat, pieces: l.pieces}}, s.list...)
}

// value adds the piece that ends in one value; one not kept and of no simple form stays constant text, as do phase and category.
func (l *layoutLearner) value(key []byte, inArgs bool, from, to int) {
	f := l.fieldOf(key, inArgs)
	if l.seen[f] {
		f = fieldNone // the first counts
	}
	l.seen[f] = f != fieldNone
	for form := formNumber; form <= formAny; form++ {
		if end, ok := form.end(l.b, from); ok && end == to && f.mayBe(form) {
			l.pieces = append(l.pieces, layoutPiece{text: string(l.b[l.from:from]), form: form, field: f})
			l.from = to
			return
		}
	}
	l.ok = l.ok && (f == fieldNone || f == fieldPhase || f == fieldCategory)
}

// mayBe says whether a value of this form is taken by itself.
func (f field) mayBe(as form) bool {
	switch {
	case f.isNumber(), f == fieldBlocks:
		return as == formNumber
	case f.isColl():
		return as < formList
	}
	return f == fieldNone || f == fieldName && as == formText
}
