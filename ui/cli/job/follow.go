// Package job is the commands that submit and follow jobs.
package job

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/cli/command"
)

// Jobs lists jobs.
func Jobs(e *command.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "jobs",
		Short: "list jobs: what was submitted here, and what else is in the queue",
		Long: `Lists the jobs of this workspace, newest first, and the other waiting and running
jobs of this account. Of those that failed the cause is read from the log; shardeck why
has the line that proves it. --json uses Slurm's words for states with every scheduler.`,
		Args: command.Args(0, 0),
		RunE: e.With(func(ctx context.Context, a *app.App, _ []string) error {
			list, err := a.ListJobs(ctx, true)
			if err != nil {
				return err
			}
			causes := a.Causes(ctx, list.Jobs, causesListed)
			return e.Show(jobsJSON{list, causes}, func() { printJobs(e, list, causes) })
		}),
	}
}

// causesListed is for how many failed jobs, the newest, the logs are read.
const causesListed = 10

// jobsJSON is jobs --json.
type jobsJSON struct {
	jobs.JobList
	Causes map[string]string `json:"causes"` // by job id, of the newest that failed; why has the proof and the fixes
}

func printJobs(e *command.Env, list jobs.JobList, causes map[string]string) {
	if len(list.Jobs) > 0 {
		e.Table(present.Jobs(list.Jobs, causes, time.Now()))
	} else {
		e.Say("no jobs")
	}
	if !list.AsOf.IsZero() {
		e.Warn("%s as of %s", list.Scheduler, list.AsOf.Local().Format("15:04:05"))
	}
	if list.Stale != "" {
		e.Warn("no answer since %s: %s; jobs are shown as last seen", list.Since.Local().Format("15:04:05"), list.Stale)
	}
}

// Logs prints the log of a job.
func Logs(e *command.Env) *cobra.Command {
	lines, follow := 0, false
	c := &cobra.Command{
		Use:   "logs ID",
		Short: "print a job's log, by job id or by experiment (its newest job)",
		Args:  command.Args(1, 1),
		RunE: e.With(func(ctx context.Context, a *app.App, refs []string) error {
			j, err := a.FindJob(ctx, refs[0])
			if err != nil {
				return err
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
		}),
	}
	c.Flags().IntVarP(&lines, "lines", "n", 200, "the last `N` lines; 0: all that a screen can use")
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
	return &cobra.Command{
		Use:   "watch ID…",
		Short: "print a line at every change of jobs until they end",
		Long: `Follows jobs, by job id or by experiment, and prints a line whenever one changes
its state or its stage, and how far it is every ten seconds at most. Ends when all have
ended: exit code 1 if any failed, or if nobody knows how it ended.`,
		Args: command.Args(1, -1),
		RunE: e.With(func(ctx context.Context, a *app.App, refs []string) error {
			var o outcomes
			err := a.Watch(ctx, refs, func(n jobs.News) error {
				o.add(n.Job)
				return printNews(e, n)
			})
			if err == nil {
				err = o.err()
			}
			return ended(err)
		}),
	}
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
	text := n.Job.State.Words()
	if n.Stage != "" && n.Job.State.Active() {
		text += ", " + present.Stage(n.Stage, n.Done, n.Total)
	} else if w := present.JobWhere(n.Job, "", n.At); w != "" {
		text += ", " + w
	}
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
	return &cobra.Command{
		Use:   "why ID",
		Short: "say why a job failed or waits, by job id or by experiment",
		Args:  command.Args(1, 1),
		RunE: e.With(func(ctx context.Context, a *app.App, refs []string) error {
			j, err := a.FindJob(ctx, refs[0])
			if err != nil {
				return err
			}
			cause, err := a.Why(ctx, j)
			return e.Answer(err, cause, func() { printCause(e, cause) })
		}),
	}
}

func printCause(e *command.Env, c jobs.Cause) {
	state := present.State(c.Job.State.Words())
	e.Say("job %s (%s): %s", c.Job.ID, cmp.Or(c.Job.Title(), unit.Missing), e.Paint(state.Role, state.Text))
	e.Say("%s", e.Paint(present.Strong, c.Title))
	for _, text := range []string{c.Line, e.Paint(present.Dim, c.Where)} {
		if text != "" {
			e.Say("  %s", text)
		}
	}
	for _, f := range c.Fixes {
		e.Say("  try: %s", f)
	}
}
