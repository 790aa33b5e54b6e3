package cli

import (
	"github.com/spf13/cobra"

	"shardeck/model/metric"
)

// completionCmd replaces cobra's own, whose words are not ours.
func (a *app) completionCmd() *cobra.Command {
	return &cobra.Command{
		Use:       "completion bash|zsh|fish",
		Short:     "print a script that completes commands, ids and runs",
		Example:   "  source <(shardeck completion bash)",
		ValidArgs: []string{"bash", "zsh", "fish"},
		Args:      args(1, 1),
		RunE: func(c *cobra.Command, words []string) error {
			switch words[0] {
			case "bash":
				return c.Root().GenBashCompletionV2(a.out, true)
			case "zsh":
				return c.Root().GenZshCompletion(a.out)
			case "fish":
				return c.Root().GenFishCompletion(a.out, true)
			}
			return usage("no completion for %q: shells are bash, zsh and fish", words[0])
		},
	}
}

// complete gives every command that takes ids, runs or metrics their completion.
func (a *app) complete(commands []*cobra.Command) {
	takes := map[string]cobra.CompletionFunc{
		"check": a.idsOf, "submit": a.idsOf, "cancel": a.idsOf, "logs": a.idsOf, "why": a.idsOf, "watch": a.idsOf,
		"metrics": a.runsOf, "trace": a.runsOf, "compare": a.runsOf, "analyze": a.runsOf, "metric": a.metricsOf,
	}
	for _, c := range commands {
		if f := takes[c.Name()]; f != nil {
			c.ValidArgsFunction = f
		}
		completeFlags(c, map[string]cobra.CompletionFunc{"from": a.idsOf, "explain": a.metricsOf})
	}
}

// completeFlags gives the flags that c has, of those named, their completion.
func completeFlags(c *cobra.Command, takes map[string]cobra.CompletionFunc) {
	for flag, f := range takes {
		if c.Flags().Lookup(flag) != nil || c.PersistentFlags().Lookup(flag) != nil {
			c.RegisterFlagCompletionFunc(flag, f) // errs only for a flag that is not there
		}
	}
}

// colours are the values of --color.
var colours = cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp)

// metricsOf completes a metric, then a run.
func (a *app) metricsOf(c *cobra.Command, words []string, part string) ([]string, cobra.ShellCompDirective) {
	if len(words) > 0 {
		return a.runsOf(c, words, part)
	}
	var names []string
	for _, d := range metric.Definitions {
		names = append(names, d.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// idsOf completes experiment ids, runsOf the names of runs; both say nothing when
// the workspace cannot be read.
func (a *app) idsOf(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	l, err := a.lab()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return l.IDs(), cobra.ShellCompDirectiveNoFileComp
}

func (a *app) runsOf(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	l, err := a.lab()
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	runs, err := l.Runs(c.Context())
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var names []string
	for _, r := range runs {
		names = append(names, r.Name)
	}
	return names, cobra.ShellCompDirectiveDefault
}
