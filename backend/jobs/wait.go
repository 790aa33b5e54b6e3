package jobs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
	"shardeck/model/present/unit"
)

// waiting says why a job waits, whether waiting helps, and what would start it.
func (fo *Explainer) waiting(ctx context.Context, j model.Job) Cause {
	r := j.Meaning
	c := Cause{Job: j, Title: "it waits: the scheduler does not say why", Line: j.Reason, Fixes: []string{}, Waits: &r}
	if r.Words != "" {
		c.Title = strings.TrimSuffix("it waits: "+r.Words+"; "+r.Waiting, "; ")
	}
	if r.Help != "" {
		c.Fixes = append(c.Fixes, strings.NewReplacer("$id", j.ID, "$array", model.WholeID(j.ID)).Replace(r.Help))
	}
	w, ok := fo.Scheduler.(scheduler.Waiter)
	ctx, cancel := context.WithTimeout(ctx, queryDeadline)
	defer cancel()
	switch {
	case ok && OfMaintenance(j):
		fo.maintenance(ctx, w, j, &c)
	case ok && (j.Reason == "Priority" || j.Reason == "Resources"):
		if rank, ok := w.Rank(ctx, j); ok {
			c.Rank = &rank
		}
	}
	c.Title += fo.restarted(ctx, j)
	if r.Forever {
		c.Fixes = append(c.Fixes, "shardeck cancel "+j.ID)
	}
	return c
}

// OfMaintenance reports whether a job may wait because its limit reaches into a reservation.
func OfMaintenance(j model.Job) bool {
	return j.State == model.JobPending && slices.ContainsFunc([]string{"ReqNodeNotAvail", "Reservation", "Nodes required for job"},
		func(word string) bool { return strings.HasPrefix(j.Reason, word) })
}

// Bounds of a limit that is offered: one that is worth it, and what a start takes.
const (
	leastLimit  = 5 * time.Minute
	startMargin = time.Minute
)

// maintenance says when the one that a job's limit reaches into begins and ends, and which limit would let it start now.
func (fo *Explainer) maintenance(ctx context.Context, w scheduler.Waiter, j model.Job, c *Cause) {
	now := fo.Now()
	all, err := fo.reserved.ask(ctx, now, reservedFresh, w.Reservations)
	all = slices.DeleteFunc(slices.Clone(all), func(r model.Reservation) bool {
		return !r.Maintenance || !r.End.After(now) || j.Limit > 0 && r.Start.After(now.Add(j.Limit))
	})
	if err != nil || len(all) == 0 {
		return
	}
	r := slices.MinFunc(all, func(a, b model.Reservation) int { return a.Start.Compare(b.Start) })
	at := func(t time.Time) string { return unit.Moment(t.Local(), now.Local()) }
	what := fmt.Sprintf("the maintenance %s of %s", r.Name, unit.Plural(r.Count, "node"))
	if !r.Start.After(now) {
		c.Title, c.Fixes = fmt.Sprintf("it waits: %s lasts until %s; waiting helps", what, at(r.End)), []string{}
		return
	}
	c.Title = fmt.Sprintf("it waits: %s begins at %s, and its limit of %s reaches into it; else it waits until %s",
		what, at(r.Start), unit.Clock(j.Limit), at(r.End))
	limit := r.Start.Sub(now.Add(startMargin)).Truncate(time.Minute)
	if c.Fixes = []string{}; limit < leastLimit || limit >= j.Limit {
		return
	}
	text := model.FormatTimeLimit(limit)
	c.Fixes = append(c.Fixes, fmt.Sprintf("scontrol update JobId=%s TimeLimit=%s, which lets it start now if nodes are free", j.ID, text),
		fmt.Sprintf("for the next: slurm.time of at most %s", text))
	if doc, ok := fo.config(j.Experiment); ok {
		c.Remedies = []Remedy{{Text: fmt.Sprintf("slurm.time %s → %s", doc.Get("slurm.time"), text),
			Edits: []model.Edit{{Path: "slurm.time", Value: text}}}}
	}
}

// reservedFresh is how long what was told of reservations is believed: they are planned days ahead.
const reservedFresh = 30 * time.Minute
