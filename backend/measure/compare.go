package measure

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"

	"shardeck/backend/analyze"
	"shardeck/backend/config"
	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/compare"
	"shardeck/model/metric"
	"shardeck/model/scaling"
)

// MeasuredOf is a run with what is known of its model and its GPU.
func (rd *Reader) MeasuredOf(run model.Run, a *metric.Analysis) scaling.Measured {
	x := scaling.Measured{Run: run, Analysis: a, GPU: cmp.Or(a.Device(), run.GPU)}
	if g := rd.World.GPUByName(x.GPU); g != nil {
		x.GPU = g.Title
	}
	if run.Forecast != nil {
		x.Foretold = run.Forecast.Intervals
	}
	if run.Experiment != nil {
		x.Shape = rd.World.Shape(run.Experiment.Model.Name)
	}
	return x
}

// analyseAll reads runs at the same time, as far as the pool lets it. Its progress is one for all: it counts the bytes of every run that
// is not read yet. The first error ends the others.
func (m *Measure) analyseAll(ctx context.Context, names []string, progress pool.Progress) ([]compare.Side, error) {
	runs, err := m.named(names)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	bytes := &bytesRead{}
	for _, run := range runs {
		if key, err := m.runKey(run); err != nil || m.cached(key, run) == nil {
			bytes.total += run.TraceBytes()
		}
	}
	sides := make([]compare.Side, len(runs))
	var all sync.WaitGroup
	for i, run := range runs {
		all.Go(func() {
			a, err := m.analyseRun(ctx, run, pool.Wanted, func(done, _ int64) { bytes.note(strconv.Itoa(i), done, progress) })
			if err != nil {
				cancel(err)
				return
			}
			sides[i].Measured = m.MeasuredOf(run, a)
		})
	}
	all.Wait()
	return sides, context.Cause(ctx)
}

// Compare reads runs, or baselines, and sets them side by side; the first is the base. With rules it judges the others by them.
func (m *Measure) Compare(ctx context.Context, names []string, progress pool.Progress, rules ...compare.Rule) (compare.Comparison, error) {
	sides, err := m.analyseAll(ctx, names, progress)
	if err != nil {
		return compare.Comparison{}, err
	}
	same := m.repeats(ctx)
	for i, name := range names {
		if runs := m.baselines().Runs(name); len(runs) > 0 {
			same.fixed[sides[i].Run.Name] = runs
		}
	}
	for i := range sides {
		same.sample(&sides[i])
	}
	c := compare.Sides(sides)
	for _, side := range sides[1:] {
		if base := sides[0].Run.Experiment; base != nil && side.Run.Experiment != nil {
			d := compare.ConfigDifference{Run: side.Run.Name, Changes: config.Changes(*base, *side.Run.Experiment)}
			c.Differs, c.Notes = append(c.Differs, d), append(c.Notes, d.Words(sides[0].Run.Name))
		}
		for _, r := range rules {
			c.Gate = append(c.Gate, r.Judge(sides[0], side))
		}
	}
	return c, ctx.Err()
}

// CompareTraces sets the traces of two runs side by side, the first as the base; each must have some.
func (m *Measure) CompareTraces(ctx context.Context, base, other string, progress pool.Progress) (compare.TraceComparison, error) {
	c := compare.TraceComparison{Warnings: []string{}}
	runs, err := m.named([]string{base, other})
	if err != nil {
		return c, err
	}
	if none := model.First(runs, func(r model.Run) bool { return len(r.KernelFiles()) == 0 }); none != nil {
		return c, noTraces(none.Name) // before the other is read for nothing
	}
	sides, err := m.analyseAll(ctx, []string{base, other}, progress)
	if err != nil {
		return c, err
	}
	var names [2]string
	var traces [2]*metric.TraceSummary
	for i, s := range sides {
		if s.Analysis.Trace == nil {
			return c, noTraces(s.Run.Name)
		}
		names[i], traces[i] = s.Run.Name, s.Analysis.Trace
		c.Warnings = append(c.Warnings, compare.Unlike(sides[0], s)...)
		c.Damaged = c.Damaged || s.Analysis.Damaged
	}
	c.TraceDiff = compare.DiffTraces(names, traces)
	if len(c.Warnings) > 0 {
		c.Loss = nil // of other work, or of a part of it, nothing is ideal
	}
	for _, s := range sides { // last: they say least of the difference
		c.Warnings = append(c.Warnings, compare.Marked(s)...)
	}
	return c, nil
}

func noTraces(run string) error {
	return model.Failed(run+" has no traces to compare", nil, "to read its other figures: shardeck metrics "+run)
}

