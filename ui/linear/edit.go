package linear

import (
	"strings"

	"shardeck/backend/experiments"
	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/sweep"
	"shardeck/ui/pane/config"
	"shardeck/ui/pane/submission"
)

// change has fields of an experiment changed, one after the other.
func (r *room) change(id string) error {
	if err := r.b.Writable("change " + id); err != nil {
		return err
	}
	if err := r.resume(id); err != nil {
		return err
	}
	for heard := false; ; heard = true {
		d, err := r.b.Draft(id)
		if err != nil {
			return err
		}
		fields := config.Lines(r.b, d)
		items := model.Each(fields, func(l config.Line) string { return strings.TrimSuffix(l.Label+", "+d.Get(l.Path), ", ") })
		i, _, err := r.pick("Fields of "+id+".", items, heard, ways...)
		if err != nil {
			return err
		}
		value, err := r.value(fields[i], d.Get(fields[i].Path))
		switch {
		case err != nil || value == "":
		case sweep.Several(fields[i].Path, value):
			err = sweeps{r}.create(id, fields[i].Path, value)
		default:
			err = r.edit(id, d, model.Edit{Path: fields[i].Path, Value: value})
		}
		if err := r.told(err); err != nil {
			return err
		}
	}
}

// value asks for what a field is to be; empty: it stays.
func (r *room) value(l config.Line, now string) (string, error) {
	r.say("%s is %s. %s", l.Label, now, l.Hint)
	switch {
	case l.Legal && len(l.Choices) > 0:
		return r.ask("Type a value, Enter to leave it, several such as 1,2 for a sweep; legal are " + strings.Join(l.Choices, ", ") + ":")
	case len(l.Choices) > 0:
		i, _, err := r.pick("It can be:", l.Choices, false, ways...)
		if err != nil {
			return "", err
		}
		return l.Choices[i], nil
	}
	return r.ask("Type a value, Enter to leave it:")
}

// edit makes changes, says what follows from them, and saves them after a yes. Until then they are kept, as the form keeps its own.
func (r *room) edit(id string, d *experiments.Draft, edits ...model.Edit) error {
	if err := d.SetAll(edits...); err != nil {
		return err
	}
	if err := r.b.KeepUnsaved(model.Unsaved{Experiment: id, At: r.Now(), Edits: edits}); err != nil {
		return err
	}
	p, err := r.b.PreviewOf(r.ctx, d.Experiment(), false)
	if err != nil {
		return err
	}
	r.tell(p, "")
	yes, err := r.confirm("Save it?")
	if err != nil {
		return err // what is not answered stays kept
	}
	if yes {
		if err = d.Save(); err == nil {
			r.say("Saved. %s.", present.Fields(edits))
		}
	}
	if err == nil {
		err = r.b.KeepUnsaved(model.Unsaved{Experiment: id})
	}
	return err
}

// resume offers the edits of an experiment that an earlier session did not save; a no drops them.
func (r *room) resume(id string) error {
	all, err := r.b.Unsaved()
	if err != nil {
		return err
	}
	kept := model.First(all, func(u model.Unsaved) bool { return u.Experiment == id })
	if kept == nil {
		return nil
	}
	d, err := r.b.Draft(id)
	if err != nil {
		return err
	}
	r.say("Edits of %s were not saved %s: %s.", id, unit.Ago(kept.At, r.Now()), present.Fields(kept.Edits))
	return r.edit(id, d, kept.Edits...)
}

// tell says what a job would be: placement, price, start, findings.
func (r *room) tell(p jobs.Preview, start string) {
	for _, line := range submission.Lines(p, start) {
		r.say("%s", line)
	}
	if len(p.Row.Verdict.Findings) == 0 {
		r.say("Nothing was found against it.")
	}
}

// check says what submitting would be, as submit is about to do it.
func (r *room) check(id string) (jobs.Preview, error) {
	p, err := r.b.Preview(r.ctx, id, false)
	if err != nil {
		return p, err
	}
	start := r.b.Starts(r.ctx, []jobs.Preview{p})[0]
	r.tell(p, present.WouldStart(start.At, start.Note, r.Now()))
	if worst, _ := p.Row.Verdict.Worst(); worst.Severity == check.SeverityError {
		r.say("%s cannot be submitted as it is.", id)
	}
	return p, nil
}

// submit asks with the price, submits, and offers to watch.
func (r *room) submit(id string) error {
	if err := r.b.Writable("submit " + id); err != nil {
		return err
	}
	p, err := r.check(id)
	if err != nil {
		return err
	}
	if !p.Row.OK() {
		r.faults++
		return nil
	}
	if yes, err := r.confirm("Submit " + id + " to " + r.b.SchedulerName() + "?"); !yes || err != nil {
		return err
	}
	s, err := r.b.Submit(r.ctx, id, jobs.SubmitOptions{Seen: p.Seal()})
	if err != nil {
		return err
	}
	r.say("%s is job %s. Its log is %s.", id, s.JobID, s.Log)
	if yes, err := r.confirm("Watch it until it ends?"); !yes || err != nil {
		return err
	}
	return r.watch(s.JobID)
}
