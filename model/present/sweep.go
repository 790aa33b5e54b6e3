package present

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/model/sweep"
)

// Points is a sweep's points, with a column for each field that varies.
func Points(p sweep.Plan) Table {
	t := Table{Name: "points", One: "point", Empty: "nothing varies", Columns: []Column{{Title: "POINT", Min: 12, Middle: true}}}
	var paths []string
	for _, a := range p.Sweep.Axes {
		for _, path := range a.Paths {
			paths = append(paths, path)
			t.Columns = append(t.Columns, Column{Title: strings.ToUpper(scaling.LastPart(path)), Right: true, Worth: len(paths) / 4})
		}
	}
	t.Columns = append(t.Columns, Column{Title: "GPUS", Right: true, Worth: 2})
	figures := figuresOf(p)
	for _, name := range figures {
		d, stat, _ := metric.FindStat(name)
		if title, of, cut := strings.Cut(d.Title, " "); stat != "" {
			d.Title = title + " " + string(stat) + map[bool]string{true: " " + of}[cut]
		}
		t.Columns = append(t.Columns, Column{Name: d.Name, Title: d.Title, Right: true, Worth: 1})
	}
	t.Columns = append(t.Columns, Column{Title: "STATE", Min: 10})
	best, most := p.Best(), p.Leader()
	for _, x := range p.Points {
		row := Row{Cells: []Cell{strong(x.ID)}, Fields: map[string]string{"state": string(x.State)}, Full: x.ID}
		for _, e := range x.Edits {
			row.Cells = append(row.Cells, Cell{Text: e.Value})
			row.Fields[scaling.LastPart(e.Path)] = e.Value
		}
		row.Cells = append(row.Cells, dim(unit.Int(x.Experiment.Layout.GPUs())))
		for _, name := range figures {
			row.Cells = append(row.Cells, foreign(x.Row(), runMetric(x.Analysis, name)))
		}
		state := pointState(x)
		switch {
		case x.Run != nil && slices.Contains(p.Tie.Runs, x.Run.Name):
			state.Text += ", shares the best " + Tie
		case best != nil && best.ID == x.ID:
			state.Text += ", the best"
		case most != nil && most.ID == x.ID && p.Count(sweep.Done) > 1:
			state.Text += ", most tok/s"
		}
		if x.Run != nil && x.Run.Forecast != nil && x.State == sweep.Done {
			state.Text += ", " + model.ForecastWord
		}
		row.Cells = append(row.Cells, state)
		t.Rows = append(t.Rows, row)
	}
	return t
}

// figuresOf are the metrics that a sweep's table has: that of its goal, which may be one statistic of one, and the three that everybody asks for; none before a
// point is done.
func figuresOf(p sweep.Plan) (names []string) {
	if p.Count(sweep.Done) == 0 {
		return nil
	}
	names = []string{"throughput_tokens_sec", "ttft", "tpot"}
	if p.Base.Experiment.Load.On() || model.First(p.Points, func(x sweep.Status) bool { return x.Experiment.Load.On() }) != nil {
		names = append(names, "itl", "e2e", "goodput")
	}
	if g := p.Sweep.Goal; g != nil && !slices.Contains(names, g.Metric) {
		names = append([]string{g.Metric}, names...)
	}
	return names
}

// pointState is what a point is, or has become, and why.
func pointState(x sweep.Status) Cell {
	text := string(x.State)
	if x.Reason != "" {
		text += ": " + x.Reason
	}
	if x.Job != nil && x.State == sweep.Submitted {
		text = x.Job.State.Words() + " as job " + x.Job.ID
	}
	return Cell{Text: text, Role: stateRoles[string(x.State)]}
}

// SweepJobs say what each job of a plan would run, a line each.
func SweepJobs(p sweep.Plan) Table {
	t := Table{Name: "jobs", Columns: Columns(">JOB", ">GPUS", ">ENGINES", ">POINTS", ">EXPECTED", "RUNS-16")}
	for i, j := range p.Jobs {
		var ids []string
		for _, g := range j.Engines() {
			ids = append(ids, strings.Join(model.Each(g.Points, func(m sweep.Member) string { return m.ID }), ", "))
		}
		place := j.WholePlacement()
		cells := Texts(unit.Int(i+1), unit.Int(place.GPUsPerNode*place.Nodes), unit.Int(len(ids)), unit.Int(j.Count()))
		t.Add(append(cells, dim(Estimate+unit.Clock(j.Time().Round(time.Minute))), Cell{Text: strings.Join(ids, " | ")})...)
	}
	return t
}

// SweepChain says that jobs of a sweep wait for others of it; empty: none does.
func SweepChain(p sweep.Plan) string {
	if p.Chained == 0 {
		return ""
	}
	return fmt.Sprintf("limit.jobs is %d, so %s will start only as others end", p.Sweep.Limit.Jobs, unit.Plural(p.Chained, "job"))
}

