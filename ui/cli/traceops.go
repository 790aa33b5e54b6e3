package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"shardeck/backend/lab"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// traceOps shows the kernel time of a run by operator.
func (a *app) traceOps(ctx context.Context, l *lab.Lab, run string, top int) error {
	t, err := l.OpTimes(ctx, run, a.progress())
	if err != nil {
		return err
	}
	var bad error
	if t.Damaged {
		bad = silent(exitDamaged)
	}
	if a.json {
		return firstOf(a.printJSON(t), bad)
	}
	a.printOps(t, top)
	return bad
}

func (a *app) printOps(t metric.OpTimes, top int) {
	fmt.Fprintln(a.out, a.plain(fmt.Sprintf("%s · %s ms of kernels by the operator that launched them", a.paint(bold, t.Run), unit.Millis(t.KernelNS, 1))))
	fmt.Fprintln(a.out)
	shown := t.Ops[:min(max(top, 0), len(t.Ops))]
	if len(shown) > 0 {
		a.opTable(t, shown)
		fmt.Fprintln(a.out)
	}
	if left := len(t.Ops) - len(shown); left > 0 {
		fmt.Fprintf(a.out, "%s more: --top %d\n", unit.Plural(left, "operator"), len(t.Ops))
	}
	a.wrapped(attributed(t), "")
	for _, w := range t.Warnings {
		a.warn("%s", w)
	}
}

// opTable lists operators, with what they lie within where that is known of any.
func (a *app) opTable(t metric.OpTimes, ops []metric.OpTime) {
	words := []string{"op", "within", ">ms", ">n", ">%"}
	if t.JoinedNS == 0 {
		words = slices.Delete(words, 1, 2)
	}
	table := newTable(words...)
	for _, o := range ops {
		row := []string{o.Name, o.Within, unit.Millis(o.TotalNS, 1), unit.Number(float64(o.Count), 0), unit.Number(o.Share, 1)}
		if t.JoinedNS == 0 {
			row = slices.Delete(row, 1, 2)
		}
		table.add(row...)
	}
	table.squeeze(0, a.width())
	a.write(table)
}

// attributed says how much of the kernel time has an operator, and why the rest has none.
func attributed(t metric.OpTimes) string {
	text := unit.Number(percent(t.AttributedNS, t.KernelNS), 1) + " % of the kernel time has an operator"
	if t.JoinedNS > 0 {
		text += fmt.Sprintf(", %s %% one that the execution trace has too", unit.Number(percent(t.JoinedNS, t.KernelNS), 1))
	}
	var rest []string
	for _, r := range t.Rest {
		rest = append(rest, fmt.Sprintf("%s %% (%s kernels) %s", unit.Number(r.Share, 1), unit.Number(float64(r.Count), 0), r.Reason))
	}
	if len(rest) > 0 {
		text += "; the rest: " + strings.Join(rest, "; ")
	}
	return text
}
