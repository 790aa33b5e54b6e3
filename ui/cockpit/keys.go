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
		{Key: pane.Foot("?", "?", "help", "the keys of this pane, then of all"), Do: help},
		{Key: pane.Foot(":", ":", "command", "a command by name: a pane, refresh, export, quit …"), Do: openPalette},
		{Key: pane.Foot("q", "q", "quit", "leave; jobs go on (ctrl+c does the same from anywhere)"), Do: (*Model).quit},
		{Key: pane.On("1 2 3 4 5 6", "1…6", "pane", "go to a pane by its number")},
		{Key: pane.On("tab", "tab", "next", "go to the next pane (shift+tab: the one before)"), Do: func(m *Model) tea.Cmd { return turn(m, 1) }},
		{Key: pane.On("shift+tab", "shift+tab", "before", ""), Do: func(m *Model) tea.Cmd { return turn(m, -1) }},
		{Key: pane.On("+", "+", "zoom", "give this pane the whole screen, and back"), Do: zoom},
		{Key: pane.On("P", "P", "export", "write results_summary.csv and scaling_analysis.png"), Do: (*Model).startExport},
		{Key: pane.On("!", "!", "in full", "what the message line says, whole"),
			Do: func(m *Model) tea.Cmd { return showInFull(m, m.focused().Message().Text) }},
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
	if m.width > 0 && m.small() {
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
	case m.palette != nil:
		return paletteKey(m, key)
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
	if n, err := strconv.Atoi(k); err == nil && n >= 1 && n <= len(m.order) {
		return m.enter(m.order[n-1])
	}
	if cmd, ok := keys().Dispatch(m, k); ok {
		return cmd
	}
	if key.Type == tea.KeyRunes && !key.Paste && !has(pane.MoveKeys(), k) {
		return pane.Say(k + " does nothing here · ? shows the keys")
	}
	return m.tell(m.focus, key)
}

// blind is a key on a screen too small to show what it does: it leaves or goes to the shell, and does nothing else.
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
	m.palette, m.popup = nil, nil
	return m.quit()
}

func turn(m *Model, by int) tea.Cmd {
	at := slices.Index(m.order, m.focus)
	return m.enter(m.order[(at+by+len(m.order))%len(m.order)])
}

func zoom(m *Model) tea.Cmd {
	if !m.wide() {
		return pane.Say("nothing to zoom: one pane has the whole screen already")
	}
	m.zoomed = !m.zoomed
	m.resize(m.width, m.height)
	return nil
}

// help shows the keys of this pane, then those that work everywhere, then the others'.
func help(m *Model) tea.Cmd {
	groups := []widget.Group{group(m.focus, m.focused()), everywhereGroup(m.general())}
	for _, name := range m.order {
		if name != m.focus {
			groups = append(groups, group(name, m.panes[name]))
		}
	}
	width := min(m.width-10, 90)
	body := append(inShort(m, width), widget.Help(m.env.Theme, groups, width)...)
	m.popup = &pane.Ask{Popup: widget.Show("Keys", body)}
	return nil
}

// inShort is how to get about, on the first lines of the help whatever the pane.
func inShort(m *Model, width int) []string {
	words := model.Each(hintsOf(m.general(), false), func(h widget.Hint) string {
		return strings.ReplaceAll(m.env.Theme.Spell(h.Label)+" "+h.Verb, " ", "\u00a0")
	})
	lines := widget.Wrap(strings.Join(words, "  "), width)
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], "\u00a0", " ")
	}
	return append(lines, "")
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

func everywhereGroup(general []pane.Key) widget.Group {
	return widget.Group{Title: "Everywhere", Hints: append(hintsOf(general, false), mouseHint)}
}

func group(name pane.Name, p pane.Pane) widget.Group {
	return widget.Group{Title: title(name), Hints: hintsOf(p.Keys(), false)}
}

// Manual is every key of the program, pane by pane, for the manual page.
func Manual() []widget.Group {
	groups := []widget.Group{everywhereGroup(keys().Keys())}
	for _, p := range makers {
		groups = append(groups, group(p.name, p.make(pane.Env{Theme: theme.New(0, false)}, nil)))
	}
	return groups
}

// A mouse does what the keyboard can: the wheel ↑ and ↓, a tab its number, a hint of the last line its key.

var mouseHint = widget.Hint{Label: "mouse", Verb: "point",
	Help: "the wheel scrolls; a click goes to a tab, pane or row, orders by the title of a column, or presses a key of the last line; " +
		"with shift the terminal selects text"}

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
