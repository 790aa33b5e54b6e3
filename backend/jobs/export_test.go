package jobs

import (
	"context"
	"time"
)

// What tests of this package see of it.
const (
	StartFresh  = startFresh
	StartShapes = startShapes
)

// SetReplyWait changes how long a lost reply is waited for, until what it returns is called.
func SetReplyWait(waits ...time.Duration) (undo func()) {
	old := replyWait
	replyWait = waits
	return func() { replyWait = old }
}

// Remedies are those of edits.
func (fo *Explainer) Remedies(experiment string, edits []string) []Remedy {
	return fo.remedies(experiment, edits)
}

// Look is one look at watched jobs.
func (fo *Follower) Look(ctx context.Context, watched []News, tell func(News) error) (bool, error) {
	silent := false
	return fo.tellChanges(ctx, watched, &silent, tell)
}

// WithLogs names the logs of a job where the scheduler does not.
var WithLogs = withLogs

// ForeignFixes is what is advised for a job that has no config here.
var ForeignFixes = foreignFixes
