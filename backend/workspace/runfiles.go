package workspace

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"shardeck/backend/atomicfile"
	"shardeck/backend/intake"
	"shardeck/model"
)

// leaveOut notes a file of a run that is not read.
func leaveOut(run *model.Run, kind model.FileKind, why string) {
	run.Warnings = append(run.Warnings, why)
	run.LeftOut = run.LeftOut || kind == model.FileKineto || kind == model.FileTiming || kind == model.FileServing
}

// listOwnFiles gives a run the files of our names in a directory, by their names alone.
func listOwnFiles(run *model.Run, dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	times := map[string]time.Time{}
	for _, e := range entries {
		kind, rank, ok := intake.Own(e.Name())
		if !ok {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, e.Name())) // follows links
		if err != nil || !info.Mode().IsRegular() {
			leaveOut(run, kind, e.Name()+" is not a readable file: left out")
			continue
		}
		f := model.RunFile{Kind: kind, Path: filepath.Join(dir, e.Name()), Rank: rank, Size: info.Size()}
		run.Files = append(run.Files, f)
		if times[f.Path] = info.ModTime(); info.ModTime().After(run.Time) {
			run.Time = info.ModTime()
		}
	}
	dropOlderTwins(run, times)
	slices.SortStableFunc(run.Files, func(a, b model.RunFile) int { return model.CompareNatural(a.Path, b.Path) })
	return nil
}

// dropOlderTwins keeps the newest of a rank's same files: plain and gzipped, or under two names.
func dropOlderTwins(run *model.Run, times map[string]time.Time) {
	best := map[string]model.RunFile{}
	for _, f := range run.Files {
		if old, twice := best[twinKey(f)]; !twice || times[f.Path].After(times[old.Path]) {
			best[twinKey(f)] = f
		}
	}
	run.Files = slices.DeleteFunc(run.Files, func(f model.RunFile) bool {
		keep := best[twinKey(f)]
		if keep.Path != f.Path {
			leaveOut(run, f.Kind, fmt.Sprintf("rank %d has both %s and %s: the newer %s is read, remove the other",
				f.Rank, filepath.Base(f.Path), filepath.Base(keep.Path), filepath.Base(keep.Path)))
		}
		return keep.Path != f.Path
	})
}

// twinKey is equal for files that hold the same thing; each form of nsys's, which differ, counts for itself.
func twinKey(f model.RunFile) string {
	if f.Kind == model.FileNsys {
		return strings.TrimSuffix(filepath.Base(f.Path), ".gz")
	}
	return fmt.Sprint(f.Kind, " ", f.Rank)
}

// readJobFile is the id of the job that made a directory, empty if none is told.
func (w finder) readJobFile(dir string) string {
	data, _ := w.Read(filepath.Join(dir, ".job"), 1<<10)
	if id := strings.TrimSpace(string(data)); jobID.MatchString(id) {
		return id
	}
	return ""
}

// jobID is what may stand after @ and .tmp- in the name of a directory.
var jobID = model.NewPattern(`[A-Za-z0-9][A-Za-z0-9_.-]*`, 64)

// subdirs are the names of the folders in a folder, links to folders among them.
func subdirs(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		linked := e.Type()&fs.ModeSymlink != 0 && isDir(filepath.Join(dir, e.Name()))
		if (e.IsDir() || linked) && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// Adopt makes a folder of files that lie elsewhere, by the names they are to have, as links or copies, and of texts. It is
// there whole or not at all, and never in place of another.
func (w *Workspace) Adopt(rel string, from map[string]string, texts map[string][]byte, copied bool) (err error) {
	return w.Folder(rel, func(tmp string) error {
		for name, path := range from {
			if path, err = filepath.Abs(path); err == nil && !copied {
				err = os.Symlink(path, filepath.Join(tmp, name))
			} else if err == nil {
				err = copyFile(path, filepath.Join(tmp, name))
			}
			if err != nil {
				return err
			}
		}
		return WriteTexts(tmp, texts)
	})
}

// WriteTexts writes texts into a folder, by the names of their files.
func WriteTexts(dir string, texts map[string][]byte) error {
	for name, text := range texts {
		if err := atomicfile.Write(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Folder makes a folder that fill fills under another name: it is there whole or not at all, and never in place of another.
func (w *Workspace) Folder(rel string, fill func(tmp string) error) error {
	if err := w.Writable("make " + rel); err != nil {
		return err
	}
	dir := w.Path(rel)
	if _, err := os.Lstat(dir); err == nil {
		return &model.Fault{Text: rel + " exists already", ToDo: "move it away, or choose another: --name of import, --output-dir of export", Kind: fs.ErrExist}
	}
	tmp := dir + model.TmpMark + "import"
	defer os.RemoveAll(tmp)
	err := errors.Join(os.RemoveAll(tmp), os.MkdirAll(tmp, 0o755))
	if err == nil {
		err = fill(tmp)
	}
	if err == nil {
		err = os.Rename(tmp, dir)
	}
	if err != nil {
		return InWords("cannot make "+rel, err)
	}
	return nil
}

// WriteLinked writes a file of a folder that is being made, and gives it more names.
func WriteLinked(dir string, write func(w io.Writer) error, names ...string) error {
	err := atomicfile.WriteUnsynced(filepath.Join(dir, names[0]), 0o644, write)
	for _, more := range names[1:] {
		if err == nil {
			err = os.Link(filepath.Join(dir, names[0]), filepath.Join(dir, more))
		}
	}
	return err
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return atomicfile.WriteUnsynced(to, 0o644, func(w io.Writer) error { _, err := io.Copy(w, in); return err })
}

// listFiles finds the files of a run: those of our names, else whatever traces lie there.
func (w finder) listFiles(run *model.Run, path, choice string, deep bool) error {
	if path != run.Dir {
		found, err := intake.File(path)
		return w.take(run, found, err)
	}
	if err := listOwnFiles(run, path); err != nil {
		return InWords(w.Rel(path), err)
	}
	traced := len(run.KernelFiles()) > 0 || slices.ContainsFunc(run.Files, func(f model.RunFile) bool { return f.Kind == model.FileET })
	switch {
	case traced && choice != "":
		return ErrNotFound
	case traced:
		return nil
	}
	timed := slices.ContainsFunc(run.Files, func(f model.RunFile) bool { return f.Rank >= 0 })
	found, err := intake.Folder(path, run.Name, choice, deep && !timed)
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

// FromHome is a path that may begin with ~ for the user's home.
func FromHome(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return home + "/" + rest
		}
	}
	return path
}

// CompletePath lists the paths that begin so, hidden ones only where a dot is typed; those of folders end with a slash.
func CompletePath(part string) (paths []string, err error) {
	dir, start := filepath.Split(FromHome(part))
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
