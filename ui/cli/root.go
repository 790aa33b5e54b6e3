package cli

import (
	"fmt"
	"strings"

	"shardeck/ui/cli/command"
	"shardeck/ui/cli/exchange"
	"shardeck/ui/cli/experiment"
	"shardeck/ui/cli/job"
	"shardeck/ui/cli/result"

	"github.com/spf13/cobra"
)

const story = `shardeck profiles vLLM inference under different parallelism layouts.

Alone it opens the cockpit: choose TP, PP, DP and EP, see at once whether the
layout is legal, fits the GPUs and what it costs, submit it, follow the job, and
read metrics, traces and scaling charts. Every pane has a plain twin below.`

// root is the command line as a whole.
func root(e *command.Env) *cobra.Command {
	cobra.EnableCommandSorting = false
	c := &cobra.Command{
		Use:                        "shardeck",
		Short:                      "a terminal cockpit for profiling vLLM inference under different parallelism layouts",
		Long:                       story,
		Args:                       known,
		RunE:                       func(c *cobra.Command, _ []string) error { return openCockpit(c.Context(), e) },
		SuggestionsMinimumDistance: 2,
		SilenceErrors:              true,
		SilenceUsage:               true,
		CompletionOptions:          cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	f := c.PersistentFlags()
	f.StringVarP(&e.Dir, "workspace", "C", "", "the workspace is the nearest folder with experiments/ upward from `DIR`")
	f.BoolVar(&e.JSON, "json", false, "print JSON")
	f.StringVar(&e.Color, "color", "auto", "colours: auto, always or never")
	f.BoolVar(&e.ASCII, "ascii", false, "ASCII only: no box drawing, no special signs")
	f.BoolVar(&e.ReadOnly, "read-only", false, "change nothing: no file, no job")
	f.StringArrayVar(&e.Sets, "set", nil, "override a setting: `key=value` (may be repeated)")
	c.PersistentPreRunE = func(*cobra.Command, []string) error { return checkFlags(e) }
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return command.Wrong(c, err.Error()) })
	all := commands(e)
	complete(e, all)
	completeFlags(c, map[string]cobra.CompletionFunc{"color": colours})
	readers(e, all)
	c.AddCommand(all...)
	c.InitDefaultHelpCmd()
	if help, _, err := c.Find([]string{"help"}); err == nil {
		help.Short = "say more about a command"
	}
	return c
}

// commands lists every command, in the order of a day's work.
func commands(e *command.Env) []*cobra.Command {
	return []*cobra.Command{
		experiment.Generate(e), experiment.New(e), experiment.Check(e), job.Submit(e),
		job.Jobs(e), job.Cancel(e), job.Logs(e), job.Why(e), job.Watch(e),
		result.Metric(e), result.Metrics(e), result.Trace(e), result.Analyze(e), result.Compare(e), experiment.Card(e),
		siteCmd(e), settingsCmd(e), demoCmd(e), exchange.Replay(e),
		completionCmd(e), manCmd(e), versionCmd(e),
	}
}

// readers gives the commands that read traces their flag.
func readers(e *command.Env, commands []*cobra.Command) {
	for _, c := range commands {
		switch c.Name() {
		case "metric", "metrics", "trace", "analyze", "compare":
			c.Flags().BoolVar(&e.Here, "here", false, "read traces here, though they are more than a login node's budget")
		}
	}
}

// checkFlags refuses values of global flags that mean nothing.
func checkFlags(e *command.Env) error {
	switch e.Color {
	case "auto", "always", "never":
		return nil
	}
	return command.Usage("--color=%s: colours are auto, always or never", e.Color)
}

// known refuses a word that is no command, with the nearest one.
func known(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("there is no command %q", args[0])
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		text += "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return command.Wrong(c, text)
}
