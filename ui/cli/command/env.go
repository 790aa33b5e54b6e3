// Package command is what every command stands on: its streams and global flags, the workspace, the printer, errors with
// their exit codes, and how many words it takes.
//
// A command is one function: flags → use case → model/present → text or JSON.
package command

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"shardeck/backend/app"
	"shardeck/model/present"
	"shardeck/ui/theme"
)

// Env is what the commands of one command line share; the first that needs the workspace opens it. For one goroutine.
type Env struct {
	In       io.Reader
	Out, Err io.Writer

	Dir      string // of the workspace
	JSON     bool
	Format   string // one of Formats, once settled: see Settle
	Color    string // auto, always or never
	ASCII    bool
	ReadOnly bool
	Linear   bool // no screen: questions one by one
	Here     bool // read traces on a login node, however large
	Yes      bool // see Asks
	Typing   bool // the cockpit is about to open
	Sets     []string

	theme   *theme.Theme    // see Theme
	csv     bool            // see CSVFlag
	data    io.Writer       // where tables go: standard output
	kept    []present.Table // to be one CSV
	several bool            // the command may print several tables
	left    []string        // columns for which there was no room
	glass   io.Writer       // the real standard output, while Out gathers an answer; nil: it is Out
	opened  *app.App
	warned  int // of its warnings, those printed
}

// Close ends what the workspace still does.
func (e *Env) Close() {
	if e.opened != nil {
		e.opened.Close()
	}
}

// Open opens the workspace, once.
func (e *Env) Open() (*app.App, error) {
	if e.opened != nil {
		return e.opened, nil
	}
	a, err := app.Open(app.Options{Dir: e.Dir, Sets: e.Sets, ReadOnly: e.ReadOnly, Here: e.Here, Typing: e.Typing})
	if err != nil {
		return nil, err
	}
	e.opened = a
	e.Theme().Wear(a.Screen().Theme)
	e.sayNotes()
	return a, nil
}

// sayNotes prints the workspace's warnings that were not printed yet.
func (e *Env) sayNotes() {
	if e.opened == nil {
		return
	}
	all := e.opened.Warnings()
	e.Warnings(all[e.warned:])
	e.warned = len(all)
}

// With turns a function that needs the workspace into a command's body.
func (e *Env) With(f func(ctx context.Context, a *app.App, words []string) error) func(*cobra.Command, []string) error {
	return func(c *cobra.Command, words []string) error {
		a, err := e.Open()
		if err != nil {
			return err
		}
		return f(c.Context(), a, words)
	}
}

// Command makes a command that needs the workspace; how many words it takes stands in use.
func (e *Env) Command(use, short, long string, run func(ctx context.Context, a *app.App, words []string) error) *cobra.Command {
	return New(use, short, long, e.With(run))
}

// New makes a command that needs none, or one that only holds others: run is nil.
func New(use, short, long string, run func(c *cobra.Command, words []string) error) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Long: strings.TrimSpace(long), Args: Args(wordsOf(use)), RunE: run}
}

// wordsOf counts the words that a line of usage names, up to its flags: ID, [ID], and any number of ID….
func wordsOf(use string) (least, most int) {
	for _, word := range strings.Fields(use)[1:] {
		inner, optional := strings.CutPrefix(word, "[")
		if strings.HasPrefix(inner, "--") {
			break
		}
		if most++; !optional {
			least++
		}
		if strings.HasSuffix(strings.TrimSuffix(word, "]"), "…") {
			return least, -1
		}
	}
	return least, most
}

// Widths that text is laid out for: on a terminal that does not tell its own, in a pipe, and at least, below which lines break.
const (
	untoldWidth = 80
	pipeWidth   = 100
	leastWidth  = 40
)

// tableWidth is Width of a table: into a pipe it is whole.
func (e *Env) tableWidth() int {
	if os.Getenv("COLUMNS") == "" && !Terminal(cmp.Or(e.glass, e.Out)) {
		return math.MaxInt32
	}
	return e.Width()
}

// Width is how many columns there are: COLUMNS, else the terminal's.
func (e *Env) Width() int {
	out := cmp.Or(e.glass, e.Out)
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return max(n, leastWidth)
	}
	if !Terminal(out) {
		return pipeWidth
	}
	if n, _, err := term.GetSize(out.(*os.File).Fd()); err == nil && n > 0 {
		return max(n, leastWidth)
	}
	return untoldWidth
}

// Terminal reports whether a stream is a terminal that a person sits at.
func Terminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// Wrong is an error of wrong usage that says where to look.
func Wrong(c *cobra.Command, text string) error {
	return Usage("%s\n%s\nhelp:  %s --help", text, "usage: "+c.UseLine(), c.CommandPath())
}

// Args checks how many words a command gets; many is the most, -1: any number.
func Args(least, most int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			_, words, _ := strings.Cut(c.Use, " ")
			return Wrong(c, fmt.Sprintf("%s needs %s", c.CommandPath(), words))
		case most >= 0 && len(args) > most:
			return Wrong(c, fmt.Sprintf("%s does not take %q", c.CommandPath(), args[most]))
		}
		return nil
	}
}

// Asks gives a command the flag by which its Ask is answered.
func (e *Env) Asks(c *cobra.Command, help string) {
	c.Flags().BoolVarP(&e.Yes, "yes", "y", false, help)
}

// asked are what questions ask to do, once it is done.
var asked = map[string]string{"submit": "submitted", "cancel": "cancelled", "delete": "deleted", "remove": "removed"}

// Ask puts a question whose answer must be yes; an interrupt does not wait for it. It begins with what is to be done.
func (e *Env) Ask(ctx context.Context, question string) error {
	if e.Yes {
		return nil
	}
	do, _, _ := strings.Cut(strings.ToLower(question), " ")
	nothing := "nothing " + cmp.Or(asked[do], "done")
	if !Terminal(e.In) {
		return Usage("%s: there is no terminal to ask at\nto %s without asking: --yes", nothing, do)
	}
	fmt.Fprintf(e.Err, "%s [y/N] ", question)
	line := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(e.In).ReadString('\n') // an end without answer is a no
		line <- strings.ToLower(strings.TrimSpace(text))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(e.Err)
		return ctx.Err()
	case answer := <-line:
		if answer == "y" || answer == "yes" {
			return nil
		}
		return errors.New(nothing)
	}
}
