package panetest

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Path is that of a file of the workspace.
func (w *Workspace) Path(path string) string { return filepath.Join(w.Dir, path) }

// Write makes a file of the workspace, or replaces it.
func (w *Workspace) Write(path, text string) {
	w.T.Helper()
	w.must(os.MkdirAll(filepath.Dir(w.Path(path)), 0o755))
	w.must(os.WriteFile(w.Path(path), []byte(text), 0o644))
}

// Read is the text of a file.
func (w *Workspace) Read(path string) string {
	w.T.Helper()
	text, err := os.ReadFile(w.Path(path))
	w.must(err)
	return string(text)
}

// Replace changes a part of a file.
func (w *Workspace) Replace(path, old, new string) {
	w.T.Helper()
	text := w.Read(path)
	if !strings.Contains(text, old) {
		w.T.Fatalf("no %q in %s:\n%s", old, path, text)
	}
	w.Write(path, strings.Replace(text, old, new, 1))
}

// Config is the file of an experiment.
func (w *Workspace) Config(id string) string {
	w.T.Helper()
	found, err := filepath.Glob(w.Path("experiments/configs/" + id + "_*.yaml"))
	if w.must(err); len(found) != 1 {
		w.T.Fatalf("configs of %s: %v", id, found)
	}
	return strings.TrimPrefix(found[0], w.Dir+"/")
}

// Remove takes files and folders away.
func (w *Workspace) Remove(paths ...string) {
	w.T.Helper()
	for _, path := range paths {
		w.must(os.RemoveAll(w.Path(path)))
	}
}

// Move gives a file or a folder another path.
func (w *Workspace) Move(from, to string) {
	w.T.Helper()
	w.must(os.Rename(w.Path(from), w.Path(to)))
}

// Block makes a path useless whatever the rights of who runs the test: what was a folder
// is a file, what was a file, or nothing, a folder.
func (w *Workspace) Block(path string) {
	w.T.Helper()
	info, err := os.Stat(w.Path(path))
	if w.Remove(path); err == nil && info.IsDir() {
		w.Write(path, "no folder\n")
		return
	}
	w.must(os.MkdirAll(w.Path(path+"/in/the/way"), 0o755))
}

// age makes the files of a folder so old.
func (w *Workspace) age(dir string, age time.Duration) {
	w.T.Helper()
	found, err := filepath.Glob(w.Path(dir + "/*"))
	w.must(err)
	for _, path := range found {
		w.must(os.Chtimes(path, Now, Now.Add(-age)))
	}
}

// Digest is what the files of the workspace hold, by path.
func (w *Workspace) Digest() map[string]string {
	w.T.Helper()
	all := map[string]string{}
	w.must(filepath.WalkDir(w.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, w.Dir+"/")] = fmt.Sprintf("%x", sha256.Sum256(text))
		return err
	}))
	return all
}

// Changed are the files that are not as in a digest: new, different or gone.
func (w *Workspace) Changed(before map[string]string) []string {
	w.T.Helper()
	now, all := w.Digest(), maps.Clone(before)
	maps.Copy(all, now)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(path string) bool { return now[path] == before[path] })
}
