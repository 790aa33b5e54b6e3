package cli

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	rooms "shardeck/backend/app"
	"shardeck/backend/jobs"
	"shardeck/model/present"
	"shardeck/model/present/unit"
)

func (a *app) whyCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "why ID",
		Short: "say why a job failed or waits, by job id or by experiment",
		Args:  args(1, 1),
		RunE: a.withLab(func(ctx context.Context, l *rooms.App, refs []string) error {
			j, err := l.FindJob(ctx, refs[0])
			if err != nil {
				return err
			}
			cause, err := l.Why(ctx, j)
			if err != nil {
				return err
			}
			return a.show(cause, func() { a.printCause(cause) })
		}),
	}
}

func (a *app) printCause(c jobs.Cause) {
	state := present.State(c.Job.State.Words())
	a.say("job %s (%s): %s\n%s", c.Job.ID, cmp.Or(present.JobTitle(c.Job), unit.Missing), a.paint(state.Role, state.Text), a.paint(present.Strong, c.Title))
	for _, text := range []string{c.Line, a.paint(present.Dim, c.Where)} {
		if text != "" {
			a.say("  %s", text)
		}
	}
	for _, f := range c.Fixes {
		a.say("  try: %s", f)
	}
}
