package workspace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
)

// records is a folder of JSON files of the workspace, each named by the key of what it holds.
type records[T any] struct {
	ws     *Workspace
	dir    string
	isKey  func(string) error // nil for what may be a file's name
	key    func(T) string     // what a record says of itself
	isLost string             // what to do about a damaged record
}

func (r records[T]) rel(key string) (string, error) {
	return path.Join(r.dir, key+".json"), r.isKey(key)
}

// read is the record of a key.
func (r records[T]) read(key string) (v T, err error) {
	rel, err := r.rel(key)
	if err != nil {
		return v, err
	}
	data, err := readCapped(r.ws.Path(rel), rel, maxRecord)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return v, fault(rel, "is damaged ("+err.Error()+")", r.isLost)
	}
	if r.key(v) != key {
		return v, fault(rel, "is the record of something else, or of nothing", r.isLost)
	}
	return v, nil
}

// write puts a record down, by which of the workspace's ways to write a file.
func (r records[T]) write(v T, write func(rel string, data []byte, mode fs.FileMode) error) error {
	rel, err := r.rel(r.key(v))
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("%s cannot be recorded: %w", rel, err)
	}
	return write(rel, append(data, '\n'), 0o644)
}

// remove drops a record, which need not be there.
func (r records[T]) remove(key string) error {
	rel, err := r.rel(key)
	if err != nil {
		return err
	}
	if r.ws.ReadOnly {
		return &pathError{rel, "not removed: started with --read-only", ErrReadOnly}
	}
	if err := os.Remove(r.ws.Path(rel)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return inWords("cannot remove "+rel, err)
	}
	return nil
}

// all are the records, in the order of their files. A damaged one is a warning and hides no other.
func (r records[T]) all() (all []T, warnings []string, err error) {
	entries, err := os.ReadDir(r.ws.Path(r.dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, inWords(r.dir, err)
	}
	for _, e := range entries {
		key, ours := strings.CutSuffix(e.Name(), ".json")
		if !ours || r.isKey(key) != nil {
			continue // a file being written, or somebody else's
		}
		v, err := r.read(key)
		if err != nil {
			warnings = append(warnings, err.Error())
			continue
		}
		all = append(all, v)
	}
	return all, warnings, nil
}
