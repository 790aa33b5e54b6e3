package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	rooms "shardeck/backend/app"
	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/present"
	"shardeck/model/present/unit"
)

// submitFlags are the flags of submit.
type submitFlags struct {
	nsys, dryRun, yes, force bool
}

func (a *app) submitCmd() *cobra.Command {
	var f submitFlags
	c := &cobra.Command{
		Use:   "submit ID…",
		Short: "check, record and submit experiments",
		Long: `Checks each experiment, shows what it costs, asks, and submits. What is submitted
is written down first, with a tag that travels in the job's comment, so that nothing
is submitted twice or forgotten. Prints the job's id.`,
		Args: args(1, -1),
		RunE: a.withLab(func(ctx context.Context, l *rooms.App, ids []string) error {
			return a.submit(ctx, l, ids, f)
		}),
	}
	c.Flags().BoolVar(&f.nsys, "nsys", false, "profile with Nsight Systems instead of the torch profiler")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "print the job script and submit nothing")
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask")
	c.Flags().BoolVar(&f.force, "force", false, "submit again although a job of the experiment has not ended")
	return c
}

// submit looks at all before it submits any: one refused experiment leaves the
// others unsubmitted rather than half a batch in the queue.
func (a *app) submit(ctx context.Context, l *rooms.App, ids []string, f submitFlags) error {
	previews := make([]jobs.Preview, len(ids))
	for i, id := range ids {
		p, err := l.Preview(ctx, id, f.nsys)
		if err != nil {
			return err
		}
		previews[i] = p
	}
	if f.dryRun {
		return a.printPreviews(previews, l.Starts(ctx, previews))
	}
	if err := l.Writable("submit " + ids[0]); err != nil {
		return err // before anybody is asked
	}
	if err := a.refuse(previews); err != nil {
		return err
	}
	if err := a.confirm(ctx, l, previews, f); err != nil {
		return err
	}
	return a.submitAll(ctx, l, ids, f)
}

// dry is one job of submit --dry-run --json.
type dry struct {
	jobs.Preview
	Start jobs.Start `json:"start"` // when it would begin
}

// printPreviews prints the scripts alone on standard output, and when they would start
// beside them.
func (a *app) printPreviews(previews []jobs.Preview, starts []jobs.Start) error {
	all := make([]dry, len(previews))
	for i, p := range previews {
		all[i] = dry{p, starts[i]}
	}
	if a.json {
		return a.printJSON(all)
	}
	for _, d := range all {
		fmt.Fprint(a.out, d.Script)
		for _, words := range []string{present.WouldStart(d.Start.At, d.Start.Note, time.Now()), present.KeptResult(d.Preview.Keeps)} {
			if words != "" {
				a.warn("%s %s", d.Row.Experiment.ID, a.plain(words))
			}
		}
	}
	return a.refuse(previews)
}

// refuse prints the findings of every experiment; an error in any refuses all.
func (a *app) refuse(previews []jobs.Preview) error {
	bad := 0
	for _, p := range previews {
		for _, f := range p.Row.Verdict.Findings {
			if f.Severity != check.SeverityNote {
				a.warn("%s: %s: %s%s", p.Row.Experiment.ID, f.Severity, a.plain(f.Fault), a.fixLine(f))
			}
		}
		if !fine(p.Row) {
			bad++
		}
	}
	if bad > 0 {
		return usage("nothing submitted: %s refused", unit.Plural(bad, "experiment"))
	}
	return nil
}

func (a *app) fixLine(f check.Finding) string {
	if f.Fix == "" {
		return ""
	}
	return "\n     fix: " + a.plain(f.Fix)
}

// confirm asks with the price. Without a terminal there is nobody to ask, so --yes is needed.
func (a *app) confirm(ctx context.Context, l *rooms.App, previews []jobs.Preview, f submitFlags) error {
	if f.yes {
		return nil
	}
	for i, start := range l.Starts(ctx, previews) {
		r := previews[i].Row
		plan := present.Plan(r.Verdict, present.WouldStart(start.At, start.Note, time.Now()), present.KeptResult(previews[i].Keeps))
		fmt.Fprintln(a.err, a.plain(fmt.Sprintf("%s  %s  %s", r.Experiment.ID, r.Experiment.Layout.Short(), plan)))
	}
	return a.ask(ctx, fmt.Sprintf("Submit %s to %s?", unit.Plural(len(previews), "job"), l.SchedulerName()))
}

// ask puts a question whose answer must be yes.
func (a *app) ask(ctx context.Context, question string) error {
	if !terminal(a.in) {
		return usage("nothing submitted: there is no terminal to ask at\nto submit without asking: --yes")
	}
	fmt.Fprintf(a.err, "%s [y/N] ", question)
	answer, err := a.answer(ctx)
	if err != nil {
		fmt.Fprintln(a.err)
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return fmt.Errorf("nothing submitted")
}

// answer reads a line; an interrupt does not wait for its end.
func (a *app) answer(ctx context.Context) (string, error) {
	line := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(a.in).ReadString('\n') // an end without answer is a no
		line <- text
	}()
	select {
	case text := <-line:
		return text, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (a *app) submitAll(ctx context.Context, l *rooms.App, ids []string, f submitFlags) error {
	done := []model.Submission{}
	for _, id := range ids {
		s, err := l.SubmitWith(ctx, id, jobs.SubmitOptions{Nsys: f.nsys, Force: f.force})
		if err != nil {
			return firstOf(a.printSubmissions(done), err)
		}
		done = append(done, s)
	}
	return a.printSubmissions(done)
}

// printSubmissions prints the ids alone on standard output, for scripts.
func (a *app) printSubmissions(done []model.Submission) error {
	if a.json {
		return a.printJSON(done)
	}
	for _, s := range done {
		fmt.Fprintln(a.out, s.JobID)
		a.warn("%s is job %s (%s); its log: %s", s.Experiment.ID, s.JobID, s.Scheduler, s.Log)
	}
	return nil
}
