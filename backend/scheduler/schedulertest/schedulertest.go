// Package schedulertest is a scheduler without a cluster, for tests: it keeps what is submitted,
// runs nothing, and says what the test has written for it.
package schedulertest

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

// Scheduler is one. Its fields may be changed between two calls.
type Scheduler struct {
	Label string           // its name; empty: slurm
	First int              // id of the first job submitted; 0: 101
	Now   func() time.Time // nil: the clock

	Queue     []model.Job             // what the list shows, ended jobs included as long as the test keeps them
	Gone      []model.Job             // what its history keeps besides
	Submitted []scheduler.Request     // what it took
	OnSubmit  func(scheduler.Request) // called when a job arrives; nil: nothing is

	Reply     error // of Submit, which takes no job then, but with Lose
	Lose      bool  // Submit takes the job and loses the reply
	Down      error // of whatever asks for jobs
	Plan      scheduler.Estimate
	Unplanned error // why it plans nothing

	mu   sync.Mutex
	done map[string][]string
}

// Did is what was asked of it, by verb (list, history, find, plan, submit, cancel): the names
// of jobs that it took, the ids of those that it ended.
func (s *Scheduler) Did(verb string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.done[verb])
}

// lock begins a call; what it returns ends it.
func (s *Scheduler) lock() (unlock func()) {
	s.mu.Lock()
	return s.mu.Unlock
}

func (s *Scheduler) note(verb, of string) {
	if s.done == nil {
		s.done = map[string][]string{}
	}
	s.done[verb] = append(s.done[verb], of)
}

func (s *Scheduler) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
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
	defer s.lock()()
	if err := r.Check(); err != nil {
		return "", err
	}
	if s.Reply != nil && !s.Lose {
		return "", s.Reply
	}
	if s.OnSubmit != nil {
		s.OnSubmit(r)
	}
	first := s.First
	if first == 0 {
		first = 101
	}
	id := strconv.Itoa(first + len(s.Submitted))
	s.Submitted = append(s.Submitted, r)
	s.note("submit", r.Name)
	s.Queue = append(s.Queue, model.Job{ID: id, Name: r.Name, Tag: r.Tag, Scheduler: s.Name(), State: model.JobPending, Reason: "Priority",
		Submit: s.now(), GPUs: r.GPUs, Limit: r.Limit, WorkDir: r.Dir, Log: scheduler.ExpandLog(r.Log, model.Job{ID: id, Name: r.Name})})
	return id, s.Reply
}

// Jobs lists the queue; a job that runs has run since its start.
func (s *Scheduler) Jobs(context.Context) ([]model.Job, error) {
	defer s.lock()()
	s.note("list", "")
	jobs := slices.Clone(s.Queue)
	for i := range jobs {
		if jobs[i].State == model.JobRunning && !jobs[i].Start.IsZero() {
			jobs[i].Elapsed = s.now().Sub(jobs[i].Start)
		}
	}
	return jobs, s.Down
}

// History lists the jobs that are gone.
func (s *Scheduler) History(context.Context, time.Time) ([]model.Job, error) {
	defer s.lock()()
	s.note("history", "")
	return slices.Clone(s.Gone), s.Down
}

// Find looks for a tag.
func (s *Scheduler) Find(_ context.Context, tag string) (model.Job, bool, error) {
	defer s.lock()()
	s.note("find", tag)
	all := slices.Concat(s.Queue, s.Gone)
	if i := slices.IndexFunc(all, func(j model.Job) bool { return j.Tag == tag }); i >= 0 {
		return all[i], true, nil
	}
	return model.Job{}, false, nil
}

// Cancel ends a job.
func (s *Scheduler) Cancel(_ context.Context, id string) error {
	err := error(&scheduler.Fault{Text: "no job " + strconv.Quote(id), ToDo: "shardeck jobs lists them", Kind: scheduler.ErrNoJob})
	s.Set(id, func(j *model.Job) {
		if err = nil; j.State.Active() {
			j.State, j.End = model.JobCancelled, s.now()
			s.note("cancel", id)
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
	defer s.lock()()
	s.note("plan", r.Name)
	return s.Plan, s.Unplanned
}

// GPUs are those of one node, all busy.
func (s *Scheduler) GPUs(_ context.Context, j model.Job) (all []model.GPUUse, err error) {
	defer s.lock()()
	s.note("gpus", j.ID)
	busy, used, total, watts := 87.0, 31949.0, 40960.0, 250.0
	for i := range j.GPUs {
		all = append(all, model.GPUUse{Node: j.NodeList, Index: i, Busy: &busy, Used: &used, Total: &total, Watts: &watts})
	}
	return all, s.Down
}

// Set changes a job of the queue.
func (s *Scheduler) Set(id string, change func(*model.Job)) {
	defer s.lock()()
	if i := slices.IndexFunc(s.Queue, func(j model.Job) bool { return j.ID == id }); i >= 0 {
		change(&s.Queue[i])
	}
}

// End takes a job out of the queue in a state, into the history or out of sight.
func (s *Scheduler) End(id string, state model.JobState, kept bool) {
	s.Set(id, func(j *model.Job) { j.State = state })
	defer s.lock()()
	s.Queue = slices.DeleteFunc(s.Queue, func(j model.Job) bool {
		if j.ID == id && kept {
			s.Gone = append(s.Gone, j)
		}
		return j.ID == id
	})
}
