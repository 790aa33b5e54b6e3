package sweep

import (
	"slices"

	"shardeck/model"
	"shardeck/model/condition"
	"shardeck/model/metric"
)

// Value is a metric of a point, or one statistic of it (ttft_p99); nil: there is none, or it was measured of something else.
func (x Status) Value(name string) *float64 {
	d, stat, err := metric.FindStat(name)
	if err != nil || x.Analysis == nil || !x.Row().Own() {
		return nil
	}
	m := x.Analysis.Metric(d.Name)
	if stat != "" {
		m = m.Only(stat)
	}
	return m.Value
}

// Meets says whether a point keeps the constraints of a goal; false too where a metric has no value.
func (g Goal) Meets(x Status) bool {
	return !slices.ContainsFunc(g.Constraints, func(c condition.Condition) bool {
		values := condition.Values{}
		for _, name := range c.Names() {
			if v := x.Value(name); v != nil {
				values[name] = *v
			}
		}
		holds, err := c.Holds(values)
		return err != nil || !holds
	})
}

// holdsAt says whether a condition over one metric holds at a value of it.
func holdsAt(c condition.Condition, name string, v float64) bool {
	holds, err := c.Holds(condition.Values{name: v})
	return err == nil && holds
}

// higherIsBetter says so of a metric, or of one statistic of it.
func higherIsBetter(name string) bool {
	d, _, err := metric.FindStat(name)
	return err == nil && d.Better == metric.Higher
}

// Best is the point that is best by the sweep's goal among those that are done and keep its constraints; of repeats, whose
// values are one sample each, the one whose point has the best median. It is nil without a goal, and where none is.
func (p Plan) Best() *Status {
	g := p.Sweep.Goal
	if g == nil {
		return nil
	}
	var best *Status
	var top float64
	for i := range p.Points {
		x := &p.Points[i]
		if x.Repeat > 1 || x.State != Done || !g.Meets(*x) {
			continue
		}
		v := metric.Median(p.samples(*x, g.Metric))
		if best == nil && v == v || g.Highest && v > top || !g.Highest && v < top {
			best, top = x, v
		}
	}
	return best
}

// samples are the values of a metric over the repeats of a point.
func (p Plan) samples(x Status, name string) (all []float64) {
	for _, y := range p.Points {
		if v := y.Value(name); v != nil && y.State == Done && slices.Equal(y.Edits, x.Edits) {
			all = append(all, *v)
		}
	}
	return all
}

// Axes of the frontier: what a GPU gives, and what a user sees.
const (
	PerGPU  = "tokens_sec_per_gpu"
	PerUser = "tokens_sec_per_user"
)

// Frontier is the points that no other beats in tokens a second of a GPU and of a user at once, from the most per user on.
func (p Plan) Frontier() []Status {
	var all []Status
	for _, x := range p.Points {
		if x.State == Done && x.Value(PerGPU) != nil && x.Value(PerUser) != nil {
			all = append(all, x)
		}
	}
	front := slices.DeleteFunc(slices.Clone(all), func(x Status) bool {
		return model.First(all, func(y Status) bool { return beats(y, x) }) != nil
	})
	slices.SortFunc(front, func(a, b Status) int {
		switch {
		case *a.Value(PerUser) > *b.Value(PerUser):
			return -1
		case *a.Value(PerUser) < *b.Value(PerUser):
			return 1
		}
		return 0
	})
	return front
}

// beats says whether a point is at least as good as another in both, and better in one.
func beats(y, x Status) bool {
	gpu, user := *y.Value(PerGPU)-*x.Value(PerGPU), *y.Value(PerUser)-*x.Value(PerUser)
	return gpu >= 0 && user >= 0 && (gpu > 0 || user > 0)
}
