package lab

import (
	"context"

	"shardeck/model/metric"
)

// judge says of each point, where its metric is sampled, why a rank test cannot tell it
// from the first of its series.
func (l *Lab) judge(ctx context.Context, all []Series, y string) {
	of := l.sampler(ctx)
	for _, s := range all {
		for i := range s.Points {
			if len(s.Points) < 2 {
				break // alone: there is nothing to tell it from
			}
			was, now := of(s.Points[0].Run)[y], of(s.Points[i].Run)[y]
			if i > 0 && len(was) > 0 && len(now) > 0 {
				s.Points[i].Unsure = metric.Compare(was, now).Words
			}
		}
	}
}
