// Package cockpit is the terminal program: it routes messages between panes, knows which has the focus and how large each
// is, asks the scheduler for all of them, and shows errors. It knows no rule of experiments: those are the backend's, and
// what is on a pane is the pane's.
//
// How a key travels: Run's program gives it to Model.Update; ctrl+c, an open popup and the palette come first, then a pane
// whose text field has the keys, then the pane's own table, then the cockpit's (keys.go). Everything that waits is a
// command, whose reply goes to whoever waits for it (pane.Task); a few messages are for every pane.
package cockpit

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	backend "shardeck/backend/jobs"
	"shardeck/ui/pane"
	"shardeck/ui/pane/charts"
	"shardeck/ui/pane/config"
	"shardeck/ui/pane/experiments"
	"shardeck/ui/pane/jobs"
	"shardeck/ui/pane/metrics"
	"shardeck/ui/pane/traces"
	"shardeck/ui/screen"
	"shardeck/ui/theme"
	"shardeck/ui/theme/quiet"
)

// Bubble Tea has been initialised by now: see the package quiet.
func init() { quiet.Over() }

// Options of the cockpit. The caller reads the environment; the cockpit does not.
type Options struct {
	Profile termenv.Profile // colours, from theme.Profile; ignored with Theme
	Theme   *theme.Theme    // nil: made from Profile and ASCII
	ASCII   bool
	NoColor bool // no colours whatever Profile says
	Mouse   bool // wheel and click; off, the terminal's own selection works
	In      io.Reader
	Out     io.Writer
	Editor  []string         // command for e: $VISUAL, $EDITOR or vi; empty: vi
	Refresh time.Duration    // between questions to the scheduler; 0: 60 s
	Open    pane.Name        // pane to start with; empty: experiments
	Now     func() time.Time // nil: the clock
	Notes   []string         // warnings to begin with

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

// show runs the event loop over a screen. Signals end it through ctx: Bubble Tea, which would send itself a message for one,
// waits for ever where the loop ends before it.
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
		o.Theme = theme.New(o.Profile, o.ASCII)
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

	// ListJobs is the one cached answer of the scheduler; refresh asks anew, no oftener than its floor.
	ListJobs(ctx context.Context, refresh bool) (backend.JobList, error)
	// Export writes results_summary.csv and scaling_analysis.png and returns their paths.
	Export(ctx context.Context) ([]string, error)
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
}
