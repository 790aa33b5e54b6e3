package job

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/model/present"
	"shardeck/ui/cli/command"
)

// Cancel cancels jobs.
func Cancel(e *command.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "cancel JOB…",
		Short: "cancel jobs, by job id or by experiment",
		Args:  command.Args(1, -1),
		RunE: e.With(func(ctx context.Context, a *app.App, refs []string) error {
			for _, ref := range refs {
				j, err := a.FindJob(ctx, ref)
				if err != nil {
					return err
				}
				if !j.State.Active() {
					e.Warn("job %s (%s) has ended already: %s", j.ID, present.JobTitle(j), j.State.Words())
					continue
				}
				if err := a.Cancel(ctx, j.ID); err != nil {
					return err
				}
				fmt.Fprintf(e.Out, "cancelled %s\n", j.ID)
			}
			return nil
		}),
	}
}
