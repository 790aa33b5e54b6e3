package jobs

import (
	"cmp"
	"context"
	"fmt"

	"shardeck/backend/logs"
	"shardeck/model"
)

// Why tells why a job failed, waits, or that it does neither.
func (fo *Follower) Why(ctx context.Context, j model.Job) (Cause, error) {
	switch {
	case j.State == model.JobPending:
		return waiting(j), nil
	case j.State.Active():
		return fo.remarks(ctx, j, "it has not failed: it is "+j.State.Words()), nil
	case j.State == model.JobCompleted:
		return fo.remarks(ctx, j, "it has not failed: it completed"), nil
	}
	return fo.failure(ctx, j)
}

// Causes are the causes of the jobs of this workspace that failed, by id, for at most so
// many of the first: each log is read. A job whose log tells nothing is left out.
func (fo *Follower) Causes(ctx context.Context, jobs []model.Job, most int) map[string]string {
	causes := map[string]string{}
	for _, j := range jobs {
		if j.Experiment == "" || !j.State.Failed() {
			continue
		}
		if most--; most < 0 || ctx.Err() != nil {
			break
		}
		if c, err := fo.Why(ctx, j); err == nil && c.Line != "" {
			causes[j.ID] = c.Title
		}
	}
	return causes
}

// waiting says in words what the scheduler's reason means.
func waiting(j model.Job) Cause {
	r := j.Meaning
	c := Cause{Job: j, Title: "it waits: " + cmp.Or(r.Words, "the scheduler does not say why"), Line: j.Reason, Fixes: []string{}}
	if r.Forever {
		c.Fixes = append(c.Fixes, "shardeck cancel "+j.ID)
	}
	return c
}

// failure reads the log of a job that ended badly.
func (fo *Follower) failure(ctx context.Context, j model.Job) (Cause, error) {
	c := Cause{Job: j, Fixes: []string{}}
	tail, err := logs.Tail(fo.logPath(j), causeLines)
	if err != nil {
		tail = logs.Part{Path: fo.Workspace.Rel(fo.logPath(j))} // a job that died before its first line has none
	}
	tail.Path = fo.Workspace.Rel(tail.Path)
	f, ok := logs.Cause(tail.Lines, fo.withReason(ctx, j))
	if !ok {
		c.Title = fmt.Sprintf("the job is %s, which is no failure", j.State.Words())
		return c, ctx.Err()
	}
	c.Title, c.Line, c.Fixes = f.Title, f.Line, append(c.Fixes, f.Fixes...)
	if f.Index >= 0 {
		c.Where = tail.Where(f.Index)
	}
	c.Remedies = fo.remedies(j.Experiment, c.Fixes)
	return c, ctx.Err()
}

// withReason adds what only the scheduler's history says of a job that was cancelled: by
// whom. The queue does not know.
func (fo *Follower) withReason(ctx context.Context, j model.Job) model.Job {
	if j.State != model.JobCancelled || j.Reason != "" || j.Scheduler != fo.Scheduler.Name() {
		return j
	}
	ctx, cancel := context.WithTimeout(ctx, queryDeadline)
	defer cancel()
	s := model.Submission{JobID: j.ID, Tag: j.Tag}
	if past, ok := fo.queue.history.find(ctx, s, j.Submit); ok && past.State == j.State {
		j.Reason = past.Reason
	}
	return j
}

// remarks adds what a log says is amiss though nothing failed.
func (fo *Follower) remarks(ctx context.Context, j model.Job, title string) Cause {
	c := Cause{Job: j, Title: title, Fixes: []string{}}
	part, err := fo.Log(ctx, j, 0)
	if err != nil {
		return c
	}
	for _, f := range logs.Remarks(part.Lines) {
		c.Title += "; " + f.Title
		c.Fixes = append(c.Fixes, f.Fixes...)
	}
	return c
}

// Cause is why a job failed, as its log and its state tell.
type Cause struct {
	Job   model.Job `json:"job"`
	Title string    `json:"title"` // "CUDA out of memory"
	Line  string    `json:"line"`  // the line that proves it
	Where string    `json:"where"` // file:line
	Fixes []string  `json:"fixes"`

	Remedies []Remedy `json:"remedies,omitempty"` // those of the fixes that an edit of the config makes
}
