package cockpit

import (
	"cmp"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

type redrawMsg struct{}

func redraw(m *Model) tea.Cmd { return pane.Send(redrawMsg{}) }

// View draws the whole screen.
func (m *Model) View() string {
	if m.width <= 0 || m.height <= 0 {
		return ""
	}
	if m.small() {
		return m.env.Theme.Plain(trimmed(small(m)))
	}
	lines := m.body()
	if m.popup != nil {
		lines = m.popup.Popup.Over(m.env.Theme, lines, m.width, len(lines))
	}
	if m.finder != nil {
		lines = m.finder.Over(m.env.Theme, lines, m.width, len(lines))
	}
	lines = append([]string{tabs(m)}, lines...)
	lines = append(lines, widget.Rule(m.env.Theme, m.width, ""))
	hints, last := m.hints() // the one for help stays
	lines = append(lines, m.message(), widget.Footer(m.env.Theme, m.width, hints, last))
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
	return strings.Join(model.Each(strings.Split(frame, "\n"), func(l string) string { return strings.TrimRight(l, " ") }), "\n")
}

// small is a screen on which nothing but the pane with the focus has room, as far as that goes; below that, what it needs.
func small(m *Model) string {
	needs := fmt.Sprintf("needs %d×%d", leastWidth, leastHeight)
	if m.width < tinyWidth || m.height < tinyHeight {
		return widget.Block(widget.Wrap("shardeck "+needs+"; it goes on meanwhile (q leaves)", m.width), m.width, m.height)
	}
	note := m.note
	if note.Text == "" {
		note = m.focused().Message()
	}
	left, _ := m.focused().Title()
	lines := append([]string{" " + m.env.Theme.Paint(theme.Accent, widget.Sentence(left, m.width-2))}, strings.Split(m.focused().View(), "\n")...)
	said := m.env.Theme.Paint(note.Tone, cmp.Or(note.Brief, note.Text))
	return widget.Block(append(lines, widget.Spread(" "+said, m.env.Theme.Paint(theme.Dim, needs), m.width)), m.width, m.height)
}

// tabs is the first line: the panes, and how old the scheduler's answer is.
func tabs(m *Model) string {
	th := m.env.Theme
	words := m.tabWords(age(m))
	for i, word := range words {
		tone := theme.Dim
		if m.tabs()[i] == m.focus {
			tone = theme.Accent
		}
		words[i] = th.Paint(tone, word)
	}
	gap := "  "
	if widget.Width(strings.Join(words, gap)) > m.width-widget.Width(age(m))-3 {
		gap = " "
	}
	return " " + widget.Fit(strings.Join(words, gap), m.width-widget.Width(age(m))-3) + " " + age(m) + " "
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
	note, seen := m.note, ""
	if len(m.unseen) > 0 {
		note, seen = m.unseen[0], "  esc seen"
	} else if note.Text == "" {
		note = m.focused().Message()
	}
	text := m.env.Theme.Spell(note.Text)
	if note.Brief != "" && widget.Width(text) > m.width-2 {
		text = m.env.Theme.Spell(note.Brief)
	}
	more := seen
	if widget.Width(text) > m.width-2-len(seen) {
		more = "  ! in full" // by which it is seen, too
	}
	if more == "" || m.popup != nil || m.focused().Capturing() {
		return m.term.linked(note, " "+m.env.Theme.Paint(note.Tone, widget.Sentence(text, m.width-2)))
	}
	cut := m.env.Theme.Paint(note.Tone, widget.Sentence(text, m.width-2-len(more)))
	return widget.Spread(" "+cut, m.env.Theme.Paint(theme.Dim, more+" "), m.width)
}

// hints are those of the last line; last of them always stay.
func (m *Model) hints() (hints, last []widget.Hint) {
	if m.popup != nil {
		return m.popup.Popup.Hints(), nil
	}
	if m.finder != nil {
		return m.finder.Hints(), nil
	}
	hints = hintsOf(m.focused().Keys(), true)
	if m.focused().Capturing() {
		return hints, nil
	}
	everywhere := hintsOf(keys().Keys(), true)
	return append(hints, everywhere[1:]...), everywhere[:1]
}
