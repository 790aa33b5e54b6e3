package result

import (
	"context"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/model/present"
	"shardeck/ui/cli/command"
)

// Compare sets runs side by side.
func Compare(e *command.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "compare RUN RUN…",
		Short: "set runs side by side, the first as the base",
		Long: `Shows the metrics of two or more runs and how each differs from the first. Figures
measured over iterations are medians with their spread; a difference that a rank test
cannot distinguish from chance is marked "~". What makes the runs not comparable
(model, workload, GPU, engine) is said on standard error.`,
		Args: command.Args(2, -1),
		RunE: e.With(func(ctx context.Context, a *app.App, runs []string) error {
			c, err := a.Compare(ctx, runs, e.Progress())
			if err != nil {
				return err
			}
			return e.Show(c, func() {
				e.Table(present.Comparison(c))
				e.Warnings(c.Warnings)
			})
		}),
	}
}
