package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	rooms "shardeck/backend/app"
	"shardeck/backend/jobs"
	"shardeck/model/present"
)

func (a *app) jobsCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "jobs",
		Short: "list jobs: what was submitted here, and what else is in the queue",
		Long: `Lists the jobs of this workspace, newest first, and the other waiting and running
jobs of this account. Of those that failed the cause is read from the log; shardeck why
has the line that proves it. --json uses Slurm's words for states with every scheduler.`,
		Args: args(0, 0),
		RunE: a.withLab(func(ctx context.Context, l *rooms.App, _ []string) error {
			list, err := l.ListJobs(ctx, true)
			if err != nil {
				return err
			}
			causes := l.Causes(ctx, list.Jobs, causesListed)
			if a.json {
				return a.printJSON(jobsJSON{list, causes})
			}
			a.printJobs(list, causes)
			return nil
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

func (a *app) printJobs(list jobs.JobList, causes map[string]string) {
	if len(list.Jobs) > 0 {
		a.table(present.Jobs(list.Jobs, causes, time.Now()))
	} else {
		a.say("no jobs")
	}
	if !list.AsOf.IsZero() {
		a.warn("%s as of %s", list.Scheduler, list.AsOf.Local().Format("15:04:05"))
	}
	if list.Stale != "" {
		a.warn("no answer since %s: %s; jobs are shown as last seen", list.Since.Local().Format("15:04:05"), list.Stale)
	}
}
