package cli

import (
	"context"

	"github.com/spf13/cobra"

	"shardeck/backend/lab"
)

func (a *app) settingsCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "settings",
		Short: "print every setting and where it comes from",
		Long: `Prints each setting, its value and its origin. Later wins: built in, the site, the
user's ~/.config/shardeck/config.yaml, the workspace's shardeck.yaml, the experiment,
--set key=value.`,
		Args: args(0, 0),
		RunE: a.withLab(func(_ context.Context, l *lab.Lab, _ []string) error {
			settings := l.Settings()
			if a.json {
				return a.printJSON(settings)
			}
			t := newTable("setting", "value", "from")
			for _, s := range settings {
				t.add(s.Key, orMissing(s.Value), s.Origin)
			}
			a.write(t)
			return nil
		}),
	}
}
