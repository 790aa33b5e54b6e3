package jobs

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aymanbagabas/go-udiff"

	"shardeck/backend/generated"
	"shardeck/backend/render"
	"shardeck/backend/scheduler"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
)

// Preview is what Submit would submit; nsys, or profiling.nsys in the config, chooses the script for Nsight
// Systems. A script that the user edited is taken as it is, with a warning; nothing is written.
func (su *Submitter) Preview(ctx context.Context, id string, nsys bool) (Preview, error) {
	row, err := su.Experiments.Row(id)
	if err != nil {
		return Preview{}, err
	}
	return su.preview(ctx, row, nsys)
}

// PreviewOf is what Submit would submit if an experiment were saved as it stands in an editor.
func (su *Submitter) PreviewOf(ctx context.Context, e model.Experiment, nsys bool) (Preview, error) {
	row, err := su.Experiments.Row(e.ID)
	if err != nil {
		return Preview{}, err
	}
	row.Experiment, row.Problem = su.Experiments.WithSets(e), ""
	row.Verdict = su.Experiments.Check(row.Experiment)
	return su.preview(ctx, row, nsys)
}

func (su *Submitter) preview(ctx context.Context, row board.Row, nsys bool) (Preview, error) {
	if row.Problem != "" {
		return Preview{Row: row}, model.Invalid(row.Problem, "")
	}
	nsys = nsys || row.Experiment.WantsNsys()
	p := Preview{Row: row, Nsys: nsys, Config: row.File}
	if err := su.previewConfig(&p); err != nil {
		return p, err
	}
	if err := su.previewScript(&p); err != nil {
		return p, err
	}
	p.Row.Verdict.Findings = append(p.Row.Verdict.Findings, su.Experiments.OldRunner(row.Experiment)...)
	if p.Row = su.Experiments.WithRun(p.Row, nsys); p.Row.Run != nil {
		p.KeptAs = p.Row.Run.Name + model.OldMark + cmp.Or(p.Row.Run.JobID, "before-JOB")
	}
	subs, _, _ := su.Workspace.Ledger().Submissions() // without them there is nothing to compare with
	if s := model.First(subs, func(s model.Submission) bool { return s.Experiment.ID == row.Experiment.ID }); s != nil {
		name := "the script submitted " + s.At.Local().Format("2 Jan 15:04")
		p.Diff = udiff.Unified(name, name+" (edited)", s.Script, model.MaskedScript(p.Script))
	}
	return p, ctx.Err()
}

// previewConfig gives the job a config of its own when --set changes keys of it: the user's stays as it is.
func (su *Submitter) previewConfig(p *Preview) error {
	if len(su.Edits) == 0 {
		return nil
	}
	doc, err := su.Workspace.OpenDocument(p.Row.File)
	if err != nil {
		return err
	}
	if err := doc.SetAll(su.Edits...); err != nil {
		return err
	}
	if doc.Modified() {
		for _, path := range p.Row.Experiment.Secrets() {
			if strings.HasPrefix(path, "env.") { // the job's environment has it, see requestOf
				err = cmp.Or(err, doc.Set(path, model.Hidden))
			}
		}
		sum := sha256.Sum256(doc.Text())
		p.Config = fmt.Sprintf("%s/configs/%s_%x.yaml", workspace.PrivateDir, p.Row.Experiment.ID, sum[:4])
		p.config = doc.Text()
	}
	return err
}

// previewScript is run_<id>.sh, as rendered now or as the user edited it; or the script for
// nsys, made for this experiment: run_with_nsys.sh on disk is for running by hand.
func (su *Submitter) previewScript(p *Preview) error {
	e, script, name := p.Row.Experiment, render.Script, p.Row.Experiment.ID
	p.Path = render.ScriptPath(e.ID)
	if p.Nsys {
		script, name, p.Path = render.NsysScript, e.ID+"_nsys", render.NsysPath
	}
	p.Log = workspace.LogsDir + "/" + name + "_%j.out"
	if text, edited := generated.Edited(su.Workspace, p.Path); edited && !p.Nsys {
		if p.config != nil {
			return model.Invalid(fmt.Sprintf("%s was edited by hand, so --set cannot reach what it runs", p.Path),
				"change the config instead, or make the script anew: shardeck generate --force "+e.ID)
		}
		p.Script = text
		p.Row.Verdict.Findings = append(p.Row.Verdict.Findings, check.Finding{
			Code: "script-edited", Severity: check.SeverityWarning, Edits: []model.Edit{},
			Fault: fmt.Sprintf("%s was edited by hand and is submitted as it is", p.Path),
			Fix:   "to make it anew from the config: shardeck generate --force " + e.ID,
		})
		return nil
	}
	text, err := script(su.Experiments.Script(p.Config, e))
	switch refused := p.Row.Refusal(); {
	case err != nil && refused != nil:
		return refused // first what is wrong with the experiment
	case err != nil:
		return &model.Fault{Text: "no job script for " + e.ID, Cause: err, Kind: model.ErrInvalid}
	}
	p.Script = string(text)
	return nil
}

