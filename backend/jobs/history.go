package jobs

import (
	"context"
	"errors"
	"slices"
	"time"

	"shardeck/backend/process"
	"shardeck/backend/scheduler"
	"shardeck/backend/scheduler/poll"
	"shardeck/model"
)

// historyEvery is the least time between two queries of a scheduler's history, slower than its queue.
const historyEvery = time.Minute

// history answers what became of jobs that left the queue, and of those of others who use the workspace. It asks once for all of them,
// for those whose id was never learnt too, and no oftener than historyEvery, whichever of this user's shardecks asked last.
type history struct {
	scheduler scheduler.Scheduler
	now       func() time.Time
	shelf     poll.Shelf

	turn scheduler.Turn // whoever has it owns the fields below
	past
	jobs     roll
	answered time.Time // when the last good answer was asked for
}

// past is an answer as it lies on the shelf.
type past struct {
	Asked time.Time   `json:"asked"` // the last time, whatever was answered
	Good  bool        `json:"good"`
	Since time.Time   `json:"since"` // it begins here
	IDs   []string    `json:"ids"`   // of others' jobs that were asked for
	Jobs  []model.Job `json:"jobs"`
}

// fresh remembers an answer for a while, so that what is shown again asks nobody.
type fresh[T any] struct {
	turn scheduler.Turn // whoever has it owns the fields below
	last T
	at   time.Time
}

// ask returns the last answer if it came within lasts, else asks.
func (f *fresh[T]) ask(ctx context.Context, now time.Time, lasts time.Duration, ask func(context.Context) (T, error)) (T, error) {
	if !f.turn.Take(ctx) {
		var none T
		return none, ctx.Err()
	}
	defer f.turn.Leave()
	if now.Sub(f.at).Abs() >= lasts {
		answer, err := ask(ctx)
		if err != nil {
			return answer, err
		}
		f.last, f.at = answer, now
	}
	return f.last, nil
}

// find is the job of a submission that is not listed, false where nobody knows it; open are all those to ask for.
func (h *history) find(ctx context.Context, s model.Submission, open []model.Submission) (model.Job, bool) {
	if !h.turn.Take(ctx) {
		return model.Job{}, false
	}
	defer h.turn.Leave()
	h.refresh(ctx, open)
	return h.jobs.of(s)
}

// roll is jobs by their tags, which nothing else has, and by their ids.
type roll map[string]model.Job

func rollOf(jobs []model.Job) roll {
	r := roll{}
	for _, j := range jobs {
		r["id "+j.ID] = j
		if j.Tag != "" {
			r[j.Tag] = j
		}
	}
	return r
}

// of is the job of a submission, or the task or part that it is.
func (r roll) of(s model.Submission) (model.Job, bool) {
	if j, ok := r[s.Tag]; ok {
		return j, true
	}
	for _, id := range []string{s.JobID, model.WholeID(s.JobID)} {
		if p := r["id "+id].Part(s.JobID); p != nil && id != "" && !ourTag(p.Tag) && sameJob(*p, s) {
			return *p, true
		}
	}
	return model.Job{}, false
}

// refresh asks for what is open, if what is here does not answer for all of it, or is old.
func (h *history) refresh(ctx context.Context, open []model.Submission) {
	want := past{Asked: h.now(), Since: h.now()}
	for _, s := range open {
		if s.At.Before(want.Since) {
			want.Since = s.At
		}
		if s.User != "" && s.User != process.User() && s.JobID != "" {
			want.IDs = append(want.IDs, s.JobID)
		}
	}
	want.Since = want.Since.Add(-time.Minute) // clocks differ
	var kept past
	if !h.covers(want) && h.shelf.Load(&kept) {
		h.take(kept)
	}
	if h.covers(want) {
		return
	}
	jobs, err := h.scheduler.History(ctx, want.Since)
	want.Good = err == nil || errors.Is(err, scheduler.ErrNoHistory)
	if others, ok := h.scheduler.(scheduler.Others); ok && len(want.IDs) > 0 {
		theirs, err := others.ByID(ctx, want.IDs)
		jobs, want.Good = slices.Concat(theirs, jobs), want.Good && err == nil
	}
	if want.Jobs = jobs; !want.Good { // no answer: the caller has other ways, and what was known stays
		want.Jobs, want.Since = slices.Concat(jobs, h.Jobs), h.Since
	}
	if ctx.Err() == nil {
		h.take(want)
		h.shelf.Save(want)
	}
}

// covers reports whether what is here answers a question, or was asked for in vain a moment ago.
func (h *history) covers(want past) bool {
	unknown := func(id string) bool { return !slices.Contains(h.IDs, id) }
	fresh := want.Asked.Sub(h.Asked) < historyEvery && !want.Asked.Before(h.Asked)
	return fresh && (!h.Good || !want.Since.Before(h.Since) && !slices.ContainsFunc(want.IDs, unknown))
}

func (h *history) take(p past) {
	h.past, h.jobs = p, rollOf(p.Jobs)
	if p.Good {
		h.answered = p.Asked
	}
}
