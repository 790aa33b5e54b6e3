package config

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/aymanbagabas/go-udiff"
	"gopkg.in/yaml.v3"

	"shardeck/backend/strictyaml"
	"shardeck/backend/yamledit"
	"shardeck/model"
)

// Document is the YAML of one experiment being edited. A change touches the one value it is about: all else
// stays byte for byte. Set parses the new text once; all else takes what was parsed. It is safe for concurrent
// use, and only changes wait for each other: while a Set is under way, what is read is the state before it.
type Document struct {
	Name string // relative path, for messages

	now  atomic.Pointer[state]
	file atomic.Pointer[state] // as it is on disk

	change     sync.Mutex // of now, held from reading the old state to the new one
	past, next []*state   // before each change, youngest last; those that Undo took back
}

// state is the text of a document at one time, and what it means. It is not changed.
type state struct {
	text       []byte
	doc        *yaml.Node
	experiment model.Experiment
	err        error
}

// Bounds of what Undo remembers; a config is a few KB.
const (
	maxUndo      = 200
	maxUndoBytes = 4 << 20
)

// NewDocument edits text that need not be on disk: one YAML mapping, be its keys and values wrong.
func NewDocument(name string, text []byte) (*Document, error) {
	text = bytes.Clone(text)
	doc, problems := parse(name, text)
	if problems != nil {
		return nil, problems
	}
	d, s := &Document{Name: name}, newState(name, text, doc)
	d.now.Store(s)
	d.file.Store(s)
	return d, nil
}

func newState(name string, text []byte, doc *yaml.Node) *state {
	e, problems := Decode(name, doc.Content[0])
	return &state{text, doc, e, problems.OrNil()}
}

// Text is the text as it stands; it may not be changed.
func (d *Document) Text() []byte { return d.now.Load().text }

// File is the text as it was read or last saved; it may not be changed.
func (d *Document) File() []byte { return d.file.Load().text }

// Saved tells that a text, got from Text, is what the file holds now.
func (d *Document) Saved(text []byte) {
	s := d.now.Load()
	if !bytes.Equal(s.text, text) {
		s = &state{text: text, err: errNotKnown}
	}
	d.file.Store(s)
}

var errNotKnown = errors.New("what the file means is not known")

// Modified reports whether the text differs from the one on disk.
func (d *Document) Modified() bool { return !bytes.Equal(d.Text(), d.File()) }

// Diff is the change against the file, as a unified diff; empty if there is none.
func (d *Document) Diff() string {
	return udiff.Unified(d.Name, d.Name+" (edited)", string(d.File()), string(d.Text()))
}

// Experiment is what the text means, as far as it can be read. Its maps are not the caller's to change.
func (d *Document) Experiment() model.Experiment { return d.now.Load().experiment }

// Err is what is wrong with the text, as strictyaml.Problems, one fault a line; nil: nothing.
func (d *Document) Err() error { return d.now.Load().err }

// Get is a key's value as the file has it, even if wrong; else its default; empty for a key that no config has.
func (d *Document) Get(path string) string {
	s := d.now.Load()
	f, name, err := lookup(path)
	if err != nil {
		return ""
	}
	_, n := s.find(f, name)
	if n != nil && n.Kind == yaml.ScalarNode && n.Tag != "!!null" && f.Path != "vllm" {
		return n.Value
	}
	value, _ := Value(s.experiment, path) // the path is known
	return value
}

// Given reports whether the file itself says what a key is.
func (d *Document) Given(path string) bool {
	f, name, err := lookup(path)
	if err != nil {
		return false
	}
	_, n := d.now.Load().find(f, name)
	return n != nil
}

func (s *state) find(f strictyaml.Field, name string) (key, value *yaml.Node) {
	return strictyaml.Find(s.doc.Content[0], keysOf(f, name)...)
}

