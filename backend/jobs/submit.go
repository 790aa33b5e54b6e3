package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"shardeck/backend/claim"
	"shardeck/backend/process"
	"shardeck/backend/render"
	"shardeck/backend/scheduler"
	"shardeck/backend/scheduler/local"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/board"
)

// SubmitOptions say how to submit.
type SubmitOptions struct {
	Nsys  bool   // profile with Nsight Systems
	Force bool   // although a job of the experiment has not ended
	Seen  string // the Seal of the preview that the user said yes to; empty: nobody was asked
}

// ErrChanged is a submission that would be another one than the user said yes to.
var ErrChanged = fmt.Errorf("changed since it was looked at: %w", model.ErrRefused)

const queryDeadline = 30 * time.Second

// replyWait is how long a job whose reply was lost may take to show up.
var replyWait = []time.Duration{0, 2 * time.Second, 5 * time.Second}

// Submit submits an experiment: its record, with a tag that travels in the job's comment, is on disk before the
// scheduler hears of it, so that neither a lost reply nor a dropped link can lose a job or submit it twice.
func (su *Submitter) Submit(ctx context.Context, id string, o SubmitOptions) (model.Submission, error) {
	p, err := su.Preview(ctx, id, o.Nsys)
	if err != nil {
		return model.Submission{}, err
	}
	if o.Seen != "" && o.Seen != p.Seal() {
		return model.Submission{}, &model.Fault{Text: id + " changed since you were asked, and was not submitted", Kind: ErrChanged,
			ToDo: "look at it once more: shardeck submit " + id}
	}
	return su.alone(ctx, p, o.Force)
}

// alone submits while no other process can submit the same experiment, or a point of the same sweep.
func (su *Submitter) alone(ctx context.Context, p Preview, force bool) (model.Submission, error) {
	id, runs := p.Row.Experiment.ID, p.points
	if err := cmp.Or(su.Workspace.Writable("submit "+id), p.Row.Refusal()); err != nil {
		return model.Submission{}, err // not even a claim is written
	}
	claims, err := su.claimAll(append([]string{id}, runs...))
	defer func() {
		for _, c := range claims {
			c.Release()
		}
	}()
	if len(runs) == 0 {
		runs = []string{id}
	}
	for i := 0; err == nil && !force && i < len(runs); i++ {
		err = su.free(ctx, runs[i])
	}
	if err != nil {
		return model.Submission{}, err
	}
	return su.record(ctx, p, claims[0])
}

// free refuses an experiment of which a job has not ended, or may not have.
func (su *Submitter) free(ctx context.Context, id string) error {
	list, err := su.queue.ListJobs(ctx, false)
	if err != nil {
		return model.Failed("not submitted: the scheduler does not say what runs already", err, "wait and try again, or --force")
	}
	if list.Stale != "" {
		when := "what runs now is not known"
		if !list.AsOf.IsZero() {
			when = "what runs is known only as of " + clock(list.AsOf)
		}
		return model.Failed("not submitted: "+when, errors.New(list.Stale), "wait and try again, or --force to submit without knowing")
	}
	if j := su.unended(ctx, id, list.Jobs); j != nil {
		return already(*j)
	}
	return nil
}

// Unended is a job of an experiment that has not ended, as far as is known; nil: none.
func (su *Submitter) Unended(ctx context.Context, id string) *model.Job {
	all := su.queue.KnownJobs()
	if list, err := su.queue.ListJobs(ctx, false); err == nil {
		all = list.Jobs
	}
	return su.unended(ctx, id, all)
}

func (su *Submitter) unended(ctx context.Context, id string, all []model.Job) *model.Job {
	for _, j := range all {
		if !j.Runs(id) || !inTheWay(j) {
			continue
		}
		if j = su.queue.now(ctx, j); inTheWay(j) {
			return &j
		}
	}
	return nil
}

// inTheWay: a job that has not ended (one that is ending is in nobody's way), or one of which nobody knows whether it was accepted.
func inTheWay(j model.Job) bool {
	return j.State.Active() && j.State != model.JobCompleting || j.ID == ""
}

// already refuses a second job of an experiment.
func already(j model.Job) error {
	by := ""
	if j.User != "" && j.User != process.User() {
		by = " by " + model.Printable(j.User)
	}
	if j.ID == "" {
		text := fmt.Sprintf("%s was sent at %s%s and no reply came: it may have been accepted", j.Experiment, clock(j.Submit), by)
		return &model.Fault{Text: text,
			ToDo: "shardeck jobs tells in a few minutes, once the scheduler answers; --force submits it a second time", Kind: model.ErrActive}
	}
	return &model.Fault{Text: fmt.Sprintf("%s is submitted already%s: job %s is %s", j.Experiment, by, j.ID, j.State),
		ToDo: fmt.Sprintf("shardeck watch %s, shardeck cancel %s, or --force to submit it a second time", j.ID, j.ID), Kind: model.ErrActive}
}

func clock(t time.Time) string { return t.Local().Format("15:04:05") }

