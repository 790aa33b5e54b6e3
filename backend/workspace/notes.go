package workspace

import (
	"encoding/json"
	"errors"
	"io/fs"
	"path/filepath"

	"shardeck/model"
)

// notesFile lies in the folder of a run, so that what people said of it goes where it goes.
const notesFile = ".shardeck_notes.json"

// said is what people noted of a run; damaged notes are a warning of it.
func (w finder) said(run *model.Run) {
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
