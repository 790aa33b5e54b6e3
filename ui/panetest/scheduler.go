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
	Hold      chan struct{}      // its list comes when this is closed; nil: at once
	Now       func() time.Time

	mu                   sync.Mutex
	jobs                 []model.Job
	asked, planned       int
	submitted, cancelled []string
	next                 int
}

// Name is slurm, if the test said no other.
func (s *Scheduler) Name() string {
	if s.Label == "" {
		return "slurm"
	}
	return s.Label
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
	id := strconv.Itoa(3141600 + s.next)
	s.next++
	s.submitted = append(s.submitted, r.Name)
	s.jobs = append(s.jobs, model.Job{ID: id, Name: r.Name, Tag: r.Tag, Scheduler: s.Name(), State: model.JobPending, Reason: "Priority",
		Submit: s.Now(), GPUs: r.GPUs, Limit: r.Limit, WorkDir: r.Dir, Log: scheduler.ExpandLog(r.Log, id, r.Name)})
	return id, nil
}

// Jobs lists all jobs, as long as the test keeps them.
func (s *Scheduler) Jobs(ctx context.Context) ([]model.Job, error) {
	if s.Hold != nil {
		select {
		case <-s.Hold:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.Down != nil {
		return nil, s.Down
	}
	jobs := slices.Clone(s.jobs)
	for i := range jobs {
		if jobs[i].State == model.JobRunning {
			jobs[i].Elapsed = s.Now().Sub(jobs[i].Start)
		}
	}
	return jobs, nil
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
	err := error(&scheduler.Fault{Text: "no job " + id, ToDo: "shardeck jobs lists them", Kind: scheduler.ErrNoJob})
	s.Set(id, func(j *model.Job) {
		if err = nil; j.State.Active() {
			j.State, j.End = model.JobCancelled, s.Now()
			s.cancelled = append(s.cancelled, id)
		}
	})
	return err
}

// Limits are none.
func (s *Scheduler) Limits(context.Context) (scheduler.Limits, error) {
	return scheduler.Limits{Version: "slurm 22.05.8", Accounts: []string{"m1234_g"}, History: true}, s.Down
}

// Estimate is the plan of the test.
func (s *Scheduler) Estimate(context.Context, scheduler.Request) (scheduler.Estimate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.planned++
	return s.Plan, s.Unplanned
}

// Set changes a job.
func (s *Scheduler) Set(id string, change func(*model.Job)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.jobs {
		if s.jobs[i].ID == id {
			change(&s.jobs[i])
		}
	}
}

// Add lists one more job.
func (s *Scheduler) Add(j model.Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobs = append(s.jobs, j)
}

// Asked, Planned, Submitted and Cancelled are what was asked of it: how often for the
// list and for a plan, and which experiments and jobs.
func (s *Scheduler) Asked() int { return count(s, &s.asked) }

// Planned is how often a start was asked for.
func (s *Scheduler) Planned() int { return count(s, &s.planned) }

func count(s *Scheduler, n *int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *n
}

// Submitted are the names of the jobs that it took.
func (s *Scheduler) Submitted() []string { return list(s, &s.submitted) }

// Cancelled are the ids of the jobs that it ended.
func (s *Scheduler) Cancelled() []string { return list(s, &s.cancelled) }

func list(s *Scheduler, l *[]string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(*l)
}
