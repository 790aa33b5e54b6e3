package result

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/pool"
	"shardeck/model/compare"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/cli/command"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// traceFlags are the flags of trace.
type traceFlags struct {
	top      int
	late     int
	allRanks bool
	ops      bool
	by       string
}

// Trace shows where a run's time went.
func Trace(e *command.Env) *cobra.Command {
	var f traceFlags
	c := e.Command("trace RUN [RUN]", "show where a run's time went: ranks, kernels, collectives", `
Shows on one screen where the time of a run went: the window of each rank divided into
compute, transfer, waiting, unmatched (communication without a partner in the traces:
transfer or wait, nobody knows), copies and idle time; phases; classes of kernels; the
kernels that took longest; the collectives by size with their bandwidth; the straggler.

With two runs it compares them, the first as the base: parts of the window, classes,
kernels and collectives, each by the size of its difference. Times are of one rank, the
mean, and of one forward step where the runs have different numbers of steps.

With --ops it shows the kernel time by the operator that launched the kernels, the
innermost around the launch; "within" is the outermost operator around it, which the
execution trace knows. With --by module, frame or annotation it is the innermost
nn.Module, Python function or annotation instead, where they were recorded. Kernels that
a CUDA graph replays have none but an annotation.

--json prints everything there is. Of one run: window_ns, ranks (compute_ns, transfer_ns,
wait_ns, unmatched_ns, copy_ns, idle_ns, skew_ns …), phases, timeline, classes, kernels
(name, distinct, class, total_ns, count, min_ns, max_ns, share; sums over the ranks), other
(the kernels of no known class), collectives (type, bytes, count, transfer_ns, wait_ns,
unmatched_ns, algbw, busbw), lateness (ranks, bins, worst: the calls whose last rank was
latest), straggler; what is not known is null. Of two: runs, per_step, parts, classes,
kernels and collectives, each a list of rows with sides (ns, count, share), change_ns,
change_pct and only_in. With --ops: kernel_ns, attributed_ns, joined_ns, ops (name,
total_ns, count, share, within) and rest (reason, total_ns, count, share).`, func(ctx context.Context, a *app.App, runs []string) error {
		switch {
		case f.ops && len(runs) == 2:
			return command.Usage("--ops is of one run")
		case !slices.Contains(metric.Launchers, f.by):
			return command.Usage("--by %s: it is one of %s", f.by, strings.Join(metric.Launchers, ", "))
		case f.ops || f.by != metric.Operator:
			t, err := a.OpTimes(ctx, runs[0], f.by, e.Progress())
			return e.Answer(err, t, func() { printOps(e, t, f.top) }, command.DamagedIf(t.Damaged))
		case len(runs) == 2:
			c, err := a.CompareTraces(ctx, runs[0], runs[1], e.Progress())
			return e.Answer(err, c, func() { printTraceDiff(e, c, f.top) }, command.DamagedIf(c.Damaged))
		}
		found, err := a.Analyse(ctx, runs[0], pool.Wanted, e.Progress())
		if err != nil {
			return err
		}
		all, err := SummaryOf(found)
		return e.Answer(err, all, func() { printTables(e, found, f) }, command.DamagedIf(found.Damaged))
	})
	c.Example = "  shardeck trace llama-8b-tp2\n  shardeck trace llama-8b-tp1 llama-8b-tp2\n  shardeck trace llama-8b-tp2 --ops --top 20"
	c.Flags().IntVar(&f.top, "top", 8, "how many kernels or operators to list")
	c.Flags().IntVar(&f.late, "late", 0, "how many calls to list, by how late their last rank was")
	c.Flags().StringVar(&f.by, "by", metric.Operator, "whose kernel time --ops shows: "+strings.Join(metric.Launchers, ", "))
	c.Flags().BoolVar(&f.ops, "ops", false, "show kernel time by operator")
	c.Flags().BoolVar(&f.allRanks, "all-ranks", false, "list every rank, however many there are")
	return c
}

// Summary is trace --json.
type Summary struct {
	Run string `json:"run"`
	*metric.TraceSummary
	Other     []metric.KernelStat `json:"other"`
	Straggler metric.Metric       `json:"straggler"`
	Warnings  []string            `json:"warnings"`
	Damaged   bool                `json:"damaged"`
	Replay    bool                `json:"replay,omitempty"`
}

// SummaryOf is trace --json of a run; an error: it has no traces.
func SummaryOf(found *metric.Analysis) (Summary, error) {
	if found.Trace == nil {
		return Summary{}, noTraces(found)
	}
	return Summary{found.Run, found.Trace, metric.Others(found.Trace.Kernels), found.Metric("straggler"), found.Warnings, found.Damaged, found.Replay}, nil
}

