package pane

import (
	"shardeck/backend/experiments"
	"shardeck/model"
)

// Draft is an experiment being edited; *experiments.Draft is one. A command may Set
// while the pane reads: until then the pane sees the state before.
type Draft interface {
	Experiment() model.Experiment
	Problem() string // what is wrong with the text itself, one fault a line; empty: nothing
	Get(path string) string
	Set(path, value string) error
	Choices(path string) []string // words the key takes; nil: any text or number
	Undo() bool
	Redo() bool
	Modified() bool
	Diff() string
	Save() error
	Path() string
}

// OpenDraft opens an experiment for editing. A backend may bring its own drafts, as those of
// tests do, by a method OpenDraft.
func OpenDraft(l interface {
	Draft(id string) (*experiments.Draft, error)
}, id string) (Draft, error) {
	if own, ok := l.(interface {
		OpenDraft(id string) (Draft, error)
	}); ok {
		return own.OpenDraft(id)
	}
	d, err := l.Draft(id)
	if err != nil {
		return nil, err
	}
	return d, nil
}
