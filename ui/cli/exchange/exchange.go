// Package exchange is the commands that bring runs in and out.
package exchange

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/backend/experiments"
	"shardeck/backend/measure"
	"shardeck/backend/publish"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/timeline"
	"shardeck/ui/cli/command"
	"shardeck/ui/cli/result"
)

// Import makes a run of traces that others wrote.
func Import(e *command.Env) *cobra.Command {
	o := measure.ImportOptions{}
	c := e.Command("import PATH", "make a run of traces that others wrote, or take over rows of ccl-bench or the original scripts", `
Makes a run in trace_collection/ of a trace or a folder of traces, whatever they are called:
links to the files under our names, and a config.yaml with what the traces tell; what
they do not tell has no value there, to be filled in. Nothing is overwritten.

Of a folder of the original scripts (vllm_profiler.py, experiments/, trace_collection/) it
takes the configs and every run, and names the known faults that it finds in them.

Of a row of ccl-bench (a folder with <workload>.yaml and traces), or of a folder of rows,
the card tells the config. These runs are marked as measured by others wherever they
stand, and what is doubtful in their numbers is told.
`, func(_ context.Context, a *app.App, words []string) error {
		o.Path = words[0]
		made, err := a.Import(o)
		if err != nil && len(made.Runs)+len(made.Faults) == 0 {
			return err
		}
		return cmp.Or(e.Show(made, func() { printImported(e, made) }), err)
	})
	c.Example = "  shardeck import /scratch/them/profile --name them-tp2\n  shardeck import ~/ccl-bench"
	c.Flags().StringVar(&o.Name, "name", "", "the run's `NAME` under trace_collection/; otherwise that of the file or folder")
	c.Flags().BoolVar(&o.Copy, "copy", false, "copy the files, instead of links to them")
	return c
}

func printImported(e *command.Env, made measure.Imported) {
	for _, r := range made.Runs {
		e.Say("%s  %s, %s of %s", r.Run, unit.Plural(len(r.Ranks), "rank"), unit.Plural(len(r.Files), "file"), r.From)
		if r.Open {
			e.Say("  its config.yaml says what the traces tell; fill in the rest: trace_collection/%s/config.yaml", r.Run)
		}
	}
	for _, r := range made.Runs {
		for _, doubt := range r.Doubts {
			e.Warn("%s: %s", r.Run, doubt)
		}
	}
	for _, c := range made.Configs {
		e.Say("%s", c)
	}
	for _, left := range made.Left {
		e.Warn("not taken: %s", left)
	}
	for _, f := range made.Faults {
		where := f.Files[0]
		if n := len(f.Files); n > 1 {
			where += " and " + unit.Plural(n-1, "other")
		}
		e.Finding("warning", fmt.Sprintf("%-3s %s: %s", f.Code, where, f.Fault), "", 7)
	}
}

// benchFormat is the one whose answer has numbers of upstream's tools.
const benchFormat = "ccl-bench"

// Export makes folders of runs that other programs read.
func Export(e *command.Env) *cobra.Command {
	what, dir := "", ""
	formats := append([]string{benchFormat}, publish.Formats()...)
	c := e.Command("export RUN… --for FORMAT", "make a folder of a run that other programs read", `
Makes a folder of each run for the program that --for names. Nothing is overwritten.

`+formatsTold()+`

The tables (csv, parquet) are the row of results_summary.csv, every metric by rank, and
what trace shows. For ccl-bench it makes the folder as its tools want it today: <run>.yaml
as the only card, plain kineto_trace_<rank>.json, the same files as rank<rank>_trace.json,
and <run>.latency.json; what their tools will say stands beside our numbers, each with the
reason for the difference; so does what the run has less of than their rule asks for.`, func(ctx context.Context, a *app.App,
		runs []string) error {
		if !slices.Contains(formats, what) {
			return command.Usage("--for %.20q: runs are exported for %s", what, strings.Join(formats, ", "))
		}
		under := cmp.Or(dir, map[bool]string{true: benchFormat, false: "exports/" + what}[what == benchFormat])
		if what == benchFormat {
			return command.ShowEach(e, runs, func(run string) (experiments.BenchFolder, error) {
				found, err := result.Analysed(ctx, a, run, e.Progress())
				if err != nil {
					return experiments.BenchFolder{}, err
				}
				return a.ExportBench(ctx, run, under, found, func(ctx context.Context) (*timeline.Run, error) {
					return a.Lanes(ctx, run, timeline.View{}, e.Progress())
				})
			}, func(f experiments.BenchFolder) { printBench(e, f) })
		}
		return command.ShowEach(e, runs, func(run string) (publish.Exported, error) {
			return a.Publish.Export(ctx, run, what, under, e.Progress())
		}, func(x publish.Exported) {
			t := present.Table{Name: "folders", Columns: present.Columns("folder", ">files", ">bytes", "opened by")}
			if t.Add(present.Texts(x.Dir, unit.Int(len(x.Files)), unit.Int(int(x.Bytes)), x.Reader)...); e.Format != command.FormatTable {
				e.Table(t)
			} else {
				e.Say("%s  %s · %s", e.Paint(present.Strong, x.Dir), unit.Plural(len(x.Files), "file"), unit.FileSize(x.Bytes))
				e.Wrapped("  ", "  opened by "+x.Reader)
			}
			e.Warnings(x.Warnings)
		})
	})
	c.Example = "  shardeck export --for ccl-bench llama-8b-tp2\n  shardeck export --for perfetto llama-8b-tp2"
	c.Flags().StringVar(&what, "for", "", "who is to read it: a `format` of the list above")
	c.RegisterFlagCompletionFunc("for", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp))
	c.Flags().StringVarP(&dir, "output-dir", "o", "", "the `folder` to make them in; otherwise ccl-bench or exports/<format>")
	return c
}

