package cli

import (
	"github.com/spf13/cobra"
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
