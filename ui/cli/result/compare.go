package result

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/model"
	"shardeck/model/compare"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/cli/command"
)

// Compare sets runs side by side.
func Compare(e *command.Env) *cobra.Command {
	f := gateFlags{}
	c := e.Command("compare RUN RUN…", "set runs side by side, the first as the base", `
Shows the metrics of two or more runs and how each differs from the first, with the
spread of the samples beside them, (max - min) / median. A run whose config was run
several times (NAME and NAME@JOB, repeats of a sweep; same software, same GPU) stands for
all of them: the median over the runs, which are the samples. NAME@JOB is that run alone.
With one run a side the samples are its iterations, said as "within one run". A
difference that a rank test cannot distinguish from chance is marked "~", and so is one
that runs of one config make here too; "?" where there are too few samples to tell. What
makes the runs not comparable (model, workload, GPU, engine) is said on standard error.

With --fail-if it is a gate: exit code 1 if a rule fails for a run. A change (tpot>+3%)
fails where the rank test is sure that it is more than the margin, which is taken off
the samples first; a limit (ttft_p99>200) where the median is beyond it and the samples
agree. It needs 4 samples a side, runs or iterations; with fewer it fails, as "n too
small". RUN may be a baseline: see shardeck baseline.`, func(ctx context.Context, a *app.App, runs []string) error { return compareRuns(ctx, e, a, runs, f) })
	c.Example = "  shardeck compare E1.1 E1.2\n  shardeck compare main E1.1 --fail-if 'tpot>+3%' --fail-if 'ttft>200' --format junit --output gate.xml"
	c.Flags().StringArrayVar(&f.rules, "fail-if", nil, "exit 1 if a `rule` holds: 'tpot>+3%', 'throughput<-5%', 'ttft>200' (may be repeated)")
	c.Annotations = map[string]string{command.OwnFormat: formatJUnit}
	c.Flags().StringVar(&f.output, "output", "", "write into a `file`, not to standard output: of --format junit and md")
	return c
}

// gateFlags are those of compare.
type gateFlags struct {
	rules  []string
	output string
}

// formatJUnit is compare's own format, of its gate.
const formatJUnit = "junit"

func compareRuns(ctx context.Context, e *command.Env, a *app.App, runs []string, f gateFlags) error {
	rules, err := model.Through(f.rules, compare.ParseRule)
	if err != nil {
		return err
	}
	if e.Format == formatJUnit && len(rules) == 0 {
		return command.Usage("--format junit is of a gate: name a rule with --fail-if")
	}
	c, err := a.Compare(ctx, runs, e.Progress(), rules...)
	if err != nil {
		return err
	}
	var failed error
	if slices.ContainsFunc(c.Gate, func(j compare.Judgement) bool { return j.Failed }) {
		failed = command.Exit(command.Failed)
	}
	return cmp.Or(writeComparison(e, a, c, f), failed)
}

// writeComparison writes a comparison in its format, where it is wanted. What the gate says stands on standard error too, where
// standard output does not tell it.
func writeComparison(e *command.Env, a *app.App, c compare.Comparison, f gateFlags) error {
	var data []byte
	var err error
	switch e.Format {
	case formatJUnit:
		data, err = present.JUnit(c)
	case command.FormatMarkdown:
		data = present.Markdown(c)
	default:
		if f.output != "" {
			return command.Usage("--output is for --format junit and md")
		}
		return e.Show(c, func() { printComparison(e, c) })
	}
	if err == nil && f.output != "" {
		err = a.WriteOutput(f.output, data)
		printGate(e, c)
	} else if err == nil {
		_, err = e.Out.Write(data)
	}
	return err
}

func printComparison(e *command.Env, c compare.Comparison) {
	e.Table(present.Comparison(c))
	e.Wrapped("   ", c.Notes...)
	e.Warnings(c.Warnings)
	printGate(e, c)
}

func printGate(e *command.Env, c compare.Comparison) {
	for _, j := range c.Gate {
		line := present.GateLine(j)
		e.Say("%s", e.Paint(line.Role, line.Text))
	}
}

// Baseline lists the baselines, and holds the commands of one.
func Baseline(e *command.Env) *cobra.Command {
	c := e.Command("baseline", "name runs that others are compared with", `
A baseline is a name for runs, usable wherever RUN is. It means those runs, also when
newer ones have taken their names. Alone this lists the baselines.`, func(_ context.Context, a *app.App, _ []string) error {
		all, err := a.Baselines()
		return e.Answer(err, all, func() {
			for _, b := range all {
				e.Say("%s  %s, set %s", e.Paint(present.Strong, b.Name), unit.Plural(len(b.Runs), "run")+" of "+b.Runs[0].Run, b.Time.Local().Format(time.DateTime))
			}
			if len(all) == 0 {
				e.Warn("no baseline here yet\n     try: shardeck baseline set main E1.1")
			}
		})
	})
	set := e.Command("set NAME RUN…", "name runs: one with all the runs of its config, or several", "", func(ctx context.Context, a *app.App, words []string) error {
		b, err := a.SetBaseline(ctx, words[0], words[1:])
		return e.Answer(err, b, func() { e.Say("%s is %s of %s", b.Name, unit.Plural(len(b.Runs), "run"), b.Runs[0].Run) })
	})
	set.Example = "  shardeck baseline set main E1.1"
	remove := e.Command("remove NAME", "forget a baseline; its runs stay", "", func(_ context.Context, a *app.App, words []string) error {
		err := a.RemoveBaseline(words[0])
		return e.Answer(err, words, func() { e.Say("removed %s", words[0]) })
	})
	c.AddCommand(set, remove)
	return c
}
