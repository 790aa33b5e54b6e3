// Package workspace is the files of a user: it finds the folder, reads its experiments and runs, and writes
// into it without ever losing an edit. It knows no scheduler and no screen.
//
// experiments.go finds the configs, which package config reads and edits; runs.go finds what jobs left behind, runfiles.go the files of
// each, those of others too. Below .shardeck, ledger.go keeps what was submitted, edits that were not saved and the state of the screen.
package workspace

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"shardeck/backend/atomicfile"
	"shardeck/model"
)

// Folders and files of a workspace, relative to its root.
const (
	ConfigsDir  = "experiments/configs"
	ScriptsDir  = "experiments/slurm_scripts"
	SweepsDir   = "experiments/sweeps"
	CatalogFile = "experiments/experiments.yaml"
	RunnerFile  = "experiments/vllm_profiler.py"
	RunnerDir   = "experiments/shardeck_runner"
	ModelsFile  = RunnerDir + "/models.json"    // shapes, for the runner
	OldEngine   = "experiments/torch_engine.py" // of an older runner
	TracesDir   = "trace_collection"
	LogsDir     = "logs"
	PrivateDir  = ".shardeck" // ours: submissions, screen state, ledger of generated files
)

// Workspace is a folder with experiments/, trace_collection/ and logs/. The zero value is of no use; Find makes
// one. It holds no open files and keeps nothing in memory, so several programs may use one folder at a time.
type Workspace struct {
	Root     string // absolute
	ReadOnly bool   // every write is refused
}

// Find returns the workspace that dir lies in: the nearest folder upward that
// holds experiments/, else dir itself, which need not hold anything yet.
func Find(dir string) (*Workspace, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, InWords(dir, err)
	}
	info, err := os.Stat(abs)
	if err != nil {
		return nil, InWords(dir, err)
	}
	if !info.IsDir() {
		return nil, fault(dir, "is a file", "name the folder that holds experiments/")
	}
	for at := abs; ; at = filepath.Dir(at) {
		if isDir(filepath.Join(at, "experiments")) {
			return &Workspace{Root: at}, nil
		}
		if at == filepath.Dir(at) {
			return &Workspace{Root: abs}, nil
		}
	}
}

// Path is the absolute path of a file of the workspace; absolute paths stay.
func (w *Workspace) Path(rel string) string {
	if filepath.IsAbs(rel) {
		return filepath.Clean(rel)
	}
	return filepath.Join(w.Root, filepath.FromSlash(rel))
}

// Rel is a path as people read it, printable: relative to the root if it lies below, with forward slashes.
func (w *Workspace) Rel(path string) string { return model.Printable(w.rawRel(path)) }

func (w *Workspace) rawRel(path string) string {
	rel, err := filepath.Rel(w.Root, path)
	if err != nil || !filepath.IsLocal(rel) {
		return path
	}
	return filepath.ToSlash(rel)
}

// IsDir reports whether a folder is there.
func (w *Workspace) IsDir(rel string) bool { return isDir(w.Path(rel)) }

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// WriteFile replaces or makes a file of the workspace, as atomicfile.Write does.
func (w *Workspace) WriteFile(rel string, data []byte, mode fs.FileMode) error {
	path := w.Path(rel)
	if w.ReadOnly {
		return faultOf(w.Rel(path), "not written: started with --read-only", model.ErrReadOnly)
	}
	if err := atomicfile.Write(path, data, mode); err != nil {
		return InWords("cannot write "+w.Rel(path), err)
	}
	return nil
}

// CreateFile is WriteFile for a file that must not exist yet.
func (w *Workspace) CreateFile(rel string, data []byte, mode fs.FileMode) error {
	if _, err := os.Lstat(w.Path(rel)); err == nil {
		return faultOf(rel, "exists already: choose another id or name, or edit that file", fs.ErrExist)
	}
	return w.WriteFile(rel, data, mode)
}

