package lab

import "shardeck/model"

// Draft is an experiment being edited: its YAML, with comments and order kept, and
// the Experiment it means. It is not safe for concurrent use.
type Draft struct {
	File string
}

// Experiment is what the draft means now.
func (d *Draft) Experiment() model.Experiment { panic("todo") }

// Get is the value of a key as text ("parallelism.tp"), the default where the file has none.
func (d *Draft) Get(path string) string { panic("todo") }

// Set changes one key; the error says what values it takes.
func (d *Draft) Set(path, value string) error { panic("todo") }

// Undo takes back the last Set; false if there is none. Redo is its inverse.
func (d *Draft) Undo() bool { panic("todo") }

// Redo repeats what Undo took back.
func (d *Draft) Redo() bool { panic("todo") }

// Modified reports whether the draft differs from the file as it was opened.
func (d *Draft) Modified() bool { panic("todo") }

// Diff is the change against the file, as a unified diff.
func (d *Draft) Diff() string { panic("todo") }

// Save writes the file atomically; it refuses when the file changed on disk since.
func (d *Draft) Save() error { panic("todo") }

// Path is the absolute path, for $EDITOR.
func (d *Draft) Path() string { panic("todo") }
