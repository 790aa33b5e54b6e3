package cockpit

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// least is the smallest screen that can be used; wideFrom is where several panes fit.
const (
	leastWidth, leastHeight       = 60, 18
	wideFromWidth, wideFromHeight = 120, 35
)

// chrome is the lines that are not a pane's: tabs above; rule, message, keys below.
const above, below = 1, 3

// room is where a pane lies. Its title is the line above it.
type room struct {
	name                pane.Name
	x, y, width, height int
}

func (m *Model) small() bool { return m.width < leastWidth || m.height < leastHeight }

func (m *Model) wide() bool { return m.width >= wideFromWidth && m.height >= wideFromHeight }

// rooms divides the screen: one pane, or experiments over jobs on the left and two
// more on the right.
func (m *Model) rooms() []room {
	top := above + 1
	height := m.height - top - below
	if !m.wide() || m.zoomed {
		return []room{{m.focus, 0, top + 1, m.width, height - 1}}
	}
	left := max(m.width/3, 44)
	right := m.width - left - 1
	upper := height * 55 / 100
	all := []room{
		{pane.Experiments, 0, top, left - 1, upper - 1},
		{pane.Jobs, 0, top + upper, left - 1, height - upper},
		{m.upper, left + 1, top, right, upper - 1},
		{m.lower, left + 1, top + upper, right, height - upper},
	}
	return m.present(all)
}

// present drops rooms without a pane; what is above takes their lines.
func (m *Model) present(all []room) []room {
	var out []room
	for _, r := range all {
		if m.panes[r.name] != nil {
			out = append(out, r)
			continue
		}
		for i := range out {
			if out[i].x == r.x && out[i].y+out[i].height+1 == r.y {
				out[i].height += r.height + 1
			}
		}
	}
	return out
}

// resize gives every pane its room; those not shown get that of the focused one, so
// that they are ready.
func (m *Model) resize(width, height int) {
	m.width, m.height = width, height
	rooms := m.rooms()
	for _, name := range m.order {
		m.panes[name].SetSize(max(rooms[0].width, 0), max(rooms[0].height, 0))
	}
	for _, r := range rooms {
		m.panes[r.name].SetSize(max(r.width, 0), max(r.height, 0))
	}
}

// redrawMsg asks for the whole screen anew.
type redrawMsg struct{}

func (m *Model) redraw() tea.Cmd { return pane.Send(redrawMsg{}) }

// View draws the whole screen.
func (m *Model) View() string {
	if m.width <= 0 || m.height <= 0 {
		return ""
	}
	if m.small() {
		return m.env.Theme.Plain(m.tooSmall())
	}
	lines := m.body()
	if m.popup != nil {
		lines = m.popup.Popup.Over(m.env.Theme, lines, m.width, len(lines))
	}
	lines = append([]string{m.tabs()}, lines...)
	lines = append(lines, widget.Rule(m.env.Theme, m.width, ""))
	if m.palette != nil {
		bottom := m.paletteLines()
		lines = append(lines, bottom[0], bottom[1])
	} else {
		lines = append(lines, m.message(), m.footer())
	}
	if len(m.rooms()) == 1 {
		m.spell(lines)
	}
	return m.env.Theme.Plain(trimmed(widget.Block(lines, m.width, m.height)))
}

// spell writes the names of keys out where a line has room for them (with --ascii).
func (m *Model) spell(lines []string) {
	for i, line := range lines {
		line = strings.TrimRight(line, " ")
		if s := m.env.Theme.SpellKeys(line); s != line && widget.Width(s) <= m.width {
			lines[i] = s
		}
	}
}

