package panetest

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

// Scheduler is a scheduler without a cluster: it keeps what is submitted and says what a
// test has written for it. Its fields may be changed between two calls.
type Scheduler struct {
	Label     string             // its name; empty: slurm
	Plan      scheduler.Estimate // of every job not submitted
	Down      error              // why it does not answer
	Refuses   error              // why it takes no job
	Unplanned error              // why it plans none
	Now       func() time.Time

	mu   sync.Mutex
	jobs []model.Job
	done map[string][]string // jobs by verb
}

// Name is slurm, if the test said no other.
func (s *Scheduler) Name() string {
	if s.Label == "" {
		return "slurm"
	}
	return s.Label
}

// Did is what was asked of it, by verb (list, plan, submit, cancel): of which jobs.
func (s *Scheduler) Did(verb string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.done[verb])
}

// Submit takes a job, which waits.
func (s *Scheduler) Submit(_ context.Context, r scheduler.Request) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := r.Check(); err != nil {
		return "", err
	}
	if s.Refuses != nil {
		return "", s.Refuses
	}
	id := strconv.Itoa(3141600 + len(s.done["submit"]))
	s.done["submit"] = append(s.done["submit"], r.Name)
	s.jobs = append(s.jobs, model.Job{ID: id, Name: r.Name, Tag: r.Tag, Scheduler: s.Name(), State: model.JobPending, Reason: "Priority",
		Submit: s.Now(), GPUs: r.GPUs, Limit: r.Limit, WorkDir: r.Dir, Log: scheduler.ExpandLog(r.Log, id, r.Name)})
	return id, nil
}

// Jobs lists all jobs, as long as the test keeps them.
func (s *Scheduler) Jobs(context.Context) ([]model.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done["list"] = append(s.done["list"], "")
	jobs := slices.Clone(s.jobs)
	for i := range jobs {
		if jobs[i].State == model.JobRunning {
			jobs[i].Elapsed = s.Now().Sub(jobs[i].Start)
		}
	}
	return jobs, s.Down
}

// History lists the jobs that have ended.
func (s *Scheduler) History(_ context.Context, since time.Time) ([]model.Job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.jobs), func(j model.Job) bool { return j.End.IsZero() || j.End.Before(since) }), s.Down
}

// Find looks for a tag.
func (s *Scheduler) Find(_ context.Context, tag string) (model.Job, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.jobs, func(j model.Job) bool { return j.Tag == tag }); i >= 0 && s.Down == nil {
		return s.jobs[i], true, nil
	}
	return model.Job{}, false, s.Down
}

// Cancel ends a job.
func (s *Scheduler) Cancel(_ context.Context, id string) error {
	err := error(&scheduler.Fault{Text: "no job " + strconv.Quote(id), ToDo: "shardeck jobs lists them", Kind: scheduler.ErrNoJob})
	s.Set(id, func(j *model.Job) {
		if err = nil; j.State.Active() {
			j.State, j.End = model.JobCancelled, s.Now()
			s.done["cancel"] = append(s.done["cancel"], id)
		}
	})
	return err
}

// Limits are none.
func (s *Scheduler) Limits(context.Context) (scheduler.Limits, error) {
	return scheduler.Limits{Version: "slurm 22.05.8", Accounts: []string{"m1234_g"}, History: true}, s.Down
}

// Estimate is the plan of the test.
func (s *Scheduler) Estimate(_ context.Context, r scheduler.Request) (scheduler.Estimate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done["plan"] = append(s.done["plan"], r.Name)
	return s.Plan, s.Unplanned
}

// Set changes a job.
func (s *Scheduler) Set(id string, change func(*model.Job)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.IndexFunc(s.jobs, func(j model.Job) bool { return j.ID == id }); i >= 0 {
		change(&s.jobs[i])
	}
}

// Add lists one more job.
func (s *Scheduler) Add(j model.Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobs = append(s.jobs, j)
}
