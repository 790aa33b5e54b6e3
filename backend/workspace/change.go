package workspace

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"shardeck/model"
)

// Kinds of changes.
const (
	Renamed = "rename"
	Deleted = "delete"
)

// Change is what a rename or a delete does to the files of an experiment. It is written down whole before its first step, and each step
// may be done again: what a kill left half done is gone on with by the next who opens the workspace. A delete stays written down, as
// what its undoing needs: the texts are in it, folders lie beside where they were.
type Change struct {
	Key        string     `json:"key"` // names its record
	Kind       string     `json:"kind"`
	Experiment string     `json:"experiment"`
	To         string     `json:"to,omitempty"` // of a rename: the new id
	At         time.Time  `json:"at"`
	Back       bool       `json:"back,omitempty"` // it is being undone
	Moves      []Move     `json:"moves"`          // of folders
	Texts      []TextEdit `json:"texts"`
}

// Move renames a folder, by paths in the workspace or absolute ones.
type Move struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// TextEdit is a small file before and after; nil: it is not there.
type TextEdit struct {
	Path string      `json:"path"`
	Mode fs.FileMode `json:"mode"`
	Was  []byte      `json:"was"`
	Now  []byte      `json:"now"`
}

const pendingDir, trashDir = PrivateDir + "/pending", PrivateDir + "/trash"

// trashed is the folder beside results in which those wait that were deleted.
const trashed = ".trash"

// Journal is the changes of a workspace, each written down before it is done: what they are made of, and what became of them.
type Journal struct{ *Workspace }

// changes are the records of changes in a folder.
func (w Journal) changes(dir string) records[Change] {
	return records[Change]{w.Workspace, dir, func(key string) error {
		return tagPattern.Check(key, "%.60q is not the key of a change")
	}, func(c Change) string { return c.Key }, "what it tells of is where it was, or below " + trashed + " beside it"}
}

// Apply does a change, whole; where the files are not as it takes them to be it is refused and nothing is done.
func (w Journal) Apply(c Change) error {
	if err := w.fits(c); err != nil {
		return err
	}
	if err := w.changes(pendingDir).write(c, w.CreateFile); err != nil {
		return err
	}
	return w.Finish(c)
}

// Undo takes back a change that Trash lists.
func (w Journal) Undo(c Change) error {
	c.Back = true
	return w.Apply(c)
}

// Trash lists what was deleted and can be had back, newest first; a damaged record is a warning.
func (w Journal) Trash() ([]Change, []string, error) {
	all, warnings, err := w.changes(trashDir).all()
	slices.SortStableFunc(all, func(a, b Change) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Key, b.Key)) })
	return all, warnings, err
}

// Purge removes for good what a change has put away.
func (w Journal) Purge(c Change) error {
	for _, m := range c.Moves {
		if !strings.Contains(m.To, "/"+trashed+"/") {
			continue // never a folder that somebody sees
		}
		if err := os.RemoveAll(w.Path(m.To)); err != nil {
			return InWords("cannot remove "+m.To, err)
		}
		_ = os.Remove(filepath.Dir(w.Path(m.To))) // best effort, as it may hold others
	}
	return w.changes(trashDir).remove(c.Key)
}

// Pending are changes that were begun and not finished, by a process that died or one that is at it.
func (w Journal) Pending() []Change {
	all, _, _ := w.changes(pendingDir).all() // what cannot be read is said where it is looked for
	return all
}

// back is a change as its undoing sees it.
func (c Change) back() Change {
	for i, m := range c.Moves {
		c.Moves = slices.Clone(c.Moves)
		c.Moves[i] = Move{m.To, m.From}
	}
	c.Texts = slices.Clone(c.Texts)
	for i, t := range c.Texts {
		c.Texts[i].Was, c.Texts[i].Now = t.Now, t.Was
	}
	return c
}

// steps are a change in order; each may be done again. Folders come first, and nothing is removed before all is written.
func (w Journal) steps(c Change) (all []func() error) {
	does := c
	if c.Back {
		does = c.back()
	}
	for _, m := range does.Moves {
		all = append(all, func() error { return w.move(m) })
	}
	for _, gone := range []bool{false, true} {
		for _, t := range does.Texts {
			if (t.Now == nil) == gone {
				all = append(all, func() error { return w.edit(t) })
			}
		}
	}
	if c.Kind == Deleted && !c.Back {
		return append(all, func() error { return w.changes(trashDir).write(c, w.WriteFile) })
	}
	return append(all, func() error { return w.changes(trashDir).remove(c.Key) })
}

// Finish does a change that is written down, or the rest of it.
func (w Journal) Finish(c Change) error {
	for _, step := range w.steps(c) {
		if err := step(); err != nil {
			return &model.Fault{Text: "the " + c.Kind + " of " + c.Experiment + " is half done", Cause: err, ToDo: "put that right: the next start of shardeck goes on with it"}
		}
	}
	return w.changes(pendingDir).remove(c.Key)
}