// Clean removes what saves left that were killed in the middle: the files themselves are as they were before.
func (w *Workspace) Clean() {
	for _, rel := range []string{"experiments", ConfigsDir, ScriptsDir, SweepsDir, PrivateDir, PrivateDir + "/*"} {
		atomicfile.Clean(w.Path(rel))
	}
}

// EnsureDir makes a folder of the workspace, such as logs, where Slurm opens a job's log before the script starts.
func (w *Workspace) EnsureDir(rel string) error {
	path := w.Path(rel)
	if isDir(path) {
		return nil
	}
	if w.ReadOnly {
		return faultOf(w.Rel(path), "not made: started with --read-only", model.ErrReadOnly)
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return InWords("cannot make "+w.Rel(path), err)
	}
	if more := shared(w.Root); more != 0 {
		_ = os.Chmod(path, 0o755|more) // best effort: a folder made by somebody else a moment ago
	}
	return nil
}

// shared is who besides its owner may write into a workspace, as they may: what is made for all who work in it is open to them.
func shared(root string) fs.FileMode {
	info, err := os.Stat(root)
	if err != nil {
		return 0
	}
	return info.Mode().Perm() & 0o022
}

// maxRecord bounds our own records, of which a submission holds its script.
const maxRecord = 8 << 20

// Read reads a small file, and refuses a large or odd one without reading it.
func (w *Workspace) Read(rel string, limit int64) ([]byte, error) {
	path := w.Path(rel)
	shown := w.Rel(path)
	info, err := os.Stat(path)
	if err != nil {
		return nil, InWords(shown, err)
	}
	if !info.Mode().IsRegular() { // a pipe would hang the reader
		return nil, fault(shown, "is not a regular file", "name a YAML file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, InWords(shown, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, InWords(shown, err)
	}
	if int64(len(data)) > limit {
		return nil, fault(shown, "is too large", fmt.Sprintf("at most %d KB are read; is it the right file?", limit>>10))
	}
	return data, nil
}

// Errors callers tell apart; each is of a kind of model's.
var (
	// ErrChanged: the file on disk is not the one that was read.
	ErrChanged = fmt.Errorf("the file changed on disk: %w", model.ErrRefused)
	// ErrNotFound: no experiment or run of that name.
	ErrNotFound = fmt.Errorf("not found: %w", model.ErrUnknown)
)

// Writable refuses a change of a workspace that was opened read-only.
func (w *Workspace) Writable(what string) error {
	if !w.ReadOnly {
		return nil
	}
	return &model.Fault{Text: "will not " + what + ": shardeck was started with --read-only",
		ToDo: "start it without", Kind: model.ErrReadOnly}
}

// fault is an error for people: the place, what is wrong, what to do.
func fault(place, what, fix string) error {
	return fmt.Errorf("%s %s: %s", model.Printable(place), what, fix)
}

// reasons turns what the system says into cause and fix, in the order tried.
var reasons = []struct {
	is  error
	say string
}{
	{fs.ErrPermission, "permission denied: choose a folder you own with -C, or change its permissions"},
	{syscall.EROFS, "the file system is read-only here: work in a folder on scratch or home, with -C"},
	{syscall.ENOSPC, "the file system is full: remove old runs or choose another folder with -C"},
	{syscall.EDQUOT, "over quota: remove old runs, or see what takes the space (on Perlmutter: showquota)"},
	{fs.ErrNotExist, "does not exist: check the name"},
	{syscall.ENOTDIR, "a part of this path is a file, not a folder: move that file away"},
	{syscall.EISDIR, "is a folder where a file should be: move it away"},
	{syscall.ENAMETOOLONG, "the name is too long: use a shorter one"},
}

// InWords wraps an error of the system with its path and with what to do.
func InWords(path string, err error) error {
	for _, r := range reasons {
		if errors.Is(err, r.is) {
			return faultOf(path, r.say, err)
		}
	}
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return faultOf(path, pe.Err.Error(), err)
	}
	return fmt.Errorf("%s: %w", model.Printable(path), err)
}

// faultOf says it in our words and still is the error of the system.
func faultOf(place, text string, err error) error {
	return &model.Fault{Text: model.Printable(place + ": " + text), Kind: err}
}
