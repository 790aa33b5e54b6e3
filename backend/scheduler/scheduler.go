// Package scheduler is the one door to whatever runs jobs. Slurm and the local scheduler
// stand behind it, and both pass the test in conformance/.
package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shardeck/model"
)

// Scheduler submits, lists and ends jobs. Every call keeps to its context's
// deadline, starts at most one process of a kind at a time, and is safe for
// concurrent use.
type Scheduler interface {
	// Name is slurm or local.
	Name() string
	// Submit hands a script over and returns the job's id. When the reply is lost (a
	// timeout), the error wraps ErrMaybe: the job may exist, and Find tells.
	Submit(ctx context.Context, r Request) (string, error)
	// Jobs lists this user's waiting and running jobs and, where the scheduler still
	// knows them, those that just ended, by one query. It is empty only by its answer.
	Jobs(ctx context.Context) ([]model.Job, error)
	// History lists this user's finished jobs since a time; ErrNoHistory where
	// the site keeps none.
	History(ctx context.Context, since time.Time) ([]model.Job, error)
	// Find looks for the job submitted with a tag, finished ones included. It is false
	// without error only when the scheduler answered; within seconds of a lost
	// submission that may be too early.
	Find(ctx context.Context, tag string) (model.Job, bool, error)
	// Cancel ends one job and looks that it does. Cancelling a job that has ended
	// is not an error; one that never was wraps ErrNoJob.
	Cancel(ctx context.Context, id string) error
	// Limits tells what is allowed here, as far as the scheduler says.
	Limits(ctx context.Context) (Limits, error)
}

// Estimator is a scheduler that can say when a job would start, were it submitted
// now. It asks the scheduler to plan, which is dear: for a user who asked, once.
type Estimator interface {
	Estimate(ctx context.Context, r Request) (Estimate, error)
}

// Estimate of a job that is not submitted.
type Estimate struct {
	Start time.Time // zero: not known, or never
	Nodes string    // where, as the scheduler lists them
}

// Request is one job to submit. Script is complete: its #SBATCH lines hold all
// that Slurm needs. Name, Log and Dir are said to Slurm once more and beat those
// lines, so that they are the same for both schedulers.
type Request struct {
	Script string   // text; must begin with #!
	Path   string   // where Script also lies, for people
	Dir    string   // working directory: the workspace, absolute
	Name   string   // empty: as the script says
	Tag    string   // unique, carried in the job's comment
	GPUs   int      // used by the local scheduler, to take that many slots
	Log    string   // absolute path, may hold %j; its directory must exist
	Env    []string // KEY=value, added to the job's environment
	Limit  time.Duration
}

// Limits of this user.
type Limits struct {
	Version  string   `json:"version"` // slurm 22.05.8
	Accounts []string `json:"accounts"`
	QOS      []string `json:"qos"`
	GPUs     int      `json:"gpus"`    // local: slots, of which each job takes as many as it has GPUs
	History  bool     `json:"history"` // finished jobs can be listed
	Note     string   `json:"note"`    // what is assumed rather than known, one line
}

// Errors that callers act upon; the text for people is in the wrapping error.
var (
	// ErrMaybe wraps the error of a submission whose reply was lost.
	ErrMaybe = errors.New("the job may have been submitted")
	// ErrNoHistory is History's answer where no accounting exists.
	ErrNoHistory = errors.New("this scheduler keeps no history")
	// ErrUnreachable wraps errors of a scheduler that does not answer.
	ErrUnreachable = errors.New("the scheduler does not answer")
	// ErrNoJob is a job id that the scheduler never heard of.
	ErrNoJob = fmt.Errorf("no such job: %w", model.ErrUnknown)
)

// Fault is a scheduler's error for people, of one of the kinds above or of none.
type Fault = model.Fault
