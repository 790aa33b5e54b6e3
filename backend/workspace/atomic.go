package workspace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// WriteFile replaces a file of the workspace, or makes it and its folder: readers
// see the old bytes or the new ones, never a part, also when the machine stops
// in between. An existing file keeps its permissions, a link stays a link.
func (w *Workspace) WriteFile(rel string, data []byte, mode fs.FileMode) error {
	path := w.Path(rel)
	if w.ReadOnly {
		return &pathError{w.Rel(path), "not written: started with --read-only", ErrReadOnly}
	}
	if err := writeAtomic(path, data, mode); err != nil {
		return say("cannot write "+w.Rel(path), err)
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
		return say("cannot make "+w.Rel(path), err)
	}
	return nil
}

func writeAtomic(path string, data []byte, mode fs.FileMode) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	var keep fs.FileMode // permissions of the file that is replaced
	if info, err := os.Stat(path); err == nil {
		if !info.Mode().IsRegular() {
			return &fs.PathError{Op: "write", Path: path, Err: errors.New("is not a file: move it away")}
		}
		if info.Mode().Perm()&0o200 == 0 {
			return fs.ErrPermission // rename would succeed all the same
		}
		keep = mode&0o111 | info.Mode().Perm()
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	tmp, err := openTemp(dir, filepath.Base(path), mode)
	if err != nil {
		return err
	}
	err = fill(tmp, data, keep)
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name()) // best effort: the fault above is what matters
	}
	return err
}

// openTemp makes a file beside the one to be replaced. Unlike os.CreateTemp it
// leaves the permissions to the user's umask.
func openTemp(dir, base string, mode fs.FileMode) (*os.File, error) {
	name := fmt.Sprintf(".%.100s.tmp-%d-%08x", base, os.Getpid(), rand.Uint32())
	return os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
}

// fill writes and syncs a file, and gives it the permissions to keep, if any: a rename may otherwise reach the disk before the
// bytes do, and leave an empty file after a crash.
func fill(f *os.File, data []byte, keep fs.FileMode) error {
	_, err := f.Write(data)
	if keep != 0 {
		err = errors.Join(err, f.Chmod(keep))
	}
	return errors.Join(err, f.Sync(), f.Close())
}

// MaxConfigBytes bounds a config file: the longest sensible one is a few KB.
const MaxConfigBytes = 1 << 20

// readCapped reads a small file, and refuses a large or odd one without reading it.
func readCapped(path, shown string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, say(shown, err)
	}
	if !info.Mode().IsRegular() { // a pipe would hang the reader
		return nil, fault(shown, "is not a regular file", "name a YAML file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, say(shown, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, say(shown, err)
	}
	if int64(len(data)) > limit {
		return nil, fault(shown, "is too large", fmt.Sprintf("at most %d KB are read; is it the right file?", limit>>10))
	}
	return data, nil
}

// sameOnDisk reports whether a file still holds these bytes; a file that is gone does not.
func sameOnDisk(path string, want []byte) bool {
	got, err := readCapped(path, path, MaxConfigBytes)
	return err == nil && bytes.Equal(got, want)
}
