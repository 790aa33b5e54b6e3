package jsondoc

import (
	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// EachItem calls item at the opening brace of each item, up to the bracket that closes the
// list, and broken at what is no item. Both must go on.
func (d *Document) EachItem(item, broken func()) {
	for {
		c, ok := d.Peek()
		switch {
		case !ok:
			d.EndInList()
			return
		case c == ']':
			d.Pos++
			return
		case c == ',':
			d.Pos++
		case c == '{':
			item()
		default:
			broken()
		}
	}
}

// EndInList notes that the text ended before the list was closed.
func (d *Document) EndInList() { d.cutOff("before the list of " + d.Item + "s was closed") }

// cutOff notes once that the text ended too early, and why.
func (d *Document) cutOff(where string) {
	if d.cut {
		return
	}
	d.cut = true
	text := "ended " + where
	if err := d.Broken(); err != nil {
		text = trace.ReadFault(err) + "; it " + text
	}
	lost := "everything after the last whole " + d.Item + " (" + d.SoFar() + ")"
	if !d.listed {
		lost = "all " + d.Item + "s"
	}
	d.Once(d.Offset(), text, lost)
}

// Complete says whether the document was read to its end.
func (d *Document) Complete() bool { return !d.cut }

// passOver skips an array or object of any size that nobody asks for.
func (d *Document) passOver() jsonscan.Status {
	for depth := 0; ; {
		c, ok := d.Peek()
		if !ok {
			return jsonscan.Short
		}
		switch c {
		case '"':
			if st := d.stringInside(); st != jsonscan.Whole {
				return st
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		d.Pos++
		if depth == 0 {
			return jsonscan.Whole
		}
	}
}

// stringInside passes over a string, after which there must be structure.
func (d *Document) stringInside() jsonscan.Status {
	if _, st := d.Value(); st != jsonscan.Whole {
		return st
	}
	c, ok := d.Peek()
	switch {
	case !ok:
		return jsonscan.Short
	case c == ',', c == ':', c == '}', c == ']':
		return jsonscan.Whole
	}
	return jsonscan.Broken
}
