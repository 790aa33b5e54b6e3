// Package forecast is the use cases of forecasts: the laws of model/forecast, fitted to the runs of the workspace, and what they say
// of an experiment. A fit is kept while the runs are the same.
package forecast

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"shardeck/backend/strictyaml"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/forecast"
	"shardeck/model/metric"
	"shardeck/model/xray"
)

// Needs is what forecasts take of an open workspace. It is set once.
type Needs struct {
	Workspace  *workspace.Workspace
	World      check.World
	Now        func() time.Time
	Row        func(id string) (board.Row, error)
	KnownOf    func(ctx context.Context, r model.Run) *metric.Analysis // what is known of a run without reading a trace
	Steps      readSteps                                               // of a run, taken apart; no ranks: none can be read here
	KnownSteps readSteps                                               // those that were taken apart before
	Recorded   func(model.Experiment) model.Engine                     // that a replay plays back
	Check      func(model.Experiment) check.Verdict                    // of an experiment that is none yet

	Calibrations func() []forecast.Calibration // that were made here, the newest last; nil: none
}

type readSteps func(ctx context.Context, r model.Run) xray.Report

// Forecasts is the use cases. Its methods are safe for concurrent use.
type Forecasts struct {
	Needs

	mu  sync.Mutex
	all [2]kept // by whether traces were read for it
}

// kept is a fit, as long as the runs are the same.
type kept struct {
	of     string // these runs
	fitted *Fitted
}

// New forecasts in an open workspace.
func New(n Needs) *Forecasts { return &Forecasts{Needs: n} }

// Fitted is the laws of this workspace. It is shared, and not to be changed.
type Fitted struct {
	*forecast.Machines
	Runs []forecast.Run // that they were fitted to

	only *model.GPU // the one kind of GPU of all runs; nil: there are none, or several
}

// priors is the table of what is known before a run.
var priors = strictyaml.Embedded[forecast.Priors]("priors.yaml")

// Fit fits the laws to the finished runs of the workspace, whose traces it reads where they were not yet.
func (f *Forecasts) Fit(ctx context.Context) (*Fitted, error) { return f.fit(ctx, &f.all[1], f.Steps) }

// KnownLaws is Fit by what is known without reading a trace; by all, where they were read.
func (f *Forecasts) KnownLaws(ctx context.Context) (*Fitted, error) {
	return f.fit(ctx, &f.all[0], f.KnownSteps)
}

