package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	rooms "shardeck/backend/app"
	"shardeck/model/present"
)

func (a *app) cancelCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "cancel JOB…",
		Short: "cancel jobs, by job id or by experiment",
		Args:  args(1, -1),
		RunE: a.withLab(func(ctx context.Context, l *rooms.App, refs []string) error {
			for _, ref := range refs {
				j, err := l.FindJob(ctx, ref)
				if err != nil {
					return err
				}
				if !j.State.Active() {
					a.warn("job %s (%s) has ended already: %s", j.ID, present.JobTitle(j), j.State.Words())
					continue
				}
				if err := l.Cancel(ctx, j.ID); err != nil {
					return err
				}
				fmt.Fprintf(a.out, "cancelled %s\n", j.ID)
			}
			return nil
		}),
	}
}
