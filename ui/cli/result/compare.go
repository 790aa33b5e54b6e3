package cli

import (
	"context"

	"github.com/spf13/cobra"

	rooms "shardeck/backend/app"
	"shardeck/model/present"
)

func (a *app) compareCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "compare RUN RUN…",
		Short: "set runs side by side, the first as the base",
		Long: `Shows the metrics of two or more runs and how each differs from the first. Figures
measured over iterations are medians with their spread; a difference that a rank test
cannot distinguish from chance is marked "~". What makes the runs not comparable
(model, workload, GPU, engine) is said on standard error.`,
		Args: args(2, -1),
		RunE: a.withLab(func(ctx context.Context, l *rooms.App, runs []string) error {
			c, err := l.Compare(ctx, runs, a.progress())
			if err != nil {
				return err
			}
			return a.show(c, func() {
				a.table(present.Comparison(c))
				a.warnings(c.Warnings)
			})
		}),
	}
}
