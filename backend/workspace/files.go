package workspace

import (
	"fmt"
	"io"
	"io/fs"
	"os"

	"shardeck/backend/atomicfile"
)

// WriteFile replaces a file of the workspace, or makes it and its folder, as
// atomicfile.Write does.
func (w *Workspace) WriteFile(rel string, data []byte, mode fs.FileMode) error {
	path := w.Path(rel)
	if w.ReadOnly {
		return &pathError{w.Rel(path), "not written: started with --read-only", ErrReadOnly}
	}
	if err := atomicfile.Write(path, data, mode); err != nil {
		return inWords("cannot write "+w.Rel(path), err)
	}
	return nil
}

// CreateFile is WriteFile for a file that must not exist yet.
func (w *Workspace) CreateFile(rel string, data []byte, mode fs.FileMode) error {
	if _, err := os.Lstat(w.Path(rel)); err == nil {
		return &pathError{rel, "exists already: choose another id or name, or edit that file", fs.ErrExist}
	}
	return w.WriteFile(rel, data, mode)
}

// EnsureDir makes a folder of the workspace, such as logs: Slurm opens a job's
// log before the script starts, so that folder must be there at submission.
func (w *Workspace) EnsureDir(rel string) error {
	path := w.Path(rel)
	if isDir(path) {
		return nil
	}
	if w.ReadOnly {
		return &pathError{w.Rel(path), "not made: started with --read-only", ErrReadOnly}
	}
	if err := os.MkdirAll(path, 0o755); err != nil {
		return inWords("cannot make "+w.Rel(path), err)
	}
	return nil
}

// maxRecord bounds our own records, of which a submission holds its script.
const maxRecord = 8 << 20

// readCapped reads a small file, and refuses a large or odd one without reading it.
func readCapped(path, shown string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, inWords(shown, err)
	}
	if !info.Mode().IsRegular() { // a pipe would hang the reader
		return nil, fault(shown, "is not a regular file", "name a YAML file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, inWords(shown, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, inWords(shown, err)
	}
	if int64(len(data)) > limit {
		return nil, fault(shown, "is too large", fmt.Sprintf("at most %d KB are read; is it the right file?", limit>>10))
	}
	return data, nil
}
