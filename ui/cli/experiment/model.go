package experiment

import (
	"context"

	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/model/check"
	"shardeck/model/present"
	"shardeck/ui/cli/command"
)

// Model lists models, shows one, and keeps one's config.
func Model(e *command.Env) *cobra.Command {
	c := command.New("model", "say what is known of models, and keep the config of another", `
Says what check knows of a model: parameters, memory of weights and cache, which TP
it can be cut into. Known are the models of the tables, those whose config.json lies
in the hub's cache, and any folder with a config.json.`, nil)
	one := func(use, short string, of func(*app.App, string) (check.Facts, error)) *cobra.Command {
		return e.Command(use, short, "", func(_ context.Context, a *app.App, words []string) error {
			s, err := of(a, words[0])
			return e.Answer(err, s, func() {
				e.Say("%s", e.Paint(present.Strong, s.Name))
				for _, l := range present.Model(s) {
					e.Say("  %-10s  %s", l[0], l[1])
				}
			})
		})
	}
	list := e.Command("list", "list the models of the tables and of the hub's cache", "",
		func(_ context.Context, a *app.App, _ []string) error {
			all := a.Models()
			return e.Show(all, func() { e.Table(present.Models(all)) })
		})
	c.AddCommand(list, one("show ID|FOLDER", "say what is known of a model", (*app.App).Model),
		one("add ID|FOLDER", "keep the config.json of a model in models.yaml", (*app.App).AddModel))
	return c
}
