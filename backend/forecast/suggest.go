package forecast

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/forecast"
	"shardeck/model/suggest"
	"shardeck/model/sweep"
)

// Suggest answers which layouts of up to q.GPUs (0: those of one node) are best for an experiment's model and workload. Of a replay it
// is the engine that was recorded.
func (f *Forecasts) Suggest(ctx context.Context, id string, q suggest.Question) (suggest.Answer, error) {
	base, err := f.Row(id)
	if err == nil && base.Problem != "" {
		err = model.Invalid(base.Problem, "")
	}
	if err != nil {
		return suggest.Answer{}, err
	}
	fitted, err := f.Fit(ctx)
	if err != nil {
		return suggest.Answer{}, err
	}
	e := base.Experiment
	q.PerNode, q.Data = f.World.Site.For(e.Slurm).GPUsPerNode, e.Data
	if q.GPUs <= 0 {
		q.GPUs = max(q.PerNode, e.Layout.GPUs(), 1)
	}
	if most := q.PerNode * f.World.Site.MaxNodes; most > 0 {
		q.GPUs = min(q.GPUs, most)
	}
	shape := f.World.Shape(e.Model.Name)
	if shape == nil {
		return suggest.Answer{}, model.Invalid("the shape of model "+e.Model.Name+" is not known", "shardeck model add "+e.Model.Name)
	}
	all := []suggest.Candidate{}
	for _, l := range suggest.Layouts(q.GPUs, shape.MoE != nil) {
		if c, ok := f.candidate(fitted, base, l, q); ok {
			all = append(all, c)
		}
	}
	out := q.Decide(all)
	out.Engine = f.recorded(e)
	if q.Keep {
		f.keep(model.Each(all, func(c suggest.Candidate) forecast.Forecast { return c.Forecast })...)
	}
	return out, ctx.Err()
}

// candidate is one layout of an experiment; ok is false of one that no job could run.
func (f *Forecasts) candidate(fitted *Fitted, base board.Row, l model.Layout, q suggest.Question) (suggest.Candidate, bool) {
	row := base
	e := &row.Experiment
	e.Engine, e.Replay, e.Layout = f.recorded(*e), model.Replay{}, l
	row.Verdict = f.Check(*e)
	out := f.Of(fitted, row, q.Prior)
	gpu, _ := f.gpuOf(row, fitted.only)
	runs := slices.DeleteFunc(slices.Clone(fitted.Runs), func(r forecast.Run) bool {
		return gpu == nil || r.Config.GPU.Key != gpu.Key || !sameWork(r.Config.Experiment, *e)
	})
	c := q.Candidate(l, out, runs)
	c.Price = f.price(row)
	return c, len(runs) > 0 || !slices.ContainsFunc(row.Verdict.Findings, func(x check.Finding) bool {
		return x.Severity == check.SeverityError && (strings.HasPrefix(x.Field, "parallelism") || strings.HasPrefix(x.Field, "slurm"))
	})
}

// sameWork reports whether two experiments are one layout, model and workload of an engine, whatever its collectives.
func sameWork(a, b model.Experiment) bool {
	return a.Engine == b.Engine && a.Layout == b.Layout && a.Data == b.Data && a.Model.Name == b.Model.Name &&
		a.Model.Precision == b.Model.Precision && a.Model.Layers == b.Model.Layers && !a.Load.On() && !b.Load.On()
}

// price is what a run takes about, in node hours, part of a node as that part where the site has no prices; nil: its nodes are not known.
func (f *Forecasts) price(row board.Row) *float64 {
	nodes := 0.0
	if p := row.Verdict.Price; p != nil {
		nodes = p.Nodes * p.Factor
	} else if n := f.World.GPUsPerNode(); n > 0 {
		nodes = float64(row.Experiment.Layout.GPUs()) / float64(n)
	}
	if nodes == 0 {
		return nil
	}
	cost := sweep.Estimate(row.Experiment, f.World.Shape(row.Experiment.Model.Name), row.Planned)
	hours := (cost.Start + cost.Point).Round(time.Second).Hours()
	return new(nodes * hours)
}

// SettlingSweep is a sweep of the runs that would settle an answer about an experiment, for CreateSweep.
func (f *Forecasts) SettlingSweep(id, base string, a suggest.Answer) (sweep.Sweep, error) {
	if len(a.Runs) == 0 {
		return sweep.Sweep{}, model.Invalid("nothing is left to settle by runs that can be paid for", "")
	}
	row, err := f.Row(base)
	if err != nil {
		return sweep.Sweep{}, err
	}
	layout := func(l model.Layout) []string {
		return append(model.Each([]int{l.TP, l.PP, l.DPReplicate, l.DPShard, l.EP}, strconv.Itoa), string(f.recorded(row.Experiment)))
	}
	own := append(layout(row.Experiment.Layout)[:5], string(row.Experiment.Engine))
	axis := sweep.Axis{Values: make([][]string, len(a.Runs))}
	for i, path := range []string{"parallelism.tp", "parallelism.pp", "parallelism.dp_replicate", "parallelism.dp_shard",
		"parallelism.ep", "engine"} {
		if !slices.ContainsFunc(a.Runs, func(c suggest.Candidate) bool { return layout(c.Layout)[i] != own[i] }) {
			continue // the base has it so
		}
		axis.Paths = append(axis.Paths, path)
		for k, c := range a.Runs {
			axis.Values[k] = append(axis.Values[k], layout(c.Layout)[i])
		}
	}
	return sweep.Sweep{ID: id, Base: base, Axes: []sweep.Axis{axis}, Repeat: 1}, nil
}

// recorded is the engine of an experiment, of a replay that which was recorded.
func (f *Forecasts) recorded(e model.Experiment) model.Engine {
	if e.Engine == model.EngineReplay && f.Recorded != nil {
		return f.Recorded(e)
	}
	return e.Engine
}