// trimmed drops the blanks at the ends of lines: the renderer clears what is left of a
// line in three bytes.
func trimmed(frame string) string {
	lines := strings.Split(frame, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

// tooSmall says what is needed, and goes on.
func (m *Model) tooSmall() string {
	text := fmt.Sprintf("shardeck needs %d×%d, this is %d×%d; it goes on meanwhile (q leaves)", leastWidth, leastHeight, m.width, m.height)
	return widget.Block(widget.Wrap(text, m.width), m.width, m.height)
}

// body is the panes with their titles, below the tabs.
func (m *Model) body() []string {
	rooms := m.rooms()
	if len(rooms) == 1 {
		r := rooms[0]
		lines := []string{m.titleLine(r), widget.Rule(m.env.Theme, m.width, "")}
		return append(lines, strings.Split(m.panes[r.name].View(), "\n")...)
	}
	var left, right []string
	for _, r := range rooms {
		column := append([]string{m.titleRule(r)}, strings.Split(m.panes[r.name].View(), "\n")...)
		if r.x == 0 {
			left = append(left, column...)
		} else {
			right = append(right, column...)
		}
	}
	return beside(left, right, rooms[0].width+1, m.env.Theme.Paint(theme.Dim, m.env.Theme.Wall))
}

// beside puts two columns of lines side by side with a wall between.
func beside(left, right []string, width int, wall string) []string {
	out := make([]string, max(len(left), len(right)))
	for i := range out {
		l, r := "", ""
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			r = right[i]
		}
		out[i] = widget.Fit(l, width) + wall + r
	}
	return out
}

// titleLine is the title of a pane that has the whole screen.
func (m *Model) titleLine(r room) string {
	left, right := m.panes[r.name].Title()
	th := m.env.Theme
	name, rest, _ := strings.Cut(left, " · ")
	right = shorter(right, m.width-widget.Width(name)-8)
	head := " " + th.Paint(theme.Accent, th.Cursor+name)
	if rest != "" {
		head += " · " + widget.Sentence(rest, max(m.width-widget.Width(name)-widget.Width(right)-8, 4))
	}
	return widget.Spread(head, th.Paint(theme.Dim, right+" "), m.width)
}

// titleRule is the title of a pane among others: a rule with the title in it.
func (m *Model) titleRule(r room) string {
	left, right := m.panes[r.name].Title()
	th := m.env.Theme
	number := fmt.Sprint(m.number(r.name)) + " "
	name, _, _ := strings.Cut(number+left, " · ")
	right = shorter(right, r.width-8-widget.Width(name))
	room := r.width - 8 - widget.Width(right)
	text := pane.Joined(max(room, 8), strings.Split(number+left, " · ")...)
	head := th.Paint(theme.Dim, th.Rule+" ") + text + " "
	if r.name == m.focus {
		head = th.Paint(theme.Accent, th.Cursor+" "+text) + " "
	}
	if right != "" && room > 8 {
		right = " " + right + " "
	} else {
		right = ""
	}
	rule := strings.Repeat(th.Rule, max(r.width-widget.Width(head)-widget.Width(right), 0))
	return widget.Fit(head+th.Paint(theme.Dim, rule+right), r.width)
}

// shorter leaves out clauses of a text, the last first, until it fits; the first stays.
func shorter(text string, width int) string {
	for widget.Width(text) > width {
		at := strings.LastIndex(text, ", ")
		if at < 0 {
			break
		}
		text = text[:at]
	}
	return text
}

func (m *Model) number(name pane.Name) int {
	for i, n := range m.order {
		if n == name {
			return i + 1
		}
	}
	return 0
}

// title is a pane's name as a heading.
func title(name pane.Name) string {
	return strings.ToUpper(string(name[:1])) + string(name[1:])
}

// tabs is the first line: the panes, and how old the scheduler's answer is.
func (m *Model) tabs() string {
	th := m.env.Theme
	words := m.tabWords()
	for i, name := range m.order {
		tone := theme.Dim
		if name == m.focus {
			tone = theme.Accent
		}
		words[i] = th.Paint(tone, words[i])
	}
	return spreadTabs(strings.Join(words, "  "), m.age(), m.width)
}

// tabWords are the tabs; of those without the focus the names only where there is room.
func (m *Model) tabWords() []string {
	var long, short []string
	for i, name := range m.order {
		text := fmt.Sprintf("%d %s", i+1, title(name))
		long = append(long, text)
		if name != m.focus {
			text = fmt.Sprint(i + 1)
		}
		short = append(short, text)
	}
	if widget.Width(strings.Join(long, "  ")) > m.width-widget.Width(m.age())-3 {
		return short
	}
	return long
}

func spreadTabs(tabs, age string, width int) string {
	room := width - widget.Width(age) - 3
	return " " + widget.Fit(widget.Clip(tabs, room), room) + " " + age + " "
}

// age is the time of the scheduler's last answer, marked when it is stale; before it
// stands that nothing may be changed.
func (m *Model) age() string {
	if m.backend.ReadOnly() {
		return strings.TrimSpace(m.env.Theme.Paint(theme.Warn, "read-only") + "  " + m.answerAge())
	}
	return m.answerAge()
}

func (m *Model) answerAge() string {
	th := m.env.Theme
	switch {
	case !m.heard || m.list.AsOf.IsZero():
		return ""
	case m.list.Stale != "":
		return th.Paint(theme.Warn, "stale "+m.list.AsOf.Format("15:04"))
	}
	return th.Paint(theme.Dim, "as of "+m.list.AsOf.Format("15:04"))
}

// message is the one line that speaks. What does not fit on it says how it can be read.
func (m *Model) message() string {
	note := m.spoken()
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
func (m *Model) spoken() pane.Note {
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
	hints = pane.Hints(m.focused().Keys(), true)
	if m.focused().Capturing() {
		return hints, nil
	}
	everywhere := pane.Hints(keys().Keys(), true)
	return append(hints, everywhere[1:]...), everywhere[:1]
}
