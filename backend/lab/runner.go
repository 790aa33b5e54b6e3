package lab

import (
	"os"

	"shardeck/backend/render"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/check"
)

// runner writes what runs inside the job, its program last, so that no job which starts
// meanwhile finds it alone; and tells of what an older shardeck left.
func (g *generation) runner() error {
	models, err := render.Models(g.lab.Shapes())
	if err != nil {
		return err
	}
	if err := g.put(workspace.ModelsFile, models); err != nil {
		return err
	}
	files, err := render.Runner()
	if err != nil {
		return err
	}
	if err := g.putAll(files); err != nil {
		return err
	}
	_, old := g.lab.ws.Runner()
	_, err = os.Lstat(g.lab.ws.Path(workspace.OldEngine))
	switch {
	case old:
		g.lab.note(workspace.RunnerFile + " is an older shardeck's with your edits and runs as before, with the " + workspace.OldEngine +
			" beside it: move the edits to " + workspace.RunnerDir + ", then shardeck generate --force")
	case err == nil:
		g.lab.note(workspace.OldEngine + " is an older shardeck's and no longer used: remove it")
	}
	return nil
}

// oldRunner is the finding that a workspace has the runner of an older shardeck, which
// goes on working; none if it has not, or runs a replay.
func (l *Lab) oldRunner(e model.Experiment) []check.Finding {
	if _, old := l.ws.Runner(); !old || e.Engine == model.EngineReplay {
		return nil
	}
	return []check.Finding{{Code: "runner-old", Severity: check.SeverityWarning, Edits: []model.Edit{},
		Fault: workspace.RunnerFile + " is the runner of an older shardeck, and runs as it is", Fix: "to take the new one: shardeck generate"}}
}
