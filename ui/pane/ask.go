package pane

import (
	"slices"
	"strings"

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

// InFull shows texts whole that the message line cuts, each once: a note, then what else
// is to be known.
func InFull(title string, width int, texts ...string) *Ask {
	var body []string
	for i, text := range texts {
		if text == "" || slices.ContainsFunc(texts[:i], func(t string) bool { return strings.Contains(t, text) }) {
			continue
		}
		if len(body) > 0 {
			body = append(body, "")
		}
		body = append(body, widget.Wrap(text, min(90, max(width-10, 20)))...)
	}
	if len(body) == 0 {
		body = []string{"there is nothing to say of this"}
	}
	return &Ask{Popup: widget.Show(title, body)}
}
