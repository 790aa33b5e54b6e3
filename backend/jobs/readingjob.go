package jobs

import (
	"cmp"
	"context"
	"time"

	"shardeck/backend/render"
	"shardeck/backend/scheduler/local"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/board"
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
func (su *Submitter) PlanReading(ctx context.Context, names []string) ([]NodeReading, error) {
	unread, err := su.Unread(ctx, names)
	if err != nil {
		return nil, err
	}
	plans := []NodeReading{}
	for _, u := range unread {
		p, err := su.planReading(u)
		if err != nil {
			return nil, err
		}
		plans = append(plans, p)
	}
	return plans, nil
}

func (su *Submitter) planReading(u model.UnreadRun) (NodeReading, error) {
	p := NodeReading{Run: u.Run.Name, Ranks: u.Ranks, Bytes: u.Bytes, Name: readingID(u.Run.Name), Job: su.World.Site.Reader}
	p.Time = model.FormatTimeLimit(readingTime(u.Largest))
	p.Log = workspace.LogsDir + "/" + p.Name + "_%A.out"
	r := su.Reading
	r.Name, r.Run, r.Ranks, r.Time, r.Site, r.Account = p.Name, u.Run.Dir, p.Ranks, p.Time, p.Job, su.World.Account
	if u.Run.Experiment != nil {
		r.Account = cmp.Or(u.Run.Experiment.Slurm.Account, r.Account) // who paid for the run
	}
	text, err := render.ReadingScript(r)
	if err != nil {
		return p, &model.Fault{Text: "no job script to read " + u.Run.Name, Cause: err, Kind: model.ErrInvalid}
	}
	p.Script = string(text)
	return p, nil
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
	id := "read-" + model.AsID(run)
	return id[:min(len(id), 60)]
}

// SubmitReading records and submits the job, as any other: its tag is on disk before
// Slurm hears of it. A job of the same run that has not ended refuses it.
func (su *Submitter) SubmitReading(ctx context.Context, p NodeReading) (model.Submission, error) {
	if err := su.Workspace.Writable("submit " + p.Name); err != nil {
		return model.Submission{}, err
	}
	if su.Scheduler.Name() == local.Name {
		return model.Submission{}, model.Failed("there is no Slurm here to read "+p.Run+" on a node of", nil,
			"--here reads it on this machine")
	}
	row := board.Row{Experiment: model.Experiment{ID: p.Name, Description: "reads the traces of " + p.Run,
		Slurm: model.SlurmRequest{Time: p.Time}}}
	if err := su.allowed(ctx, row, false); err != nil {
		return model.Submission{}, err
	}
	return su.record(ctx, Preview{Row: row, Script: p.Script, Log: p.Log, reads: p.Run})
}
