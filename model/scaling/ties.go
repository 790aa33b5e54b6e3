package scaling

import (
	"cmp"
	"slices"

	"shardeck/model/metric"
)

// Sampler gives the samples of a run by metric: iterations and requests; nil of a run
// that has none.
type Sampler func(run string) map[string][]float64

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

// Judge tests the runs from the best down to the first that is told apart. A metric that
// is not sampled has no ties.
func (c Contest) Judge(of Sampler) Tie {
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

// MarkUnsure says of each point, where the metric y is sampled, why a rank test cannot
// tell it from the first of its series.
func MarkUnsure(all []Series, y string, of Sampler) {
	for _, s := range all {
		for i := range s.Points {
			if i == 0 {
				continue // there is nothing to tell it from
			}
			was, now := of(s.Points[0].Run)[y], of(s.Points[i].Run)[y]
			if len(was) > 0 && len(now) > 0 {
				s.Points[i].Unsure = metric.Compare(was, now).Words
			}
		}
	}
}
