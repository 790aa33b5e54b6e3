// Package exchange is the commands that bring runs in and out.
package exchange

import (
	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/cli/command"
)

// Replay plays a recording back as a run.
func Replay(e *command.Env) *cobra.Command {
	o := app.ReplayOptions{}
	c := &cobra.Command{
		Use:   "replay --config C --output-dir D",
		Short: "play a recording back as a run, as jobs of engine replay do",
		Long: `Re-emits the embedded recording of the config's model and layout at its own pace times
--factor: the same log lines, the same files. It is labelled a replay in each of them.
Without flags it lists the recordings.`,
		Args: command.Args(0, 0),
		RunE: func(c *cobra.Command, _ []string) error {
			if o.Config == "" && o.OutputDir == "" {
				return printRecordings(e)
			}
			if o.Config == "" || o.OutputDir == "" {
				return command.Usage("replay needs both --config and --output-dir")
			}
			o.Out = e.Out
			code, err := app.Replay(c.Context(), o) // as a runner: with the exit codes of every runner
			if err != nil {
				err = command.WithCode(code, err)
			}
			return err
		},
	}
	f := c.Flags()
	f.StringVar(&o.Config, "config", "", "the experiment's `YAML`")
	f.StringVar(&o.OutputDir, "output-dir", "", "the `folder` to write the run into")
	f.Float64Var(&o.Factor, "factor", 0, "pace: recorded time times this; 0: as the config says")
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
