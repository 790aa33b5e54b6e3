package lab

import (
	"cmp"
	"context"
	"slices"

	"shardeck/model/metric"
)

// Contest is runs that may be compared in a metric, the best value first.
type Contest struct {
	Metric string
	Runs   []string
}

// Tie is what a rank test leaves of a contest: the runs, the best first, that it cannot
// tell from the best one.
type Tie struct {
	Runs  []string // more than one, or none: the best stands apart, is no matter of chance, or cannot be known
	Words string   // why the second cannot be told from the best; without Runs: the samples are too few to tell any
}

// Ties judges contests by their samples, each from the best down to the first run that
// is told apart. It reads no trace; metrics that are not sampled have no ties.
func (l *Lab) Ties(ctx context.Context, contests []Contest) ([]Tie, error) {
	out := make([]Tie, len(contests))
	of := l.sampler(ctx)
	for i, c := range contests {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		out[i] = c.judge(of)
	}
	return out, nil
}

func (c Contest) judge(of func(run string) map[string][]float64) Tie {
	var t Tie
	for i, run := range c.Runs {
		if i == 0 {
			continue
		}
		best, now := of(c.Runs[0])[c.Metric], of(run)[c.Metric]
		d := metric.Compare(best, now)
		if len(best) == 0 || len(now) == 0 || d.Sure {
			break
		}
		t.Words = cmp.Or(t.Words, d.Words)
		if d.TooFew {
			break
		}
		t.Runs = append(t.Runs, run)
	}
	if len(t.Runs) > 0 {
		t.Runs = slices.Insert(t.Runs, 0, c.Runs[0])
	}
	return t
}

// sampler reads the samples of runs, each once; of what cannot be read there are none.
func (l *Lab) sampler(ctx context.Context) func(run string) map[string][]float64 {
	seen := map[string]map[string][]float64{}
	return func(run string) map[string][]float64 {
		if _, done := seen[run]; !done {
			s, err := l.sampled(ctx, run)
			if err != nil {
				s.samples = nil
			}
			seen[run] = s.samples
		}
		return seen[run]
	}
}
