package config

import (
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/present"
)

// file is the config of an experiment being edited. Commands alone touch the draft, one at
// a time (see queue); the event loop reads what the last one found.
type file struct {
	id    string
	draft draft
	first map[string]string // by key: the value before its first edit
	*judged
}

// judged is a draft after its last edit, and what follows from it. It is not changed.
type judged struct {
	experiment model.Experiment
	verdict    check.Verdict
	problem    string              // what is wrong with the file itself; empty: nothing
	values     map[string]string   // by key, as the file has them
	choices    map[string][]string // by key: what ←→ go through; nil: numbers that step, or text
	shape      *model.Shape        // of the model; nil: not known
	modified   bool                // not as on disk
	edits      []model.Edit        // that differ from the file on disk
}

// openFile reads an experiment and judges it; one for a command.
func openFile(b Backend, id string) (*file, error) {
	d, err := b.Draft(id)
	if err != nil {
		return nil, err
	}
	f := &file{id: id, draft: d, first: map[string]string{}}
	f.judged = f.judge(b)
	return f, nil
}

// judge checks the draft as it is now; one for a command.
func (f *file) judge(b Backend) *judged {
	e := f.draft.Experiment()
	j := &judged{experiment: e, verdict: b.Check(e), problem: problemOf(f.draft), modified: f.draft.Modified(),
		shape: check.World{Shapes: b.Shapes()}.Shape(e.Model.Name), values: map[string]string{}, choices: map[string][]string{}}
	for _, k := range fields {
		j.values[k.path], j.choices[k.path] = f.draft.Get(k.path), choices(b, f.draft, e, k)
	}
	for path, was := range f.first {
		if now := f.draft.Get(path); j.modified && now != was {
			j.edits = append(j.edits, model.Edit{Path: path, Value: now})
		}
	}
	slices.SortFunc(j.edits, func(a, b model.Edit) int { return strings.Compare(a.Path, b.Path) })
	return j
}

// problemOf is the first fault of a draft's text, by its line.
func problemOf(d draft) string {
	if d.Problem() == "" {
		return ""
	}
	_, path, _ := strings.Cut(d.Path(), "/experiments/")
	return present.Problems("experiments/"+path, d.Problem())[0]
}

// set changes keys of the draft, all or none, and notes what they were; one for a command.
func (f *file) set(edits ...model.Edit) error {
	was := map[string]string{}
	for _, e := range edits {
		was[e.Path] = f.draft.Get(e.Path)
	}
	if err := f.draft.SetAll(edits...); err != nil {
		return err
	}
	for path, value := range was {
		if _, known := f.first[path]; !known {
			f.first[path] = value
		}
	}
	return nil
}

// setEach changes as many keys as can be; the error is the first there was.
func (f *file) setEach(edits ...model.Edit) error {
	err := f.set(edits...)
	if err == nil || len(edits) < 2 {
		return err
	}
	for _, e := range edits {
		_ = f.set(e) // the error says what could not be changed
	}
	return err
}

// save writes the draft, which is its file again; one for a command.
func (f *file) save(b Backend) (*judged, error) {
	if err := f.draft.Save(); err != nil {
		return nil, err
	}
	f.first = map[string]string{}
	return f.judge(b), nil
}
