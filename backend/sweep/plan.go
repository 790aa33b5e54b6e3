package sweep

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"

	"shardeck/backend/config"
	"shardeck/backend/render"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/compare"
	"shardeck/model/condition"
	"shardeck/model/metric"
	"shardeck/model/sweep"
)

// Needs is what sweeps take of an open workspace. It is set once.
type Needs struct {
	Workspace   *workspace.Workspace
	World       check.World
	Experiments Experiments
	Jobs        Jobs
	KnownOf     func(ctx context.Context, r model.Run) *metric.Analysis // what is known of a run without reading a trace
	Sampler     func(ctx context.Context) compare.Sampler               // what was measured of runs, for telling them apart
}

// Experiments is what sweeps ask of the experiments of a workspace.
type Experiments interface {
	Row(id string) (board.Row, error)
	WithSets(e model.Experiment) model.Experiment
	WithRun(row board.Row, nsys bool) board.Row
	Check(e model.Experiment) check.Verdict
	Script(config string, e model.Experiment) render.Job
}

// Jobs is what sweeps ask of the jobs of a workspace.
type Jobs interface {
	KnownJobs() []model.Job // newest first, without asking anybody
	Causes(ctx context.Context, jobs []model.Job, most int) map[string]string
	SubmitPoints(ctx context.Context, o sweep.Order) (model.Submission, error)
	Cancel(ctx context.Context, id string) error
}

// Sweeps is the use cases of sweeps. Its methods are safe for concurrent use.
type Sweeps struct{ Needs }

// Dispatcher submits the jobs of sweeps, tells those that run what is next, and stops them.
type Dispatcher struct{ *Sweeps }

// New works on the sweeps of an open workspace.
func New(n Needs) *Dispatcher { return &Dispatcher{&Sweeps{n}} }

// SweepIDs lists the sweeps here.
func (s *Sweeps) SweepIDs() []string {
	files, _ := s.Workspace.Sweeps() // for completion: silence is the right answer to a fault
	return model.Each(files, idOf)
}

func idOf(file string) string { return strings.TrimSuffix(path.Base(file), path.Ext(file)) }

// read reads one sweep by its id or the path of its file.
func (s *Sweeps) read(id string) (sweep.Sweep, string, error) {
	files, err := s.Workspace.Sweeps()
	if err != nil {
		return sweep.Sweep{}, "", err
	}
	file := model.First(files, func(f string) bool { return idOf(f) == id || f == path.Clean(id) })
	if file == nil {
		ids := model.Each(files, idOf)
		fix := "the sweeps are " + strings.Join(ids, ", ")
		if len(ids) == 0 {
			fix = "there are none yet: shardeck sweep new " + id + " --base E1.1 --vary tp=1,2,4"
		} else if near := model.DidYouMean(id, ids); near != "" {
			fix = near
		}
		return sweep.Sweep{}, "", model.Unknown(fmt.Sprintf("no sweep %.60q in %s", id, workspace.SweepsDir), fix)
	}
	text, err := s.Workspace.ReadText(*file)
	if err != nil {
		return sweep.Sweep{}, *file, err
	}
	name := idOf(*file)
	if err := model.CheckID(name); err != nil {
		return sweep.Sweep{}, *file, model.Invalid(fmt.Sprintf("%s: the file's name is the sweep's id, and %v", *file, err), "rename the file")
	}
	read, err := Read(name, *file, text)
	return read, *file, err
}

// PlanSweep works a sweep out: its points with their verdicts, what has become of each, and the jobs for those that are ready. It
// reads small files only.
func (s *Sweeps) PlanSweep(ctx context.Context, id string) (sweep.Plan, error) {
	read, file, err := s.read(id)
	if err != nil {
		return sweep.Plan{Sweep: read, File: file}, err
	}
	return s.planOf(ctx, read, file)
}

// planOf is PlanSweep for a sweep that need not be saved.
func (s *Sweeps) planOf(ctx context.Context, read sweep.Sweep, file string) (sweep.Plan, error) {
	p, err := s.standing(ctx, read, file)
	if err != nil {
		return p, err
	}
	p.Tie = p.Rivals().Judge(s.Sampler(ctx))
	s.pack(ctx, &p, sweep.Ready)
	return p, nil
}

