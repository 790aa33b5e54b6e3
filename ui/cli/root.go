package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

const story = `shardeck profiles vLLM inference under different parallelism layouts.

Alone it opens the cockpit: choose TP, PP, DP and EP, see at once whether the
layout is legal, fits the GPUs and what it costs, submit it, follow the job, and
read metrics, traces and scaling charts. Every pane has a plain twin below.`

// root is the command line as a whole.
func (a *app) root() *cobra.Command {
	cobra.EnableCommandSorting = false
	c := &cobra.Command{
		Use:                        "shardeck",
		Short:                      "a terminal cockpit for profiling vLLM inference under different parallelism layouts",
		Long:                       story,
		Args:                       known,
		RunE:                       a.cockpit,
		SuggestionsMinimumDistance: 2,
		SilenceErrors:              true,
		SilenceUsage:               true,
		CompletionOptions:          cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	f := c.PersistentFlags()
	f.StringVarP(&a.dir, "workspace", "C", "", "the workspace is the nearest folder with experiments/ upward from `DIR`")
	f.BoolVar(&a.json, "json", false, "print JSON")
	f.StringVar(&a.color, "color", "auto", "colours: auto, always or never")
	f.BoolVar(&a.ascii, "ascii", false, "ASCII only: no box drawing, no special signs")
	f.BoolVar(&a.readOnly, "read-only", false, "change nothing: no file, no job")
	f.StringArrayVar(&a.sets, "set", nil, "override a setting: `key=value` (may be repeated)")
	c.PersistentPreRunE = func(*cobra.Command, []string) error { return a.checkFlags() }
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return wrong(c, err.Error()) })
	commands := a.commands()
	a.complete(commands)
	completeFlags(c, map[string]cobra.CompletionFunc{"color": colours})
	a.readers(commands)
	c.AddCommand(commands...)
	c.InitDefaultHelpCmd()
	if help, _, err := c.Find([]string{"help"}); err == nil {
		help.Short = "say more about a command"
	}
	return c
}

// commands lists every command, in the order of a day's work.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.generateCmd(), a.newCmd(), a.checkCmd(), a.submitCmd(),
		a.jobsCmd(), a.cancelCmd(), a.logsCmd(), a.whyCmd(), a.watchCmd(),
		a.metricCmd(), a.metricsCmd(), a.traceCmd(), a.analyzeCmd(), a.compareCmd(), a.cardCmd(),
		a.siteCmd(), a.settingsCmd(), a.demoCmd(), a.replayCmd(),
		a.completionCmd(), a.manCmd(), a.versionCmd(),
	}
}

// readers gives the commands that read traces their flag.
func (a *app) readers(commands []*cobra.Command) {
	for _, c := range commands {
		switch c.Name() {
		case "metric", "metrics", "trace", "analyze", "compare":
			c.Flags().BoolVar(&a.here, "here", false, "read traces here, though they are more than a login node's budget")
		}
	}
}

// checkFlags refuses values of global flags that mean nothing.
func (a *app) checkFlags() error {
	switch a.color {
	case "auto", "always", "never":
		return nil
	}
	return usage("--color=%s: colours are auto, always or never", a.color)
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
	return wrong(c, text)
}

// wrong is an error of wrong usage that says where to look.
func wrong(c *cobra.Command, text string) error {
	return usage("%s\n%s\nhelp:  %s --help", text, "usage: "+c.UseLine(), c.CommandPath())
}

// args checks how many words a command gets; many is the most, -1: any number.
func args(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return wrong(c, fmt.Sprintf("%s needs %s", c.CommandPath(), words(c)))
		case most >= 0 && len(args) > most:
			return wrong(c, fmt.Sprintf("%s does not take %q", c.CommandPath(), args[most]))
		}
		return nil
	}
}

// words are the arguments of a command's usage line.
func words(c *cobra.Command) string {
	_, rest, _ := strings.Cut(c.Use, " ")
	return rest
}
