package cli

import (
	"cmp"
	"fmt"
	"shardeck/ui/cli/command"

	"shardeck/model/shell"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
)

func demoCmd(e *command.Env) *cobra.Command {
	noOpen := false
	c := &cobra.Command{
		Use:   "demo [DIR]",
		Short: "open the cockpit on recordings of real runs: nothing to install",
		Long: `Lays out a workspace with recordings of real runs on two H100 GPUs, and experiments
that replay them through the local scheduler: no GPU, no Slurm, no Python. It goes into
DIR, or into a folder of your own that is kept from one demo to the next. What you
change in it stays.`,
		Args: command.Args(0, 1),
		RunE: func(c *cobra.Command, words []string) error {
			dir, err := app.WriteDemo(cmp.Or(append(words, e.Dir)...), nil)
			if err != nil {
				return err
			}
			e.Dir = dir
			if noOpen || !command.Terminal(e.In) || !command.Terminal(e.Out) {
				return sayDemo(e, dir)
			}
			e.Warn("the demo workspace is %s", dir) // on the screen again when the cockpit ends
			return openCockpit(c.Context(), e)
		},
	}
	c.Flags().BoolVar(&noOpen, "no-open", false, "only write the workspace")
	return c
}

// sayDemo says where the workspace lies and what to try, to somebody without a terminal.
func sayDemo(e *command.Env, dir string) error {
	return e.Show(map[string]string{"workspace": dir}, func() {
		fmt.Fprintln(e.Out, dir)
		in := shell.Quote(dir)
		e.Warn("the demo workspace is ready; try\n     shardeck -C %s analyze\n     shardeck -C %s submit E1.6 --yes", in, in)
	})
}
