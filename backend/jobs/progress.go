package jobs

import (
	"context"
	"time"

	"shardeck/backend/logs"
	"shardeck/backend/scheduler"
	"shardeck/model"
	"shardeck/model/present/unit"
	"shardeck/model/progress"
)

// mostEarlier is of how many runs before, the newest, the times of stages are looked at.
const mostEarlier = 5

// Progress says how far a job that runs is, by what was read of its log, and by earlier runs of the same layout: of its experiment, or
// of one with the same model, engine and GPUs. Those are read once.
func (fo *Follower) Progress(ctx context.Context, j model.Job, p LogPart) progress.Run {
	earlier, known := fo.passed.Load(j.ID)
	if !known {
		earlier = fo.earlier(ctx, j)
		if ctx.Err() == nil {
			fo.passed.Store(j.ID, earlier)
		}
	}
	return progress.Of(p.Marks, logs.Clock(fo.Now()), earlier.([]progress.Times))
}

func (fo *Follower) earlier(ctx context.Context, j model.Job) []progress.Times {
	var all []progress.Times
	like := fo.like(j.Experiment)
	for _, before := range fo.queue.KnownJobs() {
		if before.ID == j.ID || before.State != model.JobCompleted || !like(before.Experiment) {
			continue
		}
		if len(all) == mostEarlier || ctx.Err() != nil {
			break
		}
		tail, err := logs.Tail(fo.logPath(before.Log), stageLines)
		if t := progress.Passed(logs.Marks(tail.Lines)); err == nil && len(t) > 0 {
			all = append(all, t)
		}
	}
	return all
}

// like tells experiments whose stages take about as long as those of one.
func (fo *Follower) like(id string) func(other string) bool {
	row, err := fo.Experiments.Row(id)
	known := map[string]bool{id: true}
	return func(other string) bool {
		if is, asked := known[other]; asked || err != nil || other == "" {
			return is
		}
		x, wrong := fo.Experiments.Row(other)
		a, b := row.Experiment, x.Experiment
		known[other] = wrong == nil && a.Engine == b.Engine && a.Model == b.Model && a.Layout == b.Layout
		return known[other]
	}
}

// tokenRate is what an engine told last of its tokens a second: "1 234 output tok/s"; empty: nothing.
func tokenRate(lines []string) string {
	v, of, ok := logs.Rate(lines)
	if !ok {
		return ""
	}
	return unit.Significant(v) + " " + of + " tok/s"
}

// lookEvery is the least time between two looks at the GPUs of a job: each starts a step on all its nodes.
const lookEvery = 30 * time.Second

// GPULook is what the GPUs of a job did at a moment.
type GPULook struct {
	At  time.Time      `json:"at"`
	All []model.GPUUse `json:"gpus"`
}

// GPUs looks at the GPUs of a job of ours that runs; the last look again where that was a moment ago.
func (fo *Follower) GPUs(ctx context.Context, j model.Job) (GPULook, error) {
	looker, ok := fo.Scheduler.(scheduler.Looker)
	switch {
	case j.State != model.JobRunning:
		return GPULook{}, model.Failed("job "+j.ID+" does not run: it is "+j.State.Words(), nil, "")
	case !ok:
		return GPULook{}, model.Failed("the "+fo.Scheduler.Name()+" scheduler cannot look at the GPUs of a job", nil, "nvidia-smi on this machine")
	}
	if last, ok := fo.looks.Load(j.ID); ok && fo.Now().Sub(last.(GPULook).At) < lookEvery {
		return last.(GPULook), nil
	}
	ctx, cancel := context.WithTimeout(ctx, queryDeadline)
	defer cancel()
	all, err := looker.GPUs(ctx, j)
	if err != nil {
		return GPULook{}, err
	}
	look := GPULook{fo.Now(), all}
	fo.looks.Store(j.ID, look)
	return look, nil
}
