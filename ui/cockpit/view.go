package cockpit

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// redrawMsg asks for the whole screen anew.
type redrawMsg struct{}

func redraw(m *Model) tea.Cmd { return pane.Send(redrawMsg{}) }

// View draws the whole screen.
func (m *Model) View() string {
	if m.width <= 0 || m.height <= 0 {
		return ""
	}
	if m.small() {
		return m.env.Theme.Plain(tooSmall(m))
	}
	lines := m.body()
	if m.popup != nil {
		lines = m.popup.Popup.Over(m.env.Theme, lines, m.width, len(lines))
	}
	lines = append([]string{tabs(m)}, lines...)
	lines = append(lines, widget.Rule(m.env.Theme, m.width, ""))
	if m.palette != nil {
		bottom := paletteLines(m)
		lines = append(lines, bottom[0], bottom[1])
	} else {
		lines = append(lines, m.message(), m.footer())
	}
	if len(m.rooms()) == 1 {
		spell(m, lines)
	}
	return m.env.Theme.Plain(trimmed(widget.Block(lines, m.width, m.height)))
}

// spell writes the names of keys out where a line has room for them (with --ascii).
func spell(m *Model, lines []string) {
	for i, line := range lines {
		line = strings.TrimRight(line, " ")
		if s := m.env.Theme.SpellKeys(line); s != line && widget.Width(s) <= m.width {
			lines[i] = s
		}
	}
}

// trimmed drops the blanks at the ends of lines: the renderer clears what is left of a line in three bytes.
func trimmed(frame string) string {
	lines := strings.Split(frame, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// tooSmall says what is needed, and goes on.
func tooSmall(m *Model) string {
	text := fmt.Sprintf("shardeck needs %d×%d, this is %d×%d; it goes on meanwhile (q leaves)", leastWidth, leastHeight, m.width, m.height)
	return widget.Block(widget.Wrap(text, m.width), m.width, m.height)
}

// tabs is the first line: the panes, and how old the scheduler's answer is.
func tabs(m *Model) string {
	th := m.env.Theme
	words := m.tabWords(age(m))
	for i, name := range m.order {
		tone := theme.Dim
		if name == m.focus {
			tone = theme.Accent
		}
		words[i] = th.Paint(tone, words[i])
	}
	return " " + widget.Fit(strings.Join(words, "  "), m.width-widget.Width(age(m))-3) + " " + age(m) + " "
}

// age is the time of the scheduler's last answer, marked when it is stale; before it stands that nothing may be changed.
func age(m *Model) string {
	if m.backend.ReadOnly() {
		return strings.TrimSpace(m.env.Theme.Paint(theme.Warn, "read-only") + "  " + m.watch.age())
	}
	return m.watch.age()
}

// message is the one line that speaks. What does not fit on it says how it can be read.
func (m *Model) message() string {
	note := spoken(m)
	text := m.env.Theme.Spell(note.Text)
	if note.Brief != "" && widget.Width(text) > m.width-2 {
		text = m.env.Theme.Spell(note.Brief)
	}
	if widget.Width(text) <= m.width-2 || m.popup != nil || m.focused().Capturing() {
		return " " + m.env.Theme.Paint(note.Tone, widget.Sentence(text, m.width-2))
	}
	const more = "  ! in full"
	cut := m.env.Theme.Paint(note.Tone, widget.Sentence(text, m.width-2-len(more)))
	return widget.Spread(" "+cut, m.env.Theme.Paint(theme.Dim, more+" "), m.width)
}

// spoken is what was just said, else what the pane has to say.
func spoken(m *Model) pane.Note {
	if m.note.Text != "" {
		return m.note
	}
	return m.focused().Message()
}

// footer is the keys of what has the focus, as many as fit, and always the one for help.
func (m *Model) footer() string {
	hints, last := m.hints()
	return widget.Footer(m.env.Theme, m.width, hints, last)
}

// hints are those of the last line; last of them always stay.
func (m *Model) hints() (hints, last []widget.Hint) {
	if m.popup != nil {
		return m.popup.Popup.Hints(), nil
	}
	hints = hintsOf(m.focused().Keys(), true)
	if m.focused().Capturing() {
		return hints, nil
	}
	everywhere := hintsOf(keys().Keys(), true)
	return append(hints, everywhere[1:]...), everywhere[:1]
}
