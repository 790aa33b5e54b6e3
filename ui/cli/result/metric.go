// Package result is the commands that show what runs have measured.
package result

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/cli/command"
	"shardeck/ui/widget"
)

// metricFlags are the flags of metric.
type metricFlags struct {
	total bool
	stat  string // empty: not given
}

// find is the metric that a name and the flags ask for.
func (f metricFlags) find(name string) (metric.Definition, error) {
	d, err := metric.Find(name)
	switch {
	case err != nil:
		return d, err
	case f.stat != "" && !slices.Contains(metric.Stats, metric.Stat(f.stat)):
		return d, command.Usage("--stat takes mean, p50, p99, min or max, not %.20q", f.stat)
	case f.total:
		return metric.TotalOf(d)
	}
	return d, nil
}

// Metric prints one value of a run, bare.
func Metric(e *command.Env) *cobra.Command {
	var f metricFlags
	c := e.Command("metric NAME RUN", "print one value of a run, bare", `
Prints the value alone on standard output, in the metric's own unit, as the original
scripts did. RUN is a name under trace_collection/, name@job for an older run, or a
path. The one number of many samples is the median over iterations, of requests' times
the mean over an iteration first; --stat prints another. Exit code 3: no value, the
reason is on standard error; 4: a value from damaged input, the loss is on standard
error (4 beats 3).`, func(ctx context.Context, a *app.App, words []string) error {
		return printMetric(ctx, e, a, words[0], words[1], f)
	})
	c.Example = "  shardeck metric throughput_tokens_sec llama-8b-tp2\n" +
		"  shardeck metric --explain comm_overhead\n  shardeck metric --explain all"
	explaining(e, c)
	c.Flags().BoolVar(&f.total, "total", false, "coll_call_num: the calls of the whole file, not of one iteration")
	c.Flags().StringVar(&f.stat, "stat", "", "of the requests, iterations or ranks behind the value: mean, p50, p99, min or max")
	return c
}

// explaining gives a command --explain, which takes the place of what it does, and needs no workspace.
func explaining(e *command.Env, c *cobra.Command) {
	var name string
	args, run := c.Args, c.RunE
	c.Flags().StringVar(&name, "explain", "", "print the definition of `NAME`, or of all")
	c.Args = func(c *cobra.Command, words []string) error {
		if name != "" {
			args = command.Args(0, 0)
		}
		return args(c, words)
	}
	c.RunE = func(c *cobra.Command, words []string) error {
		if name != "" {
			return printDefinitions(e, name)
		}
		return run(c, words)
	}
}

// printDefinitions prints what metrics mean, or a word of the field that is none.
func printDefinitions(e *command.Env, name string) error {
	defs := metric.Definitions
	if name != "all" {
		d, err := metric.Explain(name)
		if err != nil {
			return err
		}
		defs = []metric.Definition{d}
	}
	told := model.Each(defs, func(d metric.Definition) definition {
		return definition{d.Name, append([]string{}, d.Aliases...), d.Unit, d.Family, d.Text, cmp.Or(string(d.Better), "neither"), d.Near}
	})
	return e.Tell(told, func() {
		for i, d := range defs {
			if i > 0 {
				fmt.Fprintln(e.Out)
			}
			what := []string{d.Unit, d.Family}
			if d.Near != "" {
				what = []string{"not measured", "nearest " + d.Near}
			}
			if len(d.Aliases) > 0 {
				what = append(what, "also "+strings.Join(d.Aliases, ", "))
			}
			e.Say("%s (%s)", e.Paint(present.Strong, d.Name), strings.Join(widget.Wrap(strings.Join(what, ", "), 72), "\n  "))
			e.Say("  %s", strings.Join(widget.Wrap(d.Text, 76), "\n  "))
		}
	}, func() []present.Table {
		t := present.Table{Columns: present.Columns("metric", "unit", "family", "better", "nearest", "also", "definition")}
		for _, d := range told {
			t.Add(present.Texts(d.Name, d.Unit, d.Family, d.Better, d.Nearest, strings.Join(d.Aliases, " "), d.Definition)...)
		}
		return []present.Table{t}
	})
}

