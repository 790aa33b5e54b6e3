package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"shardeck/backend/lab"
	"shardeck/model/present/unit"
)

func (a *app) compareCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "compare RUN RUN…",
		Short: "set runs side by side, the first as the base",
		Long: `Shows the metrics of two or more runs and how each differs from the first. Figures
measured over iterations are medians with their spread; a difference that a rank test
cannot distinguish from chance is marked "~". What makes the runs not comparable
(model, workload, GPU, engine) is said on standard error.`,
		Args: args(2, -1),
		RunE: a.withLab(func(ctx context.Context, l *lab.Lab, runs []string) error {
			c, err := l.Compare(ctx, runs, a.progress())
			if err != nil {
				return err
			}
			if a.json {
				return a.printJSON(c)
			}
			a.printComparison(c)
			return nil
		}),
	}
}

func (a *app) printComparison(c lab.Comparison) {
	words := []string{"metric", ">" + c.Runs[0]}
	for _, run := range c.Runs[1:] {
		words = append(words, ">"+run, ">change")
	}
	t := newTable(words...)
	for _, r := range c.Rows {
		row := []string{title(r)}
		for i, cell := range r.Cells {
			row = append(row, cellText(cell, r.Decimals))
			if i > 0 {
				row = append(row, change(cell))
			}
		}
		t.add(row...)
	}
	a.write(t)
	for _, w := range c.Warnings {
		a.warn("%s", w)
	}
}

func title(r lab.CompareRow) string {
	if r.Unit == "" {
		return r.Name
	}
	return r.Name + " " + r.Unit
}

// cellText is the value, with its spread where iterations give one.
func cellText(c lab.CompareCell, decimals int) string {
	if c.Value == nil {
		return unit.Missing
	}
	text := unit.Number(*c.Value, decimals)
	if c.N > 1 {
		text += fmt.Sprintf(" ± %s %%", unit.Number(c.Spread, 1))
	}
	return text
}

// change is the difference from the base in per cent, with "~" where chance may explain it.
func change(c lab.CompareCell) string {
	if c.Change == nil {
		return ""
	}
	text := unit.Number(*c.Change, 1) + " %"
	if *c.Change > 0 {
		text = "+" + text
	}
	if c.Same {
		return text + " ~"
	}
	return text + "  "
}
