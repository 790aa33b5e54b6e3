package lab

import "encoding/json"

// LoadScreen is the state of the screen as it was left; nil: none was kept.
func (l *Lab) LoadScreen() (json.RawMessage, error) {
	state, err := l.ws.Ledger().LoadState()
	return state, kinded(err)
}

// SaveScreen keeps the state of the screen for the next start; a read-only lab keeps none.
func (l *Lab) SaveScreen(state json.RawMessage) error {
	if l.ReadOnly() {
		return nil
	}
	return kinded(l.ws.Ledger().SaveState(state))
}
