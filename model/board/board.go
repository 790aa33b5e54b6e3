// Package board is an experiment as lists show it: config, verdict, newest job and
// newest run joined, and what can be told from them together.
package board

import (
	"cmp"
	"fmt"
	"slices"

	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/metric"
)

// Row is one experiment: its config, the newest job of it and the key figures of its newest run.
type Row struct {
	File       string           `json:"file"`           // path of the YAML, relative to the workspace
	Experiment model.Experiment `json:"experiment"`     // what could be read of it
	Problem    string           `json:"problem"`        // why the file cannot be used; empty: fine
	Line       int              `json:"line,omitempty"` // of the first fault in it; 0: of the file as a whole
	NoForm     bool             `json:"-"`              // the file is no mapping of keys: only an editor shows it
	Verdict    check.Verdict    `json:"verdict"`
	Job        *model.Job       `json:"job"`      // newest, nil: never submitted
	Run        *model.Run       `json:"run"`      // newest, nil: none
	Analysis   *metric.Analysis `json:"analysis"` // of Run, as far as it is known without reading a trace; nil: not at all

	Older    []model.Run `json:"older,omitempty"`    // its other runs, superseded or under nsys, the newest first
	Archived bool        `json:"archived,omitempty"` // out of sight unless asked for

	Planned *model.GPU `json:"-"` // that the job would run on; nil: not known
}

// Marks say why the numbers of Run are not those of the experiment as it stands: what the run itself tells, and that it was
// measured on another GPU than the config asks for. Empty: they are.
func (r Row) Marks() []model.Mark {
	if r.Run == nil {
		return nil
	}
	all, gpu := r.Run.Marks(), cmp.Or(r.Analysis.Device(), r.Run.GPU)
	if r.Planned != nil && gpu != "" && !r.Run.Replay && !slices.Contains(r.Planned.Names, gpu) {
		all = append(all, model.Mark{Word: "other GPU", Text: fmt.Sprintf("measured on %s, not %s", gpu, r.Planned.Title)})
	}
	return all
}

// Own reports whether the numbers of Run are those of the row; of a replay they are what was asked for.
func (r Row) Own() bool {
	return !slices.ContainsFunc(r.Marks(), func(m model.Mark) bool { return m.Word != model.ReplayWord })
}

// Runs are all its runs, the newest first.
func (r Row) Runs() []model.Run {
	if r.Run == nil {
		return r.Older
	}
	return append([]model.Run{*r.Run}, r.Older...)
}

// OK reports whether it may be submitted.
func (r Row) OK() bool { return r.Refusal() == nil }

// Refusal is the error of an experiment that may not be submitted, nil if it may.
func (r Row) Refusal() error {
	if r.Problem != "" {
		return model.Invalid(r.Problem, "")
	}
	if f, _ := r.Verdict.Worst(); f.Severity == check.SeverityError {
		return model.Invalid(fmt.Sprintf("%s refused: %s", r.Experiment.ID, f.Fault), f.Fix)
	}
	return nil
}
