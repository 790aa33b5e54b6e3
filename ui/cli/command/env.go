package cli

import (
	"context"
	"io"
	"os"
	"strconv"

	"github.com/charmbracelet/x/term"
	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	rooms "shardeck/backend/app"
	"shardeck/ui/theme"
)

// app is what the commands share: the streams, the global flags, and the lab, which
// is opened when a command first asks for it.
type app struct {
	in       io.Reader
	out, err io.Writer

	dir      string
	json     bool
	color    string
	ascii    bool
	readOnly bool
	here     bool // read traces on a login node, however large
	typing   bool // the cockpit is about to open
	sets     []string

	drawn *theme.Theme // see theme
	left  int          // columns for which there was no room

	opened *rooms.App
	warned int // of the lab's warnings, those printed
}

func newApp(in io.Reader, out, errOut io.Writer) *app {
	return &app{in: in, out: out, err: errOut, color: "auto"}
}

// run executes one command line.
func (a *app) run(ctx context.Context, args []string) error {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	return root.ExecuteContext(ctx)
}

// close ends what the lab still does.
func (a *app) close() {
	if a.opened != nil {
		a.opened.Close()
	}
}

// lab opens the workspace, once.
func (a *app) lab() (*rooms.App, error) {
	if a.opened != nil {
		return a.opened, nil
	}
	l, err := rooms.Open(a.options())
	if err != nil {
		return nil, err
	}
	a.opened = l
	a.sayNotes()
	return l, nil
}

// sayNotes prints the lab's warnings that were not printed yet.
func (a *app) sayNotes() {
	if a.opened == nil {
		return
	}
	all := a.opened.Warnings()
	for _, w := range all[a.warned:] {
		a.warn("warning: %s", w)
	}
	a.warned = len(all)
}

func (a *app) options() rooms.Options {
	return rooms.Options{Dir: a.dir, Sets: a.sets, ReadOnly: a.readOnly, Here: a.here, Typing: a.typing}
}

// withLab turns a function that needs the lab into a command's body.
func (a *app) withLab(f func(ctx context.Context, l *rooms.App, args []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, args []string) error {
		l, err := a.lab()
		if err != nil {
			return err
		}
		return f(c.Context(), l, args)
	}
}

// narrow is the width that text is laid out for on a terminal that does not tell, wide
// that of a pipe, where nobody's lines break.
const (
	narrow    = 80
	wide      = 100
	narrowest = 40 // below it a line breaks
)

// width is how many columns there are: COLUMNS, else the terminal's.
func (a *app) width() int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return max(n, narrowest)
	}
	if !terminal(a.out) {
		return wide
	}
	if n, _, err := term.GetSize(a.out.(*os.File).Fd()); err == nil && n > 0 {
		return max(n, narrowest)
	}
	return narrow
}

// terminal reports whether a stream is a terminal that a person sits at.
func terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
