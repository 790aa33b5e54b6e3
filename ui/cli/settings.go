package cli

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/cli/command"
)

func settingsCmd(e *command.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "settings",
		Short: "print every setting and where it comes from",
		Long: `Prints each setting, its value and its origin. Later wins: built in, the site, the
user's ~/.config/shardeck/config.yaml, the workspace's shardeck.yaml, the experiment,
--set key=value.`,
		Args: command.Args(0, 0),
		RunE: e.With(func(_ context.Context, a *app.App, _ []string) error {
			settings := a.Settings()
			return e.Show(settings, func() {
				t := present.Table{Columns: present.Columns("setting", "value-24", "from-12")}
				for _, s := range settings {
					t.Add(present.Texts(s.Key, cmp.Or(s.Value, unit.Missing), s.Origin)...)
				}
				e.Table(t)
			})
		}),
	}
}
