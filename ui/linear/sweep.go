package linear

import (
	"strings"

	backend "shardeck/backend/sweep"
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/sweep"
)

// sweeps are the sweeps, in the conversation of a room.
type sweeps struct{ *room }

// all lists the sweeps, and lets one be chosen.
func (r sweeps) all() error {
	for {
		ids := r.b.SweepIDs()
		i, _, err := r.pick(unit.Plural(len(ids), "sweep")+". Several values of a field, such as 1,2,4, make another.", ids, false, ways...)
		if err != nil {
			return err
		}
		if err := r.told(r.one(ids[i])); err != nil {
			return err
		}
	}
}

func (r sweeps) one(id string) error {
	return r.menu(func(bool) (string, error) {
		p, err := r.b.PlanSweep(r.ctx, id)
		return "Sweep " + id + " of " + p.Sweep.Base + ", " + present.SweepAxes(p.Sweep) + ". " + present.SweepTotal(p) + ".", err
	},
		deed{"its points", func() error { return r.points(id) }},
		deed{"submit what is not done", func() error { return r.submit(id) }},
		deed{"watch its newest job", func() error { return r.watch(id) }},
		deed{"the best of it", func() error { return r.best(id) }})
}

func (r sweeps) points(id string) error {
	p, err := r.b.PlanSweep(r.ctx, id)
	t, reasons := present.PointsTold(p)
	for i, c := range t.Columns {
		if c.Title == strings.ToUpper(c.Title) {
			t.Columns[i].Title = strings.ToLower(c.Title) // capitals are spelled
		}
	}
	for _, text := range append(model.Each(t.Rows, func(x present.Row) string { return present.Spoken(t.Columns, x, briefWorth) }), reasons...) {
		r.say("%s.", text)
	}
	return err
}

// create makes a sweep of an experiment and the values of a field, and offers to submit it.
func (r sweeps) create(base, path, values string) error {
	axis, err := sweep.AxisOf(path, values)
	if err != nil {
		return err
	}
	id, err := r.ask("Several values make a sweep. Type a name for it, Enter to leave it:")
	if err != nil || id == "" {
		return err
	}
	p, err := r.b.CreateSweep(r.ctx, sweep.Sweep{ID: id, Base: base, Axes: []sweep.Axis{axis}, Repeat: 1})
	if err != nil {
		return err
	}
	r.say("Saved as %s. Nothing is submitted yet.", p.File)
	return r.submit(id)
}

// submit asks with the price, submits what is not done, and offers to watch.
func (r sweeps) submit(id string) error {
	if _, err := r.b.ListJobs(r.ctx, true); err != nil { // what runs must not be submitted again
		return err
	}
	p, err := r.b.DueSweep(r.ctx, id, backend.SubmitOptions{})
	if err != nil {
		return err
	}
	for _, text := range append([]string{present.SweepTotal(p), present.SweepTime(p)}, present.SweepRefused(p)...) {
		r.say("%s", text)
	}
	if len(p.Jobs) == 0 {
		r.say("There is nothing to submit.")
		return nil
	}
	if yes, err := r.confirm("Submit " + unit.Plural(len(p.Jobs), "job") + " of it to " + r.b.SchedulerName() + "?"); !yes || err != nil {
		return err
	}
	all, err := r.b.SubmitSweep(r.ctx, p)
	for _, s := range all {
		r.say("Job %s runs %s.", s.JobID, unit.Plural(len(s.Points), "point"))
	}
	if err != nil {
		return err
	}
	if yes, err := r.confirm("Watch it until it ends?"); !yes || err != nil {
		return err
	}
	return r.watch(model.Each(all, func(s model.Submission) string { return s.JobID })...)
}

// best says which point is best by the sweep's goal; of one without a goal, which serves most and which is the fastest.
func (r sweeps) best(id string) error {
	p, err := r.b.PlanSweep(r.ctx, id)
	goals := []*sweep.Goal{p.Sweep.Goal}
	if p.Sweep.Goal == nil {
		goals = []*sweep.Goal{{Metric: "throughput_tokens_sec", Highest: true}, {Metric: "tpot"}}
	}
	for _, goal := range goals {
		p.Sweep.Goal = goal
		best := p.Best()
		if best == nil {
			r.say("No point of %s has a result of its own config yet.", id)
			return err
		}
		d, _, _ := metric.FindStat(goal.Metric)
		r.say("Best by %s: %s. Its %s", goal, best.ID, present.MetricSentences(best.Analysis, []metric.Definition{d})[0])
	}
	r.say("%s", present.BestDoubt(p))
	return err
}
