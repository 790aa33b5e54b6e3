package lab

import (
	"context"

	"shardeck/model"
)

// judge says of each point, where its metric is sampled, why a rank test cannot tell it
// from the first of its series.
func (l *Lab) judge(ctx context.Context, all []Series, y string) {
	seen := map[string][]float64{}
	of := func(run string) []float64 {
		if _, done := seen[run]; !done {
			s, err := l.sampled(ctx, run)
			if err != nil {
				s.samples = nil // what cannot be read is not judged
			}
			seen[run] = s.samples[y]
		}
		return seen[run]
	}
	for _, s := range all {
		for i := range s.Points {
			if len(s.Points) < 2 {
				break // alone: there is nothing to tell it from
			}
			was, now := of(s.Points[0].Run), of(s.Points[i].Run)
			if i > 0 && len(was) > 0 && len(now) > 0 {
				s.Points[i].Unsure = model.Compare(was, now).Words
			}
		}
	}
}
