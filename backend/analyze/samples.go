package analyze

import (
	"context"

	"shardeck/backend/analyze/align"
	"shardeck/backend/trace"
)

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
	for _, m := range throughput(f, iterationTime(f)) {
		if m.Value != nil {
			all[m.Name] = rates(*m.Value, d)
		}
	}
	return all, nil
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
