// Package job is the commands that submit and follow jobs.
package job

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/jobs"
	"shardeck/model/present"
	"shardeck/ui/cli/command"
)

// Jobs lists jobs.
func Jobs(e *command.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "jobs",
		Short: "list jobs: what was submitted here, and what else is in the queue",
		Long: `Lists the jobs of this workspace, newest first, and the other waiting and running
jobs of this account. Of those that failed the cause is read from the log; shardeck why
has the line that proves it. --json uses Slurm's words for states with every scheduler.`,
		Args: command.Args(0, 0),
		RunE: e.With(func(ctx context.Context, a *app.App, _ []string) error {
			list, err := a.ListJobs(ctx, true)
			if err != nil {
				return err
			}
			causes := a.Causes(ctx, list.Jobs, causesListed)
			return e.Show(jobsJSON{list, causes}, func() { printJobs(e, list, causes) })
		}),
	}
}

// causesListed is for how many failed jobs, the newest, the logs are read.
const causesListed = 10

// jobsJSON is jobs --json.
type jobsJSON struct {
	jobs.JobList
	Causes map[string]string `json:"causes"` // by job id, of the newest that failed; why has the proof and the fixes
}

func printJobs(e *command.Env, list jobs.JobList, causes map[string]string) {
	if len(list.Jobs) > 0 {
		e.Table(present.Jobs(list.Jobs, causes, time.Now()))
	} else {
		e.Say("no jobs")
	}
	if !list.AsOf.IsZero() {
		e.Warn("%s as of %s", list.Scheduler, list.AsOf.Local().Format("15:04:05"))
	}
	if list.Stale != "" {
		e.Warn("no answer since %s: %s; jobs are shown as last seen", list.Since.Local().Format("15:04:05"), list.Stale)
	}
}
