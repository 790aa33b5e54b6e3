package lab

import (
	"path"

	"shardeck/backend/render"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/check"
)

// runner writes what runs inside the job, and tells of what an older shardeck left.
func (g *generation) runner() error {
	ws := g.lab.ws
	shapes, err := render.Models(g.lab.Shapes())
	if err != nil {
		return err
	}
	if err := g.put(workspace.ModelsFile, shapes, 0o644); err != nil {
		return err
	}
	files, err := render.Runner()
	if err != nil {
		return err
	}
	set := make([]workspace.GeneratedFile, len(files))
	for i, f := range files {
		set[i] = workspace.GeneratedFile{Rel: path.Join(path.Dir(workspace.RunnerFile), f.Name), Data: f.Text, Mode: 0o644}
		if set[i].Rel == workspace.RunnerFile {
			set[i].Mode = 0o755
		}
	}
	outcomes, err := ws.GenerateSet(set, g.force)
	if err != nil {
		return kinded(err)
	}
	for i, o := range outcomes {
		g.wrote = append(g.wrote, Wrote{Path: set[i].Rel, Action: Action(o)})
	}
	if ws.Runner() == workspace.RunnerOld {
		g.lab.note(workspace.RunnerFile + " is an older shardeck's with your edits and runs as before, with the " + workspace.OldEngineFile +
			" beside it: move the edits to " + workspace.RunnerDir + ", then shardeck generate --force")
	}
	if ws.OldEngineIsLeft() {
		g.lab.note(workspace.OldEngineFile + " is an older shardeck's and no longer used: remove it")
	}
	return nil
}

// oldRunner is the finding that a workspace has the runner of an older shardeck, which
// goes on working; none if it has not, or runs a replay.
func (l *Lab) oldRunner(e model.Experiment) []check.Finding {
	if e.Engine == model.EngineReplay || l.ws.Runner() != workspace.RunnerOld {
		return nil
	}
	return []check.Finding{{Code: "runner-old", Severity: check.SeverityWarning, Edits: []model.Edit{},
		Fault: workspace.RunnerFile + " is the runner of an older shardeck, and runs as it is", Fix: "to take the new one: shardeck generate"}}
}
