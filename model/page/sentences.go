package page

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/compare"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
)

// Answer is what the results say, in three sentences: which run is best of its work, by how much and how surely; its latencies; where its
// time goes and how much is to be doubted. Runs of different works are not ranked against each other.
func Answer(in Input) []string {
	groups := Works(in.Sources, func(s Source) bool { return s.Analysis.Metric(scaling.ThroughputMetric).Value != nil })
	if len(groups) == 0 {
		return []string{"No run here has a throughput that was measured: nothing can be ranked.", "What was found stands below.", doubtSentence(in)}
	}
	group, best := groups[0], bestOf(in, groups)
	first := ""
	if best != nil {
		first = goalSentence(in)
	} else {
		best = new(slices.MaxFunc(group, func(a, b scaling.Measured) int {
			return cmp.Compare(value(a, scaling.ThroughputMetric), value(b, scaling.ThroughputMetric))
		}))
		first = lead(in, groups, *best) + said(*best, scaling.ThroughputMetric) + rival(in, group, *best) + "."
	}
	return []string{first, latencies(*best, group), whereTime(*best) + " " + doubtSentence(in)}
}

// Works are the runs that were read and are taken, by what work they do, that of most runs first.
func Works(all []Source, take func(Source) bool) [][]scaling.Measured {
	leave := func(s Source) bool {
		return s.Analysis == nil || s.Run.Experiment == nil || s.Run.Forecast != nil || !take(s)
	}
	groups := scaling.Alike(model.Each(slices.DeleteFunc(slices.Clone(all), leave), func(s Source) scaling.Measured { return s.Measured }))
	slices.SortStableFunc(groups, func(a, b []scaling.Measured) int { return len(b) - len(a) })
	return groups
}

// bestOf is the run that is best by the goal of a sweep; nil: it has none, or no such run.
func bestOf(in Input, groups [][]scaling.Measured) *scaling.Measured {
	if in.Plan == nil || in.Plan.Best() == nil {
		return nil
	}
	return model.First(slices.Concat(groups...), func(m scaling.Measured) bool { return m.Run.Name == in.Plan.Best().Run.Name })
}

// goalSentence says which point of a sweep is best, and how sure that is.
func goalSentence(in Input) string {
	best, goal := in.Plan.Best(), in.Plan.Sweep.Goal
	text := fmt.Sprintf("By the goal of the sweep, %s, %s (%s) is best", goal, best.ID, best.Experiment.Layout.Short())
	if v := best.Value(goal.Metric); v != nil {
		d, _, _ := metric.FindStat(goal.Metric)
		text += fmt.Sprintf(" with %s %s", unit.Figure(*v, d.Decimals), d.Unit)
	}
	return cmp.Or(present.Joined(text, strings.TrimLeft(present.BestDoubt(*in.Plan), present.Tie+present.TooFew+" ")), text) + "."
}

func value(m scaling.Measured, name string) float64 {
	return metric.OrZero(m.Analysis.Metric(name).Value)
}

// said is a metric of a run with its n.
func said(m scaling.Measured, name string) string {
	d, _ := metric.Define(name)
	x := m.Analysis.Metric(name)
	text := present.MetricValue(x, d)
	if x.N > 1 {
		text += fmt.Sprintf(" (n = %d)", x.N)
	}
	return text
}

// lead begins the first sentence: of which runs the best is told.
func lead(in Input, groups [][]scaling.Measured, best scaling.Measured) string {
	name := fmt.Sprintf("%s (%s) makes ", best.Run.Name, best.Run.Experiment.Layout.Short())
	switch {
	case len(in.Sources) == 1 || len(groups) == 1 && len(groups[0]) == 1:
		return name
	case len(groups) > 1 && len(groups[0]) == 1:
		return fmt.Sprintf("No two of the %d runs are of one work, so none is best; ", len(in.Sources)) + name
	case len(groups) > 1:
		return fmt.Sprintf("The runs are of %d works, which are not ranked against each other; of the %d of one work %smost: ",
			len(groups), len(groups[0]), name)
	}
	return fmt.Sprintf("Of %d runs of one work %smost: ", len(groups[0]), name)
}

