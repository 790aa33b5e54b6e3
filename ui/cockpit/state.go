package cockpit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
)

// state is what of the screen is kept in the workspace as it changes, so that a dropped link loses nothing.
type state struct {
	Pane    pane.Name                       `json:"pane"`
	Zoomed  bool                            `json:"zoomed,omitempty"`
	Upper   pane.Name                       `json:"upper,omitempty"`
	Lower   pane.Name                       `json:"lower,omitempty"`
	Theme   string                          `json:"theme,omitempty"`
	Filters []string                        `json:"filters,omitempty"`
	Recent  []string                        `json:"recent,omitempty"`
	Panes   map[pane.Name]map[string]string `json:"panes,omitempty"`
}

type screenState struct {
	env     pane.Env
	backend Backend
	layout  *layout
	kept    []byte     // as last written
	wait    pane.Timer // before it is written
	task    pane.Task[struct{}]
}

// keeper is a pane that has something to keep, as words by name; empty ones are left out.
type keeper interface {
	Keep() map[string]string
	Restore(kept map[string]string)
}

// keepTime is how long changes are gathered before they are written.
const keepTime = time.Second

// restore takes the state as it was left; a damaged one is passed over.
func (s *screenState) restore() {
	text, err := s.backend.LoadScreen()
	was := state{}
	if err != nil || len(text) == 0 || json.Unmarshal(text, &was) != nil {
		return
	}
	s.layout.zoomed, s.layout.recent = was.Zoomed, was.Recent
	if s.layout.colours == "" { // what is set counts for more than what was chosen once
		s.layout.colours = was.Theme
		s.layout.theme.Wear(was.Theme)
	}
	for _, f := range was.Filters {
		s.env.Filters.Add(f)
	}
	for name, kept := range was.Panes {
		if k, ok := s.layout.panes[name].(keeper); ok {
			k.Restore(kept)
		}
	}
	for _, name := range []pane.Name{was.Upper, was.Lower, was.Pane} {
		s.layout.setFocus(name)
	}
	s.kept = s.text()
}

func (s *screenState) text() []byte {
	now := state{Pane: s.layout.focus, Zoomed: s.layout.zoomed, Upper: s.layout.upper, Lower: s.layout.lower, Theme: s.layout.colours,
		Filters: s.env.Filters.Texts(), Recent: s.layout.recent, Panes: map[pane.Name]map[string]string{}}
	for _, name := range s.layout.order {
		if k, ok := s.layout.panes[name].(keeper); ok {
			now.Panes[name] = k.Keep()
			maps.DeleteFunc(now.Panes[name], func(_, value string) bool { return value == "" })
		}
	}
	text, _ := json.Marshal(now) // words and maps of words always can be
	return text
}

// soon writes the state in a moment if a key has changed it. That it cannot be written is said once: the screen works without.
func (s *screenState) soon() tea.Cmd {
	if !s.changed() {
		return nil
	}
	return s.wait.Start(s.env, keepTime, func() tea.Cmd {
		if !s.changed() {
			return nil
		}
		text := s.text()
		s.kept = text
		return s.task.Start(s.env.Ctx, func(context.Context) (struct{}, error) { return struct{}{}, s.backend.SaveScreen(text) },
			func(_ struct{}, err error) tea.Cmd { return pane.Fail(err) })
	})
}

// changed reports whether the state differs from what was written, and may be.
func (s *screenState) changed() bool { return !s.backend.ReadOnly() && !bytes.Equal(s.kept, s.text()) }

func (s *screenState) leave() tea.Cmd {
	if !s.changed() {
		return tea.Quit
	}
	s.kept = s.text()
	return tea.Sequence(func() tea.Msg { _ = s.backend.SaveScreen(s.kept); return nil }, tea.Quit) // nobody is left to hear of a fault
}

// now writes what is still only in memory: the program ends, by the user's wish, a signal, a lost terminal or a fault.
func (s *screenState) now() error {
	var faults []error
	for _, name := range s.layout.order {
		if k, ok := s.layout.panes[name].(interface{ KeepNow() error }); ok {
			faults = append(faults, k.KeepNow())
		}
	}
	if s.changed() {
		_ = s.backend.SaveScreen(s.text()) // of the screen nothing is lost
	}
	return errors.Join(faults...)
}
