// Package jsondoc walks a JSON document whose bulk is one long list, as the traces of PyTorch's profilers are: an object with some small
// values and the list among them, of which only a window is in memory. It knows what to say of a document that is cut off, broken, or of
// another kind; the items of the list are for its user to read.
package jsondoc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/model/present/unit"
)

// Format says what documents of one kind are called.
type Format struct {
	Name string // "a Kineto trace"
	File string // the beginning of its files' names: "kineto_trace"
	List string // the key of the list: "traceEvents"
	Item string // what the list holds, for people: "event"
	Bare bool   // the list may stand alone, without an object around it
}

// Document is one document being read.
type Document struct {
	*jsonscan.Window
	*trace.DamageCounter
	Format

	// Keys reads the small values that are asked for; false: it is not as it should be.
	Keys map[string]func(val []byte) bool

	// ReadList reads the list from behind its opening bracket, with EachItem.
	ReadList func()

	// SoFar says how much of the list was read: "12 kernels read".
	SoFar func() string

	listed bool // the list was seen
	ours   bool // a key of the format was seen
	cut    bool // the text ended too early
}

// kinds are the keys that tell a file of a run, and what that is.
var kinds = map[string]string{
	"traceEvents":     "a Kineto trace (kineto_trace)",
	"schemaVersion":   "a Kineto trace (kineto_trace)",
	"nodes":           "a PyTorch execution trace (torch_et)",
	"schema":          "a PyTorch execution trace (torch_et)",
	"iteration_times": "a timing file (timing_stats)",
	"ttft_avg":        "a timing file (timing_stats)",
	"job_id":          "the description of a run (run.json)",
}

// byteOrder is what some editors write before a text in UTF-8.
var byteOrder = []byte("\ufeff")

// foreign is the error of a document of another kind.
func (d *Document) foreign(what string) error {
	return fmt.Errorf("not %s but %s; expected JSON with a list named %s (%s_<rank>.json)", d.Name, what, d.List, d.File)
}

// ReadFile is Read for the text of the file at path, which the error names, until ctx ends.
func (d *Document) ReadFile(ctx context.Context, path string) error {
	err := d.Read()
	if stop := d.Broken(); stop != nil && errors.Is(stop, ctx.Err()) {
		return fmt.Errorf("%s: reading was stopped: %w", filepath.Base(path), stop)
	}
	if err != nil {
		return fmt.Errorf("%s is %w", filepath.Base(path), err)
	}
	return nil
}

// Read reads the whole text. An error says that this is something else; damage is counted.
func (d *Document) Read() error {
	c, ok := d.Peek()
	if ok && bytes.HasPrefix(d.Rest(), byteOrder) {
		d.Pos += len(byteOrder)
		c, ok = d.Peek()
	}
	switch {
	case !ok && d.Broken() != nil:
		d.cutOff("before the list of " + d.Item + "s began")
	case !ok:
		return d.foreign("an empty document")
	case bytes.HasPrefix(d.Rest(), []byte("SQLite format 3")):
		return d.foreign("an SQLite file (an nsys export?)")
	case bytes.HasPrefix(d.Rest(), []byte("\xff\xfe")) || bytes.HasPrefix(d.Rest(), []byte("\xfe\xff")):
		return d.foreign("text in UTF-16 (write it as UTF-8: iconv -f UTF-16 -t UTF-8)")
	case c == '[' && d.Bare:
		d.list()
	case c == '{':
		d.Pos++
		if err := d.keys(); err != nil {
			return err
		}
	default:
		return d.foreign("something that is not JSON (it begins with " + jsonscan.FirstWords(d.Rest()) + ")")
	}
	d.finish()
	return nil
}

