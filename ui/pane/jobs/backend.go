package jobs

import (
	"context"

	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/ui/pane"
)

// Backend is what the pane of jobs asks of the use cases.
type Backend interface {
	SchedulerName() string
	ReadOnly() bool

	// Cancel ends a job.
	Cancel(ctx context.Context, jobID string) error
	// Log reads the last lines of a job's log.
	Log(ctx context.Context, j model.Job, lines int) (jobs.LogPart, error)
	// LogFind looks through a whole log, and returns the lines around the one found.
	LogFind(ctx context.Context, j model.Job, look jobs.LogLook) (part jobs.LogPart, at int, found bool, err error)
	// Why tells why a job failed or waits.
	Why(ctx context.Context, j model.Job) (jobs.Cause, error)
}

// env is the surroundings, with what may be asked.
type env struct {
	pane.Env
	Backend
}
