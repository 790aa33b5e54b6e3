package workspace

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestOutputThatWouldMoveTheWorkspace: whatever way leads there, a folder that is no run is never renamed by a job.
func TestOutputThatWouldMoveTheWorkspace(t *testing.T) {
	w := &Workspace{Root: filepath.Join(t.TempDir(), "ws")}
	for _, dir := range []string{TracesDir + "/old", TracesDir + "/empty", TracesDir + "/photos", ConfigsDir, ScriptsDir, RunnerDir, LogsDir, PrivateDir} {
		if err := os.MkdirAll(w.Path(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	err := errors.Join(os.Symlink(w.Path(TracesDir), w.Path("link")), os.Symlink("..", w.Path(TracesDir+"/up")), os.Symlink("old", w.Path(TracesDir+"/latest")),
		os.WriteFile(w.Path(TracesDir+"/old/run.json"), nil, 0o644), os.WriteFile(w.Path(TracesDir+"/photos/cat.jpg"), nil, 0o644),
		os.WriteFile(w.Path(TracesDir+"/file"), nil, 0o644))
	if err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{
		TracesDir: "it is ws/trace_collection", w.Path(TracesDir): "it is ws/trace_collection", "link": "it is ws/trace_collection",
		TracesDir + "/up": "it is ws of the workspace", w.Root: "it is ws of", filepath.Dir(w.Root): "it holds ws of", "/": "it holds",
		"experiments": "it holds ws/experiments/configs", ConfigsDir + "/x": "lies in ws/experiments/configs", "link/../experiments/configs": "it is",
		PrivateDir: "it is", PrivateDir + "/x/y": "lies in", TracesDir + "/up/logs": "it is ws/logs", TracesDir + "/photos": "holds other things",
		TracesDir + "/file": "a file is there",
		TracesDir + "/new":  "", TracesDir + "/a/b": "", TracesDir + "/old": "", TracesDir + "/empty": "", TracesDir + "/latest": "", "link/new": "",
		"experiments/results": "", "logs/x": "", "/nowhere/x": "",
	} {
		if got := w.OutputProblem(dir); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", dir, got, want)
		}
	}
}
