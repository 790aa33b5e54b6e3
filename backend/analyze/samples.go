package analyze

import (
	"context"

	"shardeck/backend/trace"
)

// perIteration are the metrics that follow from the time of one iteration alone.
var perIteration = []string{"throughput_tokens_sec", "output_tokens_sec", "tokens_sec_per_gpu", "mfu"}

// Samples are the single measurements behind the metrics of latency and throughput,
// by name and in the metric's unit: one an iteration, or one a request for ttft and
// tpot. A metric that was not measured so has none. It fails only when ctx ends.
func Samples(ctx context.Context, in Input) (map[string][]float64, error) {
	in.Ranks = nil // timings alone
	w, err := newWorld(ctx, in)
	if err != nil {
		return nil, err
	}
	timingMetrics(w)
	all := map[string][]float64{
		"ttft": w.requests(func(t trace.Times) []float64 { return t.TTFT }),
		"tpot": w.requests(func(t trace.Times) []float64 { return t.TPOT }),
	}
	p := w.population(func(t trace.Times) bool { return len(t.Iterations) > 0 })
	d := p.durations()
	if len(d) == 0 || mean(d) <= 0 {
		return all, nil
	}
	all["iteration_wall_clock"] = d
	for _, name := range perIteration {
		if v := w.metrics[name].Value; v != nil {
			all[name] = rates(*v, d)
		}
	}
	return all, nil
}

// requests joins a list of the population, seconds turned into milliseconds.
func (w *world) requests(of func(trace.Times) []float64) []float64 {
	var out []float64
	for _, t := range w.population(func(t trace.Times) bool { return len(of(t)) > 0 }).times {
		for _, v := range of(t) {
			out = append(out, v*1e3)
		}
	}
	return out
}

// rates turns a rate over the mean iteration into that of each.
func rates(overall float64, durations []float64) []float64 {
	middle, out := mean(durations), make([]float64, 0, len(durations))
	for _, d := range durations {
		if d > 0 {
			out = append(out, overall*middle/d)
		}
	}
	return out
}
