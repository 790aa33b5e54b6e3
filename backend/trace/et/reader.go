package et

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/model"
)

// reader walks the text from its first byte to its last.
type reader struct {
	*jsonscan.Window
	t     *Trace
	names map[string]uint32
	colls map[string]int32
	ops   map[uint32]int // how often a name occurs
	n     node           // scratch
	listed,
	closed, // the list of nodes, the document
	cut bool
	faults  [faultKinds]faultCount
	wasted  int // bytes looked at in vain for the next sound node
	unknown int // calls of which PyTorch did not know what was called
}

func newReader(w *jsonscan.Window) *reader {
	return &reader{
		Window: w, t: &Trace{Start: -1, Finish: -1},
		names: map[string]uint32{}, colls: map[string]int32{}, ops: map[uint32]int{},
	}
}

// fault is a sort of damage that is counted.
type fault uint8

const (
	faultNode fault = iota
	faultGiant
	faultCall
	faultGroups
	faultHeader
	faultKinds
)

type faultCount struct {
	n     int
	first int64
}

// faultWords says each in words for people.
var faultWords = [faultKinds]struct{ one, many, lost string }{
	{"node is not JSON or has no name or id", "nodes are not JSON or have no name or id", "those nodes and the text up to the next sound one"},
	{"node is larger than 16 MiB", "nodes are larger than 16 MiB", "those nodes and the text up to the next sound one"},
	{"collective call has a size or group that is no number", "collective calls have a size or group that is no number", "the sizes of those calls"},
	{"list of process groups is not JSON or was cut", "lists of process groups are not JSON or were cut", "the ranks of those groups"},
	{"key beside the nodes is not JSON", "keys beside the nodes are not JSON", "what those keys say"},
}

func (r *reader) fault(kind fault, at int64) {
	f := &r.faults[kind]
	if f.n == 0 {
		f.first = at
	}
	f.n++
}

func (r *reader) once(at int64, text, lost string) {
	r.t.Damage = append(r.t.Damage, trace.Damage{Offset: at, Text: text, Lost: lost})
}

// errForeign is the cause when a file is not an execution trace at all.
var errForeign = errors.New("not a PyTorch execution trace")

func foreign(what string) error {
	return fmt.Errorf("%w but %s; expected JSON with a list named nodes (torch_et_<rank>.json)", errForeign, what)
}

// foreignKeys are top-level keys of other files of a run.
var foreignKeys = map[string]string{
	"traceEvents":     "a Kineto trace (kineto_trace)",
	"schemaVersion":   "a Kineto trace (kineto_trace)",
	"iteration_times": "a timing file (timing_stats)",
	"ttft_avg":        "a timing file (timing_stats)",
	"job_id":          "the description of a run (run.json)",
}

// read reads the whole text. An error says that this is something else.
func (r *reader) read() error {
	c, ok := r.Peek()
	switch {
	case !ok && !errors.Is(r.Err, io.EOF):
		r.cutOff("before the list of nodes began")
		return nil
	case !ok:
		return foreign("an empty document")
	case bytes.HasPrefix(r.Buf[r.Pos:], []byte("SQLite format 3")):
		return foreign("an SQLite file (an nsys export?)")
	case c != '{':
		return foreign(fmt.Sprintf("something else (it begins with %q)", model.Printable(string(r.Buf[r.Pos:][:min(16, len(r.Buf)-r.Pos)]))))
	}
	r.Pos++
	return r.keys()
}

// keys walks the pairs of the top-level object up to its closing brace.
func (r *reader) keys() error {
	for {
		c, ok := r.Peek()
		switch {
		case !ok:
			return r.ended()
		case c == '}':
			r.Pos++
			r.closed = true
			if !r.listed {
				return foreign("JSON of another kind (no nodes in it)")
			}
			r.tail()
			return nil
		case c == ',':
			r.Pos++
			continue
		}
		st, err := r.key()
		switch {
		case err != nil:
			return err
		case st == short:
			return r.ended()
		case st == broken && !r.listed:
			return foreign("something that is not JSON (at byte " + trace.Count(int(r.Offset())) + ")")
		case st == broken:
			r.once(r.Offset(), "not JSON from here", "what came after")
			r.drain()
			return nil
		}
	}
}

// ended is what the end of the text means inside the top-level object.
func (r *reader) ended() error {
	switch {
	case r.listed:
		r.cutOff("before the document was closed")
	case r.t.Schema == "" && errors.Is(r.Err, io.EOF):
		return foreign("JSON of another kind, or one cut off at its beginning")
	default:
		r.cutOff("before the list of nodes began")
	}
	return nil
}

// key reads one top-level key and its value.
func (r *reader) key() (status, error) {
	name, st := r.Value()
	if st != whole {
		return st, nil
	}
	k := string(raw(name))
	if what := foreignKeys[k]; what != "" && !r.listed && r.t.Schema == "" {
		return whole, foreign(what)
	}
	if c, ok := r.Peek(); !ok || c != ':' {
		return ended(ok), nil
	}
	r.Pos++
	c, ok := r.Peek()
	switch {
	case !ok:
		return short, nil
	case k == "nodes" && c == '[' && !r.listed:
		r.Pos++
		r.list()
		return whole, nil
	case k == "nodes":
		return whole, foreign("JSON whose nodes are no list")
	}
	return r.header(k), nil
}

func ended(ok bool) status {
	if ok {
		return broken
	}
	return short
}

// header reads a small value beside the nodes.
func (r *reader) header(k string) status {
	at := r.Offset()
	val, st := r.Value()
	if st != whole {
		return st
	}
	number := func(to *int64) {
		v := numberOr(val, -1)
		if v < 0 {
			r.fault(faultHeader, at)
		}
		*to = v
	}
	switch k {
	case "schema":
		r.t.Schema = text(val)
	case "pid":
		number(&r.t.PID)
	case "start_ts":
		number(&r.t.Start)
	case "finish_ts":
		number(&r.t.Finish)
	}
	return whole
}

// tail reads the text to its end, for a gzip file's checksum.
func (r *reader) tail() {
	if _, ok := r.Peek(); ok {
		r.once(r.Offset(), "text after the end of the document", "that text")
		r.drain()
	}
	if r.Err != nil && !errors.Is(r.Err, io.EOF) {
		r.once(r.Offset(), trace.ReadFault(r.Err), "nothing that shows, but what was read may be wrong")
	}
}

func (r *reader) drain() {
	for r.Pos = len(r.Buf); r.More(); {
		r.Pos = len(r.Buf)
	}
}

// cutOff says once that the text ended too early, and why.
func (r *reader) cutOff(where string) {
	if r.cut {
		return
	}
	r.cut = true
	text := "ended " + where
	if r.Err != nil && !errors.Is(r.Err, io.EOF) {
		text += ": " + trace.ReadFault(r.Err)
	}
	r.once(r.Offset(), text, "everything after the last whole node ("+trace.Count(len(r.t.Nodes))+" read)")
}
