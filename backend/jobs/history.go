package jobs

import (
	"context"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

// historyEvery is the least time between two queries of a scheduler's history, slower than its queue.
const historyEvery = time.Minute

// history answers what became of jobs that left the queue. It asks the scheduler's
// history once for all of them, and for a job whose id was never learnt by its tag,
// each no oftener than historyEvery.
type history struct {
	scheduler scheduler.Scheduler
	now       func() time.Time

	turn  turn // whoever has it owns the fields below
	jobs  map[string]model.Job
	since time.Time // the history in jobs begins here
	next  time.Time
	asked map[string]time.Time // when each tag was looked for
}

// turn is a lock that is given up waiting for when a context ends.
type turn chan struct{}

func (t turn) take(ctx context.Context) bool {
	select {
	case t <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (t turn) leave() { <-t }

// find is the finished job of a submission, false where nobody knows it, in a history from since on.
func (h *history) find(ctx context.Context, s model.Submission, since time.Time) (model.Job, bool) {
	if !h.turn.take(ctx) {
		return model.Job{}, false
	}
	defer h.turn.leave()
	h.refresh(ctx, since)
	if j, ok := h.jobs[s.Tag]; ok {
		return j, true
	}
	if s.JobID == "" {
		return h.byTag(ctx, s)
	}
	j, ok := h.jobs["id "+s.JobID]
	return j, ok
}

// refresh reads the history from a time on, if what is here does not reach so far, or is old.
func (h *history) refresh(ctx context.Context, from time.Time) {
	from = from.Add(-time.Minute) // clocks differ
	if h.now().Before(h.next) && !from.Before(h.since) {
		return
	}
	if h.jobs != nil && h.since.Before(from) {
		from = h.since
	}
	h.next = h.now().Add(historyEvery)
	jobs, err := h.scheduler.History(ctx, from)
	if err != nil {
		return // no history kept, or no answer: the caller has other ways
	}
	h.since, h.jobs = from, map[string]model.Job{}
	for _, j := range jobs {
		h.jobs["id "+j.ID] = j
		if j.Tag != "" {
			h.jobs[j.Tag] = j
		}
	}
}

func (h *history) byTag(ctx context.Context, s model.Submission) (model.Job, bool) {
	if last, ok := h.asked[s.Tag]; ok && h.now().Sub(last) < historyEvery {
		return model.Job{}, false
	}
	h.asked[s.Tag] = h.now()
	j, ok, err := h.scheduler.Find(ctx, s.Tag)
	return j, ok && err == nil
}
