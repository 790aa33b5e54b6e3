package app

import (
	"context"

	"shardeck/backend/experiments"
	"shardeck/backend/jobs"
	"shardeck/backend/measure"
)

// All is the rooms of an open workspace in one.
type All struct {
	*App
	experimentsRoom
	jobsRoom
	measureRoom
}

type (
	experimentsRoom = *experiments.Experiments
	jobsRoom        = *jobs.Jobs
	measureRoom     = *measure.Measure
)

// All is everything that can be done here.
func (a *App) All() All { return All{a, a.Experiments, a.Jobs, a.Measure} }

// Jobs is the one cached answer of the scheduler.
func (l All) Jobs(ctx context.Context, refresh bool) (jobs.JobList, error) {
	return l.jobsRoom.Jobs(ctx, refresh)
}
