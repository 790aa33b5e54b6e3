package pane

import (
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/widget"
)

// Ask is an open popup and what its first button does.
type Ask struct {
	Popup *widget.Popup
	Yes   func() tea.Cmd           // nil: nothing but to read
	Do    func(answer int) tea.Cmd // with more than two buttons, instead of Yes: for all but the last
}

// Key gives the popup a key; done says that it closed.
func (a *Ask) Key(key string) (cmd tea.Cmd, done bool) {
	answer, done := a.Popup.Key(key)
	if done && a.Do != nil && answer >= 0 && answer < len(a.Popup.Buttons)-1 {
		return a.Do(answer), true
	}
	if done && answer == 0 && a.Yes != nil {
		return a.Yes(), true
	}
	return nil, done
}