// formatsTold are the formats in lines of help.
func formatsTold() string {
	lines := []string{fmt.Sprintf("  %-10s %s", benchFormat, "the tools of ccl-bench")}
	for _, name := range publish.Formats() {
		lines = append(lines, fmt.Sprintf("  %-10s %s", name, publish.ReaderOf(name)))
	}
	return strings.Join(lines, "\n")
}

func printBench(e *command.Env, f experiments.BenchFolder) {
	e.Say("%s  %s", e.Paint(present.Strong, f.Dir), unit.Plural(len(f.Files), "file"))
	t := present.Table{Columns: present.Columns("metric", ">theirs", ">ours", "unit", "-20")}
	for _, m := range f.Beside {
		number := func(v *float64) string { return cmp.Or(unit.Known(v, 4), unit.Missing) }
		t.Add(present.Texts(m.Name, number(m.Theirs), number(m.Ours), m.Unit, m.Why)...)
	}
	e.Rows(t)
	e.Warnings(f.Warnings)
}

// Replay plays a recording back as a run.
func Replay(e *command.Env) *cobra.Command {
	o := app.ReplayOptions{}
	c := command.New("replay --config C --output-dir D", "play a recording, or a forecast, back as a run, as jobs of engine replay do", `
Re-emits the embedded recording of the config's model, layout and load at its own pace
times --factor: the same log lines, the same files. It is labelled a replay in each.
Where nothing was recorded of them it plays a forecast by laws fitted to the recordings,
one number of each time with its interval and no trace, and labels it a forecast.
Without flags it lists the recordings.`, func(c *cobra.Command, _ []string) error {
		if o.Config == "" && o.Points == "" && o.OutputDir == "" {
			return printRecordings(e)
		}
		if (o.Config == "") == (o.Points == "") || o.OutputDir == "" {
			return command.Usage("replay needs --output-dir, and --config or --points")
		}
		o.Out = e.Out
		code, err := app.Replay(c.Context(), o) // as a runner: with the exit codes of every runner
		if err != nil {
			err = command.WithCode(code, err)
		}
		return err
	})
	f := c.Flags()
	f.StringVar(&o.Config, "config", "", "the experiment's `YAML`")
	f.StringVar(&o.OutputDir, "output-dir", "", "the `folder` to write the run into")
	f.Float64Var(&o.Factor, "factor", 0, "pace: recorded time times this; 0: as the config says")
	f.StringVar(&o.Points, "points", "", "a `file` of points of a sweep, instead of --config: a JSON list of {config, name}")
	f.StringVar(&o.JobID, "job-id", "", "the job's `id`, for run.json")
	return c
}

func printRecordings(e *command.Env) error {
	all := app.Recordings()
	return e.Show(all, func() {
		t := present.Table{Columns: present.Columns("recording", "model", "layout", ">batch", ">prompt", ">output", "-20")}
		for _, r := range all {
			w := r.Workload
			t.Add(present.Texts(r.Name, r.Model, r.Layout.Short(), unit.Int(w.BatchSize), unit.Int(w.SeqLen), unit.Int(w.MaxTokens),
				r.Title)...)
		}
		e.Table(t)
	})
}
