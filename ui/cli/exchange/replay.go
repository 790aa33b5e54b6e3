package cli

import (
	"context"
	"fmt"

	"shardeck/model/shell"

	"github.com/spf13/cobra"

	rooms "shardeck/backend/app"
	"shardeck/model/present"
	"shardeck/model/present/unit"
)

func (a *app) demoCmd() *cobra.Command {
	noOpen := false
	c := &cobra.Command{
		Use:   "demo [DIR]",
		Short: "open the cockpit on recordings of real runs: nothing to install",
		Long: `Lays out a workspace with recordings of real runs on two H100 GPUs, and experiments
that replay them through the local scheduler: no GPU, no Slurm, no Python. It goes into
DIR, or into a folder of your own that is kept from one demo to the next. What you
change in it stays.`,
		Args: args(0, 1),
		RunE: func(c *cobra.Command, words []string) error {
			dir, err := rooms.WriteDemo(firstWord(append(words, a.dir)), nil)
			if err != nil {
				return err
			}
			a.dir = dir
			if noOpen || !terminal(a.in) || !terminal(a.out) {
				return a.sayDemo(dir)
			}
			a.warn("the demo workspace is %s", dir) // on the screen again when the cockpit ends
			return a.cockpit(c, nil)
		},
	}
	c.Flags().BoolVar(&noOpen, "no-open", false, "only write the workspace")
	return c
}

// sayDemo says where the workspace lies and what to try, to somebody without a terminal.
func (a *app) sayDemo(dir string) error {
	if a.json {
		return a.printJSON(map[string]string{"workspace": dir})
	}
	fmt.Fprintln(a.out, dir)
	a.warn("the demo workspace is ready; try\n     shardeck -C %s analyze\n     shardeck -C %s submit E1.6 --yes", shell.Quote(dir), shell.Quote(dir))
	return nil
}

func firstWord(words []string) string {
	for _, w := range words {
		if w != "" {
			return w
		}
	}
	return ""
}

func (a *app) replayCmd() *cobra.Command {
	o := rooms.ReplayOptions{}
	c := &cobra.Command{
		Use:   "replay --config C --output-dir D",
		Short: "play a recording back as a run, as jobs of engine replay do",
		Long: `Re-emits the embedded recording of the config's model and layout at its own pace times
--factor: the same log lines, the same files. It is labelled a replay in each of them.
Without flags it lists the recordings.`,
		Args: args(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			if o.Config == "" && o.OutputDir == "" {
				return a.printRecordings()
			}
			if o.Config == "" || o.OutputDir == "" {
				return usage("replay needs both --config and --output-dir")
			}
			return a.replay(c.Context(), o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.Config, "config", "", "the experiment's `YAML`")
	f.StringVar(&o.OutputDir, "output-dir", "", "the `folder` to write the run into")
	f.Float64Var(&o.Factor, "factor", 0, "pace: recorded time times this; 0: as the config says")
	f.StringVar(&o.JobID, "job-id", "", "the job's `id`, for run.json")
	return c
}

// replay is a runner: its exit codes are those of every runner.
func (a *app) replay(ctx context.Context, o rooms.ReplayOptions) error {
	o.Out = a.out
	code, err := rooms.Replay(ctx, o)
	if err == nil {
		return nil
	}
	return &coded{code: code, err: err}
}

func (a *app) printRecordings() error {
	all := rooms.Recordings()
	return a.show(all, func() {
		t := present.Table{Columns: present.Columns("recording", "model", "layout", ">batch", ">prompt", ">output", "-20")}
		for _, r := range all {
			w := r.Workload
			t.Add(present.Texts(r.Name, r.Model, r.Layout.Short(), unit.Int(w.BatchSize), unit.Int(w.SeqLen), unit.Int(w.MaxTokens), r.Title)...)
		}
		a.table(t)
	})
}
