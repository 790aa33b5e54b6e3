package workspace

import (
	"bytes"
	"os"
	"path"
)

// RunnerState is what lies where jobs look for the Python runner.
type RunnerState int

// States of the runner.
const (
	RunnerMissing RunnerState = iota // no program, or ours without its folder
	RunnerOld                        // an older shardeck's, of two files, which runs as it is
	RunnerThere                      // ours with its folder, or the user's own
)

// OldEngineFile is the second file of an older shardeck's runner.
const OldEngineFile = "experiments/torch_engine.py"

// Runner looks at the runner. Ours names the folder of its modules, the older one the
// file of its engine.
func (w *Workspace) Runner() RunnerState {
	text, err := readCapped(w.Path(RunnerFile), RunnerFile, maxGenerated)
	ours := bytes.Contains(text, []byte(path.Base(RunnerDir)))
	switch {
	case err != nil, ours && !isDir(w.Path(RunnerDir)):
		return RunnerMissing
	case !ours && bytes.Contains(text, []byte("torch_engine")):
		return RunnerOld
	}
	return RunnerThere
}

// OldEngineIsLeft reports whether the second file of an older runner still lies there,
// and nothing uses it.
func (w *Workspace) OldEngineIsLeft() bool {
	ledger, err := w.ledger()
	_, statErr := os.Lstat(w.Path(OldEngineFile))
	return err == nil && ledger[OldEngineFile] != "" && statErr == nil && w.Runner() == RunnerThere
}
