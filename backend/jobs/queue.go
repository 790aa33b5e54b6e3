package jobs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"shardeck/backend/claim"
	"shardeck/backend/scheduler"
	"shardeck/model"
)

// ListJobs is the one cached answer of the scheduler, joined with what was submitted here: the jobs of this
// workspace, finished ones included, and the other waiting and running jobs of this account. Newest first.
// refresh asks anew, no oftener than the scheduler's floor, and for jobs that were submitted by hand and are gone.
func (q *Queue) ListJobs(ctx context.Context, refresh bool) (JobList, error) {
	if refresh {
		q.lookBack(ctx, historyEvery, startPatience)
	}
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
	open := slices.DeleteFunc(slices.Clone(subs), func(s model.Submission) bool { return !q.open(s) })
	ask := func(s model.Submission) (model.Job, bool) { return q.history.find(ctx, s, open) }
	list.Jobs = q.joined(&list, now.Jobs, subs, ask)
	return list, nil
}

// KnownJobs is ListJobs without asking anybody: the last answer, and what was written down.
func (q *Queue) KnownJobs() []model.Job {
	subs, _, err := q.Workspace.Ledger().Submissions()
	if err != nil {
		return nil // ListJobs says why
	}
	nobody := func(model.Submission) (model.Job, bool) { return model.Job{}, false }
	return q.joined(&JobList{Scheduler: q.Scheduler.Name()}, q.Poll.Last().Jobs, subs, nobody)
}

// open reports whether the scheduler may still tell something new of a submission: one query answers for all of them.
func (q *Queue) open(s model.Submission) bool {
	if s.JobID == "" {
		return s.Error == ""
	}
	return s.Scheduler == q.Scheduler.Name() && (s.Last == nil || !settled(s.Last.State)) && q.Now().Sub(s.At) < askedFor
}

// asker finds the job of a submission that the scheduler no longer lists.
type asker func(model.Submission) (model.Job, bool)

