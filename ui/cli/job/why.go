package job

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/jobs"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/cli/command"
)

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
			if err != nil {
				return err
			}
			return e.Show(cause, func() { printCause(e, cause) })
		}),
	}
}

func printCause(e *command.Env, c jobs.Cause) {
	state := present.State(c.Job.State.Words())
	e.Say("job %s (%s): %s", c.Job.ID, cmp.Or(present.JobTitle(c.Job), unit.Missing), e.Paint(state.Role, state.Text))
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
