package experiments

import (
	"context"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/ui/pane"
	"shardeck/ui/pane/submission"
)

// Backend is what the pane of experiments asks of the use cases.
type Backend interface {
	submission.Backend
	Workspace() string
	Site() model.Site
	Account() string
	ReadOnly() bool

	// Board lists every experiment; it reads small files only.
	Board(ctx context.Context) ([]board.Row, error)
	// Clone makes a new experiment from another, with some keys changed; the result is written.
	Clone(id, newID string, edits ...model.Edit) (board.Row, error)
	// PlanClone is what Clone would make, judged; nothing is written.
	PlanClone(id, newID string, edits ...model.Edit) (board.Row, error)
}

// env is the surroundings, with what may be asked.
type env struct {
	pane.Env
	Backend
}
