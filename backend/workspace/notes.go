package workspace

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"shardeck/model"
)

// notesFile lies in the folder of a run, so that what people said of it goes where it goes.
const notesFile = ".shardeck_notes.json"

// said is what people noted of a run; damaged notes are a warning of it.
func (w *Workspace) said(run *model.Run) {
	text, err := w.Read(filepath.Join(run.Dir, notesFile), maxRecord)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		err = json.Unmarshal(text, &run.Said)
	}
	if err != nil {
		run.Warnings = append(run.Warnings, "its notes cannot be read: "+err.Error())
	}
	run.Said.Note, run.Said.Tags = model.Printable(run.Said.Note), model.Each(run.Said.Tags, model.Printable)
}

// Say keeps what people note of a run.
func (w *Workspace) Say(run model.Run, s model.Said) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return w.WriteFile(filepath.Join(run.Dir, notesFile), append(text, '\n'), 0o644)
}

// archived says since when an experiment is out of sight.
type archived struct {
	Experiment string    `json:"experiment"`
	Since      time.Time `json:"since"`
}

func (w *Workspace) archive() records[archived] {
	return records[archived]{w, PrivateDir + "/archived", model.CheckID, func(a archived) string { return a.Experiment }, "remove it"}
}

// Archived are the experiments that are out of sight.
func (w *Workspace) Archived() map[string]bool {
	all, _, _ := w.archive().all() // what cannot be read hides nothing
	ids := map[string]bool{}
	for _, a := range all {
		ids[a.Experiment] = true
	}
	return ids
}

// Archive puts an experiment out of sight, or back; its files stay as they are.
func (w *Workspace) Archive(id string, on bool, at time.Time) error {
	if !on {
		return w.archive().remove(id)
	}
	return w.archive().write(archived{id, at}, w.WriteFile)
}

// ArchivedFile is the record by which an experiment is out of sight, where it is there.
func (w *Workspace) ArchivedFile(id string) string {
	rel, _ := w.archive().rel(id)
	return rel
}

// ArchivedAs is that record under another id.
func (w *Workspace) ArchivedAs(from, to string) ([]TextEdit, error) {
	text, err := json.Marshal(archived{Experiment: to})
	if err != nil {
		return nil, err
	}
	return w.Replace(w.ArchivedFile(from), w.ArchivedFile(to), func([]byte) []byte { return text })
}
