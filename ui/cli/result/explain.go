package result

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/model"
	"shardeck/model/explain"
	"shardeck/model/present"
	"shardeck/ui/cli/command"
)

// Explain says where the time of a layout went.
func Explain(e *command.Env) *cobra.Command {
	only, whatIf := "", false
	c := e.Command("explain RUN [RUN]", "say where the time went: one layout against another, or what if", `
Sets two runs side by side as a waterfall that adds up to what was measured: what each
operator changed, what the split of its work alone would have made of it (half the bytes,
half the time), what communication takes in transfer and in waiting, gaps, the schedule.
Operators are those of shardeck xray: of the usual decode step, and of the prompts of one
traced iteration. What was measured without a profiler and is not in those steps is
"outside the steps", on a line of its own.

With --what-if and one run it says what the run could take at best without its slowest
rank, with a link twice as fast, with communication hidden, without gaps, at the floor.
Each is a bound, with what it assumes; none is a promise.

--json prints before and after (run, layout, ranks), metrics (name, unit, before, after,
parts) and notes; a part has name, group (operator, transfer, wait, gap, between,
schedule, outside), before, after and expected (after, by the split; null: not known).
With --what-if it prints run and what_if (name, assumes, unknown, bounds).`, func(ctx context.Context, a *app.App, runs []string) error {
		if whatIf {
			return printWhatIf(ctx, e, a, runs)
		}
		if len(runs) < 2 {
			return command.Usage("explain needs two runs, or --what-if and one")
		}
		w, err := a.Explain(ctx, runs[0], runs[1], e.Progress())
		if err != nil {
			return err
		}
		if only != "" {
			w.Metrics = slices.DeleteFunc(w.Metrics, func(m explain.Metric) bool { return m.Name != only })
		}
		if len(w.Metrics) == 0 {
			return model.Failed(fmt.Sprintf("%s and %s have no steps in common to explain", w.Before.Run, w.After.Run), nil,
				"shardeck xray "+w.After.Run)
		}
		return e.Show(w, func() { printWaterfall(e, w) })
	})
	c.Example = "  shardeck explain llama-8b-tp1 llama-8b-tp2\n  shardeck explain --what-if llama-8b-tp2"
	c.Flags().StringVar(&only, "metric", "", "only `NAME`: tpot, ttft or iteration_wall_clock")
	c.Flags().BoolVar(&whatIf, "what-if", false, "say what one run could take at best")
	return c
}

func printWaterfall(e *command.Env, w explain.Waterfall) {
	e.Say("%s (%s) → %s (%s)", e.Paint(present.Strong, w.Before.Run), w.Before.Layout.Short(), e.Paint(present.Strong,
		w.After.Run), w.After.Layout.Short())
	for _, m := range w.Metrics {
		e.Say("\n%s", e.Paint(present.Strong, present.ExplainHead(m)))
		t := present.Waterfall(m)
		t.Name = m.Name
		e.Table(t)
		e.Wrapped("  ", present.ExplainWords(m)...)
	}
	e.Warnings(w.Notes)
}

func printWhatIf(ctx context.Context, e *command.Env, a *app.App, runs []string) error {
	name, all, err := a.WhatIf(ctx, runs[0], e.Progress())
	answer := struct {
		Run    string           `json:"run"`
		WhatIf []explain.WhatIf `json:"what_if"`
	}{name, all}
	return e.Answer(err, answer, func() {
		e.Say("%s", e.Paint(present.Strong, name))
		e.Table(present.WhatIfs(all))
		fmt.Fprintln(e.Out)
		e.Wrapped("  ", present.WhatIfWords(all)...)
	})
}
