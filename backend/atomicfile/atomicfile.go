// Package atomicfile replaces files whole: a reader sees the old bytes or the new
// ones, never a part of them, also when the program or the machine stops in between.
// The bytes go to a hidden file in the same folder, which is then renamed.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// Write replaces a file, or makes it and its folder, and returns when its bytes and its
// name are on disk. A link stays a link and an existing file keeps its permissions; one
// that its owner locked (chmod a-w) is refused with fs.ErrPermission. A new file gets
// mode, less the umask.
func Write(path string, data []byte, mode fs.FileMode) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	perm, err := permissions(path, mode)
	if err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	err = replace(path, mode, func(f *os.File) error {
		_, err := f.Write(data)
		if perm != 0 {
			err = errors.Join(err, f.Chmod(perm))
		}
		return errors.Join(err, f.Sync()) // else the rename may reach the disk before the bytes
	})
	if err == nil {
		syncFolder(dir)
	}
	return err
}

// WriteUnsynced is for files that can be made again, such as those of a cache: it waits
// for no disk, so after a crash of the machine the file may be lost or cut short. It
// replaces a link and needs the folder to be there. An error of write leaves the old file.
func WriteUnsynced(path string, mode fs.FileMode, write func(io.Writer) error) error {
	return replace(path, mode, func(f *os.File) error { return write(f) })
}

// permissions are those to keep of a file that is replaced; 0: there is none.
func permissions(path string, mode fs.FileMode) (fs.FileMode, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return 0, nil
	case !info.Mode().IsRegular():
		return 0, &fs.PathError{Op: "write", Path: path, Err: errors.New("is not a file: move it away")}
	case info.Mode().Perm()&0o200 == 0: // a rename would succeed all the same
		return 0, fs.ErrPermission
	}
	return mode&0o111 | info.Mode().Perm(), nil
}

// replace writes a file beside the one at path and renames it. Unlike os.CreateTemp it
// leaves the permissions to the user's umask.
func replace(path string, mode fs.FileMode, write func(*os.File) error) error {
	name := fmt.Sprintf(".%.100s.tmp-%d-%08x", filepath.Base(path), os.Getpid(), rand.Uint32())
	temp := filepath.Join(filepath.Dir(path), name)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Close())
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		_ = os.Remove(temp) // best effort: the fault above is what matters
	}
	return err
}

// stale is the age at which a file that a write left half done has nobody any more who writes it.
const stale = time.Minute

// Clean removes what writes into these folders left when they were killed before the rename; what is just being written stays.
func Clean(dirs ...string) {
	for _, dir := range dirs {
		left, _ := filepath.Glob(filepath.Join(dir, ".*.tmp-*-????????")) // an error is of the pattern alone
		for _, path := range left {
			if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > stale {
				_ = os.Remove(path) // best effort: nothing reads it
			}
		}
	}
}

// syncFolder puts a rename on disk. Some file systems refuse it, and need it not.
func syncFolder(dir string) {
	if f, err := os.Open(dir); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}
