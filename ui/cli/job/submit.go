package job

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/cli/command"
)

// submitFlags are the flags of submit.
type submitFlags struct {
	nsys, dryRun, yes, force bool
}

// Submit checks, records and submits experiments.
func Submit(e *command.Env) *cobra.Command {
	var f submitFlags
	c := &cobra.Command{
		Use:   "submit ID…",
		Short: "check, record and submit experiments",
		Long: `Checks each experiment, shows what it costs, asks, and submits. What is submitted
is written down first, with a tag that travels in the job's comment, so that nothing
is submitted twice or forgotten. Prints the job's id.`,
		Args: command.Args(1, -1),
		RunE: e.With(func(ctx context.Context, a *app.App, ids []string) error {
			return submit(ctx, e, a, ids, f)
		}),
	}
	c.Flags().BoolVar(&f.nsys, "nsys", false, "profile with Nsight Systems instead of the torch profiler")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "print the job script and submit nothing")
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	c.Flags().BoolVar(&f.force, "force", false, "submit again although a job of the experiment has not ended")
	return c
}

// submit looks at all before it submits any: one that is refused leaves no half batch in the queue.
func submit(ctx context.Context, e *command.Env, a *app.App, ids []string, f submitFlags) error {
	previews := make([]jobs.Preview, len(ids))
	for i, id := range ids {
		p, err := a.Preview(ctx, id, f.nsys)
		if err != nil {
			return err
		}
		previews[i] = p
	}
	if f.dryRun {
		return printPreviews(e, previews, a.Starts(ctx, previews))
	}
	if err := a.Writable("submit " + ids[0]); err != nil {
		return err // before anybody is asked
	}
	if err := refuse(e, previews); err != nil {
		return err
	}
	if err := confirm(ctx, e, a, previews, f); err != nil {
		return err
	}
	one := func(id string) (model.Submission, error) {
		return a.Submit(ctx, id, jobs.SubmitOptions{Nsys: f.nsys, Force: f.force})
	}
	return command.ShowEach(e, ids, one, func(s model.Submission) {
		fmt.Fprintln(e.Out, s.JobID) // alone on standard output, for scripts
		e.Warn("%s is job %s (%s); its log: %s", s.Experiment.ID, s.JobID, s.Scheduler, s.Log)
	})
}

// dry is one job of submit --dry-run --json.
type dry struct {
	jobs.Preview
	Start jobs.Start `json:"start"` // when it would begin
}

// printPreviews prints the scripts alone on standard output, and when they would start beside them.
func printPreviews(e *command.Env, previews []jobs.Preview, starts []jobs.Start) error {
	all := make([]dry, len(previews))
	for i, p := range previews {
		all[i] = dry{p, starts[i]}
	}
	if e.JSON {
		return e.PrintJSON(all)
	}
	for _, d := range all {
		fmt.Fprint(e.Out, d.Script)
		start := present.WouldStart(d.Start.At, d.Start.Note, time.Now())
		if words := present.Joined(start, present.KeptResult(d.Preview.KeptAs, d.Row.Marks())); words != "" {
			e.Warn("%s %s", d.Row.Experiment.ID, e.Plain(words))
		}
	}
	return refuse(e, previews)
}

// refuse prints the findings of every experiment; an error in any refuses all.
func refuse(e *command.Env, previews []jobs.Preview) error {
	bad := 0
	for _, p := range previews {
		for _, f := range p.Row.Verdict.Findings {
			if f.Severity == check.SeverityNote {
				continue
			}
			e.Warn("%s: %s: %s", p.Row.Experiment.ID, f.Severity, e.Plain(f.Fault))
			if f.Fix != "" {
				fmt.Fprintln(e.Err, "     fix: "+e.Plain(f.Fix))
			}
		}
		if !p.Row.OK() {
			bad++
		}
	}
	if bad > 0 {
		return command.Usage("nothing submitted: %s refused", unit.Plural(bad, "experiment"))
	}
	return nil
}

// confirm asks with the price. Without a terminal there is nobody to ask, so --yes is needed.
func confirm(ctx context.Context, e *command.Env, a *app.App, previews []jobs.Preview, f submitFlags) error {
	if f.yes {
		return nil
	}
	for i, start := range a.Starts(ctx, previews) {
		r := previews[i].Row
		plan := present.Plan(r.Verdict, present.WouldStart(start.At, start.Note, time.Now()), present.KeptResult(previews[i].KeptAs, r.Marks()))
		fmt.Fprintln(e.Err, e.Plain(fmt.Sprintf("%s  %s  %s", r.Experiment.ID, r.Experiment.Layout.Short(), plan)))
	}
	return e.Ask(ctx, fmt.Sprintf("Submit %s to %s?", unit.Plural(len(previews), "job"), a.SchedulerName()))
}

// Cancel cancels jobs.
func Cancel(e *command.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "cancel JOB…",
		Short: "cancel jobs, by job id or by experiment",
		Args:  command.Args(1, -1),
		RunE: e.With(func(ctx context.Context, a *app.App, refs []string) error {
			for _, ref := range refs {
				j, err := a.FindJob(ctx, ref)
				if err != nil {
					return err
				}
				if !j.State.Active() {
					e.Warn("job %s (%s) has ended already: %s", j.ID, j.Title(), j.State.Words())
					continue
				}
				if err := a.Cancel(ctx, j.ID); err != nil {
					return err
				}
				fmt.Fprintf(e.Out, "cancelled %s\n", j.ID)
			}
			return nil
		}),
	}
}
