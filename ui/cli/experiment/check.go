package cli

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	rooms "shardeck/backend/app"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/widget"
)

func (a *app) checkCmd() *cobra.Command {
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
		Args: args(0, -1),
		RunE: a.withLab(func(ctx context.Context, l *rooms.App, ids []string) error {
			if env {
				return a.checkEnvironment(ctx, l, ids)
			}
			rows, err := l.Rows(ctx, ids)
			if err != nil {
				return err
			}
			return firstOf(a.show(checksOf(rows), func() { a.printChecks(rows) }), verdictOf(rows))
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
}

func checksOf(rows []board.Row) []checked {
	all := make([]checked, len(rows))
	for i, r := range rows {
		all[i] = checked{r.Experiment.ID, r.File, fine(r), r.Problem, r.Verdict}
	}
	return all
}

func fine(r board.Row) bool { return r.Problem == "" && r.Verdict.OK() }

// verdictOf is exit code 2 when any experiment has an error.
func verdictOf(rows []board.Row) error {
	for _, r := range rows {
		if !fine(r) {
			return silent(exitUsage)
		}
	}
	return nil
}

func (a *app) printChecks(rows []board.Row) {
	for i, row := range rows {
		if i > 0 {
			fmt.Fprintln(a.out)
		}
		a.printCheck(row)
	}
	if len(rows) == 0 {
		a.warn("no experiment here yet\n     try: shardeck generate")
	}
}

// printCheck writes the verdict on one experiment.
func (a *app) printCheck(r board.Row) {
	e := r.Experiment
	if r.Problem != "" {
		a.say("%s  %s", a.paint(present.Strong, cmp.Or(e.ID, unit.Missing)), r.File)
		for _, line := range strings.Split(r.Problem, "\n") {
			a.finding("error", line, "", 7)
		}
		return
	}
	a.say("%s  %s  %s\n  %s", a.paint(present.Strong, e.ID), e.Layout.Short(), e.Model.Name, present.Plan(r.Verdict))
	for _, f := range r.Verdict.Findings {
		a.finding(string(f.Severity), f.Fault, f.Fix, 7)
	}
	if len(r.Verdict.Findings) == 0 {
		a.say("  %s", a.paint(present.Good, "ok"))
	}
}

// finding prints what was found, after its level in so many columns, and what to do under it.
func (a *app) finding(level, text, fix string, width int) {
	a.say("  %s  %s", a.paint(present.Level(level), widget.Fit(level, width)), text)
	if fix != "" {
		a.say("  %*s  fix: %s", width, "", fix)
	}
}
