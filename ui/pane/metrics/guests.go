package metrics

import (
	"context"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/ui/pane"
)

// guests are runs that lie outside the workspace and were opened by their paths.
type guests struct {
	look pane.Task[model.Run]
	runs []model.Run
}

// invite lists a run that is not of the workspace beside those that are; then is told when it is known, or cannot be.
func (g *guests) invite(env env, name string, then func() tea.Cmd) tea.Cmd {
	look := func(context.Context) (model.Run, error) { return env.Run(name) }
	return g.look.Start(env.Ctx, look, func(run model.Run, err error) tea.Cmd {
		if err == nil {
			g.runs = append(g.runs, run)
		}
		return then()
	})
}

// beside adds the guests to the runs of the workspace.
func (g *guests) beside(runs []model.Run) []model.Run {
	for _, guest := range g.runs {
		if !slices.ContainsFunc(runs, func(r model.Run) bool { return r.Name == guest.Name }) {
			runs = append(runs, guest)
		}
	}
	return runs
}
