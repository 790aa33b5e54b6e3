package cockpit

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

func keys() pane.Table[*Model] {
	return pane.Table[*Model]{
		{Key: pane.Foot("?", "?", "help", "the keys of this pane, then of all, and the signs; typing searches them"), Do: help},
		{Key: pane.Foot(":", ":", "command", "find by typing: a command, experiment, run, metric, setting"), Do: openPalette},
		{Key: pane.Foot("q", "q", "quit", "leave; jobs go on (ctrl+c does the same from anywhere)"), Do: (*Model).quit},
		{Key: pane.On("1 2 3 4 5 6", "1…6", "pane", "go to a pane by its number; 7 is the sweep, where there is one")},
		{Key: pane.On("tab", "tab", "next", "go to the next pane (shift+tab: the one before)"), Do: func(m *Model) tea.Cmd { return turn(m, 1) }},
		{Key: pane.On("shift+tab", "shift+tab", "before", ""), Do: func(m *Model) tea.Cmd { return turn(m, -1) }},
		{Key: pane.On("+", "+", "zoom", "give this pane the whole screen, and back"), Do: zoom},
		{Key: pane.On("P", "P", "export", "write results_summary.csv and scaling_analysis.png"), Do: (*Model).startExport},
		{Key: pane.On("!", "!", "in full", "what the message line says, whole"),
			Do: func(m *Model) tea.Cmd { return showInFull(m, m.focused().Message().Text) }},
		{Key: pane.On("M", "M", "mouse", "turn the mouse on, or off to select text with it; mouse: true in shardeck.yaml starts with it"),
			Do: toggleMouse},
		{Key: pane.On("ctrl+l", "ctrl+l", "redraw", "draw the screen anew, after something wrote over it"), Do: redraw},
		{Key: pane.On("ctrl+z", "ctrl+z", "suspend", "back to the shell; fg returns"), Do: func(m *Model) tea.Cmd { return m.term.suspend() }},
	}
}

// typed routes what was typed. On a slow link several letters arrive as one message: each is a key of its own. Esc and the
// key after it arrive as that key with Alt: both are taken. What was pasted stays whole, text where text is typed and
// nothing anywhere else: it never runs as commands.
func (m *Model) typed(msg tea.KeyMsg) tea.Cmd {
	if msg.Alt && !msg.Paste {
		msg.Alt = false
		return tea.Batch(m.key(tea.KeyMsg{Type: tea.KeyEsc}), m.typed(msg))
	}
	if msg.Type != tea.KeyRunes || len(msg.Runes) < 2 || msg.Paste {
		return m.key(msg)
	}
	return tea.Batch(model.Each(msg.Runes, func(r rune) tea.Cmd { return m.key(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}}) })...)
}

// key routes one key press: see the package comment for the order.
func (m *Model) key(key tea.KeyMsg) tea.Cmd {
	k := key.String()
	if k == "ctrl+c" {
		return m.interrupt()
	}
	m.quits = 0
	if m.width > 0 && m.small() && !m.harmless(k) {
		return m.blind(k)
	}
	said := m.note.Text
	m.note = pane.Note{}
	switch {
	case m.popup != nil:
		cmd, done := m.popup.Key(k)
		if done {
			m.popup = nil
			m.nextAsk()
		}
		return cmd
	case m.finder != nil:
		return finderKey(m, key)
	case len(m.unseen) > 0 && (k == "esc" || k == "!") && !m.focused().Capturing():
		said, m.unseen = m.unseen[0].Text, m.unseen[1:]
		if k == "esc" {
			return nil
		}
		return showInFull(m, said)
	case k == "!" && said != "" && !m.focused().Capturing():
		return showInFull(m, said)
	case m.focused().Capturing(), has(m.focused().Keys(), k):
		return m.tell(m.focus, key)
	}
	if n, err := strconv.Atoi(k); err == nil && n >= 1 && n <= len(m.tabs()) {
		return m.enter(m.tabs()[n-1])
	}
	if cmd, ok := keys().Dispatch(m, k); ok {
		return cmd
	}
	if key.Type == tea.KeyRunes && !key.Paste && !has(pane.MoveKeys(), k) {
		return pane.Say(k + " does nothing here · ? shows the keys")
	}
	return m.tell(m.focus, key)
}

// harmless is a key that only looks around, where nothing waits for an answer: it works on a screen that is too small for more.
func (m *Model) harmless(key string) bool {
	looks := has(pane.MoveKeys(), key) || has(keys().Keys(), key) && strings.Contains("1 2 3 4 5 6 tab shift+tab", key)
	return looks && m.height >= tinyHeight && m.popup == nil && m.finder == nil && !m.focused().Capturing()
}

// blind is another key on a screen too small to show what it does: it leaves or goes to the shell, and does nothing else.
func (m *Model) blind(key string) tea.Cmd {
	switch key {
	case "q":
		return m.state.leave()
	case "ctrl+z":
		return m.term.suspend()
	}
	return nil
}

