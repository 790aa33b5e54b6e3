// Package cockpit is the terminal program: it routes messages between panes, knows which
// has the focus and how large each is, asks the scheduler for all of them, and shows
// errors. It knows no rule of experiments: those are the lab's, and what is on a pane is
// the pane's.
//
// How a key travels: Run's program gives it to Model.Update; ctrl+c, an open popup and
// the palette come first, then a pane whose text field has the keys, then the pane's own
// table, then the cockpit's (keys.go). Everything that waits is a command, whose reply is
// a message to every pane.
package cockpit

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/muesli/termenv"

	"shardeck/ui/pane"
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

	after func(time.Duration, tea.Msg) tea.Cmd // nil: timers; tests bring their own
}

// Run shows the cockpit until the user leaves it or the context ends. What it started
// is cancelled then; jobs go on.
func Run(ctx context.Context, l pane.Lab, o Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := New(ctx, l, o)
	options := []tea.ProgramOption{tea.WithContext(ctx), tea.WithAltScreen(), tea.WithFPS(24), tea.WithReportFocus()}
	if o.In != nil {
		options = append(options, tea.WithInput(o.In))
	}
	if o.Out != nil {
		options = append(options, tea.WithOutput(o.Out))
	}
	if o.Mouse {
		options = append(options, tea.WithMouseCellMotion(), tea.WithFilter(thin))
	}
	_, err := tea.NewProgram(m, options...).Run()
	m.untitle()
	if errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil {
		return nil // asked to end from outside: nothing went wrong
	}
	return err
}

// thin drops the mouse messages that nothing here answers to, before they cost a frame.
func thin(_ tea.Model, msg tea.Msg) tea.Msg {
	if mouse, ok := msg.(tea.MouseMsg); ok && mouse.Action != tea.MouseActionPress {
		return nil
	}
	return msg
}

// fill gives the zero fields their defaults.
func (o Options) fill() Options {
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
	if o.Open == "" {
		o.Open = pane.Experiments
	}
	return o
}

// edit hands the terminal to the user's editor. Polling waits meanwhile, for the event
// loop does; the panes read the file again afterwards.
func (m *Model) edit(path string) tea.Cmd {
	args := append(append([]string(nil), m.options.Editor[1:]...), path)
	return tea.ExecProcess(exec.Command(m.options.Editor[0], args...), func(err error) tea.Msg {
		return pane.EditedMsg{Path: path, Err: err}
	})
}
