package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"shardeck/backend/logs"
	"shardeck/backend/scheduler"
	"shardeck/backend/scheduler/local"
	"shardeck/model"
	"shardeck/model/progress"
)

// LogLook is what to look for in a whole log.
type LogLook = logs.Look

// Lines of a log that are looked through for its stage and for a cause.
const (
	stageLines = 4000
	causeLines = 20000

	aroundLines = 500 // shown before a line that was looked for, and after it
)

// Log reads the last lines of a job's log, 0 for as many as tell a cause, and what the job is doing.
func (fo *Follower) Log(ctx context.Context, j model.Job, lines int) (LogPart, error) {
	lines = cmp.Or(max(lines, 0), causeLines)
	path := fo.logPath(j.Log)
	if path == "" {
		return LogPart{}, model.Failed(fmt.Sprintf("where job %s writes its log is not known", j.ID), nil,
			"it was not submitted from this workspace")
	}
	tail, err := logs.Tail(path, max(lines, stageLines))
	if err != nil {
		return LogPart{Part: logs.Part{Path: path}}, noLog(j, err)
	}
	progress := logs.Stage(tail.Lines)
	part := LogPart{tail, logs.Marks(tail.Lines), tokenRate(tail.Lines), Doing{Stage: string(progress.Stage), Done: progress.Done, Total: progress.Total}}
	if f, ok := fo.hung(j, tail); ok {
		part.Hung = f.Title
	}
	if cut := len(part.Lines) - lines; cut > 0 {
		part.Lines = part.Lines[cut:]
		part.First = -1 // lines were cut after cleaning: where they begin is not known
		if part.Line > 0 {
			part.Line += cut
		}
	}
	return part, ctx.Err()
}

// hung tells whether nothing moves any more in the log of a job that runs.
func (fo *Follower) hung(j model.Job, tail logs.Part) (logs.Finding, bool) {
	if j.State != model.JobRunning {
		return logs.Finding{}, false
	}
	if !j.Start.IsZero() {
		j.Elapsed = fo.Now().Sub(j.Start)
	}
	return logs.Hung(tail.Lines, j, fo.Now().Sub(tail.Written))
}

// LogFind looks through the whole log of a job for a line, told by its index among those around it; false: none.
func (fo *Follower) LogFind(ctx context.Context, j model.Job, look LogLook) (part LogPart, at int, found bool, err error) {
	look.Around = aroundLines
	p, at, err := logs.Find(ctx, fo.logPath(j.Log), look)
	if errors.Is(err, logs.ErrNoLine) {
		return LogPart{}, 0, false, nil
	}
	if err != nil {
		return LogPart{}, 0, false, noLog(j, err)
	}
	return LogPart{Part: p}, at, true, nil
}

// LooksBad tells of a line of a log that an error begins there.
func LooksBad(line string) bool { return logs.LooksBad(line) }

func noLog(j model.Job, err error) error {
	switch {
	case !errors.Is(err, fs.ErrNotExist):
		return err
	case j.State == model.JobPending:
		return model.Failed(fmt.Sprintf("job %s has no log yet: it waits (%s)", j.ID, j.Reason), nil, "shardeck watch "+j.ID)
	}
	return model.Failed(fmt.Sprintf("job %s (%s) has no log", j.ID, j.State), err, "shardeck why "+j.ID)
}

const followEvery = 500 * time.Millisecond

// Follow shows the last lines of a job's log, then what is added, until the job has ended, show fails or ctx ends.
func (fo *Follower) Follow(ctx context.Context, j model.Job, lines int, show func(LogPart) error) error {
	path := fo.logPath(j.Log)
	f := logs.Follow(path, lines)
	ended, asked := false, time.Time{}
	for {
		if time.Since(asked) >= fo.watchPause() { // before the last look, so that nothing is missed
			if now, err := fo.queue.FindJob(ctx, j.ID); err == nil {
				j.State = now.State
			}
			ended, asked = !j.State.Active(), time.Now()
		}
		part, err := f.Poll(ended)
		for ; err == nil && len(part.Lines) > 0; part, err = f.Poll(ended) {
			if err := show(LogPart{Part: part}); err != nil {
				return err
			}
		}
		if err != nil || ended {
			return err
		}
		if err := scheduler.Pause(ctx, followEvery); err != nil {
			return err
		}
	}
}

