package diskcheck

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/backend/workspace"
)

// TestOutputThatWouldMoveTheWorkspace: whatever way leads there, a folder that is no run is never renamed by a job.
func TestOutputThatWouldMoveTheWorkspace(t *testing.T) {
	w := &workspace.Workspace{Root: filepath.Join(t.TempDir(), "ws")}
	for _, dir := range []string{workspace.TracesDir + "/old", workspace.TracesDir + "/empty", workspace.TracesDir + "/photos",
		workspace.ConfigsDir, workspace.ScriptsDir, workspace.RunnerDir, workspace.LogsDir, workspace.PrivateDir} {
		if err := os.MkdirAll(w.Path(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	err := errors.Join(os.Symlink(w.Path(workspace.TracesDir), w.Path("link")), os.Symlink("..", w.Path(workspace.TracesDir+"/up")),
		os.Symlink("old", w.Path(workspace.TracesDir+"/latest")),
		os.WriteFile(w.Path(workspace.TracesDir+"/old/run.json"), nil, 0o644),
		os.WriteFile(w.Path(workspace.TracesDir+"/photos/cat.jpg"), nil, 0o644),
		os.WriteFile(w.Path(workspace.TracesDir+"/file"), nil, 0o644))
	if err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		workspace.TracesDir: "it is ws/trace_collection", w.Path(workspace.TracesDir): "it is ws/trace_collection",
		"link":                      "it is ws/trace_collection",
		workspace.TracesDir + "/up": "it is ws of the workspace", w.Root: "it is ws of", filepath.Dir(w.Root): "it holds ws of", "/": "it holds",
		"experiments": "it holds ws/experiments/configs", workspace.ConfigsDir + "/x": "lies in ws/experiments/configs",
		"link/../experiments/configs": "it is",
		workspace.PrivateDir:          "it is", workspace.PrivateDir + "/x/y": "lies in", workspace.TracesDir + "/up/logs": "it is ws/logs",
		workspace.TracesDir + "/photos": "holds other things",
		workspace.TracesDir + "/file":   "a file is there",
		workspace.TracesDir + "/new":    "", workspace.TracesDir + "/a/b": "", workspace.TracesDir + "/old": "",
		workspace.TracesDir + "/empty": "", workspace.TracesDir + "/latest": "", "link/new": "",
		"experiments/results": "", "logs/x": "", "/nowhere/x": "",
	} {
		if got := Output(w, dir); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", dir, got, want)
		}
	}
}
