package linear

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
)

// logTail is how many lines of a log are read.
const logTail = 10

// jobs lists the jobs, and lets one be chosen.
func (r *room) jobs() error {
	for {
		list, err := r.b.ListJobs(r.ctx, true)
		if err != nil {
			return err
		}
		title := unit.Plural(len(list.Jobs), "job") + "."
		if !list.AsOf.IsZero() {
			title = present.Joined(unit.Plural(len(list.Jobs), "job"), list.Scheduler+" as of "+list.AsOf.Local().Format("15:04")) + "."
		}
		if list.Stale != "" {
			title += " It did not answer since: " + list.Stale + "."
		}
		table := present.Jobs(list.Jobs, nil, r.Now())
		items := model.Each(table.Rows, func(x present.Row) string { return "job " + present.Spoken(table.Columns, x, briefWorth) })
		i, _, err := r.pick(title, items, false, ways...)
		if err != nil {
			return err
		}
		if err := r.told(r.job(list.Jobs[i].ID)); err != nil {
			return err
		}
	}
}

func (r *room) job(id string) error {
	return r.menu(func(bool) (string, error) { return "Job " + id + ".", nil },
		deed{"watch it until it ends", func() error { return r.watch(id) }},
		deed{"the last lines of its log", func() error { return r.log(id) }},
		deed{"why it failed or waits", func() error { return r.why(id) }},
		deed{"cancel it", func() error { return r.cancel(id) }},
		deed{"what its GPUs do now", func() error { return r.gpus(id) }})
}

func (r *room) gpus(ref string) error {
	j, err := r.b.FindJob(r.ctx, ref)
	if err != nil {
		return err
	}
	look, err := r.b.GPUs(r.ctx, j)
	for _, line := range present.GPUUse(look.All) {
		r.say("%s", strings.ReplaceAll(line, unit.Missing, "unknown"))
	}
	return err
}

// watch says every change of jobs until they end, then how it went: why one failed, the best of a sweep, a result where one wants to
// hear it. Who types leaves it with Enter.
func (r *room) watch(refs ...string) error {
	ctx, stop := context.WithCancel(r.ctx)
	gone, enter := make(chan struct{}), chan string(nil) // never where answers come from a file
	if r.Person {
		enter = r.lines
		r.say("Watching. Enter leaves it, jobs go on.")
	}
	go func() {
		defer close(gone)
		select {
		case <-enter:
			stop()
		case <-ctx.Done():
		}
	}()
	var last model.Job
	err := r.b.Watch(ctx, refs, func(n jobs.News) error {
		if n.Scheduler != "" {
			r.say("%s. %s.", n.At.Local().Format("15:04"), n.Scheduler)
			return nil
		}
		if !last.State.Failed() {
			last = n.Job
		}
		r.say("%s. Job %s, %s: %s.", n.At.Local().Format("15:04"), n.Job.ID, n.Job.Title(),
			present.JobNews(n.Job, n.Stage, n.Done, n.Total, n.Hung, n.At))
		return nil
	})
	stop()
	<-gone // else it would take the answer to the next question
	switch {
	case errors.Is(err, context.Canceled) && r.ctx.Err() == nil:
		r.say("Left. Jobs go on.")
		return nil
	case err != nil:
		return err
	case last.State.Failed():
		r.faults++
		return r.why(last.ID)
	case slices.Contains(r.b.SweepIDs(), last.Experiment):
		return sweeps{r}.best(last.Experiment)
	case last.State == model.JobCompleted && last.Experiment != "":
		if yes, err := r.confirm("Hear the result?"); !yes || err != nil {
			return err
		}
		return r.result(last.Experiment)
	}
	return nil
}

// why says why a job failed or waits, the proof of it, and what to do.
func (r *room) why(ref string) error {
	j, err := r.b.FindJob(r.ctx, ref)
	if err != nil {
		return err
	}
	c, err := r.b.Why(r.ctx, j)
	if err != nil {
		return err
	}
	r.say("Job %s, %s: %s.", c.Job.ID, cmp.Or(c.Job.Title(), "no name"), c.Job.State.Words())
	r.say("%s.", c.Title)
	if c.Line != "" {
		r.say("Proof: %s", present.Joined(c.Line, c.Where))
	}
	if c.Rank != nil {
		r.say("%s.", present.Rank(*c.Rank))
	}
	r.say("%s", present.Expected(c.Job, r.Now()))
	for _, fix := range c.Fixes {
		r.say("Try: %s", fix)
	}
	return nil
}

func (r *room) log(ref string) error {
	j, err := r.b.FindJob(r.ctx, ref)
	if err != nil {
		return err
	}
	part, err := r.b.Log(r.ctx, j, logTail)
	for _, line := range part.Lines {
		r.say("%s", line)
	}
	return err
}

func (r *room) cancel(ref string) error {
	if err := r.b.Writable("cancel " + ref); err != nil {
		return err
	}
	j, err := r.b.FindJob(r.ctx, ref)
	if err != nil {
		return err
	}
	if !j.State.Active() {
		r.say("Job %s has ended already: %s.", j.ID, j.State.Words())
		return nil
	}
	if yes, err := r.confirm("Cancel job " + j.ID + " of " + cmp.Or(j.Title(), "no name") + "? It " + present.Ends(j) + "."); !yes || err != nil {
		return err
	}
	if err = r.b.Cancel(r.ctx, j.ID); err == nil {
		r.say("Job %s was asked to end.", j.ID)
	}
	return err
}
