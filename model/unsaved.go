package model

import "time"

// Unsaved is the edits of an experiment that were made in the form and not saved: the
// value that each key is to have. They are made again on what the file says by then.
type Unsaved struct {
	Experiment string    `json:"experiment"`
	At         time.Time `json:"at"` // of the last edit
	Edits      []Edit    `json:"edits"`
}
