package experiments

import (
	"context"

	"shardeck/backend/render"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/metric"
)

// Needs is what experiments take of an open workspace. It is set once.
type Needs struct {
	Workspace *workspace.Workspace
	World     check.World
	Sets      []model.Edit                           // --set values that are keys of a config
	Note      func(text string)                      // keeps a remark that no caller waits for
	Settings  func(model.Experiment) render.Settings // for the job script of an experiment

	Jobs    func() []model.Job                                      // the jobs that are known, newest first, without asking anybody
	KnownOf func(ctx context.Context, r model.Run) *metric.Analysis // what is known of a run without reading a trace
}

// Experiments is the use cases before a job: list, judge, edit, make and generate. Its
// methods are safe for concurrent use.
type Experiments struct{ Needs }

// New works on the experiments of an open workspace.
func New(n Needs) *Experiments { return &Experiments{n} }
