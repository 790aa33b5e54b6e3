package cli

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	rooms "shardeck/backend/app"
	"shardeck/model/present"
	"shardeck/model/present/unit"
)

func (a *app) settingsCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "settings",
		Short: "print every setting and where it comes from",
		Long: `Prints each setting, its value and its origin. Later wins: built in, the site, the
user's ~/.config/shardeck/config.yaml, the workspace's shardeck.yaml, the experiment,
--set key=value.`,
		Args: args(0, 0),
		RunE: a.withLab(func(_ context.Context, l *rooms.App, _ []string) error {
			settings := l.Settings()
			return a.show(settings, func() {
				t := present.Table{Columns: present.Columns("setting", "value-24", "from-12")}
				for _, s := range settings {
					t.Add(present.Texts(s.Key, cmp.Or(s.Value, unit.Missing), s.Origin)...)
				}
				a.table(t)
			})
		}),
	}
}
