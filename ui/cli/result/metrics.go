// Package result is the commands that show what runs have measured.
package result

import (
	"context"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/ui/cli/command"
)

// Metrics prints every metric of a run.
func Metrics(e *command.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "metrics RUN",
		Short: "print every metric of a run",
		Long: `Prints every metric with its unit, its value on each rank, and the reason where
there is none. Exit code 0 if the run could be read, missing values included; 4 if
some of its files are damaged.`,
		Args: command.Args(1, 1),
		RunE: e.With(func(ctx context.Context, a *app.App, runs []string) error {
			found, err := analysed(ctx, a, runs[0], e.Progress())
			if found == nil {
				return err
			}
			return command.FirstOf(e.Show(found, func() { printMetrics(e, found) }), err, command.DamagedIf(found.Damaged))
		}),
	}
}

func printMetrics(e *command.Env, found *metric.Analysis) {
	e.Table(present.Metrics(found, metric.Definitions))
	e.Warnings(found.Warnings)
	if found.Replay {
		e.Warn("%s is a replay of a recording, not a measurement of this machine", found.Run)
	}
}
