package lab

import "shardeck/model"

// Unsaved lists the edits that a session before this one did not save; a damaged
// record is an error beside those that can be read.
func (l *Lab) Unsaved() ([]model.Unsaved, error) {
	all, warnings, err := l.ws.Ledger().Unsaved()
	if err == nil && len(warnings) > 0 {
		err = failed(warnings[0], nil, "")
	}
	return all, kinded(err)
}

// KeepUnsaved keeps edits until they are saved; none drops what was kept. A read-only lab
// keeps and drops nothing.
func (l *Lab) KeepUnsaved(u model.Unsaved) error {
	if l.ReadOnly() {
		return nil
	}
	return kinded(l.ws.Ledger().KeepUnsaved(u))
}
