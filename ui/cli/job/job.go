// Package job is the commands that submit and follow jobs.
package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/cli/command"
)

// submitFlags are the flags of submit.
type submitFlags struct {
	nsys, dryRun, force, skip bool
}

// Submit checks, records and submits experiments.
func Submit(e *command.Env) *cobra.Command {
	var f submitFlags
	c := e.Command("submit ID…", "check, record and submit experiments", `
Checks each experiment, shows what it costs, asks, and submits. What is submitted
is written down first, with a tag that travels in the job's comment, so that nothing
is submitted twice or forgotten. Prints the job's id. Where one of several is refused
it asks whether to submit the others; --skip-refused does so, and ends with exit code 2.
`, func(ctx context.Context, a *app.App, ids []string) error {
		return submit(ctx, e, a, ids, f)
	})
	c.Flags().BoolVar(&f.nsys, "nsys", false, "profile with Nsight Systems instead of the torch profiler")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "print the job script and submit nothing")
	c.Flags().BoolVar(&f.skip, "skip-refused", false, "submit the others where some experiments are refused")
	e.Asks(c, "do not ask")
	c.Flags().BoolVar(&f.force, "force", false, "submit again although a job of the experiment has not ended")
	return c
}

// submit looks at all before it submits any: one that is refused leaves no half batch in the queue unless that is wanted.
func submit(ctx context.Context, e *command.Env, a *app.App, ids []string, f submitFlags) error {
	var previews []jobs.Preview
	for _, id := range ids {
		p, err := a.Preview(ctx, id, f.nsys)
		switch {
		case err != nil && len(ids) > 1 && errors.Is(err, model.ErrInvalid):
			e.Warn("%s: error: %s", id, e.Plain(err.Error()))
		case err != nil:
			return err
		default:
			previews = append(previews, p)
		}
	}
	if f.dryRun {
		return printPreviews(e, previews, a.Starts(ctx, previews))
	}
	if err := a.Writable("submit " + ids[0]); err != nil {
		return err // before anybody is asked
	}
	refused := refuse(e, previews, len(ids))
	previews = slices.DeleteFunc(previews, func(p jobs.Preview) bool { return !p.Row.OK() })
	if refused != nil && (len(previews) == 0 || e.Yes && !f.skip) {
		return refused
	}
	for _, w := range a.MixedCards(model.Each(previews, func(p jobs.Preview) board.Row { return p.Row })) {
		e.Warn("%s: %s\n     fix: %s", w.Severity, w.Fault, w.Fix)
	}
	if err := confirm(ctx, e, a, previews); err != nil {
		return err
	}
	if ids = model.Each(previews, func(p jobs.Preview) string { return p.Row.Experiment.ID }); refused != nil {
		refused = command.Exit(command.WrongUsage)
	}
	seals := map[string]string{} // what was asked about is what is submitted
	for _, p := range previews {
		seals[p.Row.Experiment.ID] = p.Seal()
	}
	one := func(id string) (model.Submission, error) {
		s, err := a.Submit(ctx, id, jobs.SubmitOptions{Nsys: f.nsys, Force: f.force, Seen: seals[id]})
		if f.skip && (errors.Is(err, model.ErrInvalid) || errors.Is(err, model.ErrActive)) {
			s.Experiment.ID, s.Error, refused, err = id, err.Error(), command.Exit(command.WrongUsage), nil
		}
		return s, err
	}
	err := command.ShowEach(e, ids, one, func(s model.Submission) {
		if s.Error != "" {
			e.Warn("%s is not submitted: %s", s.Experiment.ID, e.Plain(s.Error))
			return
		}
		fmt.Fprintln(e.Out, s.JobID) // alone on standard output, for scripts
		e.Warn("%s is job %s (%s); its log: %s", s.Experiment.ID, s.JobID, s.Scheduler, s.Log)
	})
	return cmp.Or(err, refused)
}

// dry is one job of submit --dry-run --json.
type dry struct {
	jobs.Preview
	Start jobs.Start `json:"start"` // when it would begin
}

// printPreviews prints the scripts alone on standard output, and when they would start beside them.
func printPreviews(e *command.Env, previews []jobs.Preview, starts []jobs.Start) error {
	all := make([]dry, len(previews))
	for i, p := range previews {
		p.Row.Experiment = p.Row.Experiment.Masked()
		all[i] = dry{p, starts[i]}
	}
	if e.JSON {
		return cmp.Or(e.PrintJSON(all), refuse(e, previews, len(previews)))
	}
	for _, d := range all {
		fmt.Fprint(e.Out, d.Script)
		start := present.WouldStart(d.Start.At, d.Start.Note, time.Now())
		if words := present.Joined(start, present.KeptResult(d.Preview.KeptAs, d.Row.Marks()), present.Plays(d.Row.Verdict)); words != "" {
			e.Warn("%s %s", d.Row.Experiment.ID, e.Plain(words))
		}
	}
	return refuse(e, previews, len(previews))
}