// printTables shows where the time of a run went, on one screen.
func printTables(e *command.Env, found *metric.Analysis, f traceFlags) {
	s := found.Trace
	if len(s.Ranks) == 0 {
		printAsked(e, found, f.top)
		return
	}
	replay := ""
	if found.Replay {
		replay = " · replay of a recording"
	}
	e.Say("%s · window %s · %s · %s of traces%s", e.Paint(present.Strong, found.Run), unit.Duration(s.WindowNS),
		unit.Plural(len(s.Ranks), "rank"), unit.FileSize(s.Bytes), replay)
	tables := present.Trace(found)
	printRanks(e, s, tables[present.Ranks], f.allRanks)
	fmt.Fprintln(e.Out)
	e.Wrapped("         ", "phases   "+present.Phases(s), "classes  "+present.ClassShares(s))
	if others := present.OtherKernels(s); others != "" {
		e.Wrapped("         ", "other    "+others)
	}
	e.Rows(tables[present.Kernels].Top(f.top))
	e.Rows(tables[present.Collectives])
	printLate(e, s, tables[present.LateCalls], f.late)
	fmt.Fprintln(e.Out)
	e.Wrapped("", present.StragglerSentence(found.Metric("straggler")))
	e.Warnings(found.Warnings)
}

// printAsked shows what execution traces tell without times.
func printAsked(e *command.Env, found *metric.Analysis, top int) {
	e.Say("%s · %s", e.Paint(present.Strong, found.Run), unit.Plural(len(found.Ranks), "execution trace"))
	for _, t := range present.Asked(found.Trace) {
		e.Rows(t.Top(top))
	}
	e.Warnings(found.Warnings)
}

// barWidth is the width of a rank's bar; maxRanks is how many ranks one screen has room for.
const barWidth, maxRanks = 34, 8

// printRanks draws each rank's window as a bar and in figures; of many ranks those that waited least and most.
func printRanks(e *command.Env, s *metric.TraceSummary, t present.Table, all bool) {
	th := e.Theme()
	width, idle := barWidth, th.Idle+" idle"
	legend := present.Column{Title: fmt.Sprintf("%s compute %s transfer %s wait ", th.Full, th.Transit, th.Wait)}
	if s.HasUnmatched() { // a column more is to fit beside
		width, legend.Unit = barWidth-2, th.Unknown+" unmatched "+idle
	} else {
		legend.Title += idle
	}
	t = t.With(1, legend, func(row int) present.Cell {
		r := s.Ranks[row] // copies are left with idle
		return present.Cell{Text: widget.Bar(th, width, float64(r.WindowNS), pane.WindowParts(th, r)[:4], th.Idle)}
	})
	if left := len(t.Rows) - maxRanks; left > 0 && !all && e.Format == command.FormatTable {
		rows := t.Rows
		t.Rows = nil
		for i, at := range present.SomeRanks(s.Ranks, maxRanks) {
			if i == maxRanks/2 {
				t.Add(present.Cell{Text: "…"}, present.Cell{Text: unit.Plural(left, "rank") + " between: --all-ranks"})
			}
			t.Rows = append(t.Rows, rows[at])
		}
	}
	e.Rows(t)
}

// printLate lists the calls whose last rank was latest, and how often each rank was last.
func printLate(e *command.Env, s *metric.TraceSummary, t present.Table, most int) {
	switch {
	case most <= 0:
	case s.Lateness == nil:
		e.Say("\n%s", t.Empty)
	default:
		e.Rows(t.Top(most))
		e.Rows(present.LateRanks(s.Lateness))
	}
}

// printOps shows the kernel time of a run by operator.
func printOps(e *command.Env, t metric.OpTimes, top int) {
	e.Say("%s · %s ms of kernels by the %s that launched them", e.Paint(present.Strong, t.Run), unit.Millis(t.KernelNS, 1),
		cmp.Or(t.By, metric.Operator))
	table := present.Operators(t)
	e.Rows(table.Top(top))
	fmt.Fprintln(e.Out)
	if left := len(table.Rows) - max(top, 0); left > 0 {
		e.Say("%s more: --top %d", unit.Plural(left, table.One), len(table.Rows))
	}
	e.Wrapped("", present.Attributed(t))
	e.Warnings(t.Warnings)
}

func noTraces(found *metric.Analysis) error {
	reason := found.Metric("gpu_busy").Reason
	if reason != "" {
		reason = ": " + reason
	}
	return fmt.Errorf("%s has no traces to show%s\nto read its other figures: shardeck metrics %s", found.Run, reason, found.Run)
}

// printTraceDiff shows two runs' traces side by side: the window's parts, then what differs most.
func printTraceDiff(e *command.Env, c compare.TraceComparison, top int) {
	e.Say("%s", e.Paint(present.Strong, c.Runs[0].Run+" → "+c.Runs[1].Run))
	e.Wrapped("  ", c.Notes...)
	if c.Loss != nil {
		e.Wrapped("  ", c.Loss.Words())
	}
	for _, t := range present.TraceDiff(c.TraceDiff) {
		switch {
		case t.Name == "kernels":
			t = t.Top(top)
		case t.Name == "collectives" && e.Format == command.FormatTable: // two, for a screen
			e.Rows(t.Only(0, 1, 2, 3, 4, 5, 6, 7))
			t = t.Without(2, 3, 4, 5, 6, 7)
		}
		e.Rows(t)
	}
	e.Warnings(c.Warnings)
}
