package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"shardeck/backend/lab"
)

func (a *app) whyCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "why ID",
		Short: "say why a job failed or waits, by job id or by experiment",
		Args:  args(1, 1),
		RunE: a.withLab(func(ctx context.Context, l *lab.Lab, refs []string) error {
			j, err := l.FindJob(ctx, refs[0])
			if err != nil {
				return err
			}
			cause, err := l.Why(ctx, j)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(cause)
			}
			a.printCause(cause)
			return nil
		}),
	}
}

func (a *app) printCause(c lab.Cause) {
	fmt.Fprintf(a.out, "job %s (%s): %s\n", c.Job.ID, orMissing(jobTitle(c.Job)), a.paint(stateInk(c.Job.State), c.Job.State.Words()))
	fmt.Fprintln(a.out, a.plain(a.paint(bold, c.Title)))
	if c.Line != "" {
		fmt.Fprintf(a.out, "  %s\n", c.Line)
	}
	if c.Where != "" {
		fmt.Fprintf(a.out, "  %s\n", a.paint(dim, c.Where))
	}
	for _, f := range c.Fixes {
		fmt.Fprintf(a.out, "  try: %s\n", a.plain(f))
	}
}