// Doing is what a job is doing, as its log says.
type Doing struct {
	Stage string `json:"stage"` // word for it, empty: not known
	Done  int    `json:"done"`  // iterations, where the log tells
	Total int    `json:"total"`
	Hung  string `json:"hung,omitempty"` // since when nothing moves, and what moved last; empty: it goes on
}

// LogPart is a piece of a job's log.
type LogPart struct {
	logs.Part
	Marks []progress.Mark `json:"-"` // of the runner, in the last lines
	Rate  string          `json:"-"` // output tokens a second that the engine told last; empty: none
	Doing
}

// News is one change of a job that is watched.
type News struct {
	At  time.Time `json:"at"`
	Job model.Job `json:"job"`
	Doing

	Scheduler string `json:"scheduler,omitempty"` // instead of a job's news: the scheduler stopped answering, or answers again
}

// watchEvery is how often logs of watched jobs are looked at; the scheduler is asked as seldom as ever.
const watchEvery = 2 * time.Second

// progressEvery is how often progress within a stage is told at most: a job captures fifty
// CUDA graphs in five seconds, and whoever listens to a screen reader hears each line.
const progressEvery = 10 * time.Second

// Watch calls tell with every change of state or stage of the jobs named, by id or by experiment, the present
// one first, and with progress now and then, until all have ended, tell fails or ctx ends. A job that the
// scheduler no longer lists, and that was not submitted from here, is told once more, as model.JobUnknown.
func (fo *Follower) Watch(ctx context.Context, refs []string, tell func(News) error) error {
	watched := make([]News, len(refs))
	for i, ref := range refs {
		j, err := fo.queue.FindJob(ctx, ref)
		if err != nil {
			return err
		}
		watched[i].Job.ID, watched[i].Job.Tag = j.ID, j.Tag
	}
	silent := false
	for {
		active, err := fo.tellChanges(ctx, watched, &silent, tell)
		if err != nil || !active {
			return err
		}
		if err := scheduler.Pause(ctx, fo.watchPause()); err != nil {
			return err
		}
	}
}

// watchPause is shorter where looking costs nobody anything.
func (fo *Follower) watchPause() time.Duration {
	if fo.Scheduler.Name() == local.Name {
		return watchEvery / 4
	}
	return watchEvery
}

// tellChanges tells what changed since the last look; active: some job has not ended.
func (fo *Follower) tellChanges(ctx context.Context, watched []News, silent *bool, tell func(News) error) (active bool, err error) {
	list, err := fo.queue.ListJobs(ctx, fo.Scheduler.Name() == local.Name)
	if err == nil && (list.Stale != "") != *silent {
		*silent = !*silent
		err = tell(News{At: fo.Now(), Scheduler: fo.outage(list)})
	}
	if err != nil {
		return false, err
	}
	for i := range watched {
		before := watched[i]
		now := fo.unlisted(before)
		if j := pick(list.Jobs, before.Job.ID); j != nil {
			now = fo.newsOf(ctx, *j)
		}
		active = active || now.Job.State.Active()
		if !worthTelling(before, now) {
			continue
		}
		watched[i] = now
		if err := tell(now); err != nil {
			return false, err
		}
	}
	return active, nil
}

// outage says that the scheduler does not answer, or that it does again.
func (fo *Follower) outage(list JobList) string {
	if list.Stale == "" {
		return fo.Scheduler.Name() + " answers again"
	}
	return fmt.Sprintf("no answer from %s since %s: %s; what follows, logs alone tell", fo.Scheduler.Name(), clock(list.Since), list.Stale)
}

func worthTelling(before, now News) bool {
	return now.Job.State != before.Job.State || now.Stage != before.Stage || (now.Hung == "") != (before.Hung == "") ||
		now.Done != before.Done && now.At.Sub(before.At) >= progressEvery
}

func (fo *Follower) unlisted(before News) News {
	if before.Job.State != "" && !before.Job.State.Active() {
		return before // it had ended before
	}
	now := News{At: fo.Now(), Job: before.Job}
	now.Job.State, now.Job.Reason, now.Job.Meaning = model.JobUnknown, "", model.Reason{}
	return now
}

func (fo *Follower) newsOf(ctx context.Context, j model.Job) News {
	n := News{At: fo.Now(), Job: j}
	if j.State == model.JobRunning || j.State == model.JobCompleting {
		if part, err := fo.Log(ctx, j, 1); err == nil {
			n.Doing = part.Doing
		}
		if n.Stage == string(model.StageDone) {
			fo.Poll.Expire() // the job says it is over: no need to wait out the interval
		}
	}
	return n
}
