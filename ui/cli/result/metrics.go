package cli

import (
	"context"

	"github.com/spf13/cobra"

	rooms "shardeck/backend/app"
	"shardeck/model/metric"
	"shardeck/model/present"
)

func (a *app) metricsCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "metrics RUN",
		Short: "print every metric of a run",
		Long: `Prints every metric with its unit, its value on each rank, and the reason where
there is none. Exit code 0 if the run could be read, unit.Missing values included; 4 if
some of its files are damaged.`,
		Args: args(1, 1),
		RunE: a.withLab(func(ctx context.Context, l *rooms.App, runs []string) error {
			found, err := analysed(ctx, l, runs[0], a.progress())
			if found == nil {
				return err
			}
			return firstOf(a.show(found, func() { a.printMetrics(found) }), err, damage(found.Damaged))
		}),
	}
}

// damage is exit code 4 for values that come from the sound part of damaged files.
func damage(is bool) error {
	if is {
		return silent(exitDamaged)
	}
	return nil
}

func (a *app) printMetrics(found *metric.Analysis) {
	a.table(present.Metrics(found, metric.Definitions))
	a.warnings(found.Warnings)
	if found.Replay {
		a.warn("%s is a replay of a recording, not a measurement of this machine", found.Run)
	}
}
