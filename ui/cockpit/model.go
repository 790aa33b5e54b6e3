// Package cockpit is the terminal program: it routes messages between panes, knows which has the focus and how large each
// is, asks the scheduler for all of them, and shows errors. It knows no rule of experiments: those are the backend's, and
// what is on a pane is the pane's.
//
// How a key travels: Run's program gives it to Model.Update; ctrl+c, an open popup and the finder come first, then a pane
// whose text field has the keys, then the pane's own table, then the cockpit's (keys.go). Everything that waits is a
// command, whose reply goes to whoever waits for it (pane.Task); a few messages are for every pane.
package cockpit

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	backend "shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/ui/canvas"
	"shardeck/ui/pane"
	"shardeck/ui/pane/charts"
	"shardeck/ui/pane/config"
	"shardeck/ui/pane/experiments"
	"shardeck/ui/pane/jobs"
	"shardeck/ui/pane/metrics"
	"shardeck/ui/pane/sweep"
	"shardeck/ui/pane/traces"
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

// Options of the cockpit. The caller reads the environment; the cockpit does not.
type Options struct {
	Profile termenv.Profile // colours, from theme.Profile; ignored with Theme
	Theme   *theme.Theme    // nil: made from Profile and ASCII
	ASCII   bool
	Rung    theme.Rung      // of pictures, from theme.RungOf; ignored with Theme or ASCII
	Images  canvas.Protocol // of the terminal, from canvas.ProtocolOf; empty: none
	Colours string          // name of a theme; empty or auto: as was chosen, else for every terminal
	NoColor bool            // no colours whatever Profile says
	Mouse   bool            // wheel and click; off, the terminal's own selection works
	In      io.Reader
	Out     io.Writer
	Editor  []string         // command for e: $VISUAL, $EDITOR or vi; empty: vi
	Refresh time.Duration    // between questions to the scheduler; 0: 60 s
	Open    pane.Name        // pane to start with; empty: experiments
	Now     func() time.Time // nil: the clock
	Notes   []string         // warnings to begin with

	Link func(path string) string // makes a link of a file's path where the terminal makes any; nil: never

	after   func(time.Duration, tea.Msg) tea.Cmd // nil: timers; tests bring their own
	outside outside                              // nil: not on a terminal
}

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

func (o Options) withDefaults() Options {
	if o.NoColor {
		o.Profile = termenv.Ascii
	}
	if o.Theme == nil {
		if o.Theme = theme.New(o.Profile, o.ASCII); !o.ASCII {
			o.Theme.Rung = o.Rung
		}
	}
	if o.Refresh <= 0 {
		o.Refresh = time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if len(o.Editor) == 0 {
		o.Editor = []string{"vi"}
	}
	o.Open = cmp.Or(o.Open, pane.Experiments)
	return o
}

// Backend is what the cockpit and its panes ask of the use cases.
type Backend interface {
	experiments.Backend
	config.Backend
	jobs.Backend
	metrics.Backend
	charts.Backend
	traces.Backend
	sweep.Backend

	// ListJobs is the one cached answer of the scheduler; refresh asks anew, no oftener than its floor.
	ListJobs(ctx context.Context, refresh bool) (backend.JobList, error)
	// Export writes results_summary.csv and scaling_analysis.png and returns their paths.
	Export(ctx context.Context) ([]string, error)
	// Settings are those in force, each with where it comes from.
	Settings() []model.Setting
	// LoadScreen is the state of the screen as it was left, nil if none was; SaveScreen keeps it.
	LoadScreen() (json.RawMessage, error)
	SaveScreen(state json.RawMessage) error
}

// makers is the list of panes, in the order of their numbers: what a new pane is added to, and nothing else here.
var makers = []struct {
	name pane.Name
	make func(pane.Env, Backend) pane.Pane
}{
	{pane.Experiments, func(e pane.Env, b Backend) pane.Pane { return experiments.New(e, b) }},
	{pane.Config, func(e pane.Env, b Backend) pane.Pane { return config.New(e, b) }},
	{pane.Jobs, func(e pane.Env, b Backend) pane.Pane { return jobs.New(e, b) }},
	{pane.Metrics, func(e pane.Env, b Backend) pane.Pane { return metrics.New(e, b) }},
	{pane.Charts, func(e pane.Env, b Backend) pane.Pane { return charts.New(e, b) }},
	{pane.Traces, func(e pane.Env, b Backend) pane.Pane { return traces.New(e, b) }},
	{pane.Sweep, func(e pane.Env, b Backend) pane.Pane { return sweep.New(e, b) }},
}
