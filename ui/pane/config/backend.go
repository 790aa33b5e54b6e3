package config

import (
	"context"

	"shardeck/backend/experiments"
	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/check"
	"shardeck/ui/pane"
	"shardeck/ui/pane/submission"
)

// Backend is what the form asks of the use cases.
type Backend interface {
	submission.Backend
	Workspace() string
	Site() model.Site
	Shapes() []model.Shape
	ReadOnly() bool

	// Check judges an experiment that may not be saved yet.
	Check(e model.Experiment) check.Verdict
	// Legal lists the values a layout field (tp, pp, dp_replicate, ep …) may take, the others as they are.
	Legal(e model.Experiment, path string) []int
	// Draft opens an experiment for editing; edits keep comments and key order.
	Draft(id string) (*experiments.Draft, error)
	// PreviewOf is what would be submitted if an experiment were saved as it stands in the form.
	PreviewOf(ctx context.Context, e model.Experiment, nsys bool) (jobs.Preview, error)
	// Unsaved lists the edits that an earlier session did not save; KeepUnsaved keeps some,
	// or with none drops what was kept.
	Unsaved() ([]model.Unsaved, error)
	KeepUnsaved(u model.Unsaved) error
}

// draft is the text of an experiment, as *experiments.Draft edits it. Its methods parse or
// wait: they are for commands.
type draft interface {
	Experiment() model.Experiment
	Problem() string // what is wrong with the text itself, one fault a line; empty: nothing
	Get(path string) string
	SetAll(edits ...model.Edit) error // all or none
	Choices(path string) []string     // words the key takes; nil: any text or number
	Undo() bool
	Redo() bool
	Modified() bool
	Diff() string
	Save() error
	Path() string
}

// env is the surroundings, with what may be asked.
type env struct {
	pane.Env
	Backend
}