// refuse prints the findings of every experiment; it is an error where not all that were named may be submitted.
func refuse(e *command.Env, previews []jobs.Preview, named int) error {
	fine := 0
	for _, p := range previews {
		for _, f := range p.Row.Verdict.Findings {
			if f.Severity == check.SeverityNote {
				continue
			}
			e.Warn("%s: %s: %s", p.Row.Experiment.ID, f.Severity, e.Plain(f.Fault))
			if f.Fix != "" {
				fmt.Fprintln(e.Err, "     fix: "+e.Plain(f.Fix))
			}
		}
		if p.Row.OK() {
			fine++
		}
	}
	switch text := "nothing submitted: " + unit.Plural(named-fine, "experiment") + " refused"; fine {
	case named:
		return nil
	case 0:
		return command.Usage("%s", text)
	default:
		return command.Usage("%s\nto submit the other %d: --skip-refused", text, fine)
	}
}

// confirm asks with the price. Without a terminal there is nobody to ask, so --yes is needed.
func confirm(ctx context.Context, e *command.Env, a *app.App, previews []jobs.Preview) error {
	if e.Yes {
		return nil
	}
	for i, start := range a.Starts(ctx, previews) {
		r := previews[i].Row
		plan := present.Plan(r.Verdict, present.Plays(r.Verdict), present.WouldStart(start.At, start.Note, time.Now()), present.KeptResult(previews[i].KeptAs, r.Marks()))
		fmt.Fprintln(e.Err, e.Plain(fmt.Sprintf("%s  %s  %s", r.Experiment.ID, r.Experiment.Layout.Short(), plan)))
	}
	return e.Ask(ctx, fmt.Sprintf("Submit %s to %s?", unit.Plural(len(previews), "job"), a.SchedulerName()))
}

// Cancel cancels jobs.
func Cancel(e *command.Env) *cobra.Command {
	return e.Command("cancel JOB…", "cancel jobs, by job id or by experiment", "",
		func(ctx context.Context, a *app.App, refs []string) error {
			for _, ref := range refs {
				j, err := a.FindJob(ctx, ref)
				if err != nil {
					return err
				}
				if !j.State.Active() {
					e.Warn("job %s (%s) has ended already: %s", j.ID, j.Title(), j.State.Words())
					continue
				}
				e.Warn("job %s (%s): %s", j.ID, j.Title(), e.Plain(present.Ends(j)))
				if err := a.Cancel(ctx, j.ID); err != nil {
					return err
				}
				fmt.Fprintf(e.Out, "cancelled %s\n", j.ID)
			}
			return nil
		})
}

// Jobs lists jobs.
func Jobs(e *command.Env) *cobra.Command {
	return e.Watched(e.Command("jobs", "list jobs: what was submitted here, and what else is in the queue", `
Lists the jobs of this workspace, newest first, and the other waiting and running
jobs of this account. Of those that failed the cause is read from the log; shardeck why
has the line that proves it. --json uses Slurm's words for states with every scheduler.
`, func(ctx context.Context, a *app.App, _ []string) error {
		list, err := a.ListJobs(ctx, true)
		if err != nil {
			return err
		}
		causes := a.Causes(ctx, list.Jobs, causesListed)
		return e.Show(jobsJSON{list, causes}, func() { printJobs(e, list, causes) })
	}))
}

// causesListed is for how many failed jobs, the newest, the logs are read.
const causesListed = 10

// jobsJSON is jobs --json.
type jobsJSON struct {
	jobs.JobList
	Causes map[string]string `json:"causes"` // by job id, of the newest that failed; why has the proof and the fixes
}

func printJobs(e *command.Env, list jobs.JobList, causes map[string]string) {
	if len(list.Jobs) > 0 || e.Format != command.FormatTable {
		e.Table(present.Jobs(list.Jobs, causes, time.Now()))
	} else {
		e.Say("no jobs")
	}
	e.Warnings(list.Warnings)
	if !list.AsOf.IsZero() {
		e.Warn("%s as of %s", list.Scheduler, list.AsOf.Local().Format("15:04:05"))
	}
	if list.Stale != "" {
		e.Warn("no answer since %s: %s; jobs are shown as last seen", list.Since.Local().Format("15:04:05"), list.Stale)
	}
}