// record writes the submission down, submits, and completes the record.
func (su *Submitter) record(ctx context.Context, p Preview, c *claim.Claim) (model.Submission, error) {
	now := su.Now()
	e := p.Row.Experiment
	s := model.Submission{Tag: workspace.NewTag(e.ID, now), Experiment: e.Masked(), Scheduler: su.Scheduler.Name(),
		Nsys: p.Nsys, Log: p.Log, At: now, Script: model.MaskedScript(p.Script), Reads: p.reads, Points: p.points, User: process.User()}
	if err := su.prepare(p); err != nil {
		return s, err
	}
	if !c.Held() {
		return s, model.Failed(e.ID+" was not submitted: its claim was taken away meanwhile", nil, "see with shardeck jobs who submitted it")
	}
	if err := su.Workspace.Ledger().Record(s); err != nil {
		return s, err
	}
	id, err := su.send(ctx, s, p)
	// the record must be completed although the caller may have left meanwhile
	complete := func(s *model.Submission) {
		s.Error, s.JobID, s.Log = "", id, scheduler.ExpandLog(s.Log, model.Job{ID: id, Name: e.ID})
		if err != nil && !errors.Is(err, scheduler.ErrMaybe) {
			s.Error = err.Error()
		}
	}
	after := su.Workspace.Ledger().Complete(s.Tag, complete)
	complete(&s)
	su.Poll.Expire()
	if err != nil {
		return s, err
	}
	if after != nil {
		return s, model.Failed(fmt.Sprintf("job %s is submitted, but its record could not be completed", id), after, "note the job's id")
	}
	return s, nil
}

// prepare writes what the job needs to find: the folder of its log, which Slurm opens before the script runs,
// the runner where there is none (the original's lies elsewhere), and its own config if it has one.
func (su *Submitter) prepare(p Preview) error {
	if err := su.Workspace.EnsureDir(filepath.Dir(p.Log)); err != nil {
		return err
	}
	if err := su.Experiments.BringRunner(p.Row.Experiment); err != nil {
		return err
	}
	for file, text := range p.files {
		if err := su.Workspace.WriteFile(file, text, 0o644); err != nil {
			return err
		}
	}
	if p.config == nil {
		return nil
	}
	return su.Workspace.WriteFile(p.Config, p.config, 0o600) // under vllm: may stand a secret
}

// send gives the job to the scheduler; when the reply is lost it first looks for the job.
func (su *Submitter) send(ctx context.Context, s model.Submission, p Preview) (string, error) {
	id, err := su.Scheduler.Submit(ctx, su.requestOf(p, s.Tag))
	if !errors.Is(err, scheduler.ErrMaybe) {
		return id, err
	}
	for _, wait := range replyWait {
		_ = scheduler.Pause(ctx, wait) // one who leaves still wants to know
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queryDeadline)
		j, ok, ferr := su.Scheduler.Find(ctx, s.Tag)
		cancel()
		if ferr == nil && ok {
			return j.ID, nil
		}
	}
	return "", &model.Fault{Text: "the scheduler's reply was lost, and no job with this tag shows yet: it may still have been submitted",
		Cause: err, ToDo: "look with shardeck jobs before submitting again (tag " + s.Tag + ")"}
}

func (su *Submitter) requestOf(p Preview, tag string) scheduler.Request {
	e := p.Row.Experiment
	limit, _ := model.ParseTimeLimit(e.Slurm.Time) // checked: it can be read
	var secrets []string                           // which the script does not hold
	for _, path := range e.Secrets() {
		if name, ok := strings.CutPrefix(path, "env."); ok {
			secrets = append(secrets, name+"="+e.Env[name])
		}
	}
	log := strings.ReplaceAll(su.Workspace.Root, "%", "%%") + "/" + p.Log // a folder's name holds no patterns
	return scheduler.Request{Script: p.Script, Path: p.Path, Dir: su.Workspace.Root, Name: e.ID, Tag: tag,
		GPUs: cmp.Or(p.gpus, e.Layout.GPUs()), Log: log, Limit: limit, Env: secrets, After: p.after}
}

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

// PlanReading makes the jobs that read the runs named; none: those that are more than the login node's budget.
// Ranks that a job has read are left out, and so are runs whose analysis is there.
func (su *Submitter) PlanReading(ctx context.Context, names []string) ([]NodeReading, error) {
	unread, err := su.Unread(ctx, names)
	if err != nil {
		return nil, err
	}
	plans := make([]NodeReading, len(unread))
	for i, u := range unread {
		if plans[i], err = su.planReading(u); err != nil {
			return nil, err
		}
	}
	return plans, nil
}

func (su *Submitter) planReading(u model.UnreadRun) (NodeReading, error) {
	p := NodeReading{Run: u.Run.Name, Ranks: u.Ranks, Bytes: u.Bytes, Name: fmt.Sprintf("%.60s", "read-"+model.AsID(u.Run.Name)), Job: su.World.Site.Reader}
	reads := (time.Duration(u.Largest/readingRate) * time.Second).Round(time.Minute)
	p.Time = model.FormatTimeLimit(min(leastReading+reads, mostReading))
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

// Bounds of a reading task: a start on a busy file system, and 20 MB/s, a tenth of what a core reads.
const (
	leastReading = 10 * time.Minute
	readingRate  = 20 << 20
	mostReading  = 12 * time.Hour
)

// SubmitReading records and submits the job, as any other: its tag is on disk before
// Slurm hears of it. A job of the same run that has not ended refuses it.
func (su *Submitter) SubmitReading(ctx context.Context, p NodeReading) (model.Submission, error) {
	if su.Scheduler.Name() == local.Name {
		return model.Submission{}, model.Failed("there is no Slurm here to read "+p.Run+" on a node of", nil,
			"--here reads it on this machine")
	}
	row := board.Row{Experiment: model.Experiment{ID: p.Name, Description: "reads the traces of " + p.Run,
		Slurm: model.SlurmRequest{Time: p.Time}}}
	return su.alone(ctx, Preview{Row: row, Script: p.Script, Log: p.Log, reads: p.Run}, false)
}
