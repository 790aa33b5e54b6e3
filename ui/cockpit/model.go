// Package cockpit is the terminal program: it routes messages between panes, knows which has the focus and how large each
// is, asks the scheduler for all of them, and shows errors. It knows no rule of experiments: those are the backend's, and
// what is on a pane is the pane's.
//
// How a key travels: Run's program gives it to Model.Update; ctrl+c, an open popup and the finder come first, then a pane
// whose text field has the keys, then the pane's own table, then the cockpit's (keys.go). Everything that waits is a
// command, whose reply goes to whoever waits for it (pane.Task); a few messages are for every pane.
package cockpit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/ui/pane"
	"shardeck/ui/screen"
	"shardeck/ui/theme"
	"shardeck/ui/theme/quiet"
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

	note    pane.Note   // the message line, until the next key
	unseen  []pane.Note // what was refused, before it, until esc
	history []string    // what it said before
	popup   *pane.Ask
	asks    []*pane.Ask // questions of panes, until no popup is open
	finder  *finder     // over all panes; nil: closed
	rows    []board.Row
	sweeps  []string // ids, as on the board
	mouseOn bool
	quits   int // ctrl+c pressed in a row
	export  pane.Task[[]string]
}

// New makes the cockpit; Run does so for a terminal, tests drive it themselves.
func New(ctx context.Context, b Backend, o Options) *Model {
	o = o.withDefaults()
	if o.after == nil {
		o.after = timers(ctx)
	}
	env := pane.Env{Ctx: ctx, Theme: o.Theme, Now: o.Now, After: o.after, Images: o.Images, Filters: &widget.History{}}
	lay := &layout{theme: o.Theme, panes: map[pane.Name]pane.Pane{}, upper: pane.Config, lower: pane.Charts}
	if o.Colours != "auto" {
		lay.colours = o.Colours
	}
	lay.theme.Wear(lay.colours)
	m := &Model{layout: lay, env: env, backend: b, mouseOn: o.Mouse,
		term:  &hostTerminal{out: o.Out, outside: o.outside, editor: o.Editor, link: o.Link},
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
	cmds = append(cmds, model.Each(m.order, func(name pane.Name) tea.Cmd { return m.panes[name].Init() })...)
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
		m.visited(msg)
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
	case pane.BoardMsg:
		m.rows, m.sweeps = msg.Rows, msg.Sweeps
	case pane.RefreshJobsMsg:
		return m.watch.ask(true)
	case pane.ImageMsg:
		return m.term.image(msg.Text)
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
	return m.export.Start(m.env.Ctx, m.backend.Export, pane.Got(func(paths []string) tea.Cmd {
		return pane.Send(pane.Note{Text: "written: " + strings.Join(paths, " and "), Tone: theme.Good, Files: paths})
	}))
}

// say puts a note on the message line, and keeps it for :messages.
func (m *Model) say(note pane.Note) {
	if note.Keep {
		m.unseen = append(m.unseen, note)
	} else {
		m.note = note
	}
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

// Bubble Tea has been initialised by now: see the package quiet.
func init() { quiet.Over() }

// Run shows the cockpit until the user leaves it or ctx ends; what it started is cancelled, jobs go on, the terminal is given back.
func Run(ctx context.Context, l Backend, o Options) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := screen.Open(o.In, o.Out, o.Mouse)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	o.Out, o.outside = s, s
	m := New(ctx, l, o)
	defer m.term.untitle()
	defer func() { err = errors.Join(err, m.state.now()) }()
	return show(ctx, m, s)
}

// show runs the event loop. Signals end it through ctx: Bubble Tea's own message for one waits for ever if the loop ends first.
func show(ctx context.Context, m *Model, s *screen.Screen) error {
	p := tea.NewProgram(drawn{m, s}, tea.WithContext(ctx), tea.WithInput(s.Keys()), tea.WithOutput(io.Discard),
		tea.WithoutRenderer(), tea.WithoutCatchPanics(), tea.WithoutSignalHandler(), tea.WithFilter(mousePressesOnly))
	go s.Watch(ctx, func(width, height int) { p.Send(tea.WindowSizeMsg{Width: width, Height: height}) })
	_, err := p.Run()
	if errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil {
		return nil // asked to end from outside: nothing went wrong
	}
	return err
}

// drawn is the model on its screen. Bubble Tea asks for a view after every message: that is when a frame is handed on.
type drawn struct {
	*Model
	screen *screen.Screen
}

func (d drawn) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		d.screen.Resized(msg.Width)
	case redrawMsg:
		d.screen.Redraw()
	}
	_, cmd := d.Model.Update(msg)
	return d, cmd
}

func (d drawn) View() string {
	d.screen.Show(d.Model.View())
	return ""
}

// mousePressesOnly drops the mouse messages that nothing here answers to, before they cost a frame.
func mousePressesOnly(_ tea.Model, msg tea.Msg) tea.Msg {
	if mouse, ok := msg.(tea.MouseMsg); ok && mouse.Action != tea.MouseActionPress {
		return nil
	}
	return msg
}
