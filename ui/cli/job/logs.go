package job

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/jobs"
	"shardeck/ui/cli/command"
)

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
