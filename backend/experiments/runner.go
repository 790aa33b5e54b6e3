package experiments

import (
	"os"

	"shardeck/backend/render"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/check"
)

// writeRunner writes what runs inside the job, its program last, so that no job which starts
// meanwhile finds it alone; and tells of what an older shardeck left.
func (g *generation) writeRunner() error {
	models, err := render.Models(g.x.World.Shapes)
	if err != nil {
		return err
	}
	if err := g.write(workspace.ModelsFile, models); err != nil {
		return err
	}
	files, err := render.Runner()
	if err != nil {
		return err
	}
	if err := g.writeAll(files); err != nil {
		return err
	}
	_, old := g.x.Workspace.Runner()
	_, err = os.Lstat(g.x.Workspace.Path(workspace.OldEngine))
	switch {
	case old:
		g.x.Note(workspace.RunnerFile + " is an older shardeck's with your edits and runs as before, with the " + workspace.OldEngine +
			" beside it: move the edits to " + workspace.RunnerDir + ", then shardeck generate --force")
	case err == nil:
		g.x.Note(workspace.OldEngine + " is an older shardeck's and no longer used: remove it")
	}
	return nil
}

// OldRunner is the finding that a workspace has the runner of an older shardeck, which
// goes on working; none if it has not, or runs a replay.
func (x *Experiments) OldRunner(e model.Experiment) []check.Finding {
	if _, old := x.Workspace.Runner(); !old || e.Engine == model.EngineReplay {
		return nil
	}
	return []check.Finding{{Code: "runner-old", Severity: check.SeverityWarning, Edits: []model.Edit{},
		Fault: workspace.RunnerFile + " is the runner of an older shardeck, and runs as it is",
		Fix:   "to take the new one: shardeck generate"}}
}

// BringRunner writes what runs inside a job, where there is none and the job needs it.
func (x *Experiments) BringRunner(e model.Experiment) error {
	if there, _ := x.Workspace.Runner(); there || e.Engine == model.EngineReplay {
		return nil
	}
	return (&generation{x: x}).writeRunner()
}
