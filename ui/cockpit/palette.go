package cockpit

import (
	"slices"
	"strings"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// palette is the command line at the bottom while it is open.
type palette struct {
	input  *widget.Input
	choice int // of the commands that match
}

type command struct {
	name, help string
	do         func(*Model) tea.Cmd
}

// commands are the panes, what can be done everywhere, and what the keys of this pane do.
func commands(m *Model) []command {
	everywhere := everywhere(m)
	for _, k := range m.focused().Keys() {
		name := strings.TrimSuffix(k.Verb, "…")
		taken := slices.ContainsFunc(everywhere, func(c command) bool { return c.name == name })
		if press, ok := keyOf(k); ok && !taken && k.Help != "" {
			everywhere = append(everywhere, command{name, k.Help, func(m *Model) tea.Cmd { return m.key(press) }})
		}
	}
	return everywhere
}

// keyOf is the press of a key that one would rather name: a letter, Enter or ctrl+f.
func keyOf(k pane.Key) (tea.KeyMsg, bool) {
	if len(k.Keys) == 0 {
		return tea.KeyMsg{}, false
	}
	key := k.Keys[0]
	return keyMsg(key), key == "enter" || key == "ctrl+f" || utf8.RuneCountInString(key) == 1 && key != " "
}

func everywhere(m *Model) []command {
	all := model.Each(m.order, func(name pane.Name) command {
		return command{string(name), "go to " + title(name), func(m *Model) tea.Cmd { return m.enter(name) }}
	})
	return append(all,
		command{"refresh", "read the files and ask the scheduler again", refresh},
		command{"export", "write results_summary.csv and scaling_analysis.png", (*Model).startExport},
		command{"zoom", "give this pane the whole screen, and back", zoom},
		command{"messages", "what the message line said before", messages},
		command{"help", "all keys", help},
		command{"redraw", "draw the screen anew", redraw},
		command{"quit", "leave; jobs go on", (*Model).quit})
}

func openPalette(m *Model) tea.Cmd {
	m.palette = &palette{input: widget.NewInput(" : ", "")}
	return nil
}

// matching are the commands that begin with what was typed, then those that hold it.
func matching(m *Model) []command {
	text := strings.ToLower(strings.TrimSpace(m.palette.input.Value()))
	var first, then []command
	for _, c := range commands(m) {
		switch {
		case strings.HasPrefix(c.name, text):
			first = append(first, c)
		case strings.Contains(c.name, text):
			then = append(then, c)
		}
	}
	return append(first, then...)
}

func paletteKey(m *Model, key tea.KeyMsg) tea.Cmd {
	p, found := m.palette, matching(m)
	switch key.String() {
	case "esc":
		m.palette = nil
	case "tab", "down":
		p.choice = min(p.choice+1, max(len(found)-1, 0))
	case "shift+tab", "up":
		p.choice = max(p.choice-1, 0)
	case "enter":
		m.palette = nil
		if len(found) == 0 {
			return pane.Warn("no such command: " + p.input.Value() + " (tab lists them)")
		}
		return found[min(p.choice, len(found)-1)].do(m)
	default:
		p.choice = 0
		p.input.Key(key)
	}
	return nil
}

// paletteLines are the two last lines while the palette is open: what matches, and the input.
func paletteLines(m *Model) []string {
	th, found := m.env.Theme, matching(m)
	var words []string
	help := ""
	for i, c := range found {
		tone := theme.Dim
		if i == m.palette.choice {
			tone, help = theme.Accent, "   "+c.help
		}
		words = append(words, th.Paint(tone, c.name))
	}
	return []string{widget.Fit(" "+strings.Join(words, "  "), m.width),
		widget.Spread(m.palette.input.View(th, m.width/2), th.Paint(theme.Dim, help+" "), m.width)}
}

func refresh(m *Model) tea.Cmd { return tea.Batch(pane.Send(pane.ReloadMsg{}), m.watch.ask(true)) }

func messages(m *Model) tea.Cmd {
	var lines []string
	for _, said := range slices.Backward(m.history) {
		lines = append(lines, widget.Wrap(said, max(min(m.width-10, 100), 20))...)
	}
	if len(lines) == 0 {
		return pane.Say("nothing was said yet")
	}
	m.popup = &pane.Ask{Popup: widget.Show("Messages", lines)}
	return nil
}

func showInFull(m *Model, text string) tea.Cmd {
	m.popup = pane.InFull("In full", m.width, text)
	return nil
}
