package workspace

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func filesOf(t *testing.T, w *Workspace) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(w.Root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[w.rawRel(path)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func journal(w *Workspace) Journal { return Journal{w} }

// TestBrokenOff: whatever step a change or its undoing was killed at, what was written down of it is enough to do the rest.
func TestBrokenOff(t *testing.T) {
	start := map[string]string{"a.yaml": "old", "list": "a", "runs/a/x": "trace", "runs/a@1/x": "older"}
	c := Change{Key: "k", Kind: Deleted, Experiment: "a", At: time.Unix(1, 0).UTC(),
		Moves: []Move{{"runs/a", Away("runs/a", "k")}, {"runs/a@1", Away("runs/a@1", "k")}},
		Texts: []TextEdit{{"b.yaml", 0o644, nil, []byte("new")}, {"list", 0o644, []byte("a"), []byte("b")},
			{"a.yaml", 0o600, []byte("old"), nil}}}
	there := map[string]string{"b.yaml": "new", "list": "b", "runs/.trash/k/a/x": "trace", "runs/.trash/k/a@1/x": "older"}
	for _, back := range []bool{false, true} {
		for killed := 0; ; killed++ {
			w := newWorkspace(t, start)
			one, want := c, there
			if back {
				if err := journal(w).Apply(c); err != nil {
					t.Fatal(err)
				}
				one.Back, want = true, start
			}
			if err := journal(w).changes(pendingDir).write(one, w.CreateFile); err != nil {
				t.Fatal(err)
			}
			steps := journal(w).steps(one)
			for _, step := range steps[:min(killed, len(steps))] {
				if err := step(); err != nil {
					t.Fatal(err)
				}
			}
			for _, p := range journal(w).Pending() {
				if err := journal(w).Finish(p); err != nil {
					t.Fatal(err)
				}
			}
			got := filesOf(t, w)
			if _, kept := got[trashDir+"/k.json"]; kept == back {
				t.Errorf("back %v, %d steps: in the trash %v", back, killed, kept)
			}
			if _, err := os.Stat(w.Path("runs/" + trashed)); (err == nil) == back {
				t.Errorf("back %v, %d steps: the folder of the trash: %v", back, killed, err)
			}
			delete(got, trashDir+"/k.json")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("back %v, broken off after %d steps: %s", back, killed, diff)
			}
			if killed > len(steps) {
				break
			}
		}
	}
}

// TestChangeThatDoesNotFit is refused before its first step; an edit made while it was broken off stays.
func TestChangeThatDoesNotFit(t *testing.T) {
	c := Change{Key: "k", Kind: Renamed, Experiment: "a", Moves: []Move{{"runs/a", "runs/b"}},
		Texts: []TextEdit{{"b.yaml", 0o644, nil, []byte("new")}}}
	for name, files := range map[string]map[string]string{
		"no folder":  {"x": ""},
		"taken":      {"runs/a/x": "", "runs/b/x": ""},
		"file there": {"runs/a/x": "", "b.yaml": "mine"},
	} {
		w := newWorkspace(t, files)
		if err := journal(w).Apply(c); err == nil {
			t.Error(name, "is done")
		}
		if diff := cmp.Diff(files, filesOf(t, w)); diff != "" {
			t.Error(name, diff)
		}
	}
	w := newWorkspace(t, map[string]string{"runs/b/x": "", "b.yaml": "mine by now"})
	if err := journal(w).Finish(c); err != nil || filesOf(t, w)["b.yaml"] != "mine by now" {
		t.Error("an edit made meanwhile is gone", err)
	}
}
