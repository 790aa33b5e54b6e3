// Package experiments is the use cases before a job: list the experiments, edit one
// (draft.go), make one from another (new.go), write configs, job scripts and the runner
// (generate.go), and the workload card of a run (card.go).
package experiments

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"shardeck/backend/config"
	"shardeck/backend/render"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/board"
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

// Experiments is the use cases before a job. Its methods are safe for concurrent use.
type Experiments struct{ Needs }

// New works on the experiments of an open workspace.
func New(n Needs) *Experiments { return &Experiments{n} }

// Board lists every experiment: its config and verdict, the newest job and the key
// figures of the newest run. It reads small files only: no trace, and of the
// scheduler the last answer there is.
func (x *Experiments) Board(ctx context.Context) ([]board.Row, error) {
	files, err := x.Workspace.Experiments()
	if err != nil {
		return nil, err
	}
	runs, err := x.Workspace.Runs()
	if err != nil {
		return nil, err
	}
	jobs := x.Jobs()
	rows := make([]board.Row, len(files))
	for i, f := range files {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		rows[i] = x.rowOf(f)
		id, dir := rows[i].Experiment.ID, rows[i].Experiment.ResultDir(false)
		rows[i].Job = model.First(jobs, func(j model.Job) bool { return id != "" && j.Experiment == id })
		run := model.First(runs, func(r model.Run) bool { return dir != "" && r.Dir == x.Workspace.Path(dir) })
		if x.ran(&rows[i], run); run != nil {
			rows[i].Analysis = x.KnownOf(ctx, *run)
		}
	}
	return rows, nil
}

// ran gives a row its run, and what its config says otherwise by now.
func (x *Experiments) ran(row *board.Row, run *model.Run) {
	if row.Run = run; run != nil && run.Experiment != nil && row.Problem == "" {
		run.Changed = config.Changes(*run.Experiment, row.Experiment)
	}
}

// WithRun is a row with the result that lies where it writes, if one does.
func (x *Experiments) WithRun(row board.Row, nsys bool) board.Row {
	dir := row.Experiment.ResultDir(nsys)
	if run, err := x.Workspace.Run(x.Workspace.Path(dir)); err == nil && dir != "" { // the usual case: there is none
		x.ran(&row, &run)
	}
	return row
}

// Rows lists the experiments named, or all: config, verdict, and the run that a number would come from.
func (x *Experiments) Rows(ctx context.Context, ids []string) ([]board.Row, error) {
	withRun := func(r board.Row) board.Row { return x.WithRun(r, false) }
	if len(ids) == 0 {
		files, err := x.Workspace.Experiments()
		return model.Each(model.Each(files, x.rowOf), withRun), cmp.Or(err, ctx.Err())
	}
	var rows []board.Row
	for _, id := range ids {
		row, err := x.Row(id)
		if err != nil {
			return nil, err
		}
		rows = append(rows, withRun(row))
	}
	return rows, ctx.Err()
}

// Row is one experiment, by id, by the name of its file or by a path. A config that
// cannot be used is a row with its Problem; one that is not there is an error.
func (x *Experiments) Row(id string) (board.Row, error) {
	f, err := x.Workspace.Experiment(id)
	if errors.Is(err, workspace.ErrNotFound) && looksLikePath(id) {
		f = x.Workspace.ReadFile(id)
		err = f.Err
	}
	if err != nil && !errors.Is(err, model.ErrInvalid) {
		return board.Row{}, err
	}
	return x.rowOf(f), nil
}

// IDs lists the ids of the experiments here.
func (x *Experiments) IDs() []string {
	files, _ := x.Workspace.Experiments() // for completion: silence is the right answer to a fault
	var ids []string
	for _, f := range files {
		if f.Experiment.ID != "" {
			ids = append(ids, f.Experiment.ID)
		}
	}
	return ids
}

// rowOf judges what a config means, once it can be used.
func (x *Experiments) rowOf(f workspace.File) board.Row {
	row := board.Row{File: f.Rel, Experiment: f.Experiment}
	if f.Err != nil {
		row.Problem = f.Err.Error()
		return row
	}
	row.Experiment = x.WithSets(f.Experiment)
	row.Verdict = x.Check(row.Experiment)
	if gpu, known := x.World.GPUs[row.Verdict.Placement.GPU]; known {
		row.Planned = &gpu
	}
	return row
}

// Check judges an experiment that may not be saved yet.
func (x *Experiments) Check(e model.Experiment) check.Verdict { return check.Check(e, x.World) }

// Legal lists the values a layout field (parallelism.tp, …) may take, the others as they are.
func (x *Experiments) Legal(e model.Experiment, path string) []int {
	return check.Legal(e, path, x.World)
}

// WithSets is an experiment with the keys given by --set in place.
func (x *Experiments) WithSets(e model.Experiment) model.Experiment {
	for _, s := range x.Sets {
		if err := config.Apply(&e, s.Path, s.Value); err != nil {
			x.Note(fmt.Sprintf("--set %s=%s: %v", s.Path, s.Value, err)) // checked when the workspace was opened
		}
	}
	return e
}

// looksLikePath tells a config outside experiments/configs from a mistyped id.
func looksLikePath(id string) bool {
	return strings.ContainsRune(id, '/') || strings.HasSuffix(id, ".yaml") || strings.HasSuffix(id, ".yml")
}
