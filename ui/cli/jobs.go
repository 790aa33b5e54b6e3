package cli

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"shardeck/backend/lab"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
)

func (a *app) jobsCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "jobs",
		Short: "list jobs: what was submitted here, and what else is in the queue",
		Long: `Lists the jobs of this workspace, newest first, and the other waiting and running
jobs of this account. Of those that failed the cause is read from the log; shardeck why
has the line that proves it. --json uses Slurm's words for states with every scheduler.`,
		Args: args(0, 0),
		RunE: a.withLab(func(ctx context.Context, l *lab.Lab, _ []string) error {
			list, err := l.Jobs(ctx, true)
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
	lab.JobList
	Causes map[string]string `json:"causes"` // by job id, of the newest that failed; why has the proof and the fixes
}

func (a *app) printJobs(list lab.JobList, causes map[string]string) {
	t := newTable("job", "experiment", "state", "why / where", ">elapsed", ">limit")
	for _, j := range list.Jobs {
		why := cmp.Or(causes[j.ID], where(j))
		t.add(j.ID, orMissing(jobTitle(j)), a.paint(stateInk(j.State), j.State.Words()), why, present.Clock(j.Elapsed), present.Clock(j.Limit))
	}
	if len(list.Jobs) > 0 {
		a.write(t)
	} else {
		fmt.Fprintln(a.out, "no jobs")
	}
	if !list.AsOf.IsZero() {
		a.warn("%s as of %s", list.Scheduler, list.AsOf.Local().Format("15:04:05"))
	}
	if list.Stale != "" {
		a.warn("no answer since %s: %s; jobs are shown as last seen", list.Since.Local().Format("15:04:05"), list.Stale)
	}
}

// jobTitle is the experiment, or what another job calls itself.
func jobTitle(j model.Job) string {
	if j.Experiment != "" {
		return j.Experiment
	}
	return j.Name
}

// inks underline the states that people look for.
var inks = map[model.JobState]ink{
	model.JobPending: yellow, model.JobSuspended: yellow, model.JobRunning: cyan, model.JobCompleting: cyan,
	model.JobCompleted: green, model.JobCancelled: dim, model.JobUnknown: dim,
	model.JobFailed: red, model.JobTimeout: red, model.JobNodeFail: red, model.JobOutOfMemory: red, model.JobPreempted: red,
}

func stateInk(s model.JobState) ink {
	if i, ok := inks[s]; ok {
		return i
	}
	return bold
}

// where says why a job waits, where it runs, or how it ended.
func where(j model.Job) string {
	reason := model.ReasonOf(j.Reason).Words
	if array := j.Tasks.Words(); array != "" && j.State == model.JobPending && reason != "" {
		return array + "; " + reason
	} else if array != "" {
		return array
	}
	switch {
	case j.State == model.JobPending && !j.Start.IsZero():
		return fmt.Sprintf("%s, start ~%s", reason, unit.Moment(j.Start, time.Now()))
	case j.State == model.JobPending:
		return reason
	case j.State.Active():
		return j.NodeList
	case j.State.Failed() && j.Reason != "" && j.Reason != "None":
		return reason
	case j.State == model.JobCancelled:
		return ""
	case j.State.Failed() && j.ExitCode != "":
		return "exit code " + j.ExitCode
	}
	return ""
}
