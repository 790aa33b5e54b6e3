package cockpit

import (
	"context"
	"fmt"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/jobs"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Model is the root of the program. It lives in the event loop alone.
type Model struct {
	options Options
	env     pane.Env
	backend Backend
	panes   map[pane.Name]pane.Pane
	order   []pane.Name // those there are, by number

	focus         pane.Name
	upper, lower  pane.Name // what the right part of a wide screen shows
	width, height int
	zoomed        bool

	note    pane.Note // the message line, until the next key
	history []string  // what it said before
	popup   *pane.Ask
	asks    []*pane.Ask // questions of panes, until no popup is open
	palette *palette
	quits   int // ctrl+c pressed in a row

	jobs   pane.Task[jobs.JobList]
	list   jobs.JobList
	heard  bool       // the scheduler answered once
	away   bool       // the terminal is not looked at
	poll   pane.Timer // the wait for the next question
	export pane.Task[[]string]

	titled  bool       // the terminal's title was changed
	kept    []byte     // the state of the screen as last written
	wait    pane.Timer // before it is written
	keeping pane.Task[struct{}]
}

// New makes the cockpit; Run does so for a terminal, tests drive it themselves.
func New(ctx context.Context, b Backend, o Options) *Model {
	o = o.fill()
	if o.after == nil {
		o.after = timers(ctx)
	}
	env := pane.Env{Ctx: ctx, Theme: o.Theme, Now: o.Now, After: o.after, Filters: &widget.History{}}
	m := &Model{options: o, env: env, backend: b, panes: map[pane.Name]pane.Pane{}, upper: pane.Config, lower: pane.Charts}
	for _, name := range pane.Names() {
		if make := makers[name]; make != nil {
			m.panes[name] = make(env, b)
			m.order = append(m.order, name)
		}
	}
	if len(o.Notes) > 0 {
		m.note = pane.Note{Text: o.Notes[0], Tone: theme.Warn}
		m.history = append(m.history, o.Notes...)
	}
	m.setFocus(o.Open)
	m.restore()
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
	cmds := []tea.Cmd{m.ask(false), pane.Send(pane.EnterMsg{To: m.focus})}
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
		return tea.Batch(m.typed(msg), m.keepSoon())
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

// own is the cockpit's part in a message.
func (m *Model) own(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case pane.RefreshJobsMsg:
		return m.ask(true)
	case pane.ExportMsg:
		return m.startExport()
	case pane.EditMsg:
		return m.edit(msg.Path)
	case pane.CopyMsg:
		return m.copy(msg.Text)
	case pane.AskMsg:
		m.asks = append(m.asks, msg.Ask)
		m.nextAsk()
	case tea.BlurMsg:
		m.away = true
	case tea.FocusMsg:
		m.away = false
		return m.ask(false)
	case tea.ResumeMsg:
		return tea.Batch(pane.Send(pane.ReloadMsg{}), m.ask(false))
	}
	return nil
}

// broadcast gives a message to every pane.
func (m *Model) broadcast(msg tea.Msg) tea.Cmd {
	var cmds []tea.Cmd
	for _, name := range m.order {
		cmds = append(cmds, m.tell(name, msg))
	}
	return tea.Batch(cmds...)
}

func (m *Model) tell(name pane.Name, msg tea.Msg) tea.Cmd {
	p, cmd := m.panes[name].Update(msg)
	m.panes[name] = p
	return cmd
}

// ask asks the lab for the jobs: its cached answer, or with refresh a new one, as
// far as its floor allows. One question at a time: a second waits for the first.
func (m *Model) ask(refresh bool) tea.Cmd {
	if m.jobs.Busy() {
		return nil
	}
	return m.jobs.Start(m.env.Ctx, func(ctx context.Context) (jobs.JobList, error) { return m.backend.ListJobs(ctx, refresh) }, m.answered)
}

// answered passes the jobs on, and waits for the next question while anybody needs one.
func (m *Model) answered(list jobs.JobList, err error) tea.Cmd {
	m.heard = true
	var news tea.Cmd
	if err == nil {
		news = m.announce(changes(m.list.Jobs, list.Jobs))
		m.list = list
	}
	msg := tea.Batch(pane.Send(pane.JobsMsg{List: list, Err: err}), news)
	m.poll.Stop()
	if !m.watching() {
		return msg
	}
	return tea.Batch(msg, m.poll.Start(m.env, m.pause(list), func() tea.Cmd {
		if !m.watching() {
			return nil
		}
		return m.ask(cheap(m.list))
	}))
}

// watching: the scheduler is worth asking by itself while the terminal is looked at and
// a job can still change, or the jobs themselves are looked at, or it has yet to answer.
func (m *Model) watching() bool {
	return !m.away && (active(m.list) || m.focus == pane.Jobs || m.list.AsOf.IsZero() || m.list.Stale != "")
}

// look asks for the jobs when their pane is turned to, since nobody may have for long.
func (m *Model) look() tea.Cmd {
	if m.focus != pane.Jobs {
		return nil
	}
	return m.ask(false)
}

// pause is how long to leave the scheduler in peace: until the lab asks it by itself,
// or little where the lab says that asking costs nobody anything.
func (m *Model) pause(list jobs.JobList) time.Duration {
	if cheap(list) {
		return closely
	}
	wait := m.options.Refresh
	if !list.Due.IsZero() {
		wait = max(list.Due.Sub(m.env.Now()), time.Second)
	}
	return max(wait, list.Next.Sub(m.env.Now()))
}

// cheap: the scheduler is this machine's own, which the length of its floor tells.
func cheap(list jobs.JobList) bool {
	floor := list.Next.Sub(list.AsOf)
	return floor > 0 && floor <= closely
}

// closely is the time between two questions that cost nobody anything.
const closely = 2 * time.Second

func active(list jobs.JobList) bool {
	for _, j := range list.Jobs {
		if j.State.Active() {
			return true
		}
	}
	return false
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
	if len(m.history) > 200 {
		m.history = m.history[len(m.history)-200:]
	}
}

// enter is setFocus for a user who does not say what to show: what is selected.
func (m *Model) enter(name pane.Name) tea.Cmd {
	m.setFocus(name)
	return tea.Batch(pane.Send(pane.EnterMsg{To: name}), m.look())
}

// setFocus gives a pane the keys, and on a wide screen its place.
func (m *Model) setFocus(name pane.Name) {
	if m.panes[name] == nil {
		return
	}
	m.focus = name
	switch name {
	case pane.Config, pane.Metrics:
		m.upper = name
	case pane.Charts, pane.Traces:
		m.lower = name
	}
	for _, n := range m.order {
		m.panes[n].SetFocus(n == name)
	}
	m.resize(m.width, m.height)
}

// focused is the pane that has the keys.
func (m *Model) focused() pane.Pane { return m.panes[m.focus] }

// nextAsk puts the next question of a pane, if none is open.
func (m *Model) nextAsk() {
	if m.popup == nil && len(m.asks) > 0 {
		m.popup, m.asks = m.asks[0], m.asks[1:]
	}
}

// unsaved lists what is not in its file yet.
func (m *Model) unsaved() []string {
	var ids []string
	for _, name := range m.order {
		if u, ok := m.panes[name].(interface{ Unsaved() []string }); ok {
			ids = append(ids, u.Unsaved()...)
		}
	}
	return ids
}

// quit leaves, after asking if something is not in its file: it would be offered again.
func (m *Model) quit() tea.Cmd {
	ids := m.unsaved()
	if len(ids) == 0 {
		return m.leave()
	}
	m.popup = &pane.Ask{Popup: widget.Confirm("Leave without saving?", "changed and not saved: "+strings.Join(ids, ", "), "The changes are offered again at the next start."),
		Yes: m.leave}
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
