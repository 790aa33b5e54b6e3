package cockpit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// finder is a list over all panes that is searched by typing, and what each of its rows does.
type finder struct {
	*widget.Finder
	do []func(*Model) tea.Cmd
}

// command is what can be found: its row, and what it does.
type command struct {
	group, name, help, key string
	do                     func(*Model) tea.Cmd
}

func openFinder(m *Model, title string, all []command) tea.Cmd {
	rows := model.Each(all, func(c command) widget.Findable {
		return widget.Findable{Group: c.group, Name: c.name, Help: c.help, Key: c.key}
	})
	m.finder = &finder{widget.NewFinder(title, rows), model.Each(all, func(c command) func(*Model) tea.Cmd { return c.do })}
	return nil
}

// finderKey gives the finder a key; what was chosen is done once it is closed.
func finderKey(m *Model, key tea.KeyMsg) tea.Cmd {
	f := m.finder
	item, done := f.Key(key)
	m.theme.Wear(m.colours) // whatever a row has shown
	if !done {
		if at := f.Current(); at >= 0 && f.Items()[at].Group == themesGroup {
			m.theme.Wear(strings.TrimPrefix(f.Items()[at].Name, themePrefix))
		}
		return nil
	}
	m.finder = nil
	switch {
	case item >= 0 && f.do[item] != nil:
		return f.do[item](m)
	case item < 0 && key.String() == "enter":
		return pane.Warn("nothing is called " + f.Text() + " · : lists all")
	}
	return nil
}

// openPalette finds commands, experiments, runs, metrics and settings.
func openPalette(m *Model) tea.Cmd {
	recent, places := m.recentFirst(m.places())
	return openFinder(m, "Find", slices.Concat(recent, commands(m), places, definedMetrics(), m.settings(), themes()))
}

// mostRecent is how many places one has been at are kept.
const mostRecent = 5

// visited remembers a place as the newest.
func (l *layout) visited(msg pane.OpenMsg) {
	if name := cmp.Or(msg.Run, msg.Sweep, msg.Experiment); name != "" {
		l.recent = append([]string{name}, slices.DeleteFunc(l.recent, func(r string) bool { return r == name })...)
		l.recent = l.recent[:min(len(l.recent), mostRecent)]
	}
}

// recentFirst takes the places out where one has been, the newest first; those that are gone are passed over.
func (l *layout) recentFirst(places []command) (recent, others []command) {
	for _, name := range l.recent {
		if i := slices.IndexFunc(places, func(c command) bool { return c.name == name }); i >= 0 {
			c := places[i]
			c.group, places = "Recent", slices.Delete(places, i, i+1)
			recent = append(recent, c)
		}
	}
	return recent, places
}

// commands are what the keys of this pane do, the panes, and what can be done everywhere.
func commands(m *Model) []command {
	everywhere := everywhere(m)
	var own []command
	for _, k := range m.focused().Keys() {
		name := strings.TrimSuffix(k.Verb, "…")
		taken := slices.ContainsFunc(everywhere, func(c command) bool { return c.name == name })
		if press, ok := keyOf(k); ok && !taken && k.Help != "" {
			own = append(own, command{title(m.focus), name, k.Help, k.Label, func(m *Model) tea.Cmd { return m.key(press) }})
		}
	}
	return append(own, everywhere...)
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
	var all []command
	for i, name := range m.tabs() {
		all = append(all, command{"Panes", string(name), "go to " + title(name), fmt.Sprint(i + 1), func(m *Model) tea.Cmd { return m.enter(name) }})
	}
	return append(all,
		command{"Everywhere", "refresh", "read the files and ask the scheduler again", "", refresh},
		command{"Everywhere", "export", "write results_summary.csv and scaling_analysis.png", "P", (*Model).startExport},
		command{"Everywhere", "best layout", "suggest layouts for the chosen experiment's workload", "", func(m *Model) tea.Cmd {
			return tea.Batch(m.enter(pane.Experiments), m.key(keyMsg("b")))
		}},
		command{"Everywhere", "zoom", "give this pane the whole screen, and back", "+", zoom},
		command{"Everywhere", "mouse", "turn the mouse on or off", "M", toggleMouse},
		command{"Everywhere", "messages", "what the message line said before", "", messages},
		command{"Everywhere", "help", "all keys", "?", help},
		command{"Everywhere", "redraw", "draw the screen anew", "ctrl+l", redraw},
		command{"Everywhere", "quit", "leave; jobs go on", "q", (*Model).quit})
}

// places are the experiments, the sweeps and the runs.
func (m *Model) places() (all []command) {
	var runs []command
	for _, r := range m.rows {
		e := r.Experiment
		all = append(all, command{"Experiments", e.ID, cmp.Or(e.Description, e.Model.Name), "", func(*Model) tea.Cmd {
			return pane.Send(pane.OpenMsg{To: pane.Experiments, Experiment: e.ID})
		}})
		for _, run := range r.Runs() {
			runs = append(runs, command{"Runs", run.Name, "the metrics of this run of " + e.ID, "", func(*Model) tea.Cmd {
				return pane.Send(pane.OpenMsg{To: pane.Metrics, Run: run.Name})
			}})
		}
	}
	for _, id := range m.sweeps {
		all = append(all, command{"Sweeps", id, "the frontier, tables and points of this sweep", "", func(*Model) tea.Cmd {
			return pane.Send(pane.OpenMsg{To: pane.Sweep, Sweep: id})
		}})
	}
	return append(all, runs...)
}

// definedMetrics are those that runs may have; each is drawn, and what it is is said.
func definedMetrics() []command {
	return model.Each(metric.Definitions, func(d metric.Definition) command {
		return command{"Metrics", d.Name, d.Title + ": " + d.Text, "", func(*Model) tea.Cmd {
			return tea.Batch(pane.Send(pane.OpenMsg{To: pane.Charts, Metric: d.Name}), pane.Say(fmt.Sprintf("%s (%s): %s", d.Name, d.Unit, d.Text)))
		}}
	})
}

const themesGroup, themePrefix = "Themes", "theme "

// themes are the colours there are; each is seen while the cursor is on it.
func themes() []command {
	return model.Each(theme.All(), func(c theme.Colours) command {
		return command{themesGroup, themePrefix + c.Name, c.Title, "", func(m *Model) tea.Cmd {
			m.colours = c.Name
			m.theme.Wear(c.Name)
			return pane.Say("theme " + c.Name + " is kept with this screen; theme: " + c.Name + " in the settings is for all")
		}}
	})
}

// settings are those in force; each shows where it comes from.
func (m *Model) settings() []command {
	return model.Each(m.backend.Settings(), func(s model.Setting) command {
		text := fmt.Sprintf("%s: %s (%s)", s.Key, cmp.Or(s.Value, "not set"), s.Origin)
		return command{"Settings", s.Key, cmp.Or(s.Value, "not set") + "  " + s.Origin, "", func(m *Model) tea.Cmd { return showInFull(m, text) }}
	})
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