// fits refuses a change whose files are not as it takes them to be.
func (w Journal) fits(c Change) error {
	if err := w.Writable(c.Kind + " " + c.Experiment); err != nil {
		return err
	}
	if c.Back {
		c = c.back()
	}
	for _, m := range c.Moves {
		if !w.IsDir(m.From) {
			return faultOf(w.Rel(w.Path(m.From)), "is not there any more", model.ErrRefused)
		}
		if _, err := os.Lstat(w.Path(m.To)); err == nil {
			return faultOf(w.Rel(w.Path(m.To)), "is there already: move it away first", model.ErrRefused)
		}
	}
	for _, t := range c.Texts {
		switch now, err := w.text(t.Path); {
		case err != nil:
			return err
		case t.Was == nil && now != nil:
			return faultOf(t.Path, "is there already: rename or delete that one first", model.ErrRefused)
		case !same(now, t.Was):
			return faultOf(t.Path, "changed meanwhile: try again", ErrChanged)
		}
	}
	return nil
}

// text is a small file; nil: it is not there.
func (w Journal) text(rel string) ([]byte, error) {
	text, err := w.Read(rel, maxRecord)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return append([]byte{}, text...), err
}

func same(a, b []byte) bool { return (a == nil) == (b == nil) && bytes.Equal(a, b) }

// move moves a folder that is not moved yet.
func (w Journal) move(m Move) error {
	from, to := w.Path(m.From), w.Path(m.To)
	if !isDir(from) {
		return nil
	}
	err := os.MkdirAll(filepath.Dir(to), 0o755)
	if err == nil {
		err = os.Rename(from, to)
	}
	if err != nil {
		return InWords("cannot move "+w.Rel(from), err)
	}
	if away := filepath.Dir(filepath.Dir(from)); filepath.Base(away) == trashed {
		_, _ = os.Remove(filepath.Dir(from)), os.Remove(away) // best effort, as they may hold others
	}
	return nil
}

// edit changes a file that is as it was; what somebody edited since stays.
func (w Journal) edit(t TextEdit) error {
	now, err := w.text(t.Path)
	switch {
	case err != nil || !same(now, t.Was):
		return err
	case t.Now != nil:
		return w.WriteFile(t.Path, t.Now, t.Mode)
	}
	if err := os.Remove(w.Path(t.Path)); err != nil {
		return InWords("cannot remove "+t.Path, err)
	}
	return nil
}

// Replace is the edit of a file into another one, or in place; a new text of nil removes it.
func (w Journal) Replace(from, to string, change func([]byte) []byte) ([]TextEdit, error) {
	was, err := w.text(from)
	if err != nil || was == nil {
		return nil, err
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(w.Path(from)); err == nil {
		mode = info.Mode().Perm()
	}
	now := change(was)
	switch {
	case same(was, now) && from == to:
		return nil, nil
	case from == to:
		return []TextEdit{{from, mode, was, now}}, nil
	}
	return []TextEdit{{to, mode, nil, now}, {from, mode, was, nil}}, nil
}

// ResultDirs are the folders of an output directory: its newest run, older ones, those under nsys, and what unfinished jobs left.
func (w Journal) ResultDirs(out string) (all []string) {
	for _, base := range []string{out, out + model.NsysMark} {
		for _, dir := range withOlderRuns(w.Path(base)) {
			all = append(all, w.rawRel(dir))
		}
	}
	return all
}

// Away is where a folder of results waits once it is deleted: beside where it lies, since trash on another disk would be a copy.
func Away(dir, key string) string { return path.Join(path.Dir(dir), trashed, key, path.Base(dir)) }

// ResubmittedAs are the records of submissions of an experiment under another id and output directory; without own, a config has the
// same id, and they stay that one's.
func (w Journal) ResubmittedAs(from, to, was, out string, own bool) (all []TextEdit, err error) {
	subs, _, err := w.Ledger().Submissions()
	for _, s := range subs {
		if !own || s.Experiment.ID != from {
			continue
		}
		rel, err := w.Ledger().submissions.rel(s.Tag)
		if err != nil {
			return nil, err
		}
		if s.Experiment.ID = to; s.Experiment.OutputDir == was {
			s.Experiment.OutputDir = out
		}
		text, err := json.MarshalIndent(s, "", "  ")
		if err != nil {
			return nil, err
		}
		texts, err := w.Replace(rel, rel, func([]byte) []byte { return append(text, '\n') })
		if err != nil {
			return nil, err
		}
		all = append(all, texts...)
	}
	return all, err
}

// Baselined is the file of baselines with the runs of an output directory under the names that they have in another.
func (w Journal) Baselined(was, out string) ([]TextEdit, error) {
	b := Baselines(w)
	all, err := b.List()
	from, to := finderOf(w.Workspace).runName(w.Path(was)), finderOf(w.Workspace).runName(w.Path(out))
	changed := false
	for i := range all {
		for k := range all[i].Runs {
			if r := &all[i].Runs[k]; from != to && (r.Run == from || r.Run == from+model.NsysMark) {
				r.Run, changed = to+strings.TrimPrefix(r.Run, from), true
			}
		}
	}
	if err != nil || !changed {
		return nil, err
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return nil, err
	}
	return w.Replace(BaselinesFile, BaselinesFile, func([]byte) []byte { return append(text, '\n') })
}
