package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"shardeck/backend/lab"
	"shardeck/model/check"
	"shardeck/model/present"
	"shardeck/model/present/unit"
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
		RunE: a.withLab(func(ctx context.Context, l *lab.Lab, ids []string) error {
			if env {
				return a.checkEnvironment(ctx, l, ids)
			}
			rows, err := l.Rows(ctx, ids)
			if err != nil {
				return err
			}
			if a.json {
				return firstOf(a.printJSON(checksOf(rows)), verdictOf(rows))
			}
			for i, row := range rows {
				if i > 0 {
					fmt.Fprintln(a.out)
				}
				a.printCheck(row)
			}
			if len(rows) == 0 {
				a.warn("no experiment here yet\n     try: shardeck generate")
			}
			return verdictOf(rows)
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

func checksOf(rows []lab.Row) []checked {
	all := make([]checked, len(rows))
	for i, r := range rows {
		all[i] = checked{r.Experiment.ID, r.File, fine(r), r.Problem, r.Verdict}
	}
	return all
}

func fine(r lab.Row) bool { return r.Problem == "" && r.Verdict.OK() }

// verdictOf is exit code 2 when any experiment has an error.
func verdictOf(rows []lab.Row) error {
	for _, r := range rows {
		if !fine(r) {
			return silent(exitUsage)
		}
	}
	return nil
}

// printCheck writes the verdict on one experiment.
func (a *app) printCheck(r lab.Row) {
	e := r.Experiment
	if r.Problem != "" {
		fmt.Fprintf(a.out, "%s  %s\n", a.paint(bold, orMissing(e.ID)), r.File)
		for _, line := range strings.Split(r.Problem, "\n") {
			fmt.Fprintf(a.out, "  %s  %s\n", a.paint(red, "error  "), a.plain(line))
		}
		return
	}
	fmt.Fprintf(a.out, "%s  %s  %s\n", a.paint(bold, e.ID), e.Layout, e.Model.Name)
	fmt.Fprintln(a.out, a.plain("  "+strings.Join(planWords(r.Verdict), " · ")))
	for _, f := range r.Verdict.Findings {
		a.printFinding(f)
	}
	if len(r.Verdict.Findings) == 0 {
		fmt.Fprintf(a.out, "  %s\n", a.paint(green, "ok"))
	}
}

var severities = map[check.Severity]ink{check.SeverityError: red, check.SeverityWarning: yellow, check.SeverityNote: dim}

// printFinding writes the fault, and what to do under it.
func (a *app) printFinding(f check.Finding) {
	fmt.Fprintf(a.out, "  %s  %s\n", a.paint(severities[f.Severity], fmt.Sprintf("%-7s", f.Severity)), a.plain(f.Fault))
	if f.Fix != "" {
		fmt.Fprintf(a.out, "  %7s  %s\n", "fix:", a.plain(f.Fix))
	}
}

// planWords say what a job asks for and what it costs.
func planWords(v check.Verdict) []string {
	words := []string{present.Placement(v.Placement), present.Memory(v.Fit), present.Price(v.Price)}
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}

func orMissing(text string) string {
	if text == "" {
		return unit.Missing
	}
	return text
}
