package cockpit

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Model is the root of the program. It lives in the event loop alone.
type Model struct {
	*layout
	env     pane.Env
	backend Backend
	watch   *schedulerWatch
	term    *hostTerminal
	state   *screenState

	note    pane.Note // the message line, until the next key
	history []string  // what it said before
	popup   *pane.Ask
	asks    []*pane.Ask // questions of panes, until no popup is open
	palette *palette
	quits   int // ctrl+c pressed in a row
	export  pane.Task[[]string]
}

// New makes the cockpit; Run does so for a terminal, tests drive it themselves.
func New(ctx context.Context, b Backend, o Options) *Model {
	o = o.withDefaults()
	if o.after == nil {
		o.after = timers(ctx)
	}
	env := pane.Env{Ctx: ctx, Theme: o.Theme, Now: o.Now, After: o.after, Filters: &widget.History{}}
	lay := &layout{theme: o.Theme, panes: map[pane.Name]pane.Pane{}, upper: pane.Config, lower: pane.Charts}
	m := &Model{layout: lay, env: env, backend: b, term: &hostTerminal{out: o.Out, outside: o.outside, editor: o.Editor},
		state: &screenState{env: env, backend: b, layout: lay}}
	m.watch = &schedulerWatch{env: env, backend: b, refresh: o.Refresh, news: m.announce,
		looked: func() bool { return m.focus == pane.Jobs }}
	for _, p := range makers {
		m.panes[p.name] = p.make(env, b)
		m.order = append(m.order, p.name)
	}
	if len(o.Notes) > 0 {
		m.note = pane.Note{Text: o.Notes[0], Tone: theme.Warn}
		m.history = append(m.history, o.Notes...)
	}
	m.setFocus(o.Open)
	m.state.restore()
	return m
}

// timers gives messages after a while; those still waiting end with the program.
func timers(ctx context.Context) func(time.Duration, tea.Msg) tea.Cmd {
	return func(wait time.Duration, msg tea.Msg) tea.Cmd {
		return func() tea.Msg {
			timer := time.NewTimer(wait)
			defer timer.Stop()
			select {
			case <-timer.C:
				return msg
			case <-ctx.Done():
				return nil
			}
		}
	}
}

// Init starts the panes and asks the scheduler for the first time.
func (m *Model) Init() tea.Cmd {
	cmds := []tea.Cmd{m.watch.ask(false), pane.Send(pane.EnterMsg{To: m.focus})}
	for _, name := range m.order {
		cmds = append(cmds, m.panes[name].Init())
	}
	return guard(tea.Batch(cmds...))
}

// Update routes a message.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	return m, guard(m.route(msg))
}

func (m *Model) route(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return tea.Batch(m.typed(msg), m.state.soon())
	case tea.MouseMsg:
		return m.mouse(msg)
	case tea.WindowSizeMsg:
		m.resize(msg.Width, msg.Height)
		return nil
	case pane.Note:
		m.say(msg)
		return nil
	case pane.Reply:
		return msg.Deliver()
	case pane.EnterMsg:
		return m.tell(pane.Experiments, msg)
	case pane.OpenMsg:
		m.setFocus(msg.To)
		return tea.Batch(m.look(), m.broadcast(msg))
	}
	if forAll(msg) {
		return tea.Batch(m.own(msg), m.broadcast(msg))
	}
	return m.own(msg)
}

// forAll tells the few messages that any pane may have a use for from those for the cockpit.
func forAll(msg tea.Msg) bool {
	switch msg.(type) {
	case pane.BoardMsg, pane.JobsMsg, pane.ReloadMsg, pane.SelectMsg, pane.AnalysedMsg, pane.SeenMsg, pane.SubmittedMsg, pane.EditedMsg,
		tea.BlurMsg, tea.FocusMsg:
		return true
	}
	return false
}

func (m *Model) own(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case pane.RefreshJobsMsg:
		return m.watch.ask(true)
	case pane.EditMsg:
		if why := pane.Locked(m.backend, "edit a file"); why != "" {
			return pane.Warn(why)
		}
		return m.term.edit(msg)
	case pane.CopyMsg:
		m.say(pane.Note{Text: "copied, where the terminal allows it: " + msg.Text})
		return m.term.copy(msg.Text)
	case *pane.Ask:
		m.asks = append(m.asks, msg)
		m.nextAsk()
	case tea.BlurMsg:
		m.watch.away = true
	case tea.FocusMsg:
		m.watch.away = false
		return m.watch.ask(false)
	case tea.ResumeMsg:
		return tea.Batch(pane.Send(pane.ReloadMsg{}), m.watch.ask(false))
	}
	return nil
}

func (m *Model) startExport() tea.Cmd {
	if why := pane.Locked(m.backend, "write files"); why != "" {
		return pane.Warn(why)
	}
	m.say(pane.Note{Text: "exporting …", Tone: theme.Busy})
	return m.export.Start(m.env.Ctx, m.backend.Export, func(paths []string, err error) tea.Cmd {
		if err != nil {
			return pane.Fail(err)
		}
		return pane.Send(pane.Note{Text: "written: " + strings.Join(paths, " and "), Tone: theme.Good})
	})
}

// say puts a note on the message line, and keeps it for :messages.
func (m *Model) say(note pane.Note) {
	m.note = note
	if note.Text == "" {
		return
	}
	m.history = append(m.history, m.env.Now().Format("15:04:05")+"  "+note.Text)
	m.history = m.history[max(len(m.history)-200, 0):]
}

// enter is setFocus for a user who does not say what to show: what is selected.
func (m *Model) enter(name pane.Name) tea.Cmd {
	m.setFocus(name)
	return tea.Batch(pane.Send(pane.EnterMsg{To: name}), m.look())
}

func (m *Model) nextAsk() {
	if m.popup == nil && len(m.asks) > 0 {
		m.popup, m.asks = m.asks[0], m.asks[1:]
	}
}

// quit leaves, after asking if something is not in its file: it would be offered again.
func (m *Model) quit() tea.Cmd {
	ids := m.unsaved()
	if len(ids) == 0 {
		return m.state.leave()
	}
	m.popup = &pane.Ask{Yes: m.state.leave, Popup: widget.Confirm("Leave without saving?",
		"changed and not saved: "+strings.Join(ids, ", "), "The changes are offered again at the next start.")}
	return nil
}

// guard turns a panic in a command into a message, so that the program goes on.
func guard(cmd tea.Cmd) tea.Cmd {
	if cmd == nil {
		return nil
	}
	return func() (msg tea.Msg) {
		defer func() {
			if r := recover(); r != nil {
				msg = pane.FailNote(&pane.Panic{Value: fmt.Sprint(r)})
			}
		}()
		msg = cmd()
		if batch, ok := msg.(tea.BatchMsg); ok {
			for i := range batch {
				batch[i] = guard(batch[i])
			}
		}
		return msg
	}
}

// look asks for the jobs when their pane is turned to, since nobody may have for long.
func (m *Model) look() tea.Cmd {
	if m.focus != pane.Jobs {
		return nil
	}
	return m.watch.ask(false)
}
