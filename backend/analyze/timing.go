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

// sampled is a metric with the samples that it is the one number of, one an iteration, in its unit.
type sampled struct {
	metric.Metric
	samples []float64 // none where there is no value, or the file gives no more than that
}

// take gives a metric its value, and what its samples say beside it.
func (t *sampled) take(value float64, samples []float64) {
	t.samples, t.Value, t.N = samples, &value, len(samples)
	if t.N > 0 {
		t.By.Stats = sampleStats(samples)
	}
	t.Spread = metric.SpreadOf(samples, value)
}

func timings(f *facts) []sampled {
	if f.in.Serving != nil {
		return served(f.in, f.Layout.GPUs())
	}
	out := model.Each(latencies, func(l latencyTimes) sampled { return latency(f, l) })
	iteration := iterationTime(f)
	return slices.Concat(out, []sampled{iteration}, throughput(f, iteration), []sampled{perUser(out[1])})
}

func timingMetrics(f *facts) []metric.Metric {
	return model.Each(timings(f), func(t sampled) metric.Metric { return t.Metric })
}

// Samples are the measurements behind the metrics of latency and throughput, by name and in their unit: one an iteration, of
// requests the mean, as those of one iteration are not independent. Others have none. It fails only when ctx ends.
func Samples(ctx context.Context, in Input) (map[string][]float64, error) {
	in.Ranks = nil // timings alone
	t, err := align.Build(ctx, in)
	if err != nil {
		return nil, err
	}
	all := map[string][]float64{}
	for _, m := range timings(&facts{Timeline: t, in: in}) {
		if len(m.samples) > 0 {
			all[m.Name] = m.samples
		}
	}
	return all, nil
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

// latencyTimes says where a file has a latency, in s: that of each request, and a mean and p99 where there is no such list.
type latencyTimes struct {
	name string
	of   func(trace.Times) (list [][]float64, mean, p99 *float64)
}

var latencies = []latencyTimes{
	{"ttft", func(t trace.Times) ([][]float64, *float64, *float64) { return t.TTFT, t.TTFTMean, t.TTFTP99 }},
	{"tpot", func(t trace.Times) ([][]float64, *float64, *float64) { return t.TPOT, t.TPOTMean, t.TPOTP99 }},
}

// requests are the times of the requests of each iteration, those of all replicas together, in ms.
func (l latencyTimes) requests(p population) (iterations [][]float64) {
	for _, t := range p.times {
		list, _, _ := l.of(t)
		for k, row := range folded(list, len(t.Iterations)) {
			if k == len(iterations) {
				iterations = append(iterations, nil)
			}
			for _, seconds := range row {
				iterations[k] = append(iterations[k], seconds*1e3)
			}
		}
	}
	return iterations
}

// folded is a plain list of requests, as many in each iteration, by iteration; any other list as it is.
func folded(list [][]float64, iterations int) [][]float64 {
	plain := slices.Concat(list...)
	if iterations == 0 || len(plain) != len(list) || len(list) <= iterations || len(list)%iterations != 0 {
		return list
	}
	return slices.Collect(slices.Chunk(plain, len(list)/iterations))
}

// latency is ttft or tpot, in ms: the median over iterations of the mean over requests; the statistics are of the requests. A
// file's own mean is used only where it is all there is: means of several files cannot be joined without their counts.
func latency(f *facts, l latencyTimes) sampled {
	p := f.population(func(t trace.Times) bool {
		list, mean, _ := l.of(t)
		return len(list) > 0 || mean != nil
	})
	m, rows := sampled{Metric: p.metric()}, l.requests(p)
	var own, p99 *float64
	if len(p.times) == 1 {
		_, own, p99 = l.of(p.times[0])
	}
	switch requests := slices.Concat(rows...); {
	case m.Reason != "":
	case len(rows) > 0:
		means := model.Each(rows, metric.Mean)
		m.take(metric.Median(means), means)
		m.By.Stats = sampleStats(requests)
		if len(requests) > len(rows) {
			m.Note = joinNotes(m.Note, fmt.Sprintf("%s in %s", unit.Plural(len(requests), "request"), unit.Plural(len(rows), "iteration")))
		}
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
	m.Metric = defined(l.name, m.Metric)
	return m
}

func sampleStats(samples []float64) map[metric.Stat]float64 {
	all := map[metric.Stat]float64{}
	for _, s := range metric.Stats {
		all[s] = s.Of(samples)
	}
	return all
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
	return slices.DeleteFunc(out, func(seconds float64) bool { return seconds <= 0 }) // no iteration takes no time
}

func iterationTime(f *facts) sampled {
	p := f.iterations()
	m := sampled{Metric: p.metric()}
	switch d := p.durations(); {
	case m.Reason != "":
	case len(d) == 0:
		m.Reason = strings.Join(m.Source, ", ") + ": no iteration times in it"
	default:
		m.take(metric.Median(d), d)
	}
	m.Metric = defined("iteration_wall_clock", m.Metric)
	return m
}

// throughput is tokens per second, in all, of output and per GPU, and mfu: each an amount over the median iteration time.
func throughput(f *facts, iteration sampled) []sampled {
	p, gpus := f.iterations(), float64(f.Layout.GPUs())
	input, output, recorded, reason := iterationTokens(f, p)
	tokens := func(name string, amount float64) sampled {
		return iteration.rate(name, amount, reason, recorded, p.metric())
	}
	return []sampled{
		tokens("throughput_tokens_sec", input+output), tokens("output_tokens_sec", output), tokens("tokens_sec_per_gpu", (input+output)/gpus),
		mfu(f, p, iteration, gpus),
	}
}

// rate is an amount of an iteration over its time; reason is why the amount is not known, note what to know of it.
func (t sampled) rate(name string, amount float64, reason, note string, m metric.Metric) sampled {
	out := sampled{Metric: m}
	switch {
	case t.Value == nil:
		out.Reason = t.Reason
	case reason != "":
		out.N, out.Reason = t.N, reason
	default:
		out.take(amount / *t.Value, model.Each(t.samples, func(time float64) float64 { return amount / time }))
		out.Note = joinNotes(m.Note, note)
	}
	out.Metric = defined(name, out.Metric)
	return out
}

func perUser(tpot sampled) sampled {
	reason, m := "", metric.Metric{Source: tpot.Source, Note: tpot.Note}
	if tpot.Value != nil && slices.Min(append(tpot.samples, *tpot.Value)) <= 0 {
		reason = "tokens took no time"
	}
	return tpot.rate("tokens_sec_per_user", 1e3, reason, "", m)
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
func mfu(f *facts, p population, iteration sampled, gpus float64) sampled {
	m, flops := p.metric(), 0.0
	peak, reason := peakOf(f)
	if reason == "" {
		flops = f.in.Shape.FLOPs(f.in.Experiment.Data, f.in.Experiment.Model.Layers)
		m.Source = append(m.Source, f.Files()...)
	}
	return iteration.rate("mfu", 100*flops/(gpus*peak*1e12), reason, "", m)
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
