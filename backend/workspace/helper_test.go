package workspace

import (
	"os"
	"path/filepath"
	"testing"
)

// newWorkspace makes a workspace of files by relative path.
func newWorkspace(t *testing.T, files map[string]string) *Workspace {
	t.Helper()
	w := &Workspace{Root: t.TempDir()}
	for rel, text := range files {
		write(t, w, rel, text)
	}
	return w
}

func write(t *testing.T, w *Workspace, rel, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(w.Path(rel)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.Path(rel), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, w *Workspace, rel string) string {
	t.Helper()
	data, err := os.ReadFile(w.Path(rel))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
