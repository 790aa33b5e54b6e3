package lab

import (
	"cmp"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"shardeck/backend/render"
	"shardeck/backend/scheduler/local"
	"shardeck/backend/workspace"
	"shardeck/model"
)

// NodeReading is a job that would read a run's traces, one task a rank.
type NodeReading struct {
	Run    string          `json:"run"`
	Ranks  []int           `json:"ranks"`
	Bytes  int64           `json:"bytes"` // of the traces to read
	Name   string          `json:"name"`  // of the job, and its id among the jobs
	Time   string          `json:"time"`  // limit of a task
	Job    model.ReaderJob `json:"job"`
	Script string          `json:"script"`
	Log    string          `json:"log"` // relative to the workspace; %A is the job's id
}

// PlanReading makes the jobs that read the runs named; none: those that are more than
// the login node's budget. Ranks that a job has read are left out, and so are runs
// whose analysis is there.
func (l *Lab) PlanReading(ctx context.Context, names []string) ([]NodeReading, error) {
	if l.cache == nil {
		return nil, failed("there is no cache for a job to read into", nil, "unset SHARDECK_NO_CACHE, and set HOME or XDG_CACHE_HOME")
	}
	runs, err := l.readable(ctx, names)
	if err != nil {
		return nil, err
	}
	plans := []NodeReading{}
	for _, run := range runs {
		p, err := l.planReading(run)
		if err != nil {
			return nil, err
		}
		if len(p.Ranks) > 0 {
			plans = append(plans, p)
		}
	}
	return plans, nil
}

// readable are the runs named, or those beyond the budget.
func (l *Lab) readable(ctx context.Context, names []string) ([]model.Run, error) {
	var runs []model.Run
	for _, name := range names {
		run, err := l.Run(name)
		if err != nil {
			return nil, err
		}
		if len(tracesOf(run)) == 0 {
			return nil, failed(run.Name+" has no traces to read", nil, "")
		}
		runs = append(runs, run)
	}
	if len(names) > 0 {
		return runs, nil
	}
	all, err := l.Runs(ctx)
	return slices.DeleteFunc(all, func(r model.Run) bool { return l.withinBudget(r) == nil }), err
}

func (l *Lab) planReading(run model.Run) (NodeReading, error) {
	p := NodeReading{Run: run.Name, Name: readingID(run.Name), Job: l.world.Site.Reader}
	if key, err := l.keyOf(run); err == nil && l.cached(key, run) != nil {
		return p, nil
	}
	largest := int64(0)
	for _, f := range tracesOf(run) {
		if key, err := l.rankKey(f); err == nil && l.cache.Has(key) {
			continue
		}
		p.Ranks = append(p.Ranks, f.Rank)
		p.Bytes += f.Size
		largest = max(largest, f.Size)
	}
	if len(p.Ranks) == 0 {
		return p, nil
	}
	slices.Sort(p.Ranks)
	p.Time = model.FormatTimeLimit(readingTime(largest))
	p.Log = workspace.LogsDir + "/" + p.Name + "_%A.out"
	text, err := render.ReadingScript(render.Reading{
		Name: p.Name, Run: run.Dir, Ranks: p.Ranks, Workspace: l.ws.Root, Shardeck: l.options.Binary,
		CacheHome: filepath.Dir(l.options.CacheDir), Sets: l.options.Sets,
		Account: cmp.Or(accountOf(run), l.Account()), Time: p.Time, Site: p.Job,
	})
	if err != nil {
		return p, &Fault{Text: "no job script to read " + run.Name, Cause: err, Kind: ErrInvalid}
	}
	p.Script = string(text)
	return p, nil
}

// accountOf is who paid for a run, where its config says.
func accountOf(run model.Run) string {
	if run.Experiment == nil {
		return ""
	}
	return run.Experiment.Slurm.Account
}

// Bounds of a reading task: a start on a busy file system, and 20 MB/s, a tenth of what
// a core reads of compressed traces.
const (
	leastReading = 10 * time.Minute
	readingRate  = 20 << 20
	mostReading  = 12 * time.Hour
)

func readingTime(bytes int64) time.Duration {
	return min(leastReading+(time.Duration(bytes/readingRate)*time.Second).Round(time.Minute), mostReading)
}

// readingID names the job of a run among jobs: read-llama-8b-tp2.
func readingID(run string) string {
	id := "read-" + strings.Map(func(r rune) rune {
		if r < 0x80 && model.CheckID("x"+string(r)) == nil {
			return r
		}
		return '-'
	}, run)
	return id[:min(len(id), 60)]
}

// SubmitReading records and submits the job, as any other: its tag is on disk before
// Slurm hears of it. A job of the same run that has not ended refuses it.
func (l *Lab) SubmitReading(ctx context.Context, p NodeReading) (model.Submission, error) {
	if err := l.Writable("submit " + p.Name); err != nil {
		return model.Submission{}, err
	}
	if l.scheduler.Name() == local.Name {
		return model.Submission{}, failed("there is no Slurm here to read "+p.Run+" on a node of", nil, "--here reads it on this machine")
	}
	row := Row{Experiment: model.Experiment{ID: p.Name, Description: "reads the traces of " + p.Run, Slurm: model.SlurmRequest{Time: p.Time}}}
	if err := l.allowed(ctx, row, false); err != nil {
		return model.Submission{}, err
	}
	return l.record(ctx, Preview{Row: row, Script: p.Script, Log: p.Log, reads: p.Run})
}