// Differences sets runs beside a base in the metrics that are sampled. Each is keyed by run and metric; the cells are those of Compare,
// with a rank test. It reads no trace; a run of which nothing is known without one is left out.
func (m *Measure) Differences(ctx context.Context, base string, runs []string) (map[string]map[string]compare.Cell, error) {
	same := m.repeats(ctx)
	was, err := same.side(base)
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]compare.Cell{}
	for _, name := range append([]string{base}, runs...) {
		now, err := same.side(name)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err == nil { // one that cannot be read says so in its own cells
			out[now.Run.Name] = compare.Differences(was, now)
		}
	}
	return out, nil
}

// samples are the iterations of a run, by metric; gpu is what its traces name, empty where they were not read.
func (m *Measure) samples(ctx context.Context, run model.Run, gpu string) (map[string][]float64, error) {
	in := m.newReading(run).input
	if gpu != "" {
		in.Info = &model.RunInfo{GPU: gpu}
	}
	return analyze.Samples(ctx, in)
}

// Sampler gives the samples of runs by their names, each read once. It is for one goroutine.
func (m *Measure) Sampler(ctx context.Context) compare.Sampler { return m.repeats(ctx).sampler() }

// Ties judges contests by their samples, without which there are none. It reads no trace.
func (m *Measure) Ties(ctx context.Context, contests []compare.Contest) ([]compare.Tie, error) {
	out := make([]compare.Tie, len(contests))
	of := m.Sampler(ctx)
	for i, c := range contests {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		out[i] = c.Judge(of)
	}
	return out, nil
}

// Scaling groups the runs into comparable series: y is a metric's name. It reads no trace: a metric of traces shows for runs that were
// analysed before. Of each experiment the newest run counts. What is foretold stands among them where nothing was measured.
func (m *Measure) Scaling(ctx context.Context, x scaling.Axis, y string, foretold ...scaling.Measured) ([]scaling.Series, error) {
	_, unknown := metric.Find(y)
	if err := cmp.Or(x.Check(), unknown); err != nil {
		return nil, err
	}
	all, same, err := m.inSeries(ctx)
	if err != nil {
		return nil, err
	}
	series := scaling.SeriesOf(append(same.folded(all), foretold...), x, y)
	compare.MarkUnsure(series, y, same.sampler())
	return series, ctx.Err()
}

// inSeries are the runs that stand in charts, by what is known without reading a trace.
func (m *Measure) inSeries(ctx context.Context) (all []scaling.Measured, same *repeats, err error) {
	runs, err := m.Runs(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, run := range runs {
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if found := m.MeasuredOf(run, m.Quick(ctx, run)); scaling.InSeries(found) {
			found.Values = config.Measured(*run.Experiment)
			all = append(all, found)
		}
	}
	return all, m.repeats(ctx), nil
}

// Chartable is what there is to be drawn of the runs.
type Chartable struct {
	Telling scaling.Axis   // on which most is seen of throughput
	Metrics []string       // of which a run has a value
	Keys    []scaling.Axis // of configs, which may be axes
}

// Chartable looks for what there is to be drawn.
func (m *Measure) Chartable(ctx context.Context) (out Chartable, err error) {
	all, same, err := m.inSeries(ctx)
	if err != nil {
		return out, err
	}
	out.Telling, out.Keys = scaling.Telling(same.folded(all), scaling.ThroughputMetric), scaling.Keys(all)
	for _, d := range metric.Definitions {
		if slices.ContainsFunc(all, func(x scaling.Measured) bool { return x.Analysis.Metric(d.Name).Value != nil }) {
			out.Metrics = append(out.Metrics, d.Name)
		}
	}
	return out, ctx.Err()
}

// Entries are runs as places of tables and of frontiers, by the keys of their own configs and the GPU they ran on; without names
// every run here. It reads no trace: a metric of traces shows for runs that were analysed before.
func (m *Measure) Entries(ctx context.Context, names []string) ([]scaling.Entry, error) {
	runs, err := m.named(names)
	if len(names) == 0 {
		runs, err = m.Runs(ctx)
	}
	var all []scaling.Entry
	for _, run := range runs {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if run.Experiment == nil || run.Unfinished {
			continue
		}
		x := m.MeasuredOf(run, m.Quick(ctx, run))
		e := *run.Experiment
		if x.Shape != nil && x.Shape.Layers == e.Model.Layers {
			e.Model.Layers = 0 // the model's own
		}
		run.Changed = nil // it stands for the config that it ran
		recorded := e
		recorded.Engine = cmp.Or(e.Replay.Engine, run.Engine, e.Engine)
		values := append(config.Measured(recorded), model.Edit{Path: "gpu", Value: x.GPU}, model.Edit{Path: "replay", Value: strconv.FormatBool(run.Replay)})
		state := scaling.IsMeasured
		if run.Forecast != nil {
			state = scaling.IsForecast
		}
		all = append(all, scaling.Entry{ID: run.Name, Values: values, Experiment: e, State: state, Reason: run.Doubts(), Analysis: x.Analysis})
	}
	return all, err
}
