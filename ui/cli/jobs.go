package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"shardeck/backend/lab"
	"shardeck/model"
)

func (a *app) jobsCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "jobs",
		Short: "list jobs: what was submitted here, and what else is in the queue",
		Long: `Lists the jobs of this workspace, newest first, and the other waiting and running
jobs of this account. --json uses Slurm's words for states with every scheduler.`,
		Args: args(0, 0),
		RunE: a.withLab(func(ctx context.Context, l *lab.Lab, _ []string) error {
			list, err := l.Jobs(ctx, true)
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(list)
			}
			a.printJobs(list)
			return nil
		}),
	}
}

func (a *app) printJobs(list lab.JobList) {
	t := newTable("job", "experiment", "state", "why / where", ">elapsed", ">limit")
	for _, j := range list.Jobs {
		t.add(j.ID, orMissing(jobTitle(j)), a.paint(stateInk(j.State), stateWord(j.State)), where(j), span(j.Elapsed), span(j.Limit))
	}
	if len(list.Jobs) > 0 {
		a.write(t)
	} else {
		fmt.Fprintln(a.out, "no jobs")
	}
	a.warn("%s as of %s", list.Scheduler, list.AsOf.Local().Format("15:04:05"))
	if list.Stale != "" {
		a.warn("this answer is old: %s", list.Stale)
	}
}

// jobTitle is the experiment, or what another job calls itself.
func jobTitle(j model.Job) string {
	if j.Experiment != "" {
		return j.Experiment
	}
	return j.Name
}

// states are the words people read and their colour.
var states = map[model.JobState]struct {
	word string
	ink  ink
}{
	model.JobPending: {"waiting", yellow}, model.JobRunning: {"running", cyan}, model.JobCompleting: {"ending", cyan},
	model.JobCompleted: {"done", green}, model.JobFailed: {"failed", red}, model.JobCancelled: {"cancelled", dim},
	model.JobTimeout: {"timed out", red}, model.JobNodeFail: {"node failed", red}, model.JobOutOfMemory: {"out of memory", red},
	model.JobPreempted: {"preempted", red}, model.JobSuspended: {"suspended", yellow}, model.JobUnknown: {"unknown", dim},
}

func stateWord(s model.JobState) string {
	if known, ok := states[s]; ok {
		return known.word
	}
	return string(s)
}

func stateInk(s model.JobState) ink {
	if known, ok := states[s]; ok {
		return known.ink
	}
	return bold
}

// where says why a job waits, where it runs, or how it ended.
func where(j model.Job) string {
	switch {
	case j.State == model.JobPending && !j.Start.IsZero():
		return fmt.Sprintf("%s, start ~%s", j.Reason, clock(j.Start))
	case j.State == model.JobPending:
		return j.Reason
	case j.State.Active():
		return j.NodeList
	case j.State.Failed() && j.Reason != "" && j.Reason != "None":
		return j.Reason
	case j.State.Failed() && j.ExitCode != "":
		return "exit code " + j.ExitCode
	}
	return ""
}

// clock is a time of today by hour, another with its day.
func clock(t time.Time) string {
	t = t.Local()
	if y, m, d := time.Now().Date(); t.Year() == y && t.Month() == m && t.Day() == d {
		return t.Format("15:04")
	}
	return t.Format("2 Jan 15:04")
}
