package measure

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"shardeck/backend/config"
	"shardeck/model"
	"shardeck/model/compare"
	"shardeck/model/metric"
	"shardeck/model/scaling"
)

// repeats finds which runs here are of one config, and their samples, each read once. For one goroutine.
type repeats struct {
	m      *Measure
	ctx    context.Context
	groups func() map[string][]model.Run // by identity, the newest first
	read   map[string]map[string]metric.RunSamples
	noises map[string]metric.Noise // by machine and metric
	fixed  map[string][]model.Run  // the runs of baselines, by their first ones
}

func (m *Measure) repeats(ctx context.Context) *repeats {
	s := &repeats{m: m, ctx: ctx, read: map[string]map[string]metric.RunSamples{}, noises: map[string]metric.Noise{}, fixed: map[string][]model.Run{}}
	s.groups = sync.OnceValue(func() map[string][]model.Run {
		runs, _ := m.Runs(ctx) // none can be listed: each stands for itself
		groups := map[string][]model.Run{}
		for _, run := range runs {
			if id := identity(run); id != "" && run.Forecast == nil { // a forecast played twice is no second sample
				groups[id] = append(groups[id], run)
			}
		}
		return groups
	})
	return s
}

// machine is what runs share whose spread tells of each other.
func machine(run model.Run) string {
	return fmt.Sprint(run.GPU, "|", run.Engine, "|", run.Replay, run.Forecast != nil)
}

// identity is equal for runs of one config, by the same software on the same GPU; empty for one of which that is not known.
func identity(run model.Run) string {
	if run.Experiment == nil || run.Assumed || run.Unfinished || run.Readable() != nil {
		return ""
	}
	return fmt.Sprint(machine(run), run.Versions, config.Measured(*run.Experiment))
}

// of are the runs of a run's config, itself first, without those of baselines. An older run, which its name tells, stands for
// itself, and the first run of a baseline for those of that.
func (s *repeats) of(run model.Run) []model.Run {
	if runs := s.fixed[run.Name]; runs != nil {
		return runs
	}
	id := identity(run)
	if id == "" || strings.Contains(run.Name, model.OldMark) {
		return []model.Run{run}
	}
	others := slices.DeleteFunc(slices.Clone(s.groups()[id]), func(r model.Run) bool {
		for _, runs := range s.fixed {
			if slices.ContainsFunc(runs, func(f model.Run) bool { return f.Name == r.Name }) {
				return true
			}
		}
		return r.Name == run.Name
	})
	return append([]model.Run{run}, others...)
}

// runSamples are those of one run alone, by metric.
func (s *repeats) runSamples(run model.Run, a *metric.Analysis) map[string]metric.RunSamples {
	if found, done := s.read[run.Name]; done {
		return found
	}
	all := map[string]metric.RunSamples{}
	s.read[run.Name] = all
	if a = cmp.Or(a, s.m.Quick(s.ctx, run)); a == nil {
		return all
	}
	iterations, _ := s.m.samples(s.ctx, run, a.Device()) // it fails only when ctx ends
	for _, m := range a.Metrics {
		if m.Value != nil && m.Unit != "rank" {
			all[m.Name] = metric.RunSamples{Run: run.Name, Value: *m.Value, Iterations: iterations[m.Name]}
			for stat, v := range m.By.Stats {
				all[m.Name+"_"+string(stat)] = metric.RunSamples{Run: run.Name, Value: v}
			}
		}
	}
	return all
}

// samples are those of some runs in one metric; of one run alone there are none where it has no iterations.
func (s *repeats) samples(runs []model.Run, name string) (all metric.Samples) {
	for _, run := range runs {
		if one, ok := s.runSamples(run, nil)[name]; ok {
			all = append(all, one)
		}
	}
	return all
}

// noise is how far runs of one config lie apart in a metric, where a run was made.
func (s *repeats) noise(run model.Run, name string) metric.Noise {
	key := machine(run) + " " + name
	if n, known := s.noises[key]; known {
		return n
	}
	var configs [][]float64
	for _, runs := range s.groups() {
		if len(runs) > 1 && machine(runs[0]) == machine(run) {
			configs = append(configs, s.samples(runs, name).Values())
		}
	}
	slices.SortFunc(configs, slices.Compare) // sums of floats depend on the order
	s.noises[key] = metric.NoiseOf(configs)
	return s.noises[key]
}

// sample gives a side its samples.
func (s *repeats) sample(side *compare.Side) {
	side.Samples, side.Noise = map[string]metric.Samples{}, map[string]metric.Noise{}
	runs := s.of(side.Run)
	for name := range s.runSamples(side.Run, side.Analysis) {
		side.Samples[name], side.Noise[name] = s.samples(runs, name), s.noise(side.Run, name)
	}
}

// side is a run with its samples and what is known without its traces.
func (s *repeats) side(name string) (compare.Side, error) {
	a, err := s.m.Timings(s.ctx, name)
	if err != nil {
		return compare.Side{}, err
	}
	run, err := s.m.Run(name)
	side := compare.Side{Measured: scaling.Measured{Run: run, Analysis: a}}
	s.sample(&side)
	return side, cmp.Or(err, s.ctx.Err())
}

// sampler gives the samples of runs by their names; of what cannot be read there are none.
func (s *repeats) sampler() compare.Sampler {
	runs := map[string]model.Run{}
	return func(name, metricName string) (metric.Samples, metric.Noise) {
		run, seen := runs[name]
		if !seen {
			run, _ = s.m.Run(name)
			runs[name] = run
		}
		return s.samples(s.of(run), metricName), s.noise(run, metricName)
	}
}

// folded are runs with the repeats of each config as one: the first of them, with the medians over all.
func (s *repeats) folded(all []scaling.Measured) (out []scaling.Measured) {
	seen := map[string]bool{}
	for _, x := range all {
		id := identity(x.Run)
		if id != "" && seen[id] {
			continue
		}
		seen[id] = true
		if runs := s.of(x.Run); len(runs) > 1 {
			x.Analysis = metric.OverRuns(append([]*metric.Analysis{x.Analysis}, model.Each(runs[1:], func(r model.Run) *metric.Analysis { return s.m.Quick(s.ctx, r) })...))
		}
		out = append(out, x)
	}
	return out
}
