package analyze

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"shardeck/backend/analyze/align"
	"shardeck/backend/trace"
	"shardeck/model"
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

// population takes the untraced iterations if every file has there what the metric needs, else the traced ones. The files
// are those of the lowest rank of each data-parallel replica, since all ranks of a replica report the same.
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

// latencyTimes says where a file has a latency, in s: one a request, and a mean and p99 where there is no such list.
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

// durations are the iterations, in s: each lasts as long as its slowest replica. nil: none was timed.
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

// Samples are the single measurements behind the metrics of latency and throughput, by name and in the metric's unit: one
// an iteration, or one a request for ttft and tpot. What was not measured so has none. It fails only when ctx ends.
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

// throughput is tokens per second, in all, of output and per GPU, and mfu; all follow from the mean iteration time.
func throughput(f *facts, iteration metric.Metric) []metric.Metric {
	if iteration.Value == nil {
		return withoutValue(iteration.Reason, iteration.Source, "throughput_tokens_sec", "output_tokens_sec", "tokens_sec_per_gpu", "mfu")
	}
	p, gpus := f.iterations(), float64(f.Layout.GPUs())
	input, output, recorded, reason := iterationTokens(f, p)
	rate := func(name string, tokens float64) metric.Metric {
		m := p.metric()
		m.N, m.Reason = iteration.N, reason
		if reason == "" {
			m.Value, m.Note = new(tokens / *iteration.Value), joinNotes(m.Note, recorded)
		}
		return defined(name, m)
	}
	return []metric.Metric{
		rate("throughput_tokens_sec", input+output), rate("output_tokens_sec", output), rate("tokens_sec_per_gpu", (input+output)/gpus),
		mfu(f, p, iteration, gpus),
	}
}

// iterationTokens is the prompt and output tokens of an iteration: recorded by every replica, else as the config asks for.
func iterationTokens(f *facts, p population) (input, output float64, note, reason string) {
	recorded := 0
	for _, t := range p.times {
		if len(t.InputTokens) > 0 && len(t.OutputTokens) > 0 {
			input, output, recorded = input+metric.Mean(t.InputTokens), output+metric.Mean(t.OutputTokens), recorded+1
		}
	}
	if recorded == p.replicas && recorded == len(p.times) {
		return input, output, "recorded token counts", ""
	}
	if f.in.Experiment == nil {
		return 0, 0, "", "no config.yaml that can be read, so batch_size, seq_len and max_tokens are not known"
	}
	d := f.in.Experiment.Data
	if d.BatchSize <= 0 || d.SeqLen <= 0 || d.MaxTokens <= 0 {
		return 0, 0, "", fmt.Sprintf("the config's batch_size %d, seq_len %d and max_tokens %d do not make an iteration",
			d.BatchSize, d.SeqLen, d.MaxTokens)
	}
	return float64(d.BatchSize * d.SeqLen), float64(d.BatchSize * d.MaxTokens), "", ""
}

// mfu is the share of the GPUs' peak that the model's arithmetic is.
func mfu(f *facts, p population, iteration metric.Metric, gpus float64) metric.Metric {
	m := p.metric()
	m.N = iteration.N
	peak, reason := peakOf(f)
	if m.Reason = reason; reason == "" {
		flops := f.in.Shape.FLOPs(f.in.Experiment.Data, f.in.Experiment.Model.Layers)
		m.Value = new(100 * flops / (*iteration.Value * gpus * peak * 1e12))
		m.Source = append(m.Source, f.Files()...)
	}
	return defined("mfu", m)
}

// peakOf is the dense peak of one GPU at the config's precision, in TFLOP/s.
func peakOf(f *facts) (tflops float64, reason string) {
	e := f.in.Experiment
	switch {
	case e == nil:
		return 0, "no config.yaml that can be read, so model and precision are not known"
	case f.in.Shape == nil:
		return 0, fmt.Sprintf("the shape of model %q is not known; add it to models.yaml", e.Model.Name)
	case f.in.Shape.FLOPs(e.Data, e.Model.Layers) <= 0:
		return 0, "the config's batch_size, seq_len and max_tokens do not make an iteration"
	}
	name, reason := gpuName(f)
	if reason != "" {
		return 0, reason
	}
	var gpu *model.GPU
	if f.in.GPU != nil {
		gpu = f.in.GPU(name)
	}
	switch {
	case gpu == nil:
		return 0, fmt.Sprintf("the peak of GPU %q is not known; add it to gpus.yaml", name)
	case gpu.Peak[e.Model.Precision] <= 0:
		return 0, fmt.Sprintf("%s has no known peak for %s", gpu.Title, e.Model.Precision)
	}
	return gpu.Peak[e.Model.Precision], ""
}

// gpuName is the GPU the run was measured on, as the driver names it.
func gpuName(f *facts) (name, reason string) {
	var found []string
	for _, r := range f.Ranks {
		if n := r.Device.Name; n != "" && !slices.Contains(found, n) {
			found = append(found, n)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], ""
	case len(found) > 1:
		return "", fmt.Sprintf("ranks ran on different GPUs (%s): there is no one peak", strings.Join(found, ", "))
	case f.in.Info != nil && f.in.Info.GPU != "":
		return f.in.Info.GPU, ""
	}
	return "", "no trace or run.json says which GPU this was measured on"
}