// standing is a plan without jobs: its points, and what has become of them.
func (s *Sweeps) standing(ctx context.Context, read sweep.Sweep, file string) (sweep.Plan, error) {
	p := sweep.Plan{Sweep: read, File: file}
	written := s.written()
	base, err := s.Experiments.Row(read.Base)
	if err == nil && base.Problem != "" {
		err = model.Invalid(base.Problem, "")
	}
	if err != nil {
		f := standIn(read, written)
		if f == nil {
			return p, &model.Fault{Text: fmt.Sprintf("%s: base %s", file, read.Base), Cause: err, Kind: model.ErrInvalid}
		}
		base = board.Row{Experiment: f.Experiment, Problem: fmt.Sprintf("base %s: %v", read.Base, err)}
	}
	p.Base = base
	points, err := read.Points(func(edits []model.Edit) (condition.Values, error) {
		e, err := apply(base.Experiment, edits)
		return valuesOf(e), err
	})
	if err != nil {
		return p, &model.Fault{Text: file, Cause: err, Kind: model.ErrInvalid}
	}
	for _, point := range points {
		if ctx.Err() != nil {
			return p, ctx.Err()
		}
		x := s.point(base.Experiment, point, written)
		if base.Problem != "" && x.File == "" && x.State != sweep.LeftOut {
			x.State, x.Reason = sweep.Impossible, base.Problem
		}
		p.Points = append(p.Points, x)
	}
	s.join(ctx, &p)
	s.reconsider(&p)
	return p, nil
}

// standIn is the config of a point, for a base that is gone: what was measured stays, whatever became of that. nil: there is none.
func standIn(read sweep.Sweep, written map[string]workspace.File) *workspace.File {
	read.Where = nil
	points, _ := read.Points(nil) // too many are a fault of the sweep, which is told where they are made
	for _, p := range points {
		if f, ok := written[p.ID]; ok && f.Err == nil {
			return &f
		}
	}
	return nil
}

// apply is an experiment with some values changed.
func apply(e model.Experiment, edits []model.Edit) (model.Experiment, error) {
	for _, edit := range edits {
		if err := config.Apply(&e, edit.Path, edit.Value); err != nil {
			return e, err
		}
	}
	return e, nil
}

// valuesOf are the values that conditions know of an experiment: its keys by their paths and their last parts, and gpus.
func valuesOf(e model.Experiment) condition.Values {
	v := condition.Values{"gpus": e.Layout.GPUs(), "dp": e.Layout.DP(), "model": model.ShortModel(e.Model.Name)}
	for _, key := range config.Keys() {
		text, _ := config.Value(e, key) // the key is known
		value := typed(text)
		v[key] = value
		if last := key[strings.LastIndexByte(key, '.')+1:]; v[last] == nil {
			v[last] = value
		}
	}
	return v
}

// typed is a value as conditions compare it.
func typed(text string) any {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		return f
	}
	if text == "true" || text == "false" {
		return text == "true"
	}
	return text
}

// written are the configs that are there, by id.
func (s *Sweeps) written() map[string]workspace.File {
	files, _ := s.Workspace.Experiments() // none can be read: none is there
	all := map[string]workspace.File{}
	for _, f := range files {
		all[f.Experiment.ID] = f
	}
	return all
}

// point judges one point. A config of it that is there counts as it is: its user may have edited it.
func (s *Sweeps) point(base model.Experiment, p sweep.Point, written map[string]workspace.File) sweep.Status {
	out := sweep.Status{Point: p, State: sweep.Ready}
	e, err := apply(base, p.Edits)
	e.ID, e.OutputDir = p.ID, workspace.TracesDir+"/"+p.ID
	e.Description = describe(p)
	if f, ok := written[p.ID]; ok {
		made := e
		if e, err, out.File = s.Experiments.WithSets(f.Experiment), f.Err, f.Rel; err == nil {
			out.Edited = config.Changes(made, e)
		}
	}
	out.Experiment = e
	switch other := out.Other(); {
	case p.Left != "":
		out.State, out.Reason = sweep.LeftOut, "where: "+p.Left
		return out
	case err != nil:
		out.State, out.Reason = sweep.Impossible, err.Error()
		return out
	case other != nil:
		out.State, out.Reason = sweep.Impossible, fmt.Sprintf("%s is of another point: %s %s, not %s; rename one of them", out.File, other.Path, other.Now, other.Was)
		return out
	}
	out.Verdict = s.Experiments.Check(e)
	if worst, _ := out.Verdict.Worst(); worst.Severity == check.SeverityError {
		out.State, out.Reason = sweep.Impossible, worst.Fault
	}
	return out
}

