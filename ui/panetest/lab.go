// Package panetest is what tests of panes and cockpit share: a Lab with fixed data
// and a fixed clock, a driver that presses keys and expects text, and golden frames.
//
// The Lab's data are of the size and shape of real runs; its rules are a few of the
// real ones, enough for the stories told in tests.
package panetest

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"

	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/metric"
	"shardeck/model/scaling"
	"shardeck/ui/pane"
)

// Now is the moment at which every test happens.
var Now = time.Date(2026, 11, 23, 14, 2, 11, 0, time.UTC)

// Lab is a pane.Lab without a backend. Its fields may be changed before it is used.
type Lab struct {
	mu        sync.Mutex
	Rows      []board.Row
	List      jobs.JobList
	Logs      map[string]jobs.LogPart
	Causes    map[string]jobs.Cause
	Analyses  map[string]*metric.Analysis
	Series    []scaling.Series
	Chart     scaling.Chart // as last exported
	Login     model.LoginBudget
	Screen    json.RawMessage
	Kept      map[string]model.Unsaved // edits not saved, by experiment
	Diff      string                   // of the script, against the one submitted last
	Diffs     map[string]map[string]scaling.CompareCell
	Tie       map[string]scaling.Tie // by metric
	Fine      []metric.RankDensity   // timelines in smaller bins
	Spans     metric.KernelSpans
	Unlike    []string // warnings of a comparison of traces
	Plan      jobs.Start
	NoRuns    bool
	Scheduler string
	Locked    bool                       // read-only
	Err       map[string]error           // by method: what it answers instead
	Hold      map[string]<-chan struct{} // by method: waits for it, or for its context
	Calls     []string                   // every call that waits or changes something
}

// New is a lab with the usual data.
func New() *Lab {
	l := &Lab{Logs: logs(), Causes: causes(), Analyses: analyses(), Series: series(),
		Err: map[string]error{}, Hold: map[string]<-chan struct{}{}}
	l.List = jobs.JobList{Scheduler: "slurm", AsOf: Now.Add(-11 * time.Second), Next: Now.Add(49 * time.Second), Jobs: usualJobs()}
	l.Rows = rows(l)
	return l
}

// call notes a call, waits if it is held, and gives the error it is to answer.
func (l *Lab) call(ctx context.Context, method, detail string) error {
	l.mu.Lock()
	l.Calls = append(l.Calls, strings.TrimSpace(method+" "+detail))
	hold, err := l.Hold[method], l.Err[method]
	l.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

// Called counts the calls that begin with a text.
func (l *Lab) Called(prefix string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, c := range l.Calls {
		if strings.HasPrefix(c, prefix) {
			n++
		}
	}
	return n
}

// Writes are the methods that change a file or a job.
func Writes() []string {
	return []string{"Clone", "Save", "Submit", "Cancel", "SaveScreen", "KeepUnsaved", "ExportChart", "Export"}
}

// Workspace, Site and the others say where we are.
func (l *Lab) Workspace() string { return "/home/user/vllm-profiling" }

// Site is Perlmutter, the parts that panes show.
func (l *Lab) Site() model.Site {
	return model.Site{Name: "perlmutter", Title: "Perlmutter (NERSC)", GPUsPerNode: 4, CPUsPerNode: 128, CPUsPerGPU: 32, MaxNodes: 16,
		Login: l.Login, DefaultQOS: model.QOSRule{Shared: "shared", SharedGPUs: 2, Whole: "regular"}}
}

// Account pays.
func (l *Lab) Account() string { return "m1234_g" }

// SchedulerName is slurm, if the test set no other.
func (l *Lab) SchedulerName() string { return cmp.Or(l.Scheduler, "slurm") }

// ReadOnly is what the test set.
func (l *Lab) ReadOnly() bool { return l.Locked }

// Shapes are the models that the form offers.
func (l *Lab) Shapes() []model.Shape {
	return []model.Shape{llama, deepseek, llama70}
}

// Env is the surroundings of a pane under test.
func (l *Lab) Env(ctx context.Context) pane.Env { return NewEnv(ctx) }
