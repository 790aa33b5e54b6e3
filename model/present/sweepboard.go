package present

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shardeck/model"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/model/sweep"
)

// SweepCounts say what has become of a sweep's points, the impossible ones last: "12 done, 3 failed, 9 waiting, 3 impossible".
func SweepCounts(p sweep.Plan) string {
	words, counts := []string{"done", "failed", "running", "waiting"}, map[string]int{}
	for _, x := range p.Points {
		word := string(x.State)
		switch {
		case x.State == sweep.Ready:
			word = "not run"
		case x.State == sweep.Submitted:
			word = x.Job.State.Words()
		case x.State == sweep.LeftOut:
			continue
		}
		if counts[word]++; !slices.Contains(words, word) && x.State == sweep.Submitted {
			words = append(words, word)
		}
	}
	said := model.Each(append(words, "not run", string(sweep.PassedOver), "impossible"), func(word string) string {
		if counts[word] == 0 {
			return ""
		}
		return unit.Int(counts[word]) + " " + word
	})
	return strings.ReplaceAll(Joined(said...), " · ", ", ")
}

// SweepAxes say what varies, with its values: "tp 1, 2, 4 × batch_size 1, 16"; fields whose values go together have a + between.
func SweepAxes(s sweep.Sweep) string {
	return strings.Join(model.Each(s.Axes, func(a sweep.Axis) string {
		values := model.Each(a.Values, func(v []string) string { return model.ShortModel(strings.Join(v, "+")) })
		if n := len(values); n > 6 {
			values = []string{values[0], values[1], "… " + values[n-1]}
		}
		return strings.Join(model.Each(a.Paths, scaling.LastPart), "+") + " " + strings.Join(values, ", ")
	}), " × ")
}

// SweepTime is how long a plan's jobs are expected to take, and what they may use at most: "takes ≈24 min with 3 jobs at
// once, ≈62 min in turn · ≤ 1.50 GPU hours"; empty: it has none.
func SweepTime(p sweep.Plan) string {
	if len(p.Jobs) == 0 {
		return ""
	}
	var longest, sum, gpus time.Duration
	for _, j := range p.Jobs {
		place := j.WholePlacement()
		longest, sum, gpus = max(longest, j.Time()), sum+j.Time(), gpus+time.Duration(place.GPUsPerNode*place.Nodes)
	}
	minutes := func(d time.Duration) string { return fmt.Sprintf("%s%d min", Estimate, int(max(d.Minutes()+0.5, 1))) }
	takes := "takes " + minutes(longest)
	if n := len(p.Jobs); n > 1 {
		takes += fmt.Sprintf(" with %d jobs at once, %s in turn", n, minutes(sum))
	}
	if p.Told > 0 {
		takes += " (from " + unit.Plural(p.Told, "run") + " here)"
	}
	return Joined(takes, "≤ "+unit.Number((gpus*p.Limit).Hours(), 2)+" GPU hours")
}

// SweepRefused are the impossible points, those of one reason together: "3 impossible (scan-tp3-b1 …): TP=3 is not possible …".
func SweepRefused(p sweep.Plan) []string { return reasonsOf(p, sweep.Impossible) }

// PointsTold is the points by the words of their states, and below them the reasons, those of one together.
func PointsTold(p sweep.Plan) (Table, []string) {
	t := Points(p)
	for i, x := range p.Points {
		if cells := t.Rows[i].Cells; x.Reason != "" {
			cells[len(cells)-1].Text = string(x.State)
		}
	}
	return t, reasonsOf(p, sweep.LeftOut, sweep.Impossible, sweep.Failed, sweep.Ready, sweep.PassedOver)
}

func reasonsOf(p sweep.Plan, states ...sweep.State) (lines []string) {
	type told struct {
		state  sweep.State
		reason string
	}
	of := slices.DeleteFunc(slices.Clone(p.Points), func(x sweep.Status) bool { return x.Reason == "" || !slices.Contains(states, x.State) })
	for _, g := range model.Grouped(of, func(x sweep.Status) told { return told{x.State, x.Reason} }) {
		who := g.All[0].ID
		if len(g.All) > 1 {
			who += " …"
		}
		lines = append(lines, fmt.Sprintf("%d %s (%s): %s", len(g.All), g.Key.state, who, g.Key.reason))
	}
	return lines
}
