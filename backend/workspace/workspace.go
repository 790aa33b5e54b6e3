// Package workspace is the files of a user: it finds the folder, reads its
// experiments and runs, and writes into it without ever losing an edit. It knows
// no scheduler and no screen.
//
// experiments.go finds the configs, which package config reads and edits; files.go
// writes them, unless somebody else changed them meanwhile. runs.go finds what jobs
// left behind. Below .shardeck, records.go keeps what was submitted, edits that were
// not saved and the state of the screen, generated.go which files are ours to update.
package workspace

import (
	"os"
	"path/filepath"
)

// Folders and files of a workspace, relative to its root.
const (
	ConfigsDir  = "experiments/configs"
	ScriptsDir  = "experiments/slurm_scripts"
	CatalogFile = "experiments/experiments.yaml"
	RunnerFile  = "experiments/vllm_profiler.py"
	RunnerDir   = "experiments/shardeck_runner"
	ModelsFile  = RunnerDir + "/models.json"    // shapes, for the runner
	OldEngine   = "experiments/torch_engine.py" // of an older runner
	TracesDir   = "trace_collection"
	LogsDir     = "logs"
	PrivateDir  = ".shardeck" // ours: submissions, screen state, ledger of generated files
)

// Workspace is a folder with experiments/, trace_collection/ and logs/. The
// zero value is of no use; Find makes one. It holds no open files and keeps
// nothing in memory, so several programs may use one folder at a time.
type Workspace struct {
	Root     string // absolute
	ReadOnly bool   // every write is refused
}

// Find returns the workspace that dir lies in: the nearest folder upward that
// holds experiments/, else dir itself, which need not hold anything yet.
func Find(dir string) (*Workspace, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, inWords(dir, err)
	}
	info, err := os.Stat(abs)
	if err != nil {
		return nil, inWords(dir, err)
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

// Rel is a path as people read it: relative to the root if it lies below, with
// forward slashes; else unchanged.
func (w *Workspace) Rel(path string) string {
	rel, err := filepath.Rel(w.Root, path)
	if err != nil || !filepath.IsLocal(rel) {
		return path
	}
	return filepath.ToSlash(rel)
}

// Exists reports whether the folder holds experiments/ at all.
func (w *Workspace) Exists() bool { return isDir(w.Path("experiments")) }

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
