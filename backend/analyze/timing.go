package analyze

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"shardeck/backend/analyze/align"
	"shardeck/backend/trace"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// timingMetrics finds latencies and throughput from what the runner measured.
func timingMetrics(f *facts) []metric.Metric {
	var out []metric.Metric
	for _, l := range latencies {
		out = append(out, latency(f, l))
	}
	iteration := iterationTime(f)
	return append(append(out, iteration), throughput(f, iteration)...)
}

// population is the iterations that one metric is read from.
type population struct {
	source   []string      // files
	times    []trace.Times // one a file
	traced   bool          // measured with the profiler running, for want of others
	replicas int           // that should be there
}

// population takes the untraced iterations if every file has there what the metric
// needs, else the traced ones. The files are those of the lowest rank of each
// data-parallel replica, since all ranks of a replica report the same.
func (f *facts) population(has func(trace.Times) bool) population {
	p := population{replicas: f.Layout.DP()}
	var files []*trace.Timing
	seen := map[int]bool{}
	for _, rank := range slices.Sorted(maps.Keys(f.in.Timing)) {
		if dp := f.Layout.Coord(rank).DP; !seen[dp] && (dp < p.replicas || len(files) == 0) {
			seen[dp] = true
			files = append(files, f.in.Timing[rank])
		}
	}
	p.traced = slices.ContainsFunc(files, func(t *trace.Timing) bool { return !has(t.Untraced) })
	for _, t := range files {
		times := t.Untraced
		if p.traced {
			times = t.Traced
		}
		p.source, p.times = append(p.source, filepath.Base(t.File)), append(p.times, times)
	}
	return p
}

// iterations are the timed ones.
func (f *facts) iterations() population {
	return f.population(func(t trace.Times) bool { return len(t.Iterations) > 0 })
}

// metric starts a metric of this population; its reason is set if there is none.
func (p population) metric() metric.Metric {
	m := metric.Metric{Source: slices.Clone(p.source)}
	switch n := len(p.times); {
	case n == 0:
		m.Reason = "no timing: there is no timing_stats_<rank>.json in this run"
		return m
	case n < p.replicas:
		m.Note = "timing of " + unit.Plural(n, "data-parallel replica") + " only"
	}
	if p.traced {
		m.Note = joinNotes("traced", m.Note)
	}
	return m
}

// latencyTimes says where the times of a latency are in a file, in seconds: one a request,
// and a mean and p99 that stand in where a file has no list.
type latencyTimes struct {
	name string
	of   func(trace.Times) (list []float64, mean, p99 *float64)
}

var latencies = []latencyTimes{
	{"ttft", func(t trace.Times) ([]float64, *float64, *float64) { return t.TTFT, t.TTFTMean, t.TTFTP99 }},
	{"tpot", func(t trace.Times) ([]float64, *float64, *float64) { return t.TPOT, t.TPOTMean, t.TPOTP99 }},
}

// requests joins the times of the requests of all replicas, in s.
func (l latencyTimes) requests(p population) []float64 {
	var out []float64
	for _, t := range p.times {
		list, _, _ := l.of(t)
		out = append(out, list...)
	}
	return out
}

// latency is ttft or tpot, in ms. A file's own mean is used only where it is all there
// is: means of several files cannot be joined without their counts.
func latency(f *facts, l latencyTimes) metric.Metric {
	p := f.population(func(t trace.Times) bool {
		list, mean, _ := l.of(t)
		return len(list) > 0 || mean != nil
	})
	m, list := p.metric(), l.requests(p)
	var own, p99 *float64
	if len(p.times) == 1 {
		_, own, p99 = l.of(p.times[0])
	}
	switch {
	case m.Reason != "":
	case len(list) > 0:
		m.N, m.Value, m.By.Stats = len(list), new(metric.Mean(list)*1e3), sampleStats(list, 1e3)
		m.By.Stats[metric.P99] = metric.Quantile(list, 0.99) * 1e3
	case own != nil:
		m.Value, m.Note = new(*own*1e3), joinNotes(m.Note, "mean as the file gives it, without its samples")
		if p99 != nil {
			m.By.Stats = map[metric.Stat]float64{metric.P99: *p99 * 1e3}
		}
	case l.name == "tpot" && f.in.Experiment != nil && f.in.Experiment.Data.MaxTokens <= 1:
		m.Reason = "max_tokens is 1: there is no second token to time"
	default:
		m.Reason = strings.Join(m.Source, ", ") + ": no " + l.name + " in it"
	}
	return defined(l.name, m)
}

// sampleStats are the least, the middle and the largest of some samples, in another unit.
func sampleStats(samples []float64, unit float64) map[metric.Stat]float64 {
	least, most := slices.Min(samples), slices.Max(samples)
	return map[metric.Stat]float64{metric.Min: least * unit, metric.P50: metric.Median(samples) * unit, metric.Max: most * unit}
}

// durations are the iterations, in s: each lasts as long as its slowest replica. nil: none
// was timed.
func (p population) durations() []float64 {
	var out []float64
	for i, t := range p.times {
		if i == 0 {
			out = slices.Clone(t.Iterations)
			continue
		}
		out = out[:min(len(out), len(t.Iterations))]
		for k := range out {
			out[k] = max(out[k], t.Iterations[k])
		}
	}
	if len(out) == 0 || metric.Mean(out) <= 0 {
		return nil
	}
	return out
}

func iterationTime(f *facts) metric.Metric {
	p := f.iterations()
	m := p.metric()
	switch d := p.durations(); {
	case m.Reason != "":
	case d == nil:
		m.Reason = strings.Join(m.Source, ", ") + ": no iteration times in it"
	default:
		m.N, m.Value, m.By.Stats = len(d), new(metric.Mean(d)), sampleStats(d, 1)
	}
	return defined("iteration_wall_clock", m)
}

// Samples are the single measurements behind the metrics of latency and throughput,
// by name and in the metric's unit: one an iteration, or one a request for ttft and
// tpot. A metric that was not measured so has none. It fails only when ctx ends.
func Samples(ctx context.Context, in Input) (map[string][]float64, error) {
	in.Ranks = nil // timings alone
	t, err := align.Build(ctx, in)
	if err != nil {
		return nil, err
	}
	f := &facts{Timeline: t, in: in}
	all := map[string][]float64{}
	for _, l := range latencies {
		for _, seconds := range l.requests(f.population(func(t trace.Times) bool { list, _, _ := l.of(t); return len(list) > 0 })) {
			all[l.name] = append(all[l.name], seconds*1e3)
		}
	}
	d := f.iterations().durations()
	if d == nil {
		return all, nil
	}
	all["iteration_wall_clock"] = d
	iteration := iterationTime(f)
	for _, m := range throughput(f, iteration) {
		if m.Value == nil {
			continue
		}
		for _, seconds := range d { // the rate over the mean iteration is turned into that of each
			if seconds > 0 {
				all[m.Name] = append(all[m.Name], *m.Value**iteration.Value/seconds)
			}
		}
	}
	return all, nil
}