// describe is the description of a point's config.
func describe(p sweep.Point) string {
	words := model.Each(p.Edits, func(e model.Edit) string { return e.Path[strings.LastIndexByte(e.Path, '.')+1:] + "=" + e.Value })
	if p.Repeat > 1 {
		words = append(words, fmt.Sprintf("run %d", p.Repeat))
	}
	return strings.Join(words, ", ")
}

// join finds what has become of the points: their runs and jobs.
func (s *Sweeps) join(ctx context.Context, p *sweep.Plan) {
	newest := map[string]*model.Job{}
	for _, j := range s.Jobs.KnownJobs() {
		for _, id := range append([]string{j.Experiment}, j.Points...) {
			if newest[id] == nil && j.Runs(id) {
				newest[id] = &j
			}
		}
	}
	causes := map[string]string{} // of jobs, whose log is read once
	for i := range p.Points {
		x := &p.Points[i]
		if x.State != sweep.Ready {
			continue
		}
		row := s.Experiments.WithRun(board.Row{Experiment: x.Experiment}, false)
		x.Run, x.Job = row.Run, newest[x.ID]
		active := x.Job != nil && x.Job.State.Active()
		switch {
		case x.Run != nil && (!active || x.Run.JobID == x.Job.ID) && done(*x.Run):
			x.State, x.Analysis = sweep.Done, s.KnownOf(ctx, *x.Run)
		case x.Job != nil && s.passedOver(p.Sweep.Goal, x, active):
		case active:
			x.State = sweep.Submitted
		case x.Job != nil:
			if x.State, x.Reason = s.ended(*x); x.State == sweep.Failed && x.Reason == "" {
				if _, read := causes[x.Job.ID]; !read {
					causes[x.Job.ID] = s.Jobs.Causes(ctx, []model.Job{*x.Job}, 1)[x.Job.ID]
				}
				cause := cmp.Or(causes[x.Job.ID], "ended without its result")
				x.Reason = fmt.Sprintf("job %s: %s (shardeck why %s)", x.Job.ID, cause, x.Job.ID)
			}
		}
	}
}

// ended is what a point is whose job has ended without its result: it failed, or the job did not come to it. A failure that the
// point cannot explain itself has no reason yet.
func (s *Sweeps) ended(x sweep.Status) (sweep.State, string) {
	text, err := s.Workspace.ReadText(x.Experiment.OutputDir + model.TmpMark + x.Job.ID + "/run.json")
	var info model.RunInfo
	known := err == nil && json.Unmarshal(text, &info) == nil
	stopped := known && info.ExitCode == model.ExitPartial // by a signal, with nothing measured
	if known && info.Status == model.RunFailed && !stopped && !strings.HasPrefix(info.Cause, "not finished") {
		return sweep.Failed, info.Cause
	}
	if stopped || interrupted(*x.Job) {
		return sweep.Ready, fmt.Sprintf("job %s was ended before it: %s", x.Job.ID, x.Job.State.Words())
	}
	return sweep.Failed, ""
}

// interrupted reports whether a job was ended from outside, so that points may be left that it did not come to: by the scheduler,
// or by a signal, of which a shell makes an exit code over 128.
func interrupted(j model.Job) bool {
	code, signal, _ := strings.Cut(j.ExitCode, ":")
	n, _ := strconv.Atoi(code)
	return j.State.Failed() && j.State != model.JobFailed || j.State == model.JobUnknown || n > 128 || signal != "" && signal != "0"
}

// done reports whether a run is that of a point: of its config as it is now. A replay of a recording plays what there is of it.
func done(r model.Run) bool {
	return (len(r.Changed) == 0 || r.Replay && r.Forecast == nil) && r.Readable() == nil
}
