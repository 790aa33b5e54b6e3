// Package local runs jobs on this machine, for those who have a workstation, an
// allocation or a recording instead of a Slurm queue.
//
// There is no daemon. Each job is a directory below the state directory, named by its id
// (L1, L2, …), and a small bash script of ours, the keeper (keeper.sh), detached from
// whoever submitted it: it waits for its turn, takes as many GPU slots as the job has
// GPUs, runs the job in a process group of its own, ends it at its time limit or when
// asked, and writes down how it ended. All there is to know is in files, each renamed
// into place, so any number of shardecks may come, go and be killed. Processes are named
// by pid, start time and machine (state.go): a pid that was used again, or a reboot, is
// noticed and never signalled. GPUs are shared out among the jobs of one state directory
// by the order of their ids, and among all of a user by claims in a pool.
package local

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

// Name of this scheduler, as jobs carry it.
const Name = "local"

// remembered is how long Jobs lists a job that has ended, as Slurm's MinJobAge.
const remembered = 5 * time.Minute

// Options of a local scheduler.
type Options struct {
	Dir   string // state directory, such as .shardeck/local of the workspace; made when first needed
	GPUs  int    // slots on a machine where no GPU is found; 0: 4, enough for any replay of one node
	Pool  string // folder of this user where the jobs of all workspaces note which GPUs they have; empty: each workspace for itself
	Grace int    // seconds between asking a job to end and killing it; 0: 5
}

// Local is the scheduler of this machine.
type Local struct {
	dir   string
	pool  string
	grace int
	here  host
	slots func() slots
	ended sync.Map // id → model.Job that will not change again
}

var _ scheduler.Scheduler = (*Local)(nil)

// New makes a local scheduler. It touches nothing until it is asked for something.
func New(o Options) *Local {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		dir = o.Dir
	}
	return &Local{dir: dir, pool: o.Pool, grace: cmp.Or(o.Grace, 5), here: thisHost(),
		slots: sync.OnceValue(func() slots { return findSlots(cmp.Or(o.GPUs, 4)) })}
}

// Name is local.
func (l *Local) Name() string { return Name }

// Jobs lists the jobs that wait or run, and those that ended minutes ago.
func (l *Local) Jobs(ctx context.Context) ([]model.Job, error) {
	return l.filter(ctx, func(j model.Job) bool {
		return j.State.Active() || j.State == model.JobUnknown || time.Since(j.End) < remembered
	})
}

// History lists the jobs that ended since a time.
func (l *Local) History(ctx context.Context, since time.Time) ([]model.Job, error) {
	return l.filter(ctx, func(j model.Job) bool { return !j.State.Active() && !j.End.Before(since) })
}

// Find looks for the job submitted with a tag.
func (l *Local) Find(ctx context.Context, tag string) (model.Job, bool, error) {
	jobs, err := l.filter(ctx, func(j model.Job) bool { return tag != "" && j.Tag == tag })
	if err != nil || len(jobs) == 0 {
		return model.Job{}, false, err
	}
	return jobs[0], true, nil
}

// Limits tells the slots, and whether they are real.
func (l *Local) Limits(context.Context) (scheduler.Limits, error) {
	s := l.slots()
	return scheduler.Limits{Version: "local, on " + hostName(), GPUs: len(s.ids), History: true, Note: s.note}, nil
}

// filter reads all jobs and keeps some, in the order of their ids.
func (l *Local) filter(ctx context.Context, keep func(model.Job) bool) ([]model.Job, error) {
	ids, err := l.ids()
	if err != nil {
		return nil, err
	}
	var jobs []model.Job
	first := true // the first waiting job waits for GPUs, others for it
	for _, id := range ids {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		j, err := l.job(id)
		if err != nil {
			return nil, err
		}
		if j.State == model.JobPending && j.Reason == "" {
			j.Reason = map[bool]string{true: "Resources", false: "Priority"}[first]
			first = false
		}
		if keep(j) {
			jobs = append(jobs, j)
		}
	}
	return jobs, nil
}

// job reads one job, from memory if it has ended.
func (l *Local) job(id string) (model.Job, error) {
	if j, ok := l.ended.Load(id); ok {
		return j.(model.Job), nil
	}
	j, err := l.read(id)
	if err == nil && !j.State.Active() && j.State != model.JobUnknown {
		l.ended.Store(id, j)
	}
	return j, err
}

// idPattern is that of a job's id: no number that Slurm could mean.
var idPattern = regexp.MustCompile(`^L[1-9][0-9]{0,8}$`)

// ids lists the jobs there are, oldest first.
func (l *Local) ids() ([]string, error) {
	entries, err := os.ReadDir(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, model.Failed("cannot read the local scheduler's jobs", err, "make "+l.dir+" readable")
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() && idPattern.MatchString(e.Name()) {
			out = append(out, e.Name())
		}
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) })
	return out, nil
}
