package cli

import (
	"context"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/model/metric"
	"shardeck/ui/cli/command"
)

// completionCmd replaces cobra's own, whose words are not ours.
func completionCmd(e *command.Env) *cobra.Command {
	return &cobra.Command{
		Use:       "completion bash|zsh|fish",
		Short:     "print a script that completes commands, ids and runs",
		Example:   "  source <(shardeck completion bash)",
		ValidArgs: []string{"bash", "zsh", "fish"},
		Args:      command.Args(1, 1),
		RunE: func(c *cobra.Command, words []string) error {
			switch words[0] {
			case "bash":
				return c.Root().GenBashCompletionV2(e.Out, true)
			case "zsh":
				return c.Root().GenZshCompletion(e.Out)
			case "fish":
				return c.Root().GenFishCompletion(e.Out, true)
			}
			return command.Usage("no completion for %q: shells are bash, zsh and fish", words[0])
		},
	}
}

// complete gives every command that takes ids, runs or metrics their completion.
func complete(e *command.Env, commands []*cobra.Command) {
	ids, runs := named(e, idsOf), named(e, runsOf)
	metrics := func(c *cobra.Command, words []string, part string) ([]string, cobra.ShellCompDirective) {
		if len(words) > 0 {
			return runs(c, words, part)
		}
		return metricNames(), cobra.ShellCompDirectiveNoFileComp
	}
	takes := map[string]cobra.CompletionFunc{
		"check": ids, "submit": ids, "cancel": ids, "logs": ids, "why": ids, "watch": ids,
		"metrics": runs, "trace": runs, "compare": runs, "analyze": runs, "metric": metrics,
	}
	for _, c := range commands {
		if f := takes[c.Name()]; f != nil {
			c.ValidArgsFunction = f
		}
		completeFlags(c, map[string]cobra.CompletionFunc{"from": ids, "explain": metrics})
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

func metricNames() []string {
	var names []string
	for _, d := range metric.Definitions {
		names = append(names, d.Name)
	}
	return names
}

// named completes by names of the workspace; it says nothing when that cannot be read.
func named(e *command.Env, of func(context.Context, *app.App) ([]string, cobra.ShellCompDirective)) cobra.CompletionFunc {
	return func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		a, err := e.Open()
		if err != nil {
			return nil, cobra.ShellCompDirectiveDefault
		}
		return of(c.Context(), a)
	}
}

func idsOf(_ context.Context, a *app.App) ([]string, cobra.ShellCompDirective) {
	return a.IDs(), cobra.ShellCompDirectiveNoFileComp
}

// runsOf completes files too: a run may be a path.
func runsOf(ctx context.Context, a *app.App) ([]string, cobra.ShellCompDirective) {
	runs, _ := a.Runs(ctx)
	var names []string
	for _, r := range runs {
		names = append(names, r.Name)
	}
	return names, cobra.ShellCompDirectiveDefault
}
