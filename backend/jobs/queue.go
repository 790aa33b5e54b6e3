package jobs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

// ListJobs is the one cached answer of the scheduler, joined with what was submitted here: the jobs of this
// workspace, finished ones included, and the other waiting and running jobs of this account. Newest first.
// refresh asks anew, no oftener than the scheduler's floor.
func (q *Queue) ListJobs(ctx context.Context, refresh bool) (JobList, error) {
	now, err := q.Poll.Jobs(ctx, refresh)
	if err != nil && ctx.Err() != nil {
		return JobList{}, err
	}
	list := JobList{Scheduler: q.Scheduler.Name(), AsOf: now.AsOf, Stale: now.Stale(), Since: now.Since, Next: now.Next, Due: now.Due}
	subs, warnings, serr := q.Workspace.Ledger().Submissions()
	if serr != nil {
		return list, serr
	}
	if err != nil && len(subs) == 0 { // never an answer, and nothing seen before
		return list, err
	}
	list.Warnings = warnings
	since := openSince(subs)
	ask := func(s model.Submission) (model.Job, bool) { return q.history.find(ctx, s, since) }
	list.Jobs = q.joined(list, now.Jobs, subs, ask)
	return list, nil
}

// KnownJobs is ListJobs without asking anybody: the last answer, and what was written down.
func (q *Queue) KnownJobs() []model.Job {
	subs, _, err := q.Workspace.Ledger().Submissions()
	if err != nil {
		return nil // ListJobs says why
	}
	nobody := func(model.Submission) (model.Job, bool) { return model.Job{}, false }
	return q.joined(JobList{Scheduler: q.Scheduler.Name()}, q.Poll.Last().Jobs, subs, nobody)
}

// openSince is when the oldest job that may still change was submitted: one query answers for all.
func openSince(subs []model.Submission) time.Time {
	var oldest time.Time
	for _, s := range subs {
		if (s.Last == nil || !settled(s.Last.State)) && (oldest.IsZero() || s.At.Before(oldest)) {
			oldest = s.At
		}
	}
	return oldest
}

// asker finds the job of a submission that the scheduler no longer lists.
type asker func(model.Submission) (model.Job, bool)

// joined is the scheduler's jobs with our names on them, and the submissions it no longer lists.
func (q *Queue) joined(list JobList, answer []model.Job, subs []model.Submission, ask asker) []model.Job {
	live := map[string]model.Job{}
	for _, j := range answer {
		live[cmp.Or(j.Tag, "id "+j.ID)] = j // by tag, which nothing else has
	}
	jobs := []model.Job{}
	for _, s := range subs {
		j, listed := takeJob(live, s)
		if !listed {
			if j, listed = q.lastKnown(s, list, ask); !listed {
				continue
			}
		}
		jobs = append(jobs, q.recordState(s, named(j, s)))
	}
	for _, j := range live { // not submitted here
		if j.State.Active() {
			jobs = append(jobs, j)
		}
	}
	for i := range jobs {
		jobs[i].Meaning = scheduler.ReasonOf(jobs[i].Reason)
	}
	slices.SortStableFunc(jobs, func(a, b model.Job) int { // newest first; longer ids are younger
		return cmp.Or(b.Submit.Compare(a.Submit), cmp.Compare(len(b.ID), len(a.ID)), cmp.Compare(b.ID, a.ID))
	})
	return jobs
}

// takeJob finds the job of a submission among the scheduler's, and takes it out.
func takeJob(live map[string]model.Job, s model.Submission) (model.Job, bool) {
	for _, key := range []string{s.Tag, "id " + s.JobID} {
		if j, ok := live[key]; ok {
			delete(live, key)
			return j, true
		}
	}
	return model.Job{}, false
}

// named puts on a job what only the submission knows.
func named(j model.Job, s model.Submission) model.Job {
	j.Experiment, j.Tag = s.Experiment.ID, s.Tag
	j.Log, j.Scheduler = cmp.Or(j.Log, s.Log), cmp.Or(j.Scheduler, s.Scheduler)
	if j.Submit.IsZero() {
		j.Submit = s.At
	}
	return j
}

// lastKnown is the state of a job that is no longer listed: the last seen, else that of the history.
func (q *Queue) lastKnown(s model.Submission, list JobList, ask asker) (model.Job, bool) {
	last := model.Job{ID: s.JobID, Scheduler: s.Scheduler, State: model.JobUnknown, Submit: s.At}
	if s.Last != nil {
		last = *s.Last
	}
	switch {
	case s.JobID == "" && s.Error != "":
		return last, false // refused: there never was a job
	case s.JobID == "":
		return ask(s) // its reply was lost; recordState completes the record
	case (s.Last == nil || s.Last.State == model.JobPending) && !s.At.Before(list.AsOf.Add(-showsAfter)):
		last.State, last.Reason = model.JobPending, "submitted just now"
		return last, true
	case s.Scheduler != list.Scheduler:
		return last, true // another scheduler's: nobody here can be asked
	case settled(last.State) || list.Stale != "" || list.AsOf.IsZero() || list.AsOf.Sub(s.At) > askedFor:
		return last, true
	}
	if j, ok := ask(s); ok {
		return j, true
	}
	return q.fromRun(s, last), true
}

