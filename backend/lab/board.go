package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"shardeck/backend/config"
	"shardeck/backend/strictyaml"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/check"
)

// Board lists every experiment: its config and verdict, the newest job and the key
// figures of the newest run. It reads small files only: no trace, and of the
// scheduler the last answer there is.
func (l *Lab) Board(ctx context.Context) ([]Row, error) {
	files, err := l.ws.Experiments()
	if err != nil {
		return nil, kinded(err)
	}
	runs, err := l.ws.Runs()
	if err != nil {
		return nil, kinded(err)
	}
	jobs := l.KnownJobs()
	rows := make([]Row, len(files))
	for i, f := range files {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		rows[i] = l.rowOf(f)
		rows[i].Job = newestJob(jobs, rows[i].Experiment.ID)
		if run := l.runOf(rows[i].Experiment, runs); run != nil {
			rows[i].Run, rows[i].Analysis = run, l.quick(ctx, *run)
		}
	}
	return rows, nil
}

// Rows lists the experiments named, or all: config and verdict alone.
func (l *Lab) Rows(ctx context.Context, ids []string) ([]Row, error) {
	if len(ids) == 0 {
		files, err := l.ws.Experiments()
		if err != nil {
			return nil, kinded(err)
		}
		rows := make([]Row, len(files))
		for i, f := range files {
			rows[i] = l.rowOf(f)
		}
		return rows, ctx.Err()
	}
	rows := make([]Row, len(ids))
	for i, id := range ids {
		row, err := l.Row(id)
		if err != nil {
			return nil, err
		}
		rows[i] = row
	}
	return rows, ctx.Err()
}

// Row is one experiment, by id, by the name of its file or by a path. A config that
// cannot be used is a row with its Problem; one that is not there is an error.
func (l *Lab) Row(id string) (Row, error) {
	f, err := l.ws.Experiment(id)
	if errors.Is(err, workspace.ErrNotFound) && looksLikePath(id) {
		f = l.ws.ReadFile(id)
		err = f.Err
	}
	var problems strictyaml.Problems
	if err != nil && !errors.As(err, &problems) {
		return Row{}, kinded(err)
	}
	return l.rowOf(f), nil
}

// IDs lists the ids of the experiments here.
func (l *Lab) IDs() []string {
	files, _ := l.ws.Experiments() // for completion: silence is the right answer to a fault
	var ids []string
	for _, f := range files {
		if f.Experiment.ID != "" {
			ids = append(ids, f.Experiment.ID)
		}
	}
	return ids
}

// rowOf judges what a config means, once it can be used.
func (l *Lab) rowOf(f workspace.File) Row {
	row := Row{File: f.Rel, Experiment: f.Experiment}
	if f.Err != nil {
		row.Problem = f.Err.Error()
		return row
	}
	row.Experiment = l.overlaid(f.Experiment)
	row.Verdict = l.Check(row.Experiment)
	return row
}

// newestJob is the first of an experiment in a list that is newest first.
func newestJob(jobs []model.Job, id string) *model.Job {
	i := slices.IndexFunc(jobs, func(j model.Job) bool { return id != "" && j.Experiment == id })
	if i < 0 {
		return nil
	}
	return &jobs[i]
}

// Check judges an experiment that may not be saved yet.
func (l *Lab) Check(e model.Experiment) check.Verdict {
	v := check.Check(e, l.world)
	v.Findings = append([]check.Finding{}, v.Findings...)
	return v
}

// Legal lists the values a layout field (tp, parallelism.tp, …) may take, the others
// as they are.
func (l *Lab) Legal(e model.Experiment, path string) []int {
	for _, p := range []string{path, "parallelism." + path} {
		if values := check.Legal(e, p, l.world); len(values) > 0 {
			return values
		}
	}
	return nil
}

// overlaid is an experiment with the keys given by --set in place.
func (l *Lab) overlaid(e model.Experiment) model.Experiment {
	for _, s := range l.experimentSets {
		if err := config.Apply(&e, s.Path, s.Value); err != nil {
			l.note(fmt.Sprintf("--set %s=%s: %v", s.Path, s.Value, err)) // checked when the lab was opened
		}
	}
	return e
}

// looksLikePath tells a config outside experiments/configs from a mistyped id.
func looksLikePath(id string) bool {
	return strings.ContainsRune(id, '/') || strings.HasSuffix(id, ".yaml") || strings.HasSuffix(id, ".yml")
}