// definition is one element of metric --explain --json.
type definition struct {
	Name       string   `json:"name"`
	Aliases    []string `json:"aliases"`
	Unit       string   `json:"unit"`
	Family     string   `json:"family"`
	Definition string   `json:"definition"`
	Better     string   `json:"better"`            // lower, higher, or neither
	Nearest    string   `json:"nearest,omitempty"` // metric, of what is not measured
}

// printMetric prints one value; why there is none, and what damage cost, go to standard error: a script reads a number.
func printMetric(ctx context.Context, e *command.Env, a *app.App, name, run string, f metricFlags) error {
	d, err := f.find(name)
	if err != nil {
		return err
	}
	found, err := Analysed(ctx, a, run, nil)
	if found == nil {
		return err
	}
	m := found.Metric(d.Name)
	if f.stat != "" {
		m = m.Only(metric.Stat(f.stat))
	}
	if m.Value == nil && err != nil {
		return err
	}
	e.Warnings(found.Warnings)
	sayAbout(e, m, found)
	var none error
	if m.Value == nil && !isAnswer(m) {
		none = command.Exit(command.NoValue)
	}
	return cmp.Or(e.Tell(m, func() {
		if m.Value != nil {
			fmt.Fprintln(e.Out, unit.Full(*m.Value))
		} else if isAnswer(m) {
			fmt.Fprintln(e.Out, m.Reason)
		}
	}, func() []present.Table {
		only := metric.Analysis{Ranks: found.Ranks, Metrics: []metric.Metric{m}}
		return []present.Table{present.Metrics(&only, []metric.Definition{d})}
	}), command.DamagedIf(found.Damaged), none)
}

// Analysed reads a run. Of one that is too large to read here it gives what its timing files say, and the error.
func Analysed(ctx context.Context, a *app.App, run string, progress pool.Progress) (*metric.Analysis, error) {
	found, err := a.Analyse(ctx, run, pool.Wanted, progress)
	if errors.Is(err, model.ErrBudget) {
		found, _ = a.Timings(ctx, run) // the error says already what is missing
	}
	return found, err
}

// isAnswer reports whether no value is itself the answer: there is no straggler.
func isAnswer(m metric.Metric) bool { return m.Value == nil && m.Reason == "none" }

// sayAbout notes what a reader of the bare number must know.
func sayAbout(e *command.Env, m metric.Metric, found *metric.Analysis) {
	if m.Value == nil && !isAnswer(m) {
		e.Warn("%s of %s: no value: %s", m.Name, found.Run, m.Reason)
	}
	if note := present.MetricRemark(metric.Metric{Name: m.Name, Note: m.Note, Interval: m.Interval, Reason: "none"}); note != "" {
		e.Warn("%s: %s", m.Name, note)
	}
	if m.Estimate && m.Value != nil && found.Forecast == nil {
		e.Warn("%s: an estimate", m.Name)
	}
	sayReplay(e, found)
}

// sayReplay notes that figures are none of this machine.
func sayReplay(e *command.Env, found *metric.Analysis) {
	if is := model.Reemitted(found.Replay, found.Forecast); is != "" {
		e.Warn("%s is %s", found.Run, is)
	}
}

// Metrics prints every metric of a run.
func Metrics(e *command.Env) *cobra.Command {
	c := e.Command("metrics RUN", "print every metric of a run", `
Prints every metric with its unit, its value on each rank, and the reason where
there is none. Exit code 0 if the run could be read, missing values included; 4 if
some of its files are damaged.`, func(ctx context.Context, a *app.App, runs []string) error {
		found, err := Analysed(ctx, a, runs[0], e.Progress())
		if found == nil {
			return err
		}
		return cmp.Or(e.Show(found, func() {
			e.Table(present.Metrics(found, found.Defined()))
			e.Warnings(found.Warnings)
			sayReplay(e, found)
			if run, err := a.Run(found.Run); err == nil && !run.Said.IsZero() {
				e.Warn("%s: %s", run.Name, run.Said.Words())
			}
		}), err, command.DamagedIf(found.Damaged))
	})
	explaining(e, c)
	return c
}
