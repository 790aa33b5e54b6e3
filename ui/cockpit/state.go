package cockpit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
)

// state is what of the screen is kept in the workspace as it changes, so that a dropped
// link loses nothing: the pane, and of each pane what it says of itself.
type state struct {
	Pane    pane.Name                       `json:"pane"`
	Zoomed  bool                            `json:"zoomed,omitempty"`
	Upper   pane.Name                       `json:"upper,omitempty"`
	Lower   pane.Name                       `json:"lower,omitempty"`
	Filters []string                        `json:"filters,omitempty"`
	Panes   map[pane.Name]map[string]string `json:"panes,omitempty"`
}

// keeper is a pane that has something to keep, as words by name; empty ones are left out.
type keeper interface {
	Keep() map[string]string
	Restore(kept map[string]string)
}

// keepTime is how long changes are gathered before they are written.
const keepTime = time.Second

// restore takes the state as it was left; a damaged one is passed over.
func (m *Model) restore() {
	text, err := m.backend.LoadScreen()
	s := state{}
	if err != nil || len(text) == 0 || json.Unmarshal(text, &s) != nil {
		return
	}
	m.zoomed = s.Zoomed
	for _, f := range s.Filters {
		m.env.Filters.Add(f)
	}
	for name, kept := range s.Panes {
		if k, ok := m.panes[name].(keeper); ok {
			k.Restore(kept)
		}
	}
	for _, name := range []pane.Name{s.Upper, s.Lower, s.Pane} {
		m.setFocus(name)
	}
	m.kept = m.stateText()
}

// stateText is the state as it is now.
func (m *Model) stateText() []byte {
	s := state{Pane: m.focus, Zoomed: m.zoomed, Upper: m.upper, Lower: m.lower, Filters: m.env.Filters.Texts(), Panes: map[pane.Name]map[string]string{}}
	for _, name := range m.order {
		if k, ok := m.panes[name].(keeper); ok {
			s.Panes[name] = filled(k.Keep())
		}
	}
	text, err := json.Marshal(s)
	if err != nil {
		return nil
	}
	return text
}

func filled(kept map[string]string) map[string]string {
	for name, value := range kept {
		if value == "" {
			delete(kept, name)
		}
	}
	return kept
}

// keepSoon writes the state in a moment if a key has changed it.
func (m *Model) keepSoon() tea.Cmd {
	if m.backend.ReadOnly() || bytes.Equal(m.kept, m.stateText()) {
		return nil
	}
	return m.wait.Start(m.env, keepTime, m.keep)
}

// keep writes the state. That it cannot be written is said once: the screen works without.
func (m *Model) keep() tea.Cmd {
	text := m.stateText()
	if bytes.Equal(m.kept, text) {
		return nil
	}
	m.kept = text
	return m.keeping.Start(m.env.Ctx, func(context.Context) (struct{}, error) { return struct{}{}, m.backend.SaveScreen(text) },
		func(_ struct{}, err error) tea.Cmd {
			if err != nil {
				return pane.Fail(err)
			}
			return nil
		})
}

// leave keeps the state and ends the program.
func (m *Model) leave() tea.Cmd {
	text := m.stateText()
	if m.backend.ReadOnly() || bytes.Equal(m.kept, text) {
		return tea.Quit
	}
	m.kept = text
	return tea.Sequence(func() tea.Msg { _ = m.backend.SaveScreen(text); return nil }, tea.Quit) // nobody is left to hear of a fault
}

// keepNow writes what is still only in memory: the program ends, by the user's wish, a
// signal, a lost terminal or a fault.
func (m *Model) keepNow() error {
	var faults []error
	for _, name := range m.order {
		if k, ok := m.panes[name].(interface{ KeepNow() error }); ok {
			faults = append(faults, k.KeepNow())
		}
	}
	if text := m.stateText(); !m.backend.ReadOnly() && !bytes.Equal(m.kept, text) {
		_ = m.backend.SaveScreen(text) // of the screen nothing is lost
	}
	return errors.Join(faults...)
}
