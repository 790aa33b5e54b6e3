// Package calibration is the use cases of calibrations: a job of a few minutes that measures what the laws of forecasts need on this
// machine, and the constants made of what it measured. Each lies in a folder of experiments/calibration.
package calibration

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"shardeck/backend/atomicfile"
	"shardeck/backend/render"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/forecast"
	"shardeck/model/sweep"
)

// Where calibrations lie, and their files.
const (
	Dir       = "experiments/calibration"
	Samples   = "calibration.json" // what the runner measured: forecast.Calibration
	Constants = "constants.json"   // what was made of it: File
)

// jobID names the job, its claim and its log.
const jobID = "calibrate"

// limit is the most that the job may take; it takes about two minutes.
const limit = "00:10:00"

// Needs is what calibrations take of an open workspace. It is set once.
type Needs struct {
	Workspace   *workspace.Workspace
	World       check.World
	Experiments Experiments
	Where       string // that is calibrated: the site, or this machine where jobs run on it
	Submit      func(ctx context.Context, o sweep.Order) (model.Submission, error)
}

// Experiments is what calibrations ask of the experiments of a workspace.
type Experiments interface {
	Rows(ctx context.Context, ids []string) ([]board.Row, error)
	WithSets(e model.Experiment) model.Experiment
	Check(e model.Experiment) check.Verdict
	Script(config string, e model.Experiment) render.Job
	OldRunner(e model.Experiment) []check.Finding
}

// Calibrations is the use cases. Its methods are safe for concurrent use.
type Calibrations struct{ Needs }

// New calibrates in an open workspace.
func New(n Needs) *Calibrations { return &Calibrations{n} }

// Options say what is measured.
type Options struct {
	GPUs   int      // of a node; 0: all
	Nodes  int      // over which collectives are measured too; 0: one
	Models []string // whose sizes are measured; none: those of the experiments here
}

// Plan is a job that would be submitted.
type Plan struct {
	Models  []string      `json:"models"`
	GPUs    int           `json:"gpus"` // of a node
	Nodes   int           `json:"nodes"`
	Dir     string        `json:"dir"` // where its results go, relative to the workspace
	Verdict check.Verdict `json:"verdict"`
	Script  string        `json:"script"`

	order sweep.Order
}

// mostModels bounds the models that are measured unless they are named: each takes some 20 s.
const mostModels = 3

// Plan makes the job. An error says what stands against it.
func (c *Calibrations) Plan(ctx context.Context, o Options) (Plan, error) {
	p := Plan{Models: o.Models, GPUs: cmp.Or(o.GPUs, c.World.GPUsPerNode(), 1), Nodes: max(o.Nodes, 1)}
	if len(p.Models) == 0 {
		p.Models = c.modelsInUse(ctx)
	}
	if p.Nodes > 1 && p.GPUs != max(c.World.GPUsPerNode(), 1) {
		return p, model.Invalid(fmt.Sprintf("over nodes all GPUs of each node take part, not %d", p.GPUs), "leave --gpus out, or --nodes")
	}
	for _, name := range p.Models {
		if c.World.Shape(name) == nil {
			return p, model.Unknown(fmt.Sprintf("the shape of %.80q is not known here", name), "shardeck model add "+name+" takes its config")
		}
	}
	p.Dir = path.Join(Dir, model.AsID(fmt.Sprintf("%s-%dx%d", cmp.Or(c.Where, "here"), p.Nodes, p.GPUs)))
	e := c.experiment(p)
	p.Verdict = c.Experiments.Check(e)
	p.Verdict.Findings = slices.DeleteFunc(append(p.Verdict.Findings, c.Experiments.OldRunner(e)...), func(f check.Finding) bool {
		return f.Severity != check.SeverityError && f.Code != "runner-old" // on what a calibration has not: iterations and their prompts
	})
	if err := (board.Row{Experiment: e, Verdict: p.Verdict}).Refusal(); err != nil {
		return p, err
	}
	return p, c.script(&p, e)
}

// experiment is the job as an experiment: replicas that do not know each other, one a GPU.
func (c *Calibrations) experiment(p Plan) model.Experiment {
	e := model.Defaults()
	e.ID, e.Description, e.Engine = jobID, "what the laws of forecasts need, measured on this machine", model.EngineTorch
	e.Model = model.ModelRef{Name: p.Models[0], Precision: "bfloat16", Weights: "dummy", Layers: 1}
	e.Layout.DPReplicate = p.GPUs * p.Nodes
	e.Data = model.Workload{BatchSize: e.Layout.DPReplicate, SeqLen: 1, MaxTokens: 1}
	e.WarmupIterations, e.ProfileIterations, e.OutputDir = 0, 1, p.Dir
	e.Profiling = model.Profiling{}
	e.Slurm.Time = limit
	return c.Experiments.WithSets(e)
}

// modelsInUse are the models of the experiments here, those of most experiments first; else the first that is known.
func (c *Calibrations) modelsInUse(ctx context.Context) []string {
	rows, _ := c.Experiments.Rows(ctx, nil) // without them there is the first
	uses := map[string]int{}
	for _, r := range rows {
		if s := c.World.Shape(r.Experiment.Model.Name); s != nil && r.Problem == "" && r.Experiment.Engine != model.EngineReplay {
			uses[s.Name]++
		}
	}
	names := slices.SortedFunc(maps.Keys(uses), func(a, b string) int { return cmp.Or(uses[b]-uses[a], strings.Compare(a, b)) })
	if len(names) == 0 && len(c.World.Shapes) > 0 {
		names = []string{c.World.Shapes[0].Name}
	}
	return names[:min(len(names), mostModels)]
}

