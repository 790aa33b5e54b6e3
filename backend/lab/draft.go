package lab

import (
	"bytes"

	"shardeck/backend/workspace"
	"shardeck/model"
)

// Draft is an experiment being edited: its YAML, with comments and order kept, and
// the Experiment it means. It is not safe for concurrent use.
type Draft struct {
	File string // relative to the workspace

	lab  *Lab
	doc  *workspace.Document
	past [][]byte // texts before each change, the last one youngest
	next [][]byte // texts that Undo took back
}

// maxUndo bounds what Undo remembers; a config is a few KB.
const maxUndo = 200

// Draft opens an experiment for editing, by id. One with faults can be opened and
// mended; one that is no YAML mapping cannot.
func (l *Lab) Draft(id string) (*Draft, error) {
	row, err := l.Row(id)
	if err != nil {
		return nil, err
	}
	doc, err := l.ws.OpenDocument(row.File)
	if err != nil {
		return nil, kinded(err)
	}
	return &Draft{File: row.File, lab: l, doc: doc}, nil
}

// Experiment is what the draft means now, as far as it can be read.
func (d *Draft) Experiment() model.Experiment {
	e, _ := d.doc.Experiment() // Problem says what is wrong
	return e
}

// Problem says what is wrong with the text itself, one fault a line; empty: nothing.
func (d *Draft) Problem() string {
	if _, err := d.doc.Experiment(); err != nil {
		return err.Error()
	}
	return ""
}

// Get is the value of a key as text ("parallelism.tp"), the default where the file
// has none; empty for a key that no config has.
func (d *Draft) Get(path string) string {
	value, err := d.doc.Get(path)
	if err != nil {
		return ""
	}
	return value
}

// Set changes one key; the error says what values it takes.
func (d *Draft) Set(path, value string) error {
	before := bytes.Clone(d.doc.Bytes())
	if err := d.doc.Set(path, value); err != nil {
		return kinded(err)
	}
	if bytes.Equal(before, d.doc.Bytes()) {
		return nil
	}
	d.past = append(d.past, before)
	if len(d.past) > maxUndo {
		d.past = d.past[1:]
	}
	d.next = nil
	return nil
}

// Choices lists the words a key takes, nil where any text or number goes.
func (d *Draft) Choices(path string) []string { return workspace.Choices(path) }

// Undo takes back the last Set; false if there is none. Redo is its inverse.
func (d *Draft) Undo() bool { return d.step(&d.past, &d.next) }

// Redo repeats what Undo took back; a Set in between forgets it.
func (d *Draft) Redo() bool { return d.step(&d.next, &d.past) }

// step goes to the last text of one list and keeps the present one on the other.
func (d *Draft) step(from, to *[][]byte) bool {
	if len(*from) == 0 {
		return false
	}
	last := len(*from) - 1
	*to = append(*to, bytes.Clone(d.doc.Bytes()))
	d.doc.Restore((*from)[last])
	*from = (*from)[:last]
	return true
}

// Modified reports whether the draft differs from the file as it was opened or saved.
func (d *Draft) Modified() bool { return d.doc.Modified() }

// Diff is the change against the file, as a unified diff.
func (d *Draft) Diff() string {
	return unified(d.File, string(d.doc.Base()), string(d.doc.Bytes()))
}

// Save writes the file atomically; it refuses when the file changed on disk since.
func (d *Draft) Save() error {
	if err := d.lab.Writable("save " + d.File); err != nil {
		return err
	}
	return kinded(d.lab.ws.SaveDocument(d.doc))
}

// Path is the absolute path, for $EDITOR.
func (d *Draft) Path() string { return d.lab.ws.Path(d.File) }
