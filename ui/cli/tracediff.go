package cli

import (
	"context"
	"fmt"

	"shardeck/backend/lab"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
)

// traceDiff compares the traces of two runs.
func (a *app) traceDiff(ctx context.Context, l *lab.Lab, runs []string, f traceFlags) error {
	c, err := l.CompareTraces(ctx, runs[0], runs[1], a.progress())
	if err != nil {
		return err
	}
	var bad error
	if c.Damaged {
		bad = silent(exitDamaged)
	}
	if a.json {
		return firstOf(a.printJSON(c), bad)
	}
	a.printTraceDiff(c, f.top)
	return bad
}

func (a *app) printTraceDiff(c lab.TraceComparison, top int) {
	fmt.Fprintln(a.out, a.plain(a.paint(bold, c.Runs[0].Run+" → "+c.Runs[1].Run)))
	for _, n := range c.Notes {
		a.wrapped(n, "  ")
	}
	if c.Loss != nil {
		a.wrapped(c.Loss.Words(), "  ")
	}
	a.diffTable(c, "part of the window", c.Parts, len(c.Parts))
	a.diffTable(c, "kernel class", c.Classes, len(c.Classes))
	a.diffTable(c, "kernel", c.Kernels, top)
	if len(c.Collectives) > 0 {
		a.diffTable(c, "collective", c.Collectives, len(c.Collectives))
		a.printWaits(c)
	}
	for _, w := range c.Warnings {
		a.warn("%s", w)
	}
}

// diffTable prints rows with their times and shares in both runs. What only one run
// has is marked: the share of the other is empty.
func (a *app) diffTable(c lab.TraceComparison, title string, rows []scaling.DiffRow, top int) {
	t := newTable(title, ">base ms", ">%", ">ms", ">%", ">change ms", ">%")
	for _, r := range rows[:min(max(top, 0), len(rows))] {
		cells := []string{rowName(r)}
		for _, s := range r.Sides {
			if s.Count == 0 {
				cells = append(cells, unit.Missing, "")
				continue
			}
			cells = append(cells, unit.Number(s.NS/1e6, 2), unit.Number(s.Share, 1))
		}
		t.add(append(cells, unit.Signed(r.ChangeNS/1e6, 2), changeWord(c, r))...)
	}
	t.squeeze(0, a.width())
	fmt.Fprintln(a.out)
	a.write(t)
}

func rowName(r scaling.DiffRow) string {
	switch {
	case r.Bytes > 0:
		return r.Name + " " + unit.Memory(r.Bytes)
	case r.Bytes < 0:
		return r.Name + " ?"
	}
	return classWord(r.Name)
}

// changeWord is the change in per cent, or that only one of the runs has it.
func changeWord(c lab.TraceComparison, r scaling.DiffRow) string {
	switch {
	case r.OnlyIn == c.Runs[0].Run && r.Sides[1].Count == 0:
		return "gone"
	case r.OnlyIn != "":
		return "new"
	case r.ChangePct == nil:
		return ""
	}
	return unit.Signed(*r.ChangePct, 1)
}

// printWaits divides the calls into transfer and wait, where both runs have them: the
// kernel of a call that waits is long, and moves no more.
func (a *app) printWaits(c lab.TraceComparison) {
	t := newTable("of one call", ">transfer µs", ">was", ">wait µs", ">was")
	for _, r := range c.Collectives {
		if r.OnlyIn != "" {
			continue
		}
		mean := func(side int, of func(scaling.DiffCell) float64) string {
			if r.Sides[side].Matched == 0 {
				return unit.Missing
			}
			return unit.Number(of(r.Sides[side])/r.Sides[side].Matched/1e3, 1)
		}
		transfer := func(d scaling.DiffCell) float64 { return d.TransferNS }
		wait := func(d scaling.DiffCell) float64 { return d.WaitNS }
		t.add(rowName(r), mean(1, transfer), mean(0, transfer), mean(1, wait), mean(0, wait))
	}
	if len(t.rows) > 0 {
		fmt.Fprintln(a.out)
		a.write(t)
	}
}
