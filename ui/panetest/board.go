package panetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"shardeck/backend/experiments"
	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/board"
)

// Board copies the rows.
func (l *Lab) Board(ctx context.Context) ([]board.Row, error) {
	if err := l.call(ctx, "Board", ""); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.Rows), nil
}

// Draft is for the real lab; tests edit what OpenDraft gives.
func (l *Lab) Draft(string) (*experiments.Draft, error) { return nil, errors.New("use OpenDraft") }

// Clone adds a row.
func (l *Lab) Clone(id, newID string, edits ...model.Edit) (board.Row, error) {
	if err := l.call(context.Background(), "Clone", id+" "+newID); err != nil {
		return board.Row{}, err
	}
	row, err := l.cloneOf(id, newID, edits)
	if err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.Rows = append(l.Rows, row)
	}
	return row, err
}

// PlanClone is the row that Clone would add, judged by the test's rules.
func (l *Lab) PlanClone(id, newID string, edits ...model.Edit) (board.Row, error) {
	if err := l.call(context.Background(), "PlanClone", id+" "+newID); err != nil {
		return board.Row{}, err
	}
	row, err := l.cloneOf(id, newID, edits)
	row.Verdict = l.Check(row.Experiment)
	return row, err
}

func (l *Lab) cloneOf(id, newID string, edits []model.Edit) (board.Row, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.find(id)
	if i < 0 {
		return board.Row{}, fmt.Errorf("no experiment %s", id)
	}
	row := l.Rows[i]
	d := Draft{lab: l, base: row.Experiment, values: map[string]string{}}
	for _, e := range edits {
		if err := d.Set(e.Path, e.Value); err != nil {
			return board.Row{}, err
		}
	}
	row.Experiment = d.Experiment()
	row.Experiment.ID, row.Job, row.Run, row.Analysis = newID, nil, nil, nil
	row.File = "experiments/configs/" + newID + ".yaml"
	return row, nil
}

func (l *Lab) find(id string) int {
	return slices.IndexFunc(l.Rows, func(r board.Row) bool { return r.Experiment.ID == id })
}

// Preview is the row and a script.
func (l *Lab) Preview(ctx context.Context, id string, nsys bool) (jobs.Preview, error) {
	if err := l.call(ctx, "Preview", id); err != nil {
		return jobs.Preview{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.find(id)
	if i < 0 {
		return jobs.Preview{}, fmt.Errorf("no experiment %s", id)
	}
	row := l.Rows[i]
	row.Verdict = l.Check(row.Experiment)
	v := jobs.Preview{Row: row, Script: script(row), Path: "experiments/slurm_scripts/run_" + id + ".sh", Nsys: nsys, Diff: l.Diff}
	if row.Run != nil {
		v.Keeps = row.Run.Name + model.OldMark + "before-JOB"
	}
	return v, nil
}

// PreviewOf is the preview of a row with another experiment in it.
func (l *Lab) PreviewOf(ctx context.Context, e model.Experiment, nsys bool) (jobs.Preview, error) {
	p, err := l.Preview(ctx, e.ID, nsys)
	p.Row.Experiment, p.Row.Verdict = e, l.Check(e)
	p.Script = script(p.Row)
	return p, err
}

// Starts is the plan, the same for all.
func (l *Lab) Starts(ctx context.Context, previews []jobs.Preview) []jobs.Start {
	all := make([]jobs.Start, len(previews))
	if l.call(ctx, "Starts", "") != nil {
		return all
	}
	for i := range all {
		all[i] = l.Plan
	}
	return all
}

// Submit refuses what the checks refuse, else adds a waiting job.
func (l *Lab) Submit(ctx context.Context, id string, nsys bool) (model.Submission, error) {
	if err := l.call(ctx, "Submit", id); err != nil {
		return model.Submission{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.find(id)
	if i < 0 || !l.Check(l.Rows[i].Experiment).OK() {
		return model.Submission{}, fmt.Errorf("%s cannot be submitted", id)
	}
	job := model.Job{ID: "3141600", Experiment: id, Scheduler: "slurm", State: model.JobPending, Reason: "Priority", Submit: Now, Limit: 30 * time.Minute}
	l.List.Jobs = append([]model.Job{job}, l.List.Jobs...)
	l.Rows[i].Job = &job
	return model.Submission{JobID: job.ID, Experiment: l.Rows[i].Experiment, Scheduler: "slurm", At: Now, Nsys: nsys}, nil
}
