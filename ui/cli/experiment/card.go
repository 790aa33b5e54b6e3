package experiment

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/ui/cli/command"
)

// Card writes the workload card of a run.
func Card(e *command.Env) *cobra.Command {
	config, dir := "", ""
	c := &cobra.Command{
		Use:   "card --config C --output-dir D",
		Short: "write workload_card.yaml into a run's folder",
		Long: `Writes the workload card of a run: what was run comes from the config; GPU, NCCL and
CUDA versions and the list of traces come from the files in the folder, and stay
empty where those do not tell.`,
		Args: command.Args(0, 0),
		RunE: e.With(func(ctx context.Context, a *app.App, _ []string) error {
			if config == "" || dir == "" {
				return command.Usage("card needs --config and --output-dir\n" +
					"as in: shardeck card --config experiments/configs/E1.2_llama8b_tp2.yaml --output-dir trace_collection/llama-8b-tp2")
			}
			path, err := a.Card(ctx, config, dir)
			if err != nil {
				return err
			}
			return e.Show(map[string]string{"path": path}, func() { fmt.Fprintln(e.Out, path) })
		}),
	}
	c.Flags().StringVar(&config, "config", "", "the experiment's `YAML`, or its id")
	c.Flags().StringVar(&dir, "output-dir", "", "the run's `folder`")
	return c
}
