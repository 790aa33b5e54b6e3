package submission

import (
	"context"

	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/ui/pane"
)

// Backend is what a submission asks of the use cases.
type Backend interface {
	SchedulerName() string

	// Preview is what Submit would submit.
	Preview(ctx context.Context, id string, nsys bool) (jobs.Preview, error)
	// Starts asks when jobs would begin; what is not known has a note.
	Starts(ctx context.Context, previews []jobs.Preview) []jobs.Start
	// Submit checks, records and submits.
	Submit(ctx context.Context, id string, o jobs.SubmitOptions) (model.Submission, error)
}

// env is the surroundings, with what may be asked.
type env struct {
	pane.Env
	Backend
}
