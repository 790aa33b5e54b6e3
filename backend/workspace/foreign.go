package workspace

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"shardeck/backend/intake"
	"shardeck/model"
)

// listFiles finds the files of a run: those of our names, else whatever traces lie there.
func (w finder) listFiles(run *model.Run, path, choice string, deep bool) error {
	if path != run.Dir {
		found, err := intake.File(path)
		return w.take(run, found, err)
	}
	l, err := listRunFiles(path)
	if err != nil {
		return inWords(w.Rel(path), err)
	}
	run.Time, run.Files, run.Warnings, run.LeftOut = l.newest, l.files, l.warnings, l.leftOut
	traced := len(run.KernelFiles()) > 0 || slices.ContainsFunc(run.Files, func(f model.RunFile) bool { return f.Kind == model.FileET })
	switch {
	case traced && choice != "":
		return ErrNotFound
	case traced:
		return nil
	}
	found, err := intake.Folder(path, run.Name, choice, deep && !slices.ContainsFunc(run.Files, model.RunFile.OfRank))
	if errors.Is(err, intake.ErrNone) {
		run.Nothing = err.Error()
		return nil
	}
	return w.take(run, found, err)
}

// take adds what was found to the files of a run.
func (w finder) take(run *model.Run, found intake.Found, err error) error {
	run.Foreign = true
	for _, f := range found.Files {
		if !slices.ContainsFunc(run.Files, func(o model.RunFile) bool { return o.Path == f.Path || o.Rank == f.Rank && o.Kind == f.Kind }) {
			run.Files = append(run.Files, f)
		}
	}
	run.Warnings = append(run.Warnings, found.Warnings...)
	if len(found.Files) > 0 {
		run.Dir = filepath.Dir(found.Files[0].Path)
	}
	if found.Newest.After(run.Time) {
		run.Time = found.Newest
	}
	return err
}

// fromHome is a path that may begin with ~ for the user's home.
func fromHome(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return home + "/" + rest
		}
	}
	return path
}

// CompletePath lists the paths that begin so, hidden ones only where a dot is typed; those of folders end with a slash.
func (w *Workspace) CompletePath(part string) (paths []string, err error) {
	dir, start := filepath.Split(fromHome(part))
	entries, err := os.ReadDir(cmp.Or(dir, "."))
	for _, e := range entries {
		path, hidden := dir+e.Name(), strings.HasPrefix(e.Name(), ".") && start == ""
		if !strings.HasPrefix(e.Name(), start) || hidden {
			continue
		}
		if isDir(path) {
			path += "/"
		}
		paths = append(paths, path)
	}
	return paths, err
}
