package result

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/jobs"
	"shardeck/backend/measure"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/cli/command"
)

// analyzeFlags are the flags of analyze.
type analyzeFlags struct {
	onNode, dryRun bool
	readRank       int // -1: none
}

// Analyze reads every run and writes the summary and the figure.
func Analyze(e *command.Env) *cobra.Command {
	f := analyzeFlags{}
	c := e.Command("analyze [PATH…]", "read every run; write results_summary.csv and scaling_analysis.png", `
Reads every run under trace_collection/ (what was read before comes from the cache)
and writes experiments/results_summary.csv, one row a run, and
experiments/scaling_analysis.png: throughput, iteration time, efficiency and expert
parallelism against GPUs. Traces that lie elsewhere are rows too, by their paths.

Traces that are more than a login node's budget are not read there. With --on-node they
are read by a Slurm job, an array with one short task a rank: of the runs named, or of
all that are beyond the budget. Its results come by the cache ($XDG_CACHE_HOME/shardeck,
or ~/.cache/shardeck), which must lie on a file system that login and compute nodes
share. --here reads them on this machine all the same.`, func(ctx context.Context, a *app.App, runs []string) error {
		switch {
		case f.readRank >= 0 && len(runs) != 1:
			return command.Usage("--read-rank is of one run")
		case f.readRank >= 0:
			return readRank(ctx, e, a, runs[0], f.readRank)
		case f.onNode:
			return onNode(ctx, e, a, runs, f)
		}
		report, err := a.ExportAll(ctx, runs, e.Progress())
		damaged := slices.ContainsFunc(report.Runs, func(r measure.RunReport) bool { return r.Analysis != nil && r.Analysis.Damaged })
		return e.Answer(err, report, func() { printReport(e, report) }, command.DamagedIf(damaged))
	})
	c.Aliases, c.Example = []string{"analyse"}, "  shardeck analyze\n  shardeck analyze --on-node llama-70b-tp16"
	c.Flags().BoolVar(&f.onNode, "on-node", false, "read traces in a Slurm job, one task a rank")
	e.Asks(c, "with --on-node: do not ask")
	c.Flags().BoolVar(&f.dryRun, "dry-run", false, "with --on-node: print the job scripts and submit nothing")
	c.Flags().IntVar(&f.readRank, "read-rank", -1, "read one rank of a run into the cache, as the tasks of --on-node do")
	_ = c.Flags().MarkHidden("read-rank") // it was defined above
	return c
}

// onNode submits a reading job for each run, after showing what it asks for.
func onNode(ctx context.Context, e *command.Env, a *app.App, runs []string, f analyzeFlags) error {
	plans, err := a.PlanReading(ctx, runs)
	if err != nil {
		return err
	}
	switch {
	case f.dryRun:
		return e.Show(plans, func() {
			for _, p := range plans {
				fmt.Fprint(e.Out, p.Script)
			}
		})
	case len(plans) == 0:
		why := "these runs have been read"
		if len(runs) == 0 {
			why = "no run is beyond the login node's budget, or all have been read"
		}
		e.Warn("nothing to read on a node: %s", why)
		return nil
	}
	if !e.Yes {
		for _, p := range plans {
			tasks := fmt.Sprintf("%s of at most %s", unit.Plural(len(p.Ranks), "task"), p.Time)
			what := present.Joined(unit.FileSize(p.Bytes)+" of traces", tasks, p.Job.Constraint, present.QOS(p.Job.QOS))
			fmt.Fprintln(e.Err, e.Plain(p.Run+"  "+what))
		}
		if err := e.Ask(ctx, fmt.Sprintf("Submit %s to %s?", unit.Plural(len(plans), "job"), a.SchedulerName())); err != nil {
			return err
		}
	}
	one := func(p jobs.NodeReading) (submitted, error) {
		s, err := a.SubmitReading(ctx, p)
		return submitted{s.JobID, p}, err
	}
	return command.ShowEach(e, plans, one, func(s submitted) {
		fmt.Fprintln(e.Out, s.JobID) // alone on standard output, for scripts
		e.Warn("job %[1]s reads %[2]s, one task a rank; follow it with shardeck watch %[1]s, then shardeck metrics %[2]s", s.JobID, s.Run)
	})
}

// submitted is a reading job in --json.
type submitted struct {
	JobID string `json:"job_id"`
	jobs.NodeReading
}

// readRank is a task of a reading job; its line goes to the job's log.
func readRank(ctx context.Context, e *command.Env, a *app.App, run string, rank int) error {
	r, err := a.ReadRank(ctx, run, rank, e.Progress())
	end := map[bool]string{true: "; all ranks are read, and the run is analysed"}[r.Complete]
	return e.Answer(err, r, func() {
		e.Say("rank %d of %s: %s read, %s kernels and copies kept in %s%s", r.Rank, r.Run, unit.FileSize(r.Bytes),
			unit.Int(int(r.Kernels)), unit.FileSize(r.Kept), end)
	})
}

// printReport lists the runs that were read and the files that were written.
func printReport(e *command.Env, r measure.Report) {
	t := present.Table{Columns: present.RunColumns("run…16", "layout")}
	for _, run := range r.Runs {
		t.Add(append(present.RunCells(run.Analysis, present.Cell{Text: run.Run}, present.OrNone(run.Layout)), runRemark(run))...)
	}
	if len(r.Runs) > 0 || e.Format != command.FormatTable {
		e.Table(t)
	}
	if len(r.Runs) == 0 {
		e.Warn("no run under trace_collection/ yet: the summary has no rows")
	}
	for _, path := range r.Files {
		fmt.Fprintf(e.Out, "wrote %s\n", e.Link(path))
	}
	for _, run := range r.Runs {
		if run.Large {
			e.Warn("%s\n     try: %s", run.Problem, run.Fix)
		}
	}
}

// runRemark says in a word what a row's figures are not.
func runRemark(run measure.RunReport) present.Cell {
	switch {
	case run.Large:
		return present.Cell{Text: "too large to read here", Role: present.Warn}
	case run.Problem != "":
		return present.Cell{Text: run.Problem, Role: present.Bad}
	case run.Analysis != nil && run.Analysis.Damaged:
		return present.Cell{Text: "damaged input", Role: present.Warn}
	}
	return present.Cell{Text: present.Marks(run.Marks), Role: present.Dim}
}