// joined is the scheduler's jobs with our names on them, and the submissions it no longer lists.
func (q *Queue) joined(list *JobList, answer []model.Job, subs []model.Submission, ask asker) []model.Job {
	live, taken, jobs := rollOf(answer), map[string]bool{}, []model.Job{}
	for _, s := range subs {
		j, known := live.of(s)
		if !known || taken[j.ID] {
			j, known = q.lastKnown(s, list, ask)
		} else {
			taken[j.ID] = true
		}
		if known {
			jobs = append(jobs, q.recordState(s, named(j, s)))
		}
	}
	for _, j := range answer {
		if !taken[j.ID] { // not submitted by us
			jobs = append(jobs, q.foreign(j)...)
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

// named puts on a job what only the submission knows.
func named(j model.Job, s model.Submission) model.Job {
	j.Experiment, j.Tag, j.Points = s.Experiment.ID, cmp.Or(s.Tag, j.Tag), s.Points
	j.Log, j.Scheduler, j.User = cmp.Or(j.Log, s.Log), cmp.Or(j.Scheduler, s.Scheduler), cmp.Or(j.User, s.User)
	if j.Submit.IsZero() {
		j.Submit = s.At
	}
	return j
}

// lastKnown is the state of a job that is no longer listed: the last seen, else that of the history.
func (q *Queue) lastKnown(s model.Submission, list *JobList, ask asker) (model.Job, bool) {
	last := model.Job{ID: s.JobID, Scheduler: s.Scheduler, State: model.JobUnknown, Submit: s.At}
	if s.Last != nil {
		last = *s.Last
	}
	early := !s.At.Before(list.AsOf.Add(-showsAfter)) // the answer may be from before the job
	switch {
	case s.JobID == "" && s.Error != "":
		return last, false // refused: there never was a job
	case s.JobID == "":
		return q.unanswered(s, last, list, ask)
	case early && (s.Last == nil || s.Last.State == model.JobPending):
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
	if j := q.fromRun(s, last); j.State != model.JobUnknown || !early {
		return j, true
	}
	return last, true
}

// showsAfter is how long a new job may take to show in an answer of the scheduler.
const showsAfter = 10 * time.Second

// askedFor is the age at which a job that nobody knows is no longer asked for.
const askedFor = 7 * 24 * time.Hour

// decidesAfter is how long a controller that answers again may take with what it had in hand: sbatch tries for up to two minutes by itself.
const decidesAfter = 2 * time.Minute

// unanswered is a submission whose reply was lost: the job, if its tag turned up (recordState then completes the record); a row that
// blocks the next; nothing, once the scheduler has answered for a while and knows no such job.
func (q *Queue) unanswered(s model.Submission, last model.Job, list *JobList, ask asker) (model.Job, bool) {
	if j, ok := ask(s); ok {
		return j, true
	}
	last.Reason = "no reply came: it may have been accepted"
	good := list.Stale == "" && list.AsOf.After(s.At) && s.Scheduler == list.Scheduler
	switch {
	case !good || q.Workspace.ReadOnly || claim.Taken(q.Workspace, s.Experiment.ID):
		return last, true
	case s.Missed.IsZero():
		s.Missed = list.AsOf
	case list.AsOf.Sub(s.Missed) < decidesAfter || q.history.answered.Before(s.Missed.Add(decidesAfter)):
		return last, true
	default:
		s.Error = "no reply came, and the scheduler never took it: as of " + clock(list.AsOf) + " it knows no job with its tag"
		list.Warnings = append(list.Warnings, fmt.Sprintf("%s, sent %s: %s", s.Experiment.ID, s.At.Local().Format("2 Jan 15:04:05"), s.Error))
	}
	err := q.Workspace.Ledger().Complete(s.Tag, func(now *model.Submission) {
		if now.JobID == "" {
			now.Missed, now.Error = s.Missed, s.Error
		}
	})
	if err != nil {
		q.Note(err.Error())
	}
	return last, s.Error == "" || err != nil
}

// now asks about one job, as the list may be a minute old; what is not told stays as it was.
func (q *Queue) now(ctx context.Context, j model.Job) model.Job {
	if j.ID == "" {
		if found, ok, err := q.Scheduler.Find(ctx, j.Tag); ok && err == nil {
			s := model.Submission{Tag: j.Tag, Experiment: model.Experiment{ID: j.Experiment}, User: j.User, At: j.Submit}
			return q.recordState(s, named(found, s))
		}
	} else if o, ok := q.Scheduler.(scheduler.Others); ok {
		jobs, err := o.ByID(ctx, []string{j.ID})
		if found := model.First(jobs, func(n model.Job) bool { return n.ID == j.ID }); found != nil && err == nil {
			j.State = found.State
		}
	}
	return j
}

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
	if j.State == model.JobUnknown || j.ID == "" || q.Workspace.ReadOnly {
		return j
	}
	if len(s.Planned) == 0 && s.Last != nil && s.Last.State == model.JobPending && !s.Last.Start.IsZero() {
		s.Planned = []time.Time{s.Last.Start}
	}
	planned, moved := expected(s.Planned, &j)
	if s.Last != nil && s.Last.State == j.State && s.Last.ExitCode == j.ExitCode && s.JobID == j.ID && !moved {
		return j
	}
	err := q.Workspace.Ledger().Complete(s.Tag, func(s *model.Submission) {
		if s.JobID == "" { // its reply was lost
			s.Log = scheduler.ExpandLog(s.Log, j)
		}
		last := j
		last.Parts = nil // what is told of the whole is enough, and they may be thousands
		s.Last, s.JobID, s.Planned = &last, cmp.Or(s.JobID, j.ID), planned
	})
	if err != nil {
		q.Note(err.Error())
	}
	return j
}

// Of the expected starts of a job: by how much one moves to be told, and how many are kept.
const (
	startMoves  = 5 * time.Minute
	startsKnown = 4
)

// expected adds the start that is expected now to those of before, if it moved, and tells the job the one before it.
func expected(planned []time.Time, j *model.Job) (all []time.Time, moved bool) {
	if j.State != model.JobPending || j.Start.IsZero() {
		return planned, false
	}
	if moved = len(planned) == 0 || j.Start.Sub(planned[len(planned)-1]).Abs() >= startMoves; moved {
		planned = append(slices.Clone(planned[max(len(planned)-startsKnown+1, 0):]), j.Start)
	}
	if len(planned) > 1 {
		j.Was = planned[len(planned)-2]
	}
	return planned, moved
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

// logPath is where a job's log lies; empty: it is not known.
func (fo *Follower) logPath(log string) string {
	if log == "" {
		return ""
	}
	return onDisk(fo.Workspace.Path(log))
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
