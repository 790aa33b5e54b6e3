package workspace

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"shardeck/backend/intake"
	"shardeck/model"
)

// JobFile lies in a trace directory and holds the id of the job that wrote it.
const JobFile = ".job"

type listing struct {
	files    []model.RunFile
	newest   time.Time
	warnings []string
	leftOut  bool // see model.Run
}

func (l *listing) leaveOut(kind model.FileKind, why string) {
	l.warnings = append(l.warnings, why)
	l.leftOut = l.leftOut || kind == model.FileKineto || kind == model.FileTiming
}

// listRunFiles reads the names in a trace directory, not the files.
func listRunFiles(dir string) (listing, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return listing{}, err
	}
	var l listing
	times := map[string]time.Time{}
	for _, e := range entries {
		kind, rank, ok := intake.Own(e.Name())
		if !ok {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, e.Name())) // follows links
		if err != nil || !info.Mode().IsRegular() {
			l.leaveOut(kind, e.Name()+" is not a readable file: left out")
			continue
		}
		f := model.RunFile{Kind: kind, Path: filepath.Join(dir, e.Name()), Rank: rank, Size: info.Size()}
		l.files = append(l.files, f)
		times[f.Path] = info.ModTime()
		if info.ModTime().After(l.newest) {
			l.newest = info.ModTime()
		}
	}
	l.dropOlderTwins(times)
	slices.SortStableFunc(l.files, func(a, b model.RunFile) int { return model.CompareNatural(a.Path, b.Path) })
	return l, nil
}

// dropOlderTwins keeps the newest of a rank's same files: plain and gzipped, or under two names.
func (l *listing) dropOlderTwins(times map[string]time.Time) {
	best := map[string]model.RunFile{}
	for _, f := range l.files {
		if old, twice := best[twinKey(f)]; !twice || times[f.Path].After(times[old.Path]) {
			best[twinKey(f)] = f
		}
	}
	l.files = slices.DeleteFunc(l.files, func(f model.RunFile) bool {
		keep := best[twinKey(f)]
		if keep.Path == f.Path {
			return false
		}
		l.leaveOut(f.Kind, fmt.Sprintf("rank %d has both %s and %s: the newer %s is read, remove the other",
			f.Rank, filepath.Base(f.Path), filepath.Base(keep.Path), filepath.Base(keep.Path)))
		return true
	})
}

// twinKey is equal for files that hold the same thing. Reports of nsys and their
// exports differ in form, so each form counts for itself.
func twinKey(f model.RunFile) string {
	if f.Kind == model.FileNsys {
		return strings.TrimSuffix(filepath.Base(f.Path), ".gz")
	}
	return fmt.Sprint(f.Kind, " ", f.Rank)
}

// readJobFile is the id of the job that made a directory, empty if none is told.
func (w *Workspace) readJobFile(dir string) string {
	data, _ := w.read(filepath.Join(dir, JobFile), 1<<10)
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
