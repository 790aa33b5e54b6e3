package lab

import (
	"context"

	"shardeck/backend/analyze"
	"shardeck/model/metric"
)

// Differences sets runs beside a base in the metrics that are sampled: iterations and
// requests. Each is keyed by run and metric; the cells are those of Compare, medians with a
// rank test. It reads no trace; a run of which nothing is known without one is left out.
func (l *Lab) Differences(ctx context.Context, base string, runs []string) (map[string]map[string]CompareCell, error) {
	was, err := l.sampled(ctx, base)
	if err != nil {
		return nil, err
	}
	out := map[string]map[string]CompareCell{}
	for _, name := range append([]string{base}, runs...) {
		now, err := l.sampled(ctx, name)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			continue // it cannot be read: its own cells say so
		}
		out[now.run.Name] = map[string]CompareCell{}
		for _, d := range metric.Definitions {
			if len(was.samples[d.Name]) > 0 && len(now.samples[d.Name]) > 0 {
				out[now.run.Name][d.Name] = compareRow(d, []side{was, now}).Cells[1]
			}
		}
	}
	return out, nil
}

// sampled is a run with its samples, without its traces.
func (l *Lab) sampled(ctx context.Context, name string) (side, error) {
	run, err := l.Run(name)
	if err != nil {
		return side{}, err
	}
	samples, err := analyze.Samples(ctx, l.newReading(run).input)
	return side{run: run, analysis: &metric.Analysis{Run: run.Name}, samples: samples}, err
}
