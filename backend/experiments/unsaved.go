package experiments

import "shardeck/model"

// Unsaved lists the edits that a session before this one did not save; a damaged
// record is an error beside those that can be read.
func (x *Experiments) Unsaved() ([]model.Unsaved, error) {
	all, warnings, err := x.Workspace.Ledger().Unsaved()
	if err == nil && len(warnings) > 0 {
		err = model.Failed(warnings[0], nil, "")
	}
	return all, err
}

// KeepUnsaved keeps edits until they are saved; none drops what was kept. A read-only workspace
// keeps and drops nothing.
func (x *Experiments) KeepUnsaved(u model.Unsaved) error {
	if x.Workspace.ReadOnly {
		return nil
	}
	return x.Workspace.Ledger().KeepUnsaved(u)
}
