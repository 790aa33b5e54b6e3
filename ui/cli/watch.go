package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"shardeck/backend/lab"
	"shardeck/model"
)

func (a *app) watchCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "watch ID…",
		Short: "print a line at every change of jobs until they end",
		Long: `Follows jobs, by job id or by experiment, and prints a line whenever one changes
its state or its stage. Ends when all have ended: exit code 1 if any failed.`,
		Args: args(1, -1),
		RunE: a.withLab(func(ctx context.Context, l *lab.Lab, refs []string) error {
			failed := 0
			err := l.Watch(ctx, refs, func(n lab.News) error {
				if !n.Job.State.Active() && n.Job.State != model.JobCompleted {
					failed++
				}
				return a.printNews(n)
			})
			if err == nil && failed > 0 {
				return fmt.Errorf("%s did not complete\nto see the cause: shardeck why JOB", count(failed, "job"))
			}
			return ended(err)
		}),
	}
}

func (a *app) printNews(n lab.News) error {
	if a.json {
		return a.printJSON(n)
	}
	text := n.Job.State.Words()
	if n.Stage != "" && n.Job.State.Active() {
		text += ", " + n.Stage
		if n.Total > 0 {
			text += fmt.Sprintf(" %d of %d", n.Done, n.Total)
		}
	} else if w := where(n.Job); w != "" {
		text += ", " + w
	}
	_, err := fmt.Fprintf(a.out, "%s  %-8s  %-8s  %s\n", n.At.Local().Format("15:04:05"), n.Job.ID, jobTitle(n.Job), text)
	return err
}

// ended takes an interrupt as the way to leave a command that follows something.
func ended(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
