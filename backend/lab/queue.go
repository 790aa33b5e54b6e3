package lab

import (
	"context"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

// Manners towards a scheduler that many people share.
const (
	slurmFloor    = 10 * time.Second // least time between two queries, whoever asks
	localFloor    = time.Second      // the local scheduler reads a few files of our own
	slowestRetry  = 5 * time.Minute  // longest wait after failures
	queryDeadline = 30 * time.Second
)

// queue asks the scheduler for the whole program: one query at a time, no oftener
// than its floor, ever more slowly while it fails. Everyone shares the answer.
type queue struct {
	scheduler scheduler.Scheduler
	now       func() time.Time
	floor     time.Duration
	interval  time.Duration // an answer younger than this serves all who did not ask for a new one

	turn     chan struct{} // holds one token; whoever has it owns the fields below
	list     JobList
	failures int
	changed  bool // we submitted or cancelled: the answer is old, whatever its age
}

func newQueue(s scheduler.Scheduler, now func() time.Time, interval time.Duration) *queue {
	floor := slurmFloor
	if s.Name() == "local" {
		floor, interval = localFloor, localFloor
	}
	q := &queue{scheduler: s, now: now, floor: floor, interval: max(interval, floor), turn: make(chan struct{}, 1)}
	q.list.Scheduler = s.Name()
	q.turn <- struct{}{}
	return q
}

// jobs is the answer as it stands, or a new one when it is due, or asked for and
// allowed. A failed query returns the last good answer, marked stale; the error is
// for when there is none.
func (q *queue) jobs(ctx context.Context, refresh bool) (JobList, error) {
	if err := q.take(ctx); err != nil {
		return JobList{}, err
	}
	defer q.give()
	if !q.due(refresh) {
		return q.list, q.unanswered()
	}
	ctx, cancel := context.WithTimeout(ctx, queryDeadline)
	defer cancel()
	jobs, err := q.scheduler.Jobs(ctx)
	if ctx.Err() == context.Canceled {
		return q.list, ctx.Err() // nobody waits for it any more: no failure of the scheduler
	}
	q.note(jobs, err)
	return q.list, q.unanswered()
}

func (q *queue) take(ctx context.Context) error {
	select {
	case <-q.turn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (q *queue) give() { q.turn <- struct{}{} }

// due says whether to ask now.
func (q *queue) due(refresh bool) bool {
	now := q.now()
	switch {
	case q.list.Next.IsZero():
		return true
	case q.changed && q.failures == 0:
		return true
	case now.Before(q.list.Next):
		return false
	}
	return refresh || q.failures > 0 || now.Sub(q.list.AsOf) >= q.interval
}

// note keeps an answer or a failure.
func (q *queue) note(jobs []model.Job, err error) {
	now := q.now()
	if err != nil {
		q.failures++
		q.list.Stale = err.Error()
		q.list.Next = now.Add(min(q.floor<<min(q.failures, 10), slowestRetry))
		q.list.fault = err
		return
	}
	q.failures, q.changed = 0, false
	q.list = JobList{Scheduler: q.scheduler.Name(), AsOf: now, Next: now.Add(q.floor), Jobs: jobs}
}

// unanswered is the error while the scheduler has never answered.
func (q *queue) unanswered() error {
	if q.list.AsOf.IsZero() {
		return q.list.fault
	}
	return nil
}

// touch makes the next call ask anew: we changed something ourselves.
func (q *queue) touch(ctx context.Context) {
	if q.take(ctx) == nil {
		q.changed = true
		q.give()
	}
}