// script fills in what the job runs: a config of its own, which the runner takes for what it is by its key calibrate.
func (c *Calibrations) script(p *Plan, e model.Experiment) error {
	config := fmt.Sprintf("%s/%s/%s.json", workspace.PrivateDir, jobID, path.Base(p.Dir))
	text, err := json.MarshalIndent(map[string]any{
		"experiment_id": e.ID, "engine": e.Engine, "output_dir": e.OutputDir, "env": e.Env,
		"model":       map[string]any{"name": e.Model.Name, "precision": e.Model.Precision, "weights": "dummy"},
		"parallelism": map[string]any{"dp_replicate": e.Layout.DPReplicate}, "data": map[string]any{"batch_size": e.Data.BatchSize},
		"warmup_iterations": 0, "profile_iterations": 0, "profiling": map[string]any{"kineto": false, "execution_trace": false},
		"calibrate": p.Models,
	}, "", "  ")
	if err != nil {
		return err
	}
	job := c.Experiments.Script(config, e)
	job.By = "shardeck calibrate"
	script, err := render.Script(job)
	if err != nil {
		return &model.Fault{Text: "no job script for a calibration", Cause: err, Kind: model.ErrInvalid}
	}
	p.Script = string(script)
	limit, _ := model.ParseTimeLimit(e.Slurm.Time) // checked: it can be read
	p.order = sweep.Order{Sweep: jobID, Size: e, GPUs: e.Layout.DPReplicate, Script: p.Script, Limit: limit,
		Log: workspace.LogsDir + "/" + jobID + "_%j.out", Files: map[string][]byte{config: text}}
	return nil
}

// Submit submits the job. A calibration that has not ended refuses it.
func (c *Calibrations) Submit(ctx context.Context, p Plan) (model.Submission, error) {
	return c.Needs.Submit(ctx, p.order)
}

// File is a calibration with the constants made of it: constants.json.
type File struct {
	Name string `json:"name"` // of its folder
	forecast.Setting
	Constants []forecast.Constant `json:"constants"`

	Measured forecast.Calibration `json:"-"`
}

// All reads the calibrations here, the newest first; one that cannot be read is a warning.
func (c *Calibrations) All() (all []File, warnings []string) {
	entries, _ := os.ReadDir(c.Workspace.Path(Dir)) // none: nothing was calibrated
	for _, e := range entries {
		if !e.IsDir() || model.IsUnfinished(e.Name()) || strings.Contains(e.Name(), model.OldMark) {
			continue
		}
		f, err := c.read(e.Name())
		if err == nil {
			all = append(all, f)
		} else if !os.IsNotExist(err) {
			warnings = append(warnings, path.Join(Dir, e.Name(), Samples)+": "+err.Error())
		}
	}
	slices.SortFunc(all, func(a, b File) int { return b.Date.Compare(a.Date) })
	return all, warnings
}

func (c *Calibrations) read(name string) (File, error) {
	text, err := os.ReadFile(c.Workspace.Path(path.Join(Dir, name, Samples)))
	if err != nil {
		return File{}, err
	}
	m := forecast.Calibration{}
	if err := json.Unmarshal(text, &m); err != nil {
		return File{}, fmt.Errorf("is not sound JSON: %w", err)
	}
	clean(&m)
	return File{name, m.Setting, m.Constants(), m}, nil
}

// clean makes what a file says fit for a screen.
func clean(m *forecast.Calibration) {
	m.Host, m.GPU, m.Precision = model.Printable(m.Host), model.Printable(m.GPU), model.Printable(m.Precision)
	m.Models, m.Missing = model.Each(m.Models, model.Printable), model.Each(m.Missing, model.Printable)
	for i := range m.Samples {
		s := &m.Samples[i]
		s.Law, s.Operator, s.Model = forecast.Law(model.Printable(string(s.Law))), model.Printable(s.Operator), model.Printable(s.Model)
	}
}

// Find is a calibration by the name of its folder; empty: the newest. Its constants are then in a file beside its samples.
func (c *Calibrations) Find(name string) (File, []string, error) {
	all, warnings := c.All()
	found := model.First(all, func(f File) bool { return name == "" || f.Name == name })
	if found == nil {
		fault := "there is no calibration " + strings.TrimSpace(name+" here")
		return File{}, warnings, model.Unknown(fault, "shardeck calibrate")
	}
	if c.Workspace.Writable("keep constants") == nil {
		text, err := json.MarshalIndent(found, "", "  ")
		if err == nil {
			err = atomicfile.Write(c.Workspace.Path(path.Join(Dir, found.Name, Constants)), append(text, '\n'), 0o644)
		}
		if err != nil {
			warnings = append(warnings, "the constants are not kept: "+err.Error())
		}
	}
	return *found, warnings, nil
}

// Measured are all calibrations, for forecasts, the newest last.
func (c *Calibrations) Measured() []forecast.Calibration {
	all, _ := c.All()
	slices.Reverse(all)
	return model.Each(all, func(f File) forecast.Calibration { return f.Measured })
}
