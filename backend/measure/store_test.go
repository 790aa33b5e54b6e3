package measure

import (
	"os"
	"path/filepath"
	"testing"

	"shardeck/backend/cache"
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
	key := func(change func(*store, *model.Run)) cache.Key {
		e := model.Defaults()
		s := store{version: "1", ws: &workspace.Workspace{}, world: check.World{Site: model.Site{GPUsPerNode: 4}}}
		run := model.Run{Name: "a", Experiment: &e, Files: []model.RunFile{{Kind: model.FileTiming, Path: file}}}
		change(&s, &run)
		k, err := s.runKey(run)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	as := keyText(key(func(*store, *model.Run) {}))
	for what, change := range map[string]func(*store, *model.Run){
		"GPUs per node of the site":    func(s *store, _ *model.Run) { s.world.Site.GPUsPerNode = 8 },
		"GPUs per node of the machine": func(s *store, _ *model.Run) { s.world.Site.GPUsPerNode, s.world.MachineGPUs = 0, 2 },
		"shapes of models":             func(s *store, _ *model.Run) { s.world.Shapes = []model.Shape{{Name: "m"}} },
		"kinds of GPUs":                func(s *store, _ *model.Run) { s.world.GPUs = map[string]model.GPU{"a100": {Title: "A100"}} },
		"program":                      func(s *store, _ *model.Run) { s.version = "2" },
		"config":                       func(_ *store, r *model.Run) { r.Experiment.Layout.TP = 2 },
		"warnings":                     func(_ *store, r *model.Run) { r.Warnings = []string{"two of one rank"} },
		"problem":                      func(_ *store, r *model.Run) { r.Problem = "no config.yaml" },
		"files":                        func(_ *store, r *model.Run) { r.Files = nil },
	} {
		if keyText(key(change)) == as {
			t.Errorf("other %s, and the same key", what)
		}
	}
	if keyText(key(func(_ *store, r *model.Run) { r.Name = "b" })) != as {
		t.Error("a run that was renamed is another")
	}
}
