package lab

import "shardeck/backend/config"

// Draft is an experiment being edited: its YAML, with comments and order kept, and
// the Experiment it means.
type Draft struct {
	*config.Document
	File string // relative to the workspace

	lab *Lab
}

// Draft opens an experiment for editing, by id. One with faults can be opened and
// mended; one that is no YAML mapping cannot.
func (l *Lab) Draft(id string) (*Draft, error) {
	row, err := l.Row(id)
	if err != nil {
		return nil, err
	}
	doc, err := l.ws.OpenDocument(row.File)
	if err != nil {
		return nil, kinded(err)
	}
	return &Draft{doc, row.File, l}, nil
}

// Set changes one key; the error says what values it takes.
func (d *Draft) Set(path, value string) error { return kinded(d.Document.Set(path, value)) }

// Choices lists the words a key takes, nil where any text or number goes.
func (d *Draft) Choices(path string) []string { return config.Choices(path) }

// Save writes the file atomically; it refuses when the file changed on disk since.
func (d *Draft) Save() error {
	if err := d.lab.Writable("save " + d.File); err != nil {
		return err
	}
	return kinded(d.lab.ws.SaveDocument(d.Document))
}

// Path is the absolute path, for $EDITOR.
func (d *Draft) Path() string { return d.lab.ws.Path(d.File) }
