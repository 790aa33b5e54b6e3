package workspace

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"shardeck/model"
)

// Errors callers tell apart; each is of a kind of model's.
var (
	// ErrReadOnly: the workspace may not be written.
	ErrReadOnly = model.ErrReadOnly
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
	return &model.Fault{Text: "will not " + what + ": shardeck was started with --read-only", ToDo: "start it without", Kind: ErrReadOnly}
}

// fault is an error for people: the place, what is wrong, what to do.
func fault(place, what, fix string) error { return fmt.Errorf("%s %s: %s", place, what, fix) }

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

// inWords wraps an error of the system with its path and with what to do.
func inWords(path string, err error) error {
	for _, r := range reasons {
		if errors.Is(err, r.is) {
			return &pathError{path, r.say, err}
		}
	}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return &pathError{path, pe.Err.Error(), err}
	}
	return fmt.Errorf("%s: %w", path, err)
}

// pathError says it in our words and still is the error of the system.
type pathError struct {
	path, text string
	err        error
}

func (e *pathError) Error() string { return e.path + ": " + e.text }
func (e *pathError) Unwrap() error { return e.err }