// fit fits the laws, or finds them as they were kept; steps may be nil.
func (f *Forecasts) fit(ctx context.Context, to *kept, steps readSteps) (*Fitted, error) {
	runs, err := f.Workspace.Runs()
	if err != nil {
		return nil, err
	}
	var version strings.Builder
	for _, r := range runs {
		fmt.Fprintln(&version, r.Dir, r.Time.UnixNano(), len(r.Files))
	}
	var calibrations []forecast.Calibration
	if f.Calibrations != nil {
		calibrations = f.Calibrations()
	}
	for _, c := range calibrations {
		fmt.Fprintln(&version, c.Host, c.Date.UnixNano(), len(c.Samples))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range []*kept{&f.all[1], to} {
		if k.fitted != nil && k.of == version.String() {
			return k.fitted, nil
		}
	}
	fitted := &Fitted{}
	for _, r := range runs {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if run, ok := f.measured(ctx, r, steps); ok {
			fitted.Runs = append(fitted.Runs, run)
		}
	}
	fitted.oneGPU()
	fitted.Machines = forecast.Fit(priors(), calibrations, fitted.Runs)
	*to = kept{version.String(), fitted}
	return fitted, nil
}

// oneGPU gives runs that do not tell their GPU that of the others, where these are of one kind.
func (f *Fitted) oneGPU() {
	for _, r := range f.Runs {
		switch gpu := r.Config.GPU; {
		case gpu.Key == "":
		case f.only == nil:
			f.only = &gpu
		case f.only.Key != gpu.Key:
			f.only = nil
			return
		}
	}
	for i := range f.Runs {
		if c := &f.Runs[i].Config; c.GPU.Key == "" && f.only != nil {
			c.GPU = *f.only
		}
	}
}

// measured is a run as the laws take it; ok is false of one without config, shape or times.
func (f *Forecasts) measured(ctx context.Context, r model.Run, steps readSteps) (out forecast.Run, ok bool) {
	if r.Experiment == nil || r.Unfinished || r.Forecast != nil || r.Experiment.Load.On() {
		return out, false
	}
	e := *r.Experiment
	if e.Engine == model.EngineReplay {
		e.Engine = e.Replay.Engine
	}
	a := f.KnownOf(ctx, r)
	shape := f.World.Shape(e.Model.Name)
	if a == nil || shape == nil {
		return out, false
	}
	out = forecast.Run{Name: r.Name, At: r.Time, Config: f.config(e, *shape)}
	traced := ""
	if len(r.KernelFiles()) > 0 && steps != nil {
		if x := steps(ctx, r); len(x.Ranks) > 0 {
			out.Steps, traced = x.Ranks[0].Steps, x.GPU
		}
	}
	for _, text := range []string{r.GPU, a.Device(), traced, e.Description} {
		if gpu, _ := model.FindGPU(f.World.GPUs, text, 0); gpu != nil && text != "" {
			out.Config.GPU = *gpu
			break
		}
	}
	out.Config.Batched = check.BatchedTokens(out.Config.GPU)
	times := [3]float64{}
	for i, name := range []string{"ttft", "tpot", "iteration_wall_clock"} {
		m := a.Metric(name)
		if !strings.Contains(m.Note, "traced") {
			times[i] = metric.OrZero(m.Value)
		}
		if i < len(out.Spread) {
			out.Spread[i] = metric.OrZero(m.Spread) / 100
		}
	}
	out.TTFT, out.TPOT, out.Iteration = times[0], times[1], times[2]
	if s := a.Metric("ttft").By.Stats; e.Engine == model.EngineVLLM && s[metric.Min] > 0 {
		out.Ragged = s[metric.Max]-s[metric.Min] > 0.15*s[metric.Max] && e.RequestsPerReplica()*int64(e.Data.SeqLen) <= int64(out.Config.Batched)
	}
	return out, true
}

// config is an experiment with what its numbers depend on; its GPU is not known yet.
func (f *Forecasts) config(e model.Experiment, shape model.Shape) forecast.Config {
	site := f.World.Site.For(e.Slurm)
	shape.Quant, _ = f.World.Held(e)
	return forecast.Config{Experiment: e, Shape: shape.WithLayers(e.Model.Layers), Site: site.Name, GPUsPerNode: site.GPUsPerNode}
}

// Forecast says what experiments are to take, in their order. An id that is none is an error; what cannot be said of one stands in
// its forecast. With prior it says something of everything, marked.
func (f *Forecasts) Forecast(ctx context.Context, ids []string, prior bool) ([]forecast.Forecast, error) {
	fitted, err := f.Fit(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := model.Through(ids, f.Row)
	if err != nil {
		return nil, err
	}
	all := model.Each(rows, func(r board.Row) forecast.Forecast { return f.Of(fitted, r, prior) })
	f.keep(all...)
	return all, ctx.Err()
}

// Of says what one experiment is to take, without reading a file.
func (f *Forecasts) Of(fitted *Fitted, row board.Row, prior bool) forecast.Forecast {
	e := row.Experiment
	e.Engine = f.recorded(e)
	shape := f.World.Shape(e.Model.Name)
	if shape == nil || row.Problem != "" {
		unknown := fmt.Sprintf("the shape of model %q is not known; add it to models.yaml", e.Model.Name)
		return forecast.Forecast{ID: e.ID, Refused: cmp.Or(row.Problem, unknown), Metrics: []forecast.Metric{}}
	}
	c := f.config(e, *shape)
	gpu, other := f.gpuOf(row, fitted.only)
	if gpu != nil {
		c.GPU = *gpu
	}
	c.Batched = check.BatchedTokens(c.GPU)
	for _, x := range row.Verdict.Findings {
		group, _, _ := strings.Cut(x.Field, ".")
		if x.Severity == check.SeverityError && (group == "parallelism" || group == "data") && !strings.HasPrefix(x.Code, "fit-") {
			c.Faults = append(c.Faults, x.Fault)
		}
	}
	if e.Load.On() {
		c.Faults = append(c.Faults, "it is a server under load: requests that come one by one are not forecast, a batch is")
	}
	var fit *check.Fit
	if c.GPU.Bytes > 0 {
		fit = new(check.MemoryFit(e, *shape, c.GPU, f.World.Formats)) // on the GPU of the forecast, which may be another than the site's
		c.Faults = append(c.Faults, unfit(e, *fit, c.GPU)...)
	}
	out := fitted.Forecast(c, prior)
	if fit != nil && out.Refused == "" {
		out.Metrics = append(out.Metrics, memory(*fit))
	}
	if other != "" {
		out.Notes = append(out.Notes, other)
	}
	return out
}

// unfit says why a config cannot run in the memory of its GPUs, or not as one batch; what the estimate may err by is left out.
func unfit(e model.Experiment, fit check.Fit, gpu model.GPU) []string {
	const doubt = 2 << 30
	room := fit.Headroom + fit.KVCache
	switch {
	case e.Engine != model.EngineVLLM && fit.Weights+fit.KVCache > fit.Total, e.Engine == model.EngineVLLM && room < -doubt:
		return []string{"it does not fit the memory of " + gpu.Title}
	case e.Engine == model.EngineVLLM && fit.Headroom < -doubt:
		return []string{fmt.Sprintf("the cache on %s holds %.0f %% of its requests at a time: they come in waves, of which these laws know nothing",
			gpu.Title, 100*float64(max(room, 0))/float64(fit.KVCache))}
	}
	return nil
}

// memory is what one GPU is to hold at least, by the check of memory, which may err by two GiB.
func memory(fit check.Fit) forecast.Metric {
	const doubt = 2
	gib := func(bytes int64) float64 { return float64(bytes) / (1 << 30) }
	used := gib(fit.Used())
	return forecast.Metric{Name: "gpu_memory", Unit: "GiB", Value: used, Low: max(used-doubt, 0), High: used + doubt, Level: forecast.Level,
		Parts: map[string]float64{"weights": gib(fit.Weights), "kv_cache": gib(fit.KVCache), "activations": gib(fit.Activations),
			"overhead": gib(fit.Overhead)}, RestsOn: []string{"the check of memory, by the model's shape"}}
}

// gpuOf is the kind of GPU that an experiment is forecast for: the one that its constraint or its description names, else that of all
// runs here, else the site's; nil: nobody tells. The sentence says where the site plans another.
func (f *Forecasts) gpuOf(row board.Row, measured *model.GPU) (gpu *model.GPU, other string) {
	e := row.Experiment
	if !model.IsAuto(e.Slurm.Constraint) && row.Planned != nil {
		return row.Planned, ""
	}
	if named, alike := model.FindGPU(f.World.GPUs, e.Description, 0); named != nil && len(alike) == 0 {
		return named, ""
	}
	if measured == nil {
		return row.Planned, ""
	}
	if row.Planned != nil && row.Planned.Key != measured.Key {
		other = fmt.Sprintf("it is forecast for %s, on which the runs here are; the site plans %s: set slurm.constraint to say which",
			measured.Title, row.Planned.Title)
	}
	return measured, other
}

// CrossValidate forecasts the runs of the workspace from one another.
func (f *Forecasts) CrossValidate(ctx context.Context) ([]forecast.Trial, error) {
	fitted, err := f.Fit(ctx)
	if err != nil {
		return nil, err
	}
	return forecast.CrossValidate(priors(), nil, fitted.Runs), ctx.Err()
}

// keep keeps forecasts for their runs. What cannot be written down is none the less true: silence is right.
func (f *Forecasts) keep(all ...forecast.Forecast) {
	for _, x := range all {
		if k, ok := forecast.Keep(x, f.Now()); ok && !f.Workspace.ReadOnly {
			_ = f.Workspace.Ledger().KeepForecast(k)
		}
	}
}

// Score holds the forecasts that were given here before their runs against these, and says which were damaged.
func (f *Forecasts) Score(ctx context.Context) (forecast.Score, []string, error) {
	fitted, err := f.Fit(ctx)
	if err != nil {
		return forecast.Score{}, nil, err
	}
	kept, warnings, err := f.Workspace.Ledger().Forecasts()
	return forecast.ScoreOf(kept, slices.Clone(fitted.Runs)), warnings, err
}

// Foretell is Of for an experiment that is being edited.
func (f *Forecasts) Foretell(l *Fitted, e model.Experiment, v check.Verdict) forecast.Forecast {
	row := board.Row{Experiment: e, Verdict: v}
	if gpu, ok := f.World.GPUs[v.Placement.GPU]; ok {
		row.Planned = &gpu
	}
	return f.Of(l, row, false)
}

// PriorOf is what the table says of a law on the GPU of a calibration, at this site.
func (f *Forecasts) PriorOf(m forecast.Calibration, c forecast.Constant) ([]forecast.Piece, string) {
	gpu := f.World.GPUByName(m.GPU)
	if gpu == nil {
		return nil, ""
	}
	return priors().Before(*gpu, m.Precision, f.World.Site.Name, c)
}
