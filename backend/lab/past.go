package lab

import (
	"context"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

// historyEvery is the least time between two queries of a scheduler's history,
// which is slower than its queue and changes less.
const historyEvery = time.Minute

// past answers what became of jobs that left the queue. It asks the scheduler's
// history once for all of them, and for a job whose id was never learnt by its tag,
// each no oftener than historyEvery.
type past struct {
	scheduler scheduler.Scheduler
	now       func() time.Time

	turn  chan struct{} // holds one token; whoever has it owns the fields below
	jobs  map[string]model.Job
	since time.Time // the history in jobs begins here
	next  time.Time
	asked map[string]time.Time // when each tag was looked for
}

func newPast(s scheduler.Scheduler, now func() time.Time) *past {
	p := &past{scheduler: s, now: now, turn: make(chan struct{}, 1), asked: map[string]time.Time{}}
	p.turn <- struct{}{}
	return p
}

// find is the finished job of a submission, false where nobody knows it. The history
// is read from since on, which is no later than the submission.
func (p *past) find(ctx context.Context, s model.Submission, since time.Time) (model.Job, bool) {
	select {
	case <-p.turn:
	case <-ctx.Done():
		return model.Job{}, false
	}
	defer func() { p.turn <- struct{}{} }()
	p.refresh(ctx, since)
	if j, ok := p.jobs[s.Tag]; ok {
		return j, true
	}
	if s.JobID == "" {
		return p.byTag(ctx, s)
	}
	j, ok := p.jobs["id "+s.JobID]
	return j, ok
}

// refresh reads the history from a time on, if what is here does not reach back so
// far, or is old.
func (p *past) refresh(ctx context.Context, from time.Time) {
	from = from.Add(-time.Minute) // clocks differ
	if p.now().Before(p.next) && !from.Before(p.since) {
		return
	}
	if p.jobs != nil && p.since.Before(from) {
		from = p.since
	}
	p.next = p.now().Add(historyEvery)
	jobs, err := p.scheduler.History(ctx, from)
	if err != nil {
		return // no history kept, or no answer: the caller has other ways
	}
	p.since, p.jobs = from, map[string]model.Job{}
	for _, j := range jobs {
		p.jobs["id "+j.ID] = j
		if j.Tag != "" {
			p.jobs[j.Tag] = j
		}
	}
}

func (p *past) byTag(ctx context.Context, s model.Submission) (model.Job, bool) {
	if last, ok := p.asked[s.Tag]; ok && p.now().Sub(last) < historyEvery {
		return model.Job{}, false
	}
	p.asked[s.Tag] = p.now()
	j, ok, err := p.scheduler.Find(ctx, s.Tag)
	return j, ok && err == nil
}
