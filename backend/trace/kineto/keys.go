package kineto

import "shardeck/backend/trace/jsonscan"

// How far reading a piece of JSON got.
const (
	whole  = jsonscan.Whole
	short  = jsonscan.Short
	broken = jsonscan.Broken
)

type status = jsonscan.Status

// readByKeys reads the event at b[i] key by key, in any order and layout, into s.ev. As
// soon as the event shows to be one that is not kept, the rest is skipped.
func (s *scanner) readByKeys(b []byte, i int) (end int, st status) {
	s.ev.reset()
	end, st = s.readObject(b, i, false)
	switch {
	case st != whole || end >= 0:
		return end, st
	case s.plain:
		return jsonscan.SkipByStrings(b, i) // what SkipObject must equal
	}
	return jsonscan.SkipObject(b, i)
}

// readObject reads the keys of the object at b[i], an event or its args; -1: the event need not be read on.
func (s *scanner) readObject(b []byte, i int, args bool) (end int, st status) {
	i++
	for {
		i = jsonscan.SkipSpace(b, i)
		if i >= len(b) {
			return 0, short
		}
		switch b[i] {
		case '}':
			return i + 1, whole
		case ',':
			i++
			continue
		case '"':
		default:
			return 0, broken
		}
		if i, st = s.readPair(b, i, args); st != whole || i < 0 {
			return i, st
		}
	}
}

// readPair reads one key and its value, up to the comma or brace after it.
func (s *scanner) readPair(b []byte, i int, args bool) (end int, st status) {
	key, from, st := jsonscan.KeyAndColon(b, i)
	if st != whole {
		return 0, st
	}
	if !args && !s.ev.args && b[from] == '{' && string(key) == "args" {
		s.ev.args = true
		end, st = s.readObject(b, from, true)
	} else if end, st = jsonscan.ValueEnd(b, from); st == whole {
		if !s.takeValue(b, fieldOf(key, args), jsonscan.SpanOf(from, end)) {
			return -1, whole
		}
	}
	if st != whole {
		return 0, st
	}
	return end, jsonscan.SeparatorAt(b, end)
}

// takeValue takes one value; false if the event is not one that is kept.
func (s *scanner) takeValue(b []byte, f field, at jsonscan.Span) bool {
	s.ev.setValue(b, f, at)
	switch f {
	case fieldPhase, fieldCategory:
		return s.ev.kept()
	case fieldName:
		return !s.ev.mark() || s.steps.of(s.ev.name.Of(b)) != ""
	}
	return true
}

// eachPair calls do for the keys of the event at b[i] and of its args, the first object of that name.
func eachPair(b []byte, i int, do func(key []byte, inArgs bool, from, to int)) {
	seen := false
	jsonscan.EachKey(b, i, func(key []byte, from, to int) {
		if seen || b[from] != '{' || string(key) != "args" {
			do(key, false, from, to)
			return
		}
		seen = true
		jsonscan.EachKey(b[:to], from, func(key []byte, from, to int) { do(key, true, from, to) })
	})
}
