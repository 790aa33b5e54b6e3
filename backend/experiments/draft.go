package experiments

import (
	"shardeck/backend/config"
	"shardeck/backend/workspace"
	"shardeck/model"
)

// Draft is an experiment being edited: its YAML, with comments and order kept, and
// the Experiment it means. It is not safe for concurrent use.
type Draft struct {
	*config.Document
	File string // relative to the workspace

	ws *workspace.Workspace
}

// Draft opens an experiment for editing, by id. It may have faults but must be a YAML mapping.
func (x *Experiments) Draft(id string) (*Draft, error) {
	row, err := x.Row(id)
	if err != nil {
		return nil, err
	}
	doc, err := x.Workspace.OpenDocument(row.File)
	if err != nil {
		return nil, err
	}
	return &Draft{doc, row.File, x.Workspace}, nil
}

// Choices lists the words a key takes, nil where any text or number goes.
func (d *Draft) Choices(path string) []string { return config.Choices(path) }

// Save writes the file atomically; it refuses when the file changed on disk since.
func (d *Draft) Save() error {
	if err := d.ws.Writable("save " + d.File); err != nil {
		return err
	}
	return d.ws.SaveDocument(d.Document)
}

// Path is the absolute path, for $EDITOR.
func (d *Draft) Path() string { return d.ws.Path(d.File) }

// Unsaved lists the edits that no session saved; a damaged record is an error beside the others.
func (x *Experiments) Unsaved() ([]model.Unsaved, error) {
	all, warnings, err := x.Workspace.Ledger().Unsaved()
	if err == nil && len(warnings) > 0 {
		err = model.Failed(warnings[0], nil, "")
	}
	return all, err
}

// KeepUnsaved keeps edits until they are saved; none drops what was kept. Read-only, it does neither.
func (x *Experiments) KeepUnsaved(u model.Unsaved) error {
	if x.Workspace.ReadOnly {
		return nil
	}
	return x.Workspace.Ledger().KeepUnsaved(u)
}
