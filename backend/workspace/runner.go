package workspace

import (
	"bytes"
	"path"
)

// Runner reports whether jobs find a Python runner, and whether it is an older
// shardeck's, of two files, which runs as it is. Ours names the folder of its modules,
// the older one the module of its engine.
func (w *Workspace) Runner() (there, old bool) {
	text, err := readCapped(w.Path(RunnerFile), RunnerFile, maxGenerated)
	ours := bytes.Contains(text, []byte(path.Base(RunnerDir)))
	there = err == nil && (!ours || isDir(w.Path(RunnerDir)))
	return there, there && !ours && bytes.Contains(text, []byte("torch_engine"))
}