// showsAfter is how long a new job may take to show in an answer of the scheduler.
const showsAfter = 10 * time.Second

// askedFor is the age at which a job that nobody knows is no longer asked for.
const askedFor = 7 * 24 * time.Hour

func settled(s model.JobState) bool { return !s.Active() && s != model.JobUnknown }

// fromRun tells how a job ended by the folder it left, if any, where no scheduler does.
func (q *Queue) fromRun(s model.Submission, last model.Job) model.Job {
	run, err := q.Workspace.Run(q.Workspace.Path(s.Experiment.ResultDir(s.Nsys)))
	if err != nil || run.JobID != s.JobID || run.Unfinished {
		last.State = model.JobUnknown
		return last
	}
	last.State, last.End = model.JobCompleted, run.Time
	if last.Reason = "told by its run"; run.Readable() != nil {
		last.State = model.JobFailed
	}
	return last
}

// recordState writes a job's state down when it changed: a scheduler forgets.
func (q *Queue) recordState(s model.Submission, j model.Job) model.Job {
	if j.State == model.JobUnknown || q.Workspace.ReadOnly {
		return j
	}
	if s.Last != nil && s.Last.State == j.State && s.Last.ExitCode == j.ExitCode && s.JobID == j.ID {
		return j
	}
	err := q.Workspace.Ledger().Complete(s.Tag, func(s *model.Submission) {
		s.Last, s.JobID = &j, cmp.Or(s.JobID, j.ID)
	})
	if err != nil {
		q.Note(err.Error())
	}
	return j
}

// FindJob finds a job by its id, else the newest job of an experiment.
func (q *Queue) FindJob(ctx context.Context, ref string) (model.Job, error) {
	list, err := q.ListJobs(ctx, false)
	if err != nil {
		return model.Job{}, err
	}
	byID := model.First(list.Jobs, func(j model.Job) bool { return j.ID == ref })
	if j := cmp.Or(byID, model.First(list.Jobs, func(j model.Job) bool { return j.Experiment == ref })); j != nil {
		return *j, nil
	}
	return model.Job{}, q.noJob(ref, list)
}

func (q *Queue) noJob(ref string, list JobList) error {
	row, err := q.Experiments.Row(ref)
	switch {
	case err == nil && row.Problem != "":
		return model.Invalid(ref+" was never submitted from this workspace, and its config cannot be read: "+row.Problem, "")
	case err == nil:
		return model.Unknown(ref+" was never submitted from this workspace", "shardeck submit "+ref)
	}
	var known []string
	for _, j := range list.Jobs {
		known = append(known, j.ID, j.Experiment)
	}
	return model.Unknown(fmt.Sprintf("no job or experiment %.60q in the list of jobs", ref),
		cmp.Or(model.DidYouMean(ref, known), "shardeck jobs lists them"))
}

// Cancel ends one job. One that has ended already is no error.
func (q *Queue) Cancel(ctx context.Context, jobID string) error {
	if err := q.Workspace.Writable("cancel job " + jobID); err != nil {
		return err
	}
	defer q.Poll.Expire()
	return q.Scheduler.Cancel(ctx, jobID)
}

func (fo *Follower) logPath(j model.Job) string {
	if j.Log == "" {
		return ""
	}
	return fo.Workspace.Path(j.Log)
}

// JobList is one answer of the scheduler, joined with what was submitted.
type JobList struct {
	Scheduler string      `json:"scheduler"`
	AsOf      time.Time   `json:"as_of"`              // of the last good answer
	Stale     string      `json:"stale"`              // why the last query failed; empty: it did not
	Since     time.Time   `json:"since,omitzero"`     // when the queries began to fail; zero: they do not
	Jobs      []model.Job `json:"jobs"`               // newest first
	Next      time.Time   `json:"next"`               // a refresh before this time gets the same answer
	Due       time.Time   `json:"due,omitzero"`       // when ListJobs will ask anew without one: later after errors
	Warnings  []string    `json:"warnings,omitempty"` // such as a damaged record of a submission
}

// historyEvery is the least time between two queries of a scheduler's history, slower than its queue.
const historyEvery = time.Minute

// history answers what became of jobs that left the queue. It asks the scheduler's history once for all of
// them, and for a job whose id was never learnt by its tag, each no oftener than historyEvery.
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