// SweepTotal is a sweep in one line: 9 of 12 points · 3 impossible · at most 1.13 node-hours.
func SweepTotal(p sweep.Plan) string {
	all := len(p.Points) - p.Count(sweep.LeftOut)
	left := all - p.Count(sweep.Impossible)
	words := []string{unit.Int(left) + " of " + unit.Plural(all, "point")}
	for _, s := range []sweep.State{sweep.Impossible, sweep.LeftOut, sweep.Done, sweep.Failed, sweep.Submitted, sweep.PassedOver} {
		if n := p.Count(s); n > 0 {
			words = append(words, unit.Int(n)+" "+string(s))
		}
	}
	if p.NodeHours != nil {
		words = append(words, "at most "+NodeHours(*p.NodeHours))
	}
	return Joined(append(words, Leading(p))...)
}

// Leading is which point is best so far, or by what is decided; without a goal the one of most tokens a second, of two at least.
func Leading(p sweep.Plan) string {
	if text := Decision(p); text != "" || p.Tie.Words != "" || p.Count(sweep.Done) < 2 {
		return text
	}
	best := p.Leader()
	switch {
	case best == nil:
		return ""
	case p.Sweep.Goal != nil:
		return "best so far: " + best.ID
	}
	return "most tok/s: " + best.ID + ", " + runMetric(best.Analysis, scaling.ThroughputMetric).Text
}

// BestDoubt says why the best point may not be the best; empty: it is, or there is none.
func BestDoubt(p sweep.Plan) string {
	switch {
	case p.Tie.Words == "":
		return ""
	case len(p.Tie.Runs) == 0:
		return Joined(TooFew+" "+p.Best().ID+" has the best "+p.Sweep.Goal.Metric+" so far", p.Tie.Words)
	}
	return Tie + " " + strings.Join(p.Tie.Runs, ", ") + " share the best " + p.Sweep.Goal.Metric + ": " + p.Tie.Words
}

// Decision says that the best is decided, and what of the sweep is left; empty: it is not, or there is no goal.
func Decision(p sweep.Plan) string {
	if !p.Decided() {
		return ""
	}
	text := "the best is decided: " + p.Best().ID
	if slices.ContainsFunc(p.Points, func(x sweep.Status) bool { return x.Run != nil && x.Run.Forecast != nil }) {
		text += " of those recorded"
	}
	if n := p.Count(sweep.Ready, sweep.Submitted); n > 0 {
		text += fmt.Sprintf(", %d of %s left", n, unit.Plural(len(p.Points)-p.Count(sweep.LeftOut), "point"))
	}
	return text
}

// Bound says why a point cannot be the best any more.
func Bound(b sweep.Bound) string {
	value := func(v float64) string { return MetricValue(metric.Metric{Value: &v}, definitionOf(b.Metric)) }
	text := "cannot be the best any more: " + b.Metric + " is " + map[bool]string{true: "at least ", false: "at most "}[b.AtLeast] + value(b.Reach)
	if b.Breaks != "" {
		return text + ", and " + b.Breaks + " is asked"
	}
	return text + ", and " + b.Best + " has " + value(b.BestHas)
}

// SweepForecasts says how many points of a sweep of replays are not recorded; empty: all are, or it is none.
func SweepForecasts(p sweep.Plan) string {
	n := len(slices.DeleteFunc(slices.Clone(p.Points), func(x sweep.Status) bool { return x.Verdict.Plays == nil || x.Verdict.Plays.From == 0 }))
	if n == 0 {
		return ""
	}
	text := fmt.Sprintf("%d of %s not recorded: a forecast is played, marked so, and never the best", n, unit.Plural(len(p.Points), "point"))
	if x := p.Foretold(); x != nil {
		d := definitionOf(p.Sweep.Goal.Metric)
		text += "; among forecasts that is " + x.ID + ": " + d.Name + " " + MetricValue(x.Analysis.Named(p.Sweep.Goal.Metric), d)
	}
	return text
}

// SweepEdited warns of points whose configs are not what their sweep makes of its base; empty: all are.
func SweepEdited(p sweep.Plan) string {
	var ids []string
	var first model.Changes
	for _, x := range p.Points {
		if len(x.Edited) > 0 && x.State != sweep.Impossible && x.State != sweep.LeftOut {
			if ids = append(ids, x.ID); len(ids) == 1 {
				first = x.Edited
			}
		}
	}
	switch {
	case p.Base.Problem != "":
		return p.Base.Problem + ": the points are as their configs say, and those without one cannot be made"
	case len(ids) == 0:
		return ""
	}
	which := ids[0]
	if len(ids) > 1 {
		which += " …"
	}
	return fmt.Sprintf("%s (%s) as the config says, not as %s and %s make it: %s; where that is not meant, delete the config, or rename the sweep",
		unit.Plural(len(ids), "point"), which, p.Sweep.Base, p.File, first)
}

// Neighbours warns of jobs whose engines run side by side; empty: none do.
func Neighbours(p sweep.Plan) string {
	for _, j := range p.Jobs {
		if len(j.Lanes) > 1 {
			return "engines side by side on a node share its power, PCIe and network, which may slow them: exclusive: true in the sweep keeps them apart"
		}
	}
	return ""
}
