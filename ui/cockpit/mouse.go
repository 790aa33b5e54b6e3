package cockpit

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// All that a mouse can do the keyboard can: the wheel is ↑ and ↓, a tab is its number,
// and a hint of the last line the key it names. A terminal selects text itself while shift
// is held.

// mouseHint is what the help says of it.
var mouseHint = widget.Hint{Label: "mouse", Verb: "point",
	Help: "the wheel scrolls; a click goes to a tab, pane or row, orders by the title of a column, or presses a key of the last line; with shift the terminal selects text"}

// mouse scrolls what is pointed at; a click goes to it.
func (m *Model) mouse(msg tea.MouseMsg) tea.Cmd {
	if m.small() {
		return nil
	}
	switch msg.Button {
	case tea.MouseButtonWheelUp:
		return wheel(m, msg, "up")
	case tea.MouseButtonWheelDown:
		return wheel(m, msg, "down")
	case tea.MouseButtonLeft:
		return m.click(msg.X, msg.Y)
	}
	return nil
}

// wheel moves in the list under the pointer, or in what lies over all lists.
func wheel(m *Model, msg tea.MouseMsg, key string) tea.Cmd {
	switch {
	case m.popup != nil, m.palette != nil:
		return m.key(keyMsg(key))
	case m.focused().Capturing():
		return m.tell(m.focus, keyMsg(key))
	}
	if r, ok := m.roomAt(msg.X, msg.Y); ok {
		return m.tell(r.name, keyMsg(key))
	}
	return nil
}

func (m *Model) click(x, y int) tea.Cmd {
	if y == m.height-1 && m.palette == nil {
		return clickHint(m, x)
	}
	if m.popup != nil || m.palette != nil || m.focused().Capturing() {
		return nil
	}
	if y == 0 {
		return clickTab(m, x)
	}
	r, ok := m.roomAt(x, y)
	if !ok {
		return nil
	}
	point := pane.ClickMsg{X: x - r.x, Line: y - r.y}
	if r.name == m.focus {
		return m.tell(r.name, point)
	}
	return tea.Batch(m.enter(r.name), m.tell(r.name, point))
}

// clickTab goes to the pane whose tab is at a column of the first line.
func clickTab(m *Model, x int) tea.Cmd {
	at := 1
	for i, word := range m.tabWords(age(m)) {
		if x >= at && x < at+widget.Width(word) {
			return m.enter(m.order[i])
		}
		at += widget.Width(word) + 2
	}
	return nil
}

// clickHint does what the key of a hint of the last line does.
func clickHint(m *Model, x int) tea.Cmd {
	hints, last := m.hints()
	h, sign, ok := widget.HintAt(m.env.Theme, m.width, hints, last, x)
	if !ok {
		return nil
	}
	if key := labelled(h.Label, sign); key != "" {
		return m.key(keyMsg(key))
	}
	return nil
}

// signs are keys that labels write as a sign.
var signs = map[string]string{"↵": "enter", "←": "left", "→": "right", "↑": "up", "↓": "down"}

// labelled is the key that a label names, or that the sign of it does that is pointed at
// where it names several: ←→, n N. Empty: none.
func labelled(label string, sign int) string {
	runes := []rune(label)
	switch {
	case len(runes) > 1 && !strings.ContainsAny(label, "←→↑↓… "):
		return label // esc, space, ctrl+l
	case sign >= len(runes) || runes[sign] == ' ' || runes[sign] == '…':
		sign = 0
	}
	one := string(runes[sign])
	if key := signs[one]; key != "" {
		return key
	}
	return one
}

// keyMsg is the message of a key by its name.
func keyMsg(name string) tea.KeyMsg {
	if name == "space" {
		return tea.KeyMsg{Type: tea.KeySpace, Runes: []rune(" ")}
	}
	for _, t := range []tea.KeyType{tea.KeyEnter, tea.KeyEsc, tea.KeyTab, tea.KeyShiftTab, tea.KeyUp, tea.KeyDown, tea.KeyLeft,
		tea.KeyRight, tea.KeyCtrlL, tea.KeyCtrlZ, tea.KeyCtrlF} {
		if t.String() == name {
			return tea.KeyMsg{Type: t}
		}
	}
	return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}
}
