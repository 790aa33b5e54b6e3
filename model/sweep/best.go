package sweep

import (
	"cmp"
	"slices"

	"shardeck/model"
	"shardeck/model/compare"
	"shardeck/model/condition"
	"shardeck/model/metric"
	"shardeck/model/scaling"
)

// Value is a metric of a point, or one statistic of it (ttft_p99); nil: there is none, or it was measured of something else.
func (x Status) Value(name string) *float64 {
	if x.Analysis == nil || !x.Row().Own() {
		return nil
	}
	return x.Analysis.Named(name).Value
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
	if ranked := p.ranked(); len(ranked) > 0 {
		return ranked[0]
	}
	return nil
}

// Leader is Best, and in a sweep without a goal the point of most tokens a second; nil: none has a value of its own.
func (p Plan) Leader() *Status {
	if p.Sweep.Goal == nil {
		p.Sweep.Goal = &Goal{Metric: scaling.ThroughputMetric, Highest: true}
	}
	return p.Best()
}

// ranked are the points that may be the best, the best first.
func (p Plan) ranked() (points []*Status) {
	g := p.Sweep.Goal
	if g == nil {
		return nil
	}
	values := map[*Status]float64{}
	for i := range p.Points {
		x := &p.Points[i]
		if x.Repeat > 1 || x.State != Done || !g.Meets(*x) {
			continue
		}
		if v := metric.Median(p.samples(*x, g.Metric)); v == v {
			points, values[x] = append(points, x), v
		}
	}
	slices.SortStableFunc(points, func(a, b *Status) int {
		if g.Highest {
			a, b = b, a
		}
		return cmp.Compare(values[a], values[b])
	})
	return points
}

// Foretold is the point whose forecast, played for want of a recording, is the best by the goal; nil: there is none, or the goal has
// constraints.
func (p Plan) Foretold() (best *Status) {
	g, most := p.Sweep.Goal, 0.0
	for i := range p.Points {
		x := &p.Points[i]
		if g == nil || len(g.Constraints) > 0 || x.State != Done || x.Run == nil || x.Run.Forecast == nil || x.Analysis == nil {
			continue
		}
		if v := x.Analysis.Named(g.Metric).Value; v != nil && (best == nil || g.Highest == (*v > most)) {
			best, most = x, *v
		}
	}
	return best
}

// mostRivals bounds how many points are judged against the best.
const mostRivals = 6

// Rivals is the contest for the best, whose Judge gives Tie: which points a test cannot tell from it. There is none where the
// goal's direction is not that in which the metric is better.
func (p Plan) Rivals() (c compare.Contest) {
	if g := p.Sweep.Goal; g != nil && g.Highest == higherIsBetter(g.Metric) {
		ranked := p.ranked()
		c = compare.Contest{Metric: g.Metric, Runs: model.Each(ranked[:min(len(ranked), mostRivals)], func(x *Status) string { return x.Run.Name })}
	}
	return c
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

// entryStates are what the states of points are in a grid.
var entryStates = map[State]scaling.State{LeftOut: scaling.IsLeftOut, Impossible: scaling.IsImpossible, Ready: scaling.IsWaiting,
	Submitted: scaling.IsWaiting, Done: scaling.IsMeasured, Failed: scaling.IsFailed, PassedOver: scaling.IsPassedOver}

// Entries are the points as places of tables and of frontiers, in their order.
func (p Plan) Entries() []scaling.Entry {
	return model.Each(p.Points, func(x Status) scaling.Entry {
		e := scaling.Entry{ID: x.ID, Values: x.Edits, Experiment: x.Experiment, State: entryStates[x.State], Reason: x.Reason, Analysis: x.Analysis}
		if x.State == Done && !x.Row().Own() {
			e.Reason = x.Run.Doubts()
			if x.Run.Forecast != nil {
				e.State = scaling.IsForecast
			}
		}
		return e
	})
}
