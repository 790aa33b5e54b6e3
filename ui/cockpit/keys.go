package cockpit

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aymanbagabas/go-osc52/v2"
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// keys are those that mean the same in every pane.
func keys() pane.Table[*Model] {
	return pane.Table[*Model]{
		{Key: pane.Key{Keys: []string{"?"}, Label: "?", Verb: "help", Help: "the keys of this pane, then of all", Foot: true}, Do: (*Model).help},
		{Key: pane.Key{Keys: []string{":"}, Label: ":", Verb: "command", Help: "a command by name: a pane, refresh, export, quit …", Foot: true}, Do: (*Model).openPalette},
		{Key: pane.Key{Keys: []string{"q"}, Label: "q", Verb: "quit", Help: "leave; jobs go on (ctrl+c does the same from anywhere)", Foot: true}, Do: (*Model).quit},
		{Key: pane.Key{Keys: []string{"1", "2", "3", "4", "5", "6"}, Label: "1…6", Verb: "pane", Help: "go to a pane by its number"}},
		{Key: pane.Key{Keys: []string{"tab"}, Label: "tab", Verb: "next", Help: "go to the next pane (shift+tab: the one before)"}, Do: func(m *Model) tea.Cmd { return m.turn(1) }},
		{Key: pane.Key{Keys: []string{"shift+tab"}, Label: "shift+tab", Verb: "before"}, Do: func(m *Model) tea.Cmd { return m.turn(-1) }},
		{Key: pane.Key{Keys: []string{"+"}, Label: "+", Verb: "zoom", Help: "give this pane the whole screen, and back"}, Do: (*Model).zoom},
		{Key: pane.Key{Keys: []string{"P"}, Label: "P", Verb: "export", Help: "write results_summary.csv and scaling_analysis.png"}, Do: (*Model).askExport},
		{Key: pane.Key{Keys: []string{"!"}, Label: "!", Verb: "in full", Help: "what the message line says, whole"}, Do: (*Model).inFull},
		{Key: pane.Key{Keys: []string{"ctrl+l"}, Label: "ctrl+l", Verb: "redraw", Help: "draw the screen anew, after something wrote over it"}, Do: (*Model).redraw},
		{Key: pane.Key{Keys: []string{"ctrl+z"}, Label: "ctrl+z", Verb: "suspend", Help: "back to the shell; fg returns"}, Do: (*Model).suspend},
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
		return m.paletteKey(key)
	case k == "!" && said != "" && !m.focused().Capturing():
		return m.showInFull(said)
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
		return m.leave()
	case "ctrl+z":
		return m.suspend()
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

// paneHas reports whether the focused pane has a use of its own for a key.
func (m *Model) paneHas(key string) bool {
	return slices.ContainsFunc(m.focused().Keys(), func(k pane.Key) bool { return slices.Contains(k.Keys, key) })
}

// turn goes to the next pane, around.
func (m *Model) turn(by int) tea.Cmd {
	at := slices.Index(m.order, m.focus)
	return m.enter(m.order[(at+by+len(m.order))%len(m.order)])
}

func (m *Model) zoom() tea.Cmd {
	if !m.wide() {
		return pane.Say("nothing to zoom: one pane has the whole screen already")
	}
	m.zoomed = !m.zoomed
	m.resize(m.width, m.height)
	return nil
}

func (m *Model) askExport() tea.Cmd { return pane.Send(pane.ExportMsg{}) }

// copy writes the OSC 52 sequence that puts a text into the user's clipboard.
func (m *Model) copy(text string) tea.Cmd {
	m.say(pane.Note{Text: "copied, where the terminal allows it: " + text})
	out := m.options.Out
	if out == nil || text == "" {
		return nil
	}
	return func() tea.Msg {
		if _, err := osc52.New(text).WriteTo(out); err != nil {
			return pane.FailNote(err)
		}
		return nil
	}
}

// help shows the keys of this pane, then those that work everywhere, then the others'.
func (m *Model) help() tea.Cmd {
	groups := []widget.Group{group(m.focus, m.focused()), everywhereGroup(m.general())}
	for _, name := range m.order {
		if name != m.focus {
			groups = append(groups, group(name, m.panes[name]))
		}
	}
	width := min(m.width-10, 90)
	body := append(m.inShort(width), widget.Help(m.env.Theme, groups, width)...)
	popup := widget.Show("Keys", body)
	m.popup = &pane.Ask{Popup: popup}
	return nil
}

// inShort is how to get about, on the first lines of the help whatever the pane.
func (m *Model) inShort(width int) []string {
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

// general are the keys of every pane, but for those that this one needs for itself.
func (m *Model) general() []pane.Key {
	own := m.focused().Keys()
	return slices.DeleteFunc(keys().Keys(), func(k pane.Key) bool {
		return slices.ContainsFunc(own, func(o pane.Key) bool { return slices.Contains(o.Keys, k.Keys[0]) })
	})
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