// interrupt is ctrl+c: it always leaves, the second time whatever would be lost.
func (m *Model) interrupt() tea.Cmd {
	m.quits++
	if m.quits > 1 {
		return tea.Quit
	}
	m.finder, m.popup = nil, nil
	return m.quit()
}

func turn(m *Model, by int) tea.Cmd {
	all := m.tabs()
	return m.enter(all[(slices.Index(all, m.focus)+by+len(all))%len(all)])
}

func zoom(m *Model) tea.Cmd {
	if !m.wide() {
		return pane.Say("nothing to zoom: one pane has the whole screen already")
	}
	m.zoomed = !m.zoomed
	m.resize(m.width, m.height)
	return nil
}

// help lists the keys of this pane, then those that work everywhere, then the others', then what the signs mean; what is
// chosen is done.
func help(m *Model) tea.Cmd {
	all := m.keysOf(group(m.focus, m.focused()), m.focused().Keys(), m.key)
	all = append(all, m.keysOf(m.everywhereGroup(), m.general(), m.key)...)
	for _, name := range m.tabs() {
		if name == m.focus {
			continue
		}
		goes := func(tea.KeyMsg) tea.Cmd { return m.enter(name) }
		for _, c := range m.keysOf(group(name, m.panes[name]), m.panes[name].Keys(), goes) {
			if !slices.ContainsFunc(all, func(known command) bool { return known.name == c.name && known.help == c.help }) {
				all = append(all, c)
			}
		}
	}
	return openFinder(m, "Keys", append(all, legend(m.env.Theme)...))
}

// keysOf are the keys of a group as what can be found: by label and verb, each pressed when chosen.
func (m *Model) keysOf(g widget.Group, keys []pane.Key, press func(tea.KeyMsg) tea.Cmd) []command {
	return model.Each(g.Hints, func(h widget.Hint) command {
		c := command{group: g.Title, name: m.env.Theme.Spell(h.Label), help: h.Help}
		if h.Verb != "" {
			c.help = h.Verb + ": " + h.Help
		}
		if k := model.First(keys, func(k pane.Key) bool { return k.Label == h.Label }); k != nil && len(k.Keys) > 0 {
			c.do = func(*Model) tea.Cmd { return press(keyMsg(k.Keys[0])) }
		}
		return c
	})
}

// hintsOf turns keys into hints; with foot, only those worth the footer. A key without Help is told of by the one before.
func hintsOf(keys []pane.Key, foot bool) []widget.Hint {
	var hints []widget.Hint
	for _, k := range keys {
		if foot && k.Foot || !foot && k.Help != "" {
			hints = append(hints, widget.Hint{Label: k.Label, Verb: k.Verb, Help: k.Help})
		}
	}
	return hints
}

// everywhereGroup are the keys of every pane; the mouse is one of them where it is on.
func (m *Model) everywhereGroup() widget.Group {
	g := widget.Group{Title: "Everywhere", Hints: hintsOf(m.general(), false)}
	if m.mouseOn {
		g.Hints = append(g.Hints, mouseHint)
	}
	return g
}

func group(name pane.Name, p pane.Pane) widget.Group {
	return widget.Group{Title: title(name), Hints: hintsOf(p.Keys(), false)}
}

// Manual is every key of the program, pane by pane, for the manual page.
func Manual() []widget.Group {
	groups := []widget.Group{{Title: "Everywhere", Hints: append(hintsOf(keys().Keys(), false), mouseHint)}}
	for _, p := range makers {
		groups = append(groups, group(p.name, p.make(pane.Env{Theme: theme.New(0, false)}, nil)))
	}
	return groups
}

// A mouse does what the keyboard can: the wheel ↑ and ↓, a tab its number, a hint of the last line its key.

var mouseHint = widget.Hint{Label: "mouse", Verb: "point",
	Help: "the wheel scrolls; a click goes to a tab, pane or row, orders by the title of a column, or presses a key of the last line; " +
		"with shift the terminal selects text"}

func toggleMouse(m *Model) tea.Cmd {
	m.mouseOn = !m.mouseOn
	return tea.Batch(m.term.mouse(m.mouseOn), pane.Say(map[bool]string{true: "the mouse is on: " + mouseHint.Help,
		false: "the mouse is off: the terminal selects text with it"}[m.mouseOn]))
}

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
	case m.popup != nil, m.finder != nil:
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
	if y == m.height-1 {
		return clickHint(m, x)
	}
	if m.popup != nil || m.finder != nil || m.focused().Capturing() {
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
			return m.enter(m.tabs()[i])
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

var signs = map[string]string{"↵": "enter", "←": "left", "→": "right", "↑": "up", "↓": "down"}

// labelled is the key that a label names, or that the sign of it does that is pointed at where it names several: ←→, n N.
func labelled(label string, sign int) string {
	runes := []rune(label)
	switch {
	case len(runes) > 1 && !strings.ContainsAny(label, "←→↑↓… "):
		return label // esc, space, ctrl+l
	case sign >= len(runes) || runes[sign] == ' ' || runes[sign] == '…':
		sign = 0
	}
	one := string(runes[sign])
	return cmp.Or(signs[one], one)
}

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
