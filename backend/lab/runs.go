package lab

import (
	"context"

	"shardeck/model"
)

// Runs lists trace directories, newest first.
func (l *Lab) Runs(ctx context.Context) ([]model.Run, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	runs, err := l.ws.Runs()
	return runs, kinded(err)
}

// Run finds one run by its name, its path or the id of its experiment.
func (l *Lab) Run(name string) (model.Run, error) {
	run, err := l.ws.Run(name)
	return run, kinded(err)
}

// runOf picks the newest run of an experiment from runs, newest first: the one in its
// output directory, or one that says it is of that id.
func (l *Lab) runOf(e model.Experiment, runs []model.Run) *model.Run {
	dir := e.ResultDir(false)
	for i, r := range runs {
		if dir != "" && r.Dir == l.ws.Path(dir) {
			return &runs[i]
		}
	}
	return nil
}
