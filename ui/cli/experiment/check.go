package experiment

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/cli/command"
)

// Check says whether experiments may be submitted, or what their jobs lack.
func Check(e *command.Env) *cobra.Command {
	var env bool
	c := &cobra.Command{
		Use:   "check [ID…]",
		Short: "say whether layouts are legal, fit the GPUs and what they cost",
		Long: `Checks every experiment, or those named, before anything is paid for: keys and
values, the layout against the model, memory on each GPU, the site's limits, the
price. Exit code 2 if any has an error; warnings leave it 0.

With --env it looks at what their jobs need instead: the account and QOS, Python,
vLLM and PyTorch of the configured environment, the models in the hub cache, modules,
quota, disk, output directories. Exit code 1 if any of these fails.`,
		Args: command.Args(0, -1),
		RunE: e.With(func(ctx context.Context, a *app.App, ids []string) error {
			if env {
				return checkEnvironment(ctx, e, a, ids)
			}
			rows, err := a.Rows(ctx, ids)
			return e.Answer(err, checksOf(rows), func() { printChecks(e, rows) }, verdictOf(rows))
		}),
	}
	c.Flags().BoolVar(&env, "env", false, "look at software, models, quota and disk instead")
	return c
}

// checked is one experiment in check --json.
type checked struct {
	ID      string        `json:"id"`
	File    string        `json:"file"`
	OK      bool          `json:"ok"`
	Problem string        `json:"problem"`
	Verdict check.Verdict `json:"verdict"`
	Run     string        `json:"run,omitempty"`     // that its number would come from
	Changed model.Changes `json:"changed,omitempty"` // in the config since that run
	Marks   []model.Mark  `json:"marks,omitempty"`   // why its numbers are not those of the config
}

func checksOf(rows []board.Row) []checked {
	all := make([]checked, len(rows))
	for i, r := range rows {
		all[i] = checked{ID: r.Experiment.ID, File: r.File, OK: r.OK(), Problem: r.Problem, Verdict: r.Verdict, Marks: r.Marks()}
		if r.Run != nil {
			all[i].Run, all[i].Changed = r.Run.Name, r.Run.Changed
		}
	}
	return all
}

// verdictOf is exit code 2 when any experiment has an error.
func verdictOf(rows []board.Row) error {
	if slices.ContainsFunc(rows, func(r board.Row) bool { return !r.OK() }) {
		return command.Exit(command.WrongUsage)
	}
	return nil
}

func printChecks(e *command.Env, rows []board.Row) {
	for i, row := range rows {
		if i > 0 {
			fmt.Fprintln(e.Out)
		}
		printCheck(e, row)
	}
	if len(rows) == 0 {
		e.Warn("no experiment here yet\n     try: shardeck generate")
	}
}

// printCheck writes the verdict on one experiment.
func printCheck(e *command.Env, r board.Row) {
	x := r.Experiment
	if r.Problem != "" {
		e.Say("%s  %s", e.Paint(present.Strong, cmp.Or(x.ID, unit.Missing)), r.File)
		for _, line := range strings.Split(r.Problem, "\n") {
			e.Finding("error", line, "", 7)
		}
		return
	}
	e.Say("%s  %s  %s\n  %s", e.Paint(present.Strong, x.ID), x.Layout.Short(), x.Model.Name, present.Plan(r.Verdict))
	for _, f := range r.Verdict.Findings {
		e.Finding(string(f.Severity), f.Fault, f.Fix, 7)
	}
	for _, m := range r.Marks() {
		e.Finding("note", "run "+r.Run.Name+": "+m.Text, "", 7)
	}
	if len(r.Verdict.Findings) == 0 {
		e.Say("  %s", e.Paint(present.Good, "ok"))
	}
}

// checkEnvironment is `check --env`: one line for each thing that jobs need, and exit code 1 if any of them cannot work.
func checkEnvironment(ctx context.Context, e *command.Env, a *app.App, ids []string) error {
	lines, err := a.Environment(ctx, ids)
	if err != nil {
		return err
	}
	var failed error
	for _, line := range lines {
		if present.Level(string(line.Level)) == present.Bad {
			failed = command.Exit(command.Failed)
		}
	}
	return cmp.Or(e.Show(lines, func() {
		for _, line := range lines {
			e.Finding(string(line.Level), line.What+"  "+line.Text, line.Fix, 4)
		}
	}), failed)
}