// Logs prints the log of a job.
func Logs(e *command.Env) *cobra.Command {
	lines, follow, errorsOnly := 0, false, false
	c := e.Command("logs ID", "print a job's log, by job id or by experiment (its newest job)", `
Prints a job's log, by job id or by experiment (its newest job): of a task of an array
by 41_0, of a part of a heterogeneous job by 53+1, of a whole array that of the first task
that failed, else of one that runs, else of the newest.`, func(ctx context.Context, a *app.App, refs []string) error {
		j, err := a.FindJob(ctx, refs[0])
		switch {
		case err != nil && follow:
			return ended(err)
		case err != nil:
			return err
		case errorsOnly && j.Errors != "":
			j.Log = j.Errors
		case !errorsOnly && j.Errors != "":
			e.Warn("what job %s wrote to its standard error is apart: shardeck logs --errors %s", j.ID, j.ID)
		}
		if follow {
			return ended(a.Follow(ctx, j, lines, func(p jobs.LogPart) error { return printLog(e, p) }))
		}
		part, err := a.Log(ctx, j, lines)
		if err != nil {
			return err
		}
		if e.JSON {
			return e.PrintJSON(part)
		}
		return printLog(e, part)
	})
	c.Flags().IntVarP(&lines, "lines", "n", 200, "the last `N` lines; 0: all that a screen can use")
	c.Flags().BoolVar(&errorsOnly, "errors", false, "its standard error, where the job writes that to a file of its own")
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on printing until the job ends")
	return c
}

func printLog(e *command.Env, p jobs.LogPart) error {
	for _, line := range p.Lines {
		if _, err := fmt.Fprintln(e.Out, line); err != nil {
			return err
		}
	}
	return nil
}

// Watch follows jobs until they end.
func Watch(e *command.Env) *cobra.Command {
	return e.Command("watch ID…", "print a line at every change of jobs until they end", `
Follows jobs, by job id or by experiment, and prints a line whenever one changes
its state or its stage, and how far it is every ten seconds at most. Ends when all have
ended: exit code 1 if any failed, or if nobody knows how it ended.`, func(ctx context.Context, a *app.App, refs []string) error {
		var o outcomes
		err := a.Watch(ctx, refs, func(n jobs.News) error {
			if n.Scheduler == "" {
				o.add(n.Job)
			}
			return printNews(e, n)
		})
		if err == nil {
			err = o.err()
		}
		return ended(err)
	})
}

// outcomes are the jobs that ended, and not well.
type outcomes struct{ failed, unknown []string }

func (o *outcomes) add(j model.Job) {
	switch {
	case j.State == model.JobUnknown:
		o.unknown = append(o.unknown, j.ID)
	case !j.State.Active() && j.State != model.JobCompleted:
		o.failed = append(o.failed, j.ID)
	}
}

func (o *outcomes) err() error {
	switch {
	case len(o.failed) > 0:
		return fmt.Errorf("%s did not complete\nto see the cause: shardeck why %s", unit.Plural(len(o.failed), "job"), o.failed[0])
	case len(o.unknown) > 0:
		return fmt.Errorf("how %s ended is not known: the scheduler lists it no more\nto ask the accounting: sacct -j %s",
			unit.Plural(len(o.unknown), "job"), o.unknown[0])
	}
	return nil
}

func printNews(e *command.Env, n jobs.News) error {
	if e.JSON {
		return e.PrintJSON(n)
	}
	if n.Scheduler != "" {
		_, err := fmt.Fprintf(e.Out, "%s  %s\n", n.At.Local().Format("15:04:05"), n.Scheduler)
		return err
	}
	text := present.JobNews(n.Job, n.Stage, n.Done, n.Total, n.Hung, n.At)
	_, err := fmt.Fprintf(e.Out, "%s  %-8s  %-8s  %s\n", n.At.Local().Format("15:04:05"), n.Job.ID, n.Job.Title(), text)
	return err
}

// ended takes an interrupt as the way to leave a command that follows something.
func ended(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// Why says why a job failed or waits.
func Why(e *command.Env) *cobra.Command {
	return e.Command("why ID", "say why a job failed or waits, by job id or by experiment", "",
		func(ctx context.Context, a *app.App, refs []string) error {
			j, err := a.FindJob(ctx, refs[0])
			if err != nil {
				return err
			}
			cause, err := a.Why(ctx, j)
			return e.Answer(err, cause, func() { printCause(e, cause) })
		})
}

func printCause(e *command.Env, c jobs.Cause) {
	state := present.State(c.Job.State.Words())
	when := ""
	if !c.Job.State.Active() && !c.Job.Submit.IsZero() { // so that an older job is seen to be one
		when = ", submitted " + unit.Ago(c.Job.Submit, time.Now())
	}
	e.Say("job %s (%s)%s: %s", c.Job.ID, cmp.Or(c.Job.Title(), unit.Missing), when, e.Paint(state.Role, state.Text))
	e.Say("%s", e.Paint(present.Strong, c.Title))
	for _, text := range []string{c.Line, e.Paint(present.Dim, c.Where)} {
		if text != "" {
			e.Say("  %s", text)
		}
	}
	if c.Rank != nil {
		e.Say("  %s", present.Rank(*c.Rank))
	}
	if plan := present.Expected(c.Job, time.Now()); plan != "" {
		e.Say("  %s", plan)
	}
	for _, f := range c.Fixes {
		e.Say("  try: %s", f)
	}
}