// keys walks the pairs of the top-level object up to its closing brace.
func (d *Document) keys() error {
	for {
		c, ok := d.Peek()
		switch {
		case !ok:
			return d.ended()
		case c == '}':
			d.Pos++
			if !d.listed {
				return d.foreign("JSON of another kind (no " + d.List + " in it)")
			}
			return nil
		case c == ',':
			d.Pos++
			continue
		}
		at := d.Offset()
		st, err := d.key(c)
		if st == jsonscan.Broken {
			err = d.afterBroken(at)
		}
		switch {
		case err != nil:
			return err
		case st == jsonscan.Short:
			return d.ended()
		}
	}
}

// ended is what the end of the text means before the top-level object is closed.
func (d *Document) ended() error {
	d.Pos = len(d.Buf)
	switch {
	case d.listed:
		d.cutOff("before the document was closed")
	case !d.ours && d.Broken() == nil:
		return d.foreign("JSON of another kind, or one cut off at its beginning")
	default:
		d.cutOff("before the list of " + d.Item + "s began")
	}
	return nil
}

// key reads one top-level key and its value.
func (d *Document) key(c byte) (jsonscan.Status, error) {
	if c != '"' {
		return jsonscan.Broken, nil
	}
	text, st := d.Value()
	if st != jsonscan.Whole {
		return st, nil
	}
	name := string(jsonscan.Unquote(text))
	read := d.Keys[name]
	d.ours = d.ours || read != nil || name == d.List
	if what := kinds[name]; what != "" && !d.ours && !d.listed {
		return jsonscan.Whole, d.foreign(what)
	}
	if c, ok := d.Peek(); ok && c != ':' {
		return jsonscan.Broken, nil
	}
	d.Pos = min(d.Pos+1, len(d.Buf))
	c, ok := d.Peek()
	switch {
	case !ok:
		return jsonscan.Short, nil
	case name == d.List && !d.listed && c != '[':
		return jsonscan.Whole, d.foreign("JSON whose " + d.List + " is no list")
	case name == d.List && !d.listed:
		d.list()
		return jsonscan.Whole, nil
	case name == d.List:
		d.Once(d.Offset(), "a second list of "+d.Item+"s", "the "+d.Item+"s in it")
	}
	if read == nil && (c == '{' || c == '[') {
		return d.passOver(), nil
	}
	at := d.Offset()
	val, st := d.Value()
	if st == jsonscan.Whole && read != nil && !read(val) {
		d.Once(at, "the value of "+name+" is not as it should be", "what "+name+" says")
	}
	return st, nil
}

func (d *Document) list() {
	d.listed = true
	d.Pos++
	d.ReadList()
}

// afterBroken finds the list behind what is not JSON: old writers copied log lines with quotes into values.
func (d *Document) afterBroken(at int64) error {
	lost := "what the keys after the " + d.Item + "s say"
	if !d.listed {
		lost = "what the keys before the " + d.Item + "s say"
	}
	for key := []byte(`"` + d.List + `"`); ; {
		if !d.listed {
			if i := bytes.Index(d.Rest(), key); i >= 0 {
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
	if !d.listed && d.Pos == len(d.Buf) {
		return d.foreign("something that is not JSON (at byte " + unit.Int(int(at)) + ")")
	}
	d.Once(at, "not JSON from here", lost)
	return nil
}

// finish looks at what follows the document, which also reads a gzip file to its checksum.
func (d *Document) finish() {
	if _, ok := d.Peek(); ok {
		d.Once(d.Offset(), "text after the end of the document", "that text")
		d.Drain()
	}
	if err := d.Broken(); err != nil && !d.cut {
		d.Once(d.Offset(), trace.ReadFault(err), "nothing that shows, but what was read may be wrong")
	}
}

// Drain goes to the end of the text.
func (d *Document) Drain() {
	for d.Pos = len(d.Buf); d.More(); {
		d.Pos = len(d.Buf)
	}
}

// EachItem calls item at the brace of each item of the list, and broken at what is none. Both must go on.
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
			if _, st := d.Value(); st != jsonscan.Whole {
				return st
			}
			if c, ok := d.Peek(); ok && !strings.ContainsRune(",:}]", rune(c)) { // there must be structure after it
				return jsonscan.Broken
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
