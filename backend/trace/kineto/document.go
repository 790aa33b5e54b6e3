package kineto

import (
	"bytes"
	"errors"
	"fmt"
	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// document walks a trace from its first byte to its last: the top-level keys in
// whatever order they come, and the list of events among them.
type document struct {
	*window
	scan     *scanner
	info     trace.Info
	baseTime int64
	events   bool // the list of events was seen
	cut      bool // the text ended too early
	split    splitting
	ahead    *ahead // workers on the list of events; nil: none
}

func newDocument(w *window) *document {
	return &document{window: w, scan: newScanner(), info: trace.Info{Rank: -1}}
}

// errForeign is the cause when a file is not a Kineto trace at all.
var errForeign = errors.New("not a Kineto trace")

func foreign(what string) error {
	return fmt.Errorf("%w but %s; expected JSON with a list named traceEvents (kineto_trace_<rank>.json)", errForeign, what)
}

// read reads the whole text. An error says that this is something else; damage is
// left in d.scan.faults.
func (d *document) read() error {
	c, ok := d.Peek()
	switch {
	case !ok && d.Broken() != nil:
		d.cutOff("before the list of events began")
		return nil
	case !ok:
		return foreign("an empty document")
	case c == '[':
		d.Pos++
		d.list()
	case c == '{':
		d.Pos++
		if err := d.keys(); err != nil {
			return err
		}
	default:
		return foreign("something that is not JSON (it begins with " + jsonscan.FirstWords(d.Rest()) + ")")
	}
	d.finish()
	return nil
}

// keys walks the pairs of the top-level object up to its closing brace.
func (d *document) keys() error {
	for {
		c, ok := d.Peek()
		switch {
		case !ok:
			return d.ended()
		case c == '}':
			d.Pos++
			if !d.events {
				return foreign("JSON of another kind (no traceEvents in it)")
			}
			return nil
		case c == ',':
			d.Pos++
			continue
		}
		at := d.Offset()
		st, err := d.key(c)
		switch {
		case err != nil:
			return err
		case st == short:
			return d.ended()
		case st == broken:
			if err := d.afterBroken(at); err != nil {
				return err
			}
		}
	}
}

// ended is what the end of the text means before the top-level object is closed.
func (d *document) ended() error {
	d.Pos = len(d.Buf)
	if d.events {
		d.cutOff("before the document was closed")
	} else {
		d.cutOff("before the list of events began")
	}
	return nil
}

// key reads one top-level key and its value.
func (d *document) key(c byte) (status, error) {
	if c != '"' {
		return broken, nil
	}
	text, st := d.Value()
	if st != whole {
		return st, nil
	}
	name := string(jsonscan.Unquote(text))
	if what := foreignKeys[name]; what != "" && !d.events {
		return whole, foreign(what)
	}
	if c, ok := d.Peek(); !ok || c != ':' {
		return ended(ok), nil
	}
	d.Pos++
	if name == "traceEvents" && d.events {
		d.scan.faults.once(d.Offset(), "a second list of events", "the events in it")
	}
	c, ok := d.Peek()
	switch {
	case !ok:
		return short, nil
	case name == "traceEvents" && !d.events:
		return d.eventsKey(c)
	case headerFields[name] == nil && (c == '{' || c == '['):
		return d.passOver(), nil
	}
	return d.header(name), nil
}

func ended(ok bool) status {
	if ok {
		return broken
	}
	return short
}

func (d *document) eventsKey(c byte) (status, error) {
	if c != '[' {
		return whole, foreign("JSON whose traceEvents is no list")
	}
	d.Pos++
	return d.list(), nil
}

// header reads a value that is small: whole in the window, and given to its reader.
func (d *document) header(name string) status {
	at := d.Offset()
	val, st := d.Value()
	if st != whole {
		return st
	}
	if read := headerFields[name]; read != nil && !read(d, val) {
		d.scan.faults.once(at, "the value of "+name+" is not as it should be", "what "+name+" says")
	}
	return whole
}

// passOver skips an array or object of any size that nobody asks for.
func (d *document) passOver() status {
	for depth := 0; ; {
		c, ok := d.Peek()
		if !ok {
			return short
		}
		switch c {
		case '"':
			if st := d.stringInside(); st != whole {
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
			return whole
		}
	}
}

// stringInside passes over a string, after which there must be structure.
func (d *document) stringInside() status {
	if _, st := d.Value(); st != whole {
		return st
	}
	c, ok := d.Peek()
	switch {
	case !ok:
		return short
	case c == ',', c == ':', c == '}', c == ']':
		return whole
	}
	return broken
}

// afterBroken finds the list of events behind a header that is not JSON, as old
// writers left it when they copied log lines with quotes into it. Behind the list
// there is nothing more to find.
func (d *document) afterBroken(at int64) error {
	lost := "what the keys after the events say"
	if !d.events {
		lost = "what the keys before the events say"
	}
	for {
		if !d.events {
			if i := bytes.Index(d.Rest(), []byte(`"traceEvents"`)); i >= 0 {
				d.Pos += i
				break
			}
		}
		d.Pos = max(d.Pos, len(d.Buf)-64)
		if !d.More() {
			d.Pos = len(d.Buf)
			break
		}
	}
	if !d.events && d.Pos == len(d.Buf) {
		return foreign("something that is not JSON (at byte " + trace.Count(int(at)) + ")")
	}
	d.scan.faults.once(at, "not JSON from here", lost)
	return nil
}

// finish looks at what follows the document, which also reads a gzip file to its
// checksum.
func (d *document) finish() {
	if _, ok := d.Peek(); ok {
		d.scan.faults.once(d.Offset(), "text after the end of the document", "that text")
		for d.Pos = len(d.Buf); d.More(); {
			d.Pos = len(d.Buf)
		}
	}
	if err := d.Broken(); err != nil && !d.cut {
		d.scan.faults.once(d.Offset(), trace.ReadFault(err), "nothing that shows, but what was read may be wrong")
	}
}