// keysOf are the names from the top to a value: [parallelism tp], [env NCCL_DEBUG].
func keysOf(f strictyaml.Field, name string) []string {
	if name != "" {
		return []string{f.Path, name}
	}
	return strings.Split(f.Path, ".")
}

// Set changes one key, adding it where the file lacks it. An error says what the key takes.
func (d *Document) Set(path, value string) error {
	return d.SetAll(model.Edit{Path: path, Value: value})
}

// SetAll is Set for several keys, all or none: parsed once, and taken back together.
func (d *Document) SetAll(edits ...model.Edit) error {
	d.change.Lock()
	defer d.change.Unlock()
	now := d.now.Load()
	next, err := now.with(d.Name, edits)
	if err != nil || next == nil || bytes.Equal(next.text, now.text) {
		return err
	}
	d.past, d.next = append(d.past, now), nil
	if most := min(maxUndo, 1+maxUndoBytes/len(next.text)); len(d.past) > most {
		d.past = d.past[len(d.past)-most:]
	}
	d.now.Store(next)
	return nil
}

// with is the state after changes; nil where the text means the values already.
func (s *state) with(name string, edits []model.Edit) (*state, error) {
	wanted := model.Defaults()
	for _, e := range edits {
		if err := Apply(&wanted, e.Path, e.Value); err != nil {
			return nil, err
		}
	}
	var paths []string
	var changes []yamledit.Edit
	for _, e := range edits {
		f, below, err := lookup(e.Path)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(paths, e.Path) && !s.holds(f, below, e.Path, wanted) {
			paths = append(paths, e.Path)
			changes = append(changes, yamledit.Edit{Keys: keysOf(f, below), Value: nodeOf(wanted, f, below, e.Path), Order: order})
		}
	}
	if len(changes) == 0 {
		return nil, nil
	}
	var doc *yaml.Node
	text := yamledit.MakeAll(changes, s.text, s.doc, func(text []byte) *yaml.Node {
		doc, _ = parse(name, text)
		return doc
	})
	if text != nil {
		next := newState(name, text, doc)
		if !slices.ContainsFunc(paths, func(path string) bool { return !next.means(path, wanted) }) {
			return next, nil
		}
	}
	return nil, fmt.Errorf("%s: %s cannot be changed here: edit the file by hand (e opens your editor)", name, strings.Join(paths, ", "))
}

// holds reports whether the text has the value that a key has in wanted already.
func (s *state) holds(f strictyaml.Field, name, path string, wanted model.Experiment) bool {
	_, n := s.find(f, name)
	return s.err == nil && (name == "" || n != nil) && s.means(path, wanted)
}

// means reports whether a key of the experiment has the value that it has in wanted.
func (s *state) means(path string, wanted model.Experiment) bool {
	now, _ := Value(s.experiment, path)
	want, _ := Value(wanted, path)
	return now == want || now == clean(path, want)
}

func nodeOf(e model.Experiment, f strictyaml.Field, name, path string) *yaml.Node {
	var n yaml.Node
	if f.Path == "vllm" {
		_ = n.Encode(e.VLLM[name]) // ParseFlow made it: it can be written
		return &n
	}
	text, _ := Value(e, path)
	n = yaml.Node{Kind: yaml.ScalarNode, Value: text}
	if name != "" || strictyaml.IsText(f.Type) {
		n.Tag = "!!str"
	}
	return &n
}

// Undo takes back the last Set; false if there is none. Redo is its inverse.
func (d *Document) Undo() bool { return d.step(&d.past, &d.next) }

// Redo repeats what Undo took back; a Set in between forgets it.
func (d *Document) Redo() bool { return d.step(&d.next, &d.past) }

// step goes to the last state of one list and keeps the present one on the other.
func (d *Document) step(from, to *[]*state) bool {
	d.change.Lock()
	defer d.change.Unlock()
	last := len(*from) - 1
	if last < 0 {
		return false
	}
	*to = append(*to, d.now.Load())
	d.now.Store((*from)[last])
	*from = (*from)[:last]
	return true
}