// rival is how far the best is ahead: of the base of the comparison, or where it is that, of the next.
func rival(in Input, group []scaling.Measured, best scaling.Measured) string {
	c := in.Comparison
	if c == nil || len(group) < 2 || !slices.Contains(c.Runs, best.Run.Name) {
		return ""
	}
	row := model.First(c.Rows, func(r compare.Row) bool { return r.Name == scaling.ThroughputMetric })
	if row == nil {
		return ""
	}
	if at := slices.Index(c.Runs, best.Run.Name); at > 0 && row.Cells[at].Change != nil {
		return fmt.Sprintf(", %s %% against %s%s", unit.Signed(*row.Cells[at].Change, 1), c.Runs[0], sureness(row.Cells[at]))
	}
	next := 0
	for i, cell := range row.Cells {
		if i > 0 && cell.Value != nil && (next == 0 || *cell.Value > *row.Cells[next].Value) {
			next = i
		}
	}
	if next == 0 || row.Cells[next].Change == nil {
		return ""
	}
	if *row.Cells[next].Change == 0 {
		return ", " + c.Runs[next] + " makes as much"
	}
	return fmt.Sprintf(", %s is next with %s %%%s", c.Runs[next], unit.Signed(*row.Cells[next].Change, 1), sureness(row.Cells[next]))
}

// sureness is what the rank test says of a difference.
func sureness(c compare.Cell) string {
	switch {
	case c.P == nil && !c.TooFew && !c.Same:
		return "" // it was not tested
	case c.TooFew:
		return ", of too few samples to be sure"
	case c.Same:
		return ", which chance alone can explain"
	case c.Within:
		return ", which the iterations within one run make sure"
	}
	return ", which the test is sure of"
}

func latencies(best scaling.Measured, group []scaling.Measured) string {
	text := fmt.Sprintf("Its time to first token is %s, its time per output token %s", said(best, "ttft"), said(best, "tpot"))
	least := slices.MinFunc(group, func(a, b scaling.Measured) int {
		return cmp.Compare(cmp.Or(value(a, "tpot"), 1e300), cmp.Or(value(b, "tpot"), 1e300))
	})
	if value(least, "tpot") > 0 && said(least, "tpot") != said(best, "tpot") {
		text += fmt.Sprintf("; the least per token has %s, %s", least.Run.Name, said(least, "tpot"))
	}
	return text + "."
}

// whereTime says what the GPUs of a run did in its traces.
func whereTime(m scaling.Measured) string {
	t := m.Analysis.Trace
	if t == nil || len(t.Ranks) == 0 {
		return "Where its time goes is not known: it has no traces."
	}
	var window, compute, idle int64
	for _, r := range t.Ranks {
		window, compute, idle = window+r.WindowNS, compute+r.ComputeNS, idle+r.IdleNS
	}
	text := fmt.Sprintf("Its traced GPUs compute for %s %% of the time and are idle for %s %%", unit.Percent(compute, window),
		unit.Percent(idle, window))
	if comm := m.Analysis.Metric("exposed_comm"); comm.Value != nil {
		text += fmt.Sprintf("; communication that nothing hides takes %s %%", unit.Number(*comm.Value, 1))
	}
	return text + "."
}

// doubtSentence counts what is to be read before the numbers are believed.
func doubtSentence(in Input) string {
	text := ""
	for _, kind := range []struct {
		forecast     bool
		one, several string
	}{{false, "is a replay of a recording, measured elsewhere", "are replays of a recording, measured elsewhere"},
		{true, "is a forecast, measured nowhere", "are forecasts, measured nowhere"}} {
		n := len(slices.DeleteFunc(slices.Clone(in.Sources), func(s Source) bool { return !s.Run.Replay || (s.Run.Forecast != nil) != kind.forecast }))
		if n > 0 {
			text += unit.Plural(n, "run") + " " + map[bool]string{true: kind.one, false: kind.several}[n == 1] + "; "
		}
	}
	switch n := len(doubts(in).Texts); n {
	case 0:
		return text + "nothing was found that speaks against these numbers."
	case 1:
		return text + "one finding or doubt stands below."
	default:
		return text + fmt.Sprintf("%d findings and doubts stand below.", n)
	}
}
