package experiments

import (
	"shardeck/backend/config"
	"shardeck/backend/workspace"
)

// Draft is an experiment being edited: its YAML, with comments and order kept, and
// the Experiment it means. It is not safe for concurrent use.
type Draft struct {
	*config.Document
	File string // relative to the workspace

	ws *workspace.Workspace
}

// Draft opens an experiment for editing, by id. One with faults can be opened and
// mended; one that is no YAML mapping cannot.
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
