package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"shardeck/backend/lab"
)

func (a *app) analyzeCmd() *cobra.Command {
	return &cobra.Command{
		Use:     "analyze",
		Aliases: []string{"analyse"},
		Short:   "read every run; write results_summary.csv and scaling_analysis.png",
		Long: `Reads every run under trace_collection/ (what was read before comes from the cache)
and writes experiments/results_summary.csv, one row a run, and
experiments/scaling_analysis.png: throughput, iteration time, efficiency and expert
parallelism against GPUs.`,
		Args: args(0, 0),
		RunE: a.withLab(func(ctx context.Context, l *lab.Lab, _ []string) error {
			report, err := l.ExportAll(ctx, a.progress())
			if err != nil {
				return err
			}
			if a.json {
				return firstOf(a.printJSON(report), damaged(report))
			}
			a.printReport(report)
			return damaged(report)
		}),
	}
}

// printReport lists the runs that were read and the files that were written.
func (a *app) printReport(r lab.Report) {
	t := newTable("run", "layout", ">tok/s", ">TTFT|ms", ">TPOT|ms", ">comm|%", "")
	for _, run := range r.Runs {
		cell := func(name string, decimals int) string {
			if run.Analysis == nil {
				return missing
			}
			return valueOf(run.Analysis.Metric(name), decimals)
		}
		t.add(run.Run, orMissing(run.Layout), cell("throughput_tokens_sec", 0), cell("ttft", 1), cell("tpot", 2), cell("comm_overhead", 1), a.runRemark(run))
	}
	if len(r.Runs) > 0 {
		a.write(t)
	} else {
		a.warn("no run under trace_collection/ yet: the summary has no rows")
	}
	for _, path := range r.Files {
		fmt.Fprintf(a.out, "wrote %s\n", path)
	}
}

// runRemark says in a word what a row's figures are not.
func (a *app) runRemark(run lab.RunReport) string {
	switch {
	case run.Problem != "":
		return a.paint(red, run.Problem)
	case run.Analysis != nil && run.Analysis.Damaged:
		return a.paint(yellow, "damaged input")
	case run.Analysis != nil && run.Analysis.Replay:
		return a.paint(dim, "replay")
	}
	return ""
}

// damaged is exit code 4 if any run was.
func damaged(r lab.Report) error {
	for _, run := range r.Runs {
		if run.Analysis != nil && run.Analysis.Damaged {
			return silent(exitDamaged)
		}
	}
	return nil
}
