package job

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/cli/command"
)

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
	_, err := fmt.Fprintf(e.Out, "%s  %-8s  %-8s  %s\n", n.At.Local().Format("15:04:05"), n.Job.ID, present.JobTitle(n.Job), text)
	return err
}

// ended takes an interrupt as the way to leave a command that follows something.
func ended(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
