package cockpit

import (
	"slices"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// keys are those that mean the same in every pane.
func keys() pane.Table[*Model] {
	return pane.Table[*Model]{
		{Key: pane.Key{Keys: []string{"?"}, Label: "?", Verb: "help", Help: "the keys of this pane, then of all", Foot: true}, Do: help},
		{Key: pane.Key{Keys: []string{":"}, Label: ":", Verb: "command", Help: "a command by name: a pane, refresh, export, quit …", Foot: true}, Do: openPalette},
		{Key: pane.Key{Keys: []string{"q"}, Label: "q", Verb: "quit", Help: "leave; jobs go on (ctrl+c does the same from anywhere)", Foot: true}, Do: (*Model).quit},
		{Key: pane.Key{Keys: []string{"1", "2", "3", "4", "5", "6"}, Label: "1…6", Verb: "pane", Help: "go to a pane by its number"}},
		{Key: pane.Key{Keys: []string{"tab"}, Label: "tab", Verb: "next", Help: "go to the next pane (shift+tab: the one before)"}, Do: func(m *Model) tea.Cmd { return turn(m, 1) }},
		{Key: pane.Key{Keys: []string{"shift+tab"}, Label: "shift+tab", Verb: "before"}, Do: func(m *Model) tea.Cmd { return turn(m, -1) }},
		{Key: pane.Key{Keys: []string{"+"}, Label: "+", Verb: "zoom", Help: "give this pane the whole screen, and back"}, Do: zoom},
		{Key: pane.Key{Keys: []string{"P"}, Label: "P", Verb: "export", Help: "write results_summary.csv and scaling_analysis.png"}, Do: askExport},
		{Key: pane.Key{Keys: []string{"!"}, Label: "!", Verb: "in full", Help: "what the message line says, whole"}, Do: inFull},
		{Key: pane.Key{Keys: []string{"ctrl+l"}, Label: "ctrl+l", Verb: "redraw", Help: "draw the screen anew, after something wrote over it"}, Do: redraw},
		{Key: pane.Key{Keys: []string{"ctrl+z"}, Label: "ctrl+z", Verb: "suspend", Help: "back to the shell; fg returns"}, Do: func(m *Model) tea.Cmd { return m.term.suspend() }},
	}
}

// typed routes what was typed. On a slow link several letters arrive as one message:
// each is a key of its own. Esc and the key after it arrive as that key with Alt, which
// means nothing here: both are taken. What was pasted stays whole, and so is text where
// text is typed and nothing anywhere else: it never runs as commands.
func (m *Model) typed(msg tea.KeyMsg) tea.Cmd {
	if msg.Alt && !msg.Paste {
		msg.Alt = false
		return tea.Batch(m.key(tea.KeyMsg{Type: tea.KeyEsc}), m.typed(msg))
	}
	if msg.Type != tea.KeyRunes || len(msg.Runes) < 2 || msg.Paste {
		return m.key(msg)
	}
	var cmds []tea.Cmd
	for _, r := range msg.Runes {
		cmds = append(cmds, m.key(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}}))
	}
	return tea.Batch(cmds...)
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
	case k == "!" && said != "" && !m.focused().Capturing():
		return showInFull(m, said)
	case m.focused().Capturing(), m.paneHas(k):
		return m.tell(m.focus, key)
	}
	if n, err := strconv.Atoi(k); err == nil && n >= 1 && n <= len(m.order) {
		return m.enter(m.order[n-1])
	}
	if cmd, ok := keys().Dispatch(m, k); ok {
		return cmd
	}
	if key.Type == tea.KeyRunes && !key.Paste && !moves(k) {
		return pane.Say(k + " does nothing here · ? shows the keys")
	}
	return m.tell(m.focus, key)
}

// blind is a key on a screen too small to show what it does: it leaves or goes to the
// shell, and does nothing else.
func (m *Model) blind(key string) tea.Cmd {
	switch key {
	case "q":
		return m.state.leave()
	case "ctrl+z":
		return m.term.suspend()
	}
	return nil
}

// moves reports whether a key moves in lists, which need no entry for it.
func moves(key string) bool {
	return slices.ContainsFunc(pane.MoveKeys(), func(k pane.Key) bool { return slices.Contains(k.Keys, key) })
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

// turn goes to the next pane, around.
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

func askExport(m *Model) tea.Cmd { return pane.Send(pane.ExportMsg{}) }

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
	popup := widget.Show("Keys", body)
	m.popup = &pane.Ask{Popup: popup}
	return nil
}

// inShort is how to get about, on the first lines of the help whatever the pane.
func inShort(m *Model, width int) []string {
	var words []string
	for _, h := range pane.Hints(m.general(), false) {
		words = append(words, strings.ReplaceAll(m.env.Theme.Spell(h.Label)+" "+h.Verb, " ", "\u00a0"))
	}
	lines := widget.Wrap(strings.Join(words, "  "), width)
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], "\u00a0", " ")
	}
	return append(lines, "")
}

// everywhereGroup is what works in every pane.
func everywhereGroup(general []pane.Key) widget.Group {
	return widget.Group{Title: "Everywhere", Hints: append(pane.Hints(general, false), mouseHint)}
}

func group(name pane.Name, p pane.Pane) widget.Group {
	return widget.Group{Title: title(name), Hints: pane.Hints(p.Keys(), false)}
}

// Manual is every key of the program, pane by pane, for the manual page.
func Manual() []widget.Group {
	groups := []widget.Group{everywhereGroup(keys().Keys())}
	for _, name := range pane.Names() {
		if make := makers[name]; make != nil {
			p := make(pane.Env{Theme: theme.New(0, false)}, nil)
			groups = append(groups, group(name, p))
		}
	}
	return groups
}
