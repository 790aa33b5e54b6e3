package analyze

import (
	"maps"
	"math"
	"slices"

	"shardeck/backend/trace"
	"shardeck/model/metric"
)

// timings are the timing files that stand for the run: of the lowest rank of each
// data-parallel replica, since all ranks of a replica report the same.
func (w *world) timings() []*trace.Timing {
	var out []*trace.Timing
	seen := map[int]bool{}
	for _, rank := range slices.Sorted(maps.Keys(w.in.Timing)) {
		if dp := w.layout.Coord(rank).DP; !seen[dp] && (dp < w.layout.DP() || len(out) == 0) {
			seen[dp] = true
			out = append(out, w.in.Timing[rank])
		}
	}
	return out
}

// population is the iterations that one metric is read from.
type population struct {
	files    []*trace.Timing
	times    []trace.Times // one a file
	traced   bool          // measured with the profiler running, for want of others
	replicas int           // that should be there
}

// population takes the untraced iterations if every file has there what the metric
// needs, else the traced ones.
func (w *world) population(has func(trace.Times) bool) population {
	p := population{files: w.timings(), replicas: w.layout.DP()}
	p.traced = slices.ContainsFunc(p.files, func(t *trace.Timing) bool { return !has(t.Untraced) })
	for _, t := range p.files {
		if p.traced {
			p.times = append(p.times, t.Traced)
		} else {
			p.times = append(p.times, t.Untraced)
		}
	}
	return p
}

// missing says why there is no population; empty if there is one.
func (p population) missing() string {
	if len(p.files) == 0 {
		return "no timing: there is no timing_stats_<rank>.json in this run"
	}
	return ""
}

// metric starts a metric of this population.
func (p population) metric() metric.Metric {
	m := metric.Metric{}
	for _, t := range p.files {
		m.Source = append(m.Source, base(t.File))
	}
	if p.traced && len(p.files) > 0 {
		m.Note = "traced"
	}
	if len(p.files) < p.replicas && len(p.files) > 0 {
		m.Note = joinNotes(m.Note, "timing of "+plural(len(p.files), "data-parallel replica")+" only")
	}
	return m
}

// timingMetrics finds latencies and throughput from what the runner measured.
func timingMetrics(w *world) {
	w.latency("ttft", func(t trace.Times) ([]float64, *float64, *float64) { return t.TTFT, t.TTFTMean, t.TTFTP99 })
	w.latency("tpot", func(t trace.Times) ([]float64, *float64, *float64) { return t.TPOT, t.TPOTMean, t.TPOTP99 })
	p := w.population(func(t trace.Times) bool { return len(t.Iterations) > 0 })
	w.iterations(p)
	w.throughput(p)
}

// samples are pooled requests, in seconds; mean and p99 stand in where a file has
// no list.
type samples struct {
	list      []float64
	mean, p99 *float64
}

// pool joins the requests of all replicas. A file's own mean is used only where it
// is all there is: means of several files cannot be joined without their counts.
func (p population) pool(of func(trace.Times) ([]float64, *float64, *float64)) samples {
	var s samples
	for _, t := range p.times {
		list, mean, p99 := of(t)
		s.list = append(s.list, list...)
		if len(p.times) == 1 {
			s.mean, s.p99 = mean, p99
		}
	}
	return s
}

// latency sets ttft or tpot, in ms.
func (w *world) latency(name string, of func(trace.Times) ([]float64, *float64, *float64)) {
	p := w.population(func(t trace.Times) bool {
		list, mean, _ := of(t)
		return len(list) > 0 || mean != nil
	})
	m, s := p.metric(), p.pool(of)
	switch {
	case p.missing() != "":
		m.Reason = p.missing()
	case len(s.list) > 0:
		m.N, m.Value = len(s.list), ptr(mean(s.list)*1e3)
		m.By.Stats = map[metric.Stat]float64{metric.P50: percentile(s.list, 50) * 1e3, metric.P99: percentile(s.list, 99) * 1e3,
			metric.Min: slices.Min(s.list) * 1e3, metric.Max: slices.Max(s.list) * 1e3}
	case s.mean != nil:
		m.Value, m.Note = ptr(*s.mean*1e3), joinNotes(m.Note, "mean as the file gives it, without its samples")
		if s.p99 != nil {
			m.By.Stats = map[metric.Stat]float64{metric.P99: *s.p99 * 1e3}
		}
	default:
		m.Reason = names(m.Source) + ": no " + name + " in it"
		if e := w.in.Experiment; name == "tpot" && e != nil && e.Data.MaxTokens <= 1 {
			m.Reason = "max_tokens is 1: there is no second token to time"
		}
	}
	w.set(name, m)
}

// percentile of unordered values, between the two nearest by rank.
func percentile(values []float64, p float64) float64 {
	v := slices.Sorted(slices.Values(values))
	at := p / 100 * float64(len(v)-1)
	lo := int(math.Floor(at))
	hi := min(lo+1, len(v)-1)
	return v[lo] + (at-float64(lo))*(v[hi]-v[lo])
}

// durations are the iterations: each lasts as long as its slowest replica.
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
	return out
}

func (w *world) iterations(p population) {
	m := p.metric()
	d := p.durations()
	switch {
	case p.missing() != "":
		m.Reason = p.missing()
	case len(d) == 0 || mean(d) <= 0:
		m.Reason = names(m.Source) + ": no iteration times in it"
	default:
		m.N, m.Value = len(d), ptr(mean(d))
		m.By.Stats = map[metric.Stat]float64{metric.Min: slices.Min(d), metric.Max: slices.Max(d), metric.P50: percentile(d, 50)}
		w.warnCold(d)
	}
	w.set("iteration_wall_clock", m)
}

// cold is how many times longer than the others a first iteration takes that was still
// part of warming up. On two H100 vLLM's replicas of experts took 1.86 s, then 0.56 and
// 0.43, when two iterations had warmed them up; warm runs stay below 1.1.
const cold = 1.5

// warnCold says that the means hold an engine that was not warm yet.
func (w *world) warnCold(iterations []float64) {
	if len(iterations) < 3 {
		return
	}
	first, rest := iterations[0], percentile(iterations[1:], 50)
	if first > cold*rest {
		w.warn("the first timed iteration took %.3g s, the others %.3g s in the middle: the engine was not warm yet, and means hold that; "+
			"read p50, or raise warmup_iterations", first, rest)
	}
}
