package measure

import (
	"os"
	"path/filepath"
	"testing"

	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/check"
)

// TestRunKeyNamesAllThatCounts: an analysis is that of its files, its config, what is known
// of models, GPUs and nodes, and the program; where one of these differs, so does its key.
func TestRunKeyNamesAllThatCounts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "timing_stats_0.json")
	if err := os.WriteFile(file, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	key := func(change func(*Needs, *model.Run)) cacheKey {
		e := model.Defaults()
		s := Needs{Version: "1", Workspace: &workspace.Workspace{}, World: check.World{Site: model.Site{GPUsPerNode: 4}}}
		run := model.Run{Name: "a", Experiment: &e, Files: []model.RunFile{{Kind: model.FileTiming, Path: file}}}
		change(&s, &run)
		k, err := s.runKey(run)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	as := key(func(*Needs, *model.Run) {}).file()
	for what, change := range map[string]func(*Needs, *model.Run){
		"GPUs per node of the site":    func(s *Needs, _ *model.Run) { s.World.Site.GPUsPerNode = 8 },
		"GPUs per node of the machine": func(s *Needs, _ *model.Run) { s.World.Site.GPUsPerNode, s.World.MachineGPUs = 0, 2 },
		"shapes of models":             func(s *Needs, _ *model.Run) { s.World.Shapes = []model.Shape{{Name: "m"}} },
		"kinds of GPUs":                func(s *Needs, _ *model.Run) { s.World.GPUs = map[string]model.GPU{"a100": {Title: "A100"}} },
		"program":                      func(s *Needs, _ *model.Run) { s.Version = "2" },
		"config":                       func(_ *Needs, r *model.Run) { r.Experiment.Layout.TP = 2 },
		"warnings":                     func(_ *Needs, r *model.Run) { r.Warnings = []string{"two of one rank"} },
		"problem":                      func(_ *Needs, r *model.Run) { r.Problem = "no config.yaml" },
		"files":                        func(_ *Needs, r *model.Run) { r.Files = nil },
	} {
		if key(change).file() == as {
			t.Errorf("other %s, and the same key", what)
		}
	}
	if key(func(_ *Needs, r *model.Run) { r.Name = "b" }).file() != as {
		t.Error("a run that was renamed is another")
	}
}
