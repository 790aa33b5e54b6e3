package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/spf13/cobra"

	"shardeck/backend/lab"
	"shardeck/backend/pool"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// traceFlags are the flags of trace.
type traceFlags struct {
	top      int
	late     int
	allRanks bool
	ops      bool
}

func (a *app) traceCmd() *cobra.Command {
	var f traceFlags
	c := &cobra.Command{
		Use:   "trace RUN [RUN]",
		Short: "show where a run's time went: ranks, kernels, collectives",
		Long: `Shows on one screen where the time of a run went: the window of each rank divided into
compute, transfer, waiting, copies and idle time; phases; classes of kernels; the
kernels that took longest; the collectives by size with their bandwidth; the straggler.

With two runs it compares them, the first as the base: parts of the window, classes,
kernels and collectives, each by the size of its difference. Times are of one rank, the
mean, and of one forward step where the runs have different numbers of steps.

With --ops it reads the Kineto traces once more and shows the kernel time by the operator
that launched the kernels; "within" is the outermost operator around it, which the
execution trace knows. Kernels that a CUDA graph replays have no operator.

--json prints everything there is. Of one run: window_ns, ranks (compute_ns, transfer_ns,
wait_ns, copy_ns, idle_ns, skew_ns …), phases, timeline, classes, kernels (name, class,
total_ns, count, min_ns, max_ns, share), collectives (type, bytes, count, transfer_ns,
wait_ns, algbw, busbw), lateness (ranks, bins, worst: the calls whose last rank was latest),
straggler. Of two: runs, per_step, parts, classes, kernels and
collectives, each a list of rows with sides (ns, count, share), change_ns, change_pct and
only_in. With --ops: kernel_ns, attributed_ns, joined_ns, ops (name, total_ns, count, share,
within) and rest (reason, total_ns, count, share).`,
		Example: "  shardeck trace llama-8b-tp2\n  shardeck trace llama-8b-tp1 llama-8b-tp2\n  shardeck trace llama-8b-tp2 --ops --top 20",
		Args:    args(1, 2),
		RunE: a.withLab(func(ctx context.Context, l *lab.Lab, runs []string) error {
			switch {
			case f.ops && len(runs) == 2:
				return usage("--ops is of one run")
			case f.ops:
				return a.traceOps(ctx, l, runs[0], f.top)
			case len(runs) == 2:
				return a.traceDiff(ctx, l, runs, f)
			}
			found, err := l.Analyse(ctx, runs[0], pool.Wanted, a.progress())
			if err != nil {
				return err
			}
			return a.printTrace(found, f)
		}),
	}
	c.Flags().IntVar(&f.top, "top", 8, "how many kernels or operators to list")
	c.Flags().IntVar(&f.late, "late", 0, "how many calls to list, by how late their last rank was")
	c.Flags().BoolVar(&f.ops, "ops", false, "show kernel time by operator")
	c.Flags().BoolVar(&f.allRanks, "all-ranks", false, "list every rank, however many there are")
	return c
}

// summary is trace --json.
type summary struct {
	Run string `json:"run"`
	*metric.TraceSummary
	Straggler metric.Metric `json:"straggler"`
	Warnings  []string      `json:"warnings"`
	Damaged   bool          `json:"damaged"`
	Replay    bool          `json:"replay,omitempty"`
}

func (a *app) printTrace(found *metric.Analysis, f traceFlags) error {
	s := found.Trace
	if s == nil {
		return noTraces(found)
	}
	if a.json {
		return firstOf(a.printJSON(summary{found.Run, s, found.Metric("straggler"), found.Warnings, found.Damaged, found.Replay}), damage(found))
	}
	fmt.Fprintln(a.out, a.plain(fmt.Sprintf("%s · window %s ms · %s · %s of traces%s", a.paint(bold, found.Run), unit.Millis(s.WindowNS, 0),
		unit.Plural(len(s.Ranks), "rank"), unit.FileSize(s.Bytes), replayMark(found))))
	fmt.Fprintln(a.out)
	a.printSplits(s, f.allRanks)
	fmt.Fprintln(a.out)
	a.printPhases(s)
	a.printClasses(s)
	fmt.Fprintln(a.out)
	a.printKernels(s, f.top)
	a.printCollectives(s)
	a.printLate(s, f.late)
	fmt.Fprintln(a.out)
	a.sayStraggler(found)
	a.sayWarnings(found)
	return damage(found)
}

func noTraces(found *metric.Analysis) error {
	reason := found.Metric("gpu_busy").Reason
	if reason != "" {
		reason = ": " + reason
	}
	return fmt.Errorf("%s has no traces to show%s\nto read its other figures: shardeck metrics %s", found.Run, reason, found.Run)
}

func replayMark(found *metric.Analysis) string {
	if found.Replay {
		return " · replay of a recording"
	}
	return ""
}

// sayStraggler ends with the sentence that people look for.
func (a *app) sayStraggler(found *metric.Analysis) {
	m := found.Metric("straggler")
	text := "no straggler told: " + m.Reason
	switch {
	case m.Value != nil && m.By.Latest != nil:
		text = fmt.Sprintf("straggler: rank %s, %s ms late in all, cause %s", unit.Full(*m.Value), unit.Number(m.By.Latest.Total, 1), m.Cause)
	case m.Reason == "none":
		text = "no straggler"
	}
	if m.Note != "" {
		text += " (" + m.Note + ")"
	}
	a.wrapped(text, "")
}

// wrapped prints a text in lines of the screen's width, all but the first indented.
func (a *app) wrapped(text, indent string) {
	lines := ansi.Wordwrap(text, a.width()-len(indent), " ")
	fmt.Fprintln(a.out, a.plain(strings.ReplaceAll(lines, "\n", "\n"+indent)))
}