// Preview is what a submission would do.
type Preview struct {
	Row    board.Row `json:"row"`
	Script string    `json:"script"`
	Diff   string    `json:"diff"` // against the script last submitted for this experiment; empty: the same, or none before
	Path   string    `json:"path"`
	Nsys   bool      `json:"nsys"`
	Config string    `json:"config"`          // what the job reads: the experiment's file, or one of its own where --set changes it
	Log    string    `json:"log"`             // where the job's output will lie, relative to the workspace; %j is the job's id
	KeptAs string    `json:"keeps,omitempty"` // the name of the result there is now, once the job has a whole one; empty: there is none

	reads  string            // the run, for a job that reads traces
	points []string          // ids of the experiments, for a job of a sweep
	files  map[string][]byte // that the script reads, relative to the workspace
	gpus   int               // of the allocation; 0: those of the layout
	after  string            // a job that must have ended before
	config []byte            // text of Config where it is the job's own
}

// Seal changes with what would be submitted: the experiment, its script and the config that the job reads.
func (p Preview) Seal() string {
	text, _ := json.Marshal(struct { // plain values: cannot fail
		E              model.Experiment
		Script, Config string
		Text           []byte
	}{p.Row.Experiment, p.Script, p.Config, p.config})
	return fmt.Sprintf("%x", sha256.Sum256(text))
}

// Start is when a job would begin if it were submitted now, as the scheduler plans.
type Start struct {
	At    time.Time `json:"at,omitzero"`     // zero: not known
	Nodes string    `json:"nodes,omitempty"` // where, as the scheduler lists them
	Note  string    `json:"note,omitempty"`  // why it is not known, one line; empty: this scheduler never says
	Fix   string    `json:"fix,omitempty"`   // what to do about it, where it is known

	asked time.Time
}

// Manners with the scheduler, for which planning is dear.
const (
	startPatience = 5 * time.Second // for all jobs of one question
	startFresh    = 2 * time.Minute // how long a plan is believed, and a failure not tried again
	startShapes   = 3               // kinds of job asked for at once
)

// plannedStarts remembers what the scheduler planned, by what a job asks for.
type plannedStarts struct {
	turn  scheduler.Turn // whoever has it owns known
	known map[string]Start
}

// Starts asks when each of some jobs would begin, once for jobs that ask for the same and for a few kinds at
// most. It is for a user who is about to submit: what cannot be told has a note and is in nobody's way.
func (su *Submitter) Starts(ctx context.Context, previews []Preview) []Start {
	all := make([]Start, len(previews))
	e, ok := su.Scheduler.(scheduler.Estimator)
	if !ok {
		return all
	}
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	if !su.starts.turn.Take(ctx) {
		return all
	}
	defer su.starts.turn.Leave()
	known, left := su.starts.known, startShapes
	for i, p := range previews {
		key, now := demand(p.Script), su.Now()
		if now.Sub(known[key].asked) >= startFresh && left > 0 && p.Row.Refusal() == nil {
			left--
			plan := su.estimate(ctx, e, p)
			if plan.asked = now; !errors.Is(ctx.Err(), context.Canceled) { // else its asker left before it came
				known[key] = plan
			}
		}
		all[i] = known[key]
	}
	return all
}

func (su *Submitter) estimate(ctx context.Context, e scheduler.Estimator, p Preview) Start {
	r := su.requestOf(p, workspace.NewTag(p.Row.Experiment.ID, su.Now()))
	r.Log = strings.Replace(r.Log, p.Log, "start_%j.out", 1) // its own folder may not be there yet, and nothing is written
	got, err := e.Estimate(ctx, r)
	switch {
	case err != nil:
		return Start{Note: model.Printable(err.Error()), Fix: model.FixOf(err)}
	case got.Start.IsZero():
		return Start{Note: su.Scheduler.Name() + " sees no time for it within a year"}
	}
	return Start{At: got.Start, Nodes: got.Nodes}
}

// demand is what a script asks of the scheduler, less what only names the job.
func demand(script string) string {
	var b strings.Builder
	for line := range strings.Lines(script) {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != "#SBATCH" || words[1] == "-J" || words[1] == "-o" {
			continue
		}
		b.WriteString(strings.Join(words[1:], " ") + "\n")
	}
	return b.String()
}
