package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	rooms "shardeck/backend/app"
	"shardeck/backend/jobs"
)

func (a *app) logsCmd() *cobra.Command {
	lines, follow := 0, false
	c := &cobra.Command{
		Use:   "logs ID",
		Short: "print a job's log, by job id or by experiment (its newest job)",
		Args:  args(1, 1),
		RunE: a.withLab(func(ctx context.Context, l *rooms.App, refs []string) error {
			j, err := l.FindJob(ctx, refs[0])
			if err != nil {
				return err
			}
			if follow {
				return ended(l.Follow(ctx, j, lines, func(p jobs.LogPart) error { return a.printLog(p) }))
			}
			part, err := l.Log(ctx, j, lines)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(part)
			}
			return a.printLog(part)
		}),
	}
	c.Flags().IntVarP(&lines, "lines", "n", 200, "the last `N` lines; 0: all that a screen can use")
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on printing until the job ends")
	return c
}

func (a *app) printLog(p jobs.LogPart) error {
	for _, line := range p.Lines {
		if _, err := fmt.Fprintln(a.out, line); err != nil {
			return err
		}
	}
	return nil
}
