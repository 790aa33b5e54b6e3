package jobs

import (
	"context"
	"time"

	"shardeck/model"
)

// News is one change of a job that is watched.
type News struct {
	At    time.Time `json:"at"`
	Job   model.Job `json:"job"`
	Stage string    `json:"stage"` // what a running job is doing, as its log says
	Done  int       `json:"done"`  // iterations, where the log tells
	Total int       `json:"total"`
}

// watchEvery is how often logs of watched jobs are looked at; the scheduler is asked
// as seldom as ever.
const watchEvery = 2 * time.Second

// progressEvery is how often progress within a stage is told at most: a job captures fifty
// CUDA graphs in five seconds, and whoever listens to a screen reader hears each line.
const progressEvery = 10 * time.Second

// Watch calls tell with every change of state or stage of the jobs named, by id or by
// experiment, the present one first, and with progress now and then, until all have
// ended, tell fails or ctx ends. A job that the scheduler no longer lists, and that was
// not submitted from here, is told once more, as model.JobUnknown.
func (fo *Follower) Watch(ctx context.Context, refs []string, tell func(News) error) error {
	watched := make([]News, len(refs))
	for i, ref := range refs {
		j, err := fo.queue.FindJob(ctx, ref)
		if err != nil {
			return err
		}
		watched[i].Job.ID, watched[i].Job.Tag = j.ID, j.Tag
	}
	for {
		active, err := fo.tellChanges(ctx, watched, tell)
		if err != nil || !active {
			return err
		}
		if err := pause(ctx, fo.watchPause()); err != nil {
			return err
		}
	}
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
	return ctx.Err()
}

// watchPause is shorter where looking costs nobody anything.
func (fo *Follower) watchPause() time.Duration {
	if fo.Scheduler.Name() == "local" {
		return watchEvery / 4
	}
	return watchEvery
}

// tellChanges tells what changed since the last look; active: some job has not ended.
func (fo *Follower) tellChanges(ctx context.Context, watched []News, tell func(News) error) (active bool, err error) {
	list, err := fo.queue.ListJobs(ctx, fo.Scheduler.Name() == "local")
	if err != nil {
		return false, err
	}
	for i := range watched {
		before := watched[i]
		now := fo.unlisted(before)
		if j := model.First(list.Jobs, func(j model.Job) bool { return j.ID == before.Job.ID }); j != nil {
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

// worthTelling is true for a change of state or stage, and for progress after a while.
func worthTelling(before, now News) bool {
	if now.Job.State != before.Job.State || now.Stage != before.Stage {
		return true
	}
	return now.Done != before.Done && now.At.Sub(before.At) >= progressEvery
}

// unlisted is what is known of a job that is on no list any more.
func (fo *Follower) unlisted(before News) News {
	if told := before.Job.State != ""; told && !before.Job.State.Active() {
		return before // it had ended before
	}
	now := News{At: fo.Now(), Job: before.Job}
	now.Job.State, now.Job.Reason, now.Job.Meaning = model.JobUnknown, "", model.Reason{}
	return now
}

// newsOf reads the stage of a running job from its log.
func (fo *Follower) newsOf(ctx context.Context, j model.Job) News {
	n := News{At: fo.Now(), Job: j}
	if j.State == model.JobRunning || j.State == model.JobCompleting {
		if part, err := fo.Log(ctx, j, 1); err == nil {
			n.Stage, n.Done, n.Total = part.Stage, part.Done, part.Total
		}
		if n.Stage == string(model.StageDone) {
			fo.Poll.Expire() // the job says it is over: no need to wait out the interval
		}
	}
	return n
}
