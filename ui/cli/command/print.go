package command

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Theme follows --color, then NO_COLOR, TERM=dumb, then whether standard output and standard error are a terminal.
func (e *Env) Theme() *theme.Theme {
	if e.theme == nil {
		e.theme = theme.New(theme.Profile(e.Color, os.Getenv, Terminal(e.Out) && Terminal(e.Err)), e.ASCII)
	}
	return e.theme
}

// Paint colours a text by what it is for.
func (e *Env) Paint(r present.Role, text string) string {
	return e.Theme().Paint(pane.Tone(r), text)
}

// Plain writes text with ASCII alone when --ascii asks for it.
func (e *Env) Plain(text string) string { return e.Theme().Plain(e.Theme().Spell(text)) }

// Say prints a line of the answer.
func (e *Env) Say(format string, args ...any) {
	fmt.Fprintln(e.Out, e.Plain(fmt.Sprintf(format, args...)))
}

// Link is the path of a file, of the workspace where it is relative, as a link where the terminal makes any.
func (e *Env) Link(path string) string {
	if e.opened == nil || !Terminal(e.Out) || !theme.Links(e.opened.Screen().Links, os.Getenv) {
		return path
	}
	to := path
	if !filepath.IsAbs(to) {
		to = filepath.Join(e.opened.Workspace(), to)
	}
	return theme.Link(to, path)
}

// Wrapped prints texts in lines of the screen's width, all but the first of each indented; empty ones not at all.
func (e *Env) Wrapped(indent string, texts ...string) {
	for _, text := range texts {
		if text != "" {
			e.Say("%s", strings.Join(widget.Wrap(text, e.Width()-len(indent)), "\n"+indent))
		}
	}
}

// Rows prints a table after a blank line; one without rows only as CSV and Markdown, whose header is there whatever the rows.
func (e *Env) Rows(t present.Table) {
	if len(t.Rows) > 0 && e.Format != FormatCSV {
		fmt.Fprintln(e.Out)
	}
	if len(t.Rows) > 0 || e.Format != FormatTable {
		e.Table(t)
	}
}

// Show prints a result as JSON where that is asked for, else as text.
func (e *Env) Show(result any, text func()) error {
	if e.JSON {
		return e.PrintJSON(result)
	}
	text()
	return nil
}

// Tell is Show of a result that only CSV and Markdown have as tables: text says it otherwise.
func (e *Env) Tell(result any, text func(), tables func() []present.Table) error {
	return e.Show(result, func() {
		if e.Format == FormatTable {
			text()
			return
		}
		for _, t := range tables() {
			e.Table(t)
		}
	})
}

// Answer is Show unless what was asked for failed; also is the exit code that its answer means, if any.
func (e *Env) Answer(err error, result any, text func(), also ...error) error {
	if err != nil {
		return err
	}
	return cmp.Or(e.Show(result, text), cmp.Or(also...))
}

// ShowEach does something to every item until a fault, and shows what was done, a line each.
func ShowEach[T, R any](e *Env, items []T, do func(T) (R, error), line func(R)) error {
	done, fault := model.Through(items, do)
	return cmp.Or(e.Show(append([]R{}, done...), func() {
		for _, r := range done {
			line(r)
		}
	}), fault)
}

// Warnings prints what was amiss in a result.
func (e *Env) Warnings(all []string) {
	for _, w := range all {
		e.Warn("warning: %s", w)
	}
}

// Finding prints what was found, after its level in so many columns, and what to do under it.
func (e *Env) Finding(level, text, fix string, width int) {
	e.Say("  %s  %s", e.Paint(present.Level(level), widget.Fit(level, width)), text)
	if fix != "" {
		e.Say("  %*s  fix: %s", width, "", fix)
	}
}

// PrintJSON writes one indented JSON value. Text is kept as it is: no HTML escapes.
func (e *Env) PrintJSON(v any) error {
	out := json.NewEncoder(e.Out)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

// Progress draws one line on a terminal while traces are read, and wipes it at the end. Without a terminal it is nil.
func (e *Env) Progress() pool.Progress {
	if e.JSON || !Terminal(e.Err) {
		return nil
	}
	var mu sync.Mutex
	next := time.Now().Add(300 * time.Millisecond) // what is quick needs no line
	shown := false
	return func(done, total int64) {
		mu.Lock()
		defer mu.Unlock()
		if done >= total && shown {
			fmt.Fprint(e.Err, "\r\x1b[K")
			shown = false
			return
		}
		if total <= 0 || time.Now().Before(next) {
			return
		}
		next, shown = time.Now().Add(200*time.Millisecond), true
		fmt.Fprintf(e.Err, "\r\x1b[Kreading traces: %s of %s (%d %%)", unit.FileSize(done), unit.FileSize(total), done*100/total)
	}
}

// Exit codes of the process.
const (
	Done       = 0
	Failed     = 1
	WrongUsage = 2 // or a config that is not valid
	NoValue    = 3 // metric only
	Damaged    = 4 // a value from damaged input; beats NoValue
)

// Usage makes an error of wrong usage; its text stands alone.
func Usage(format string, args ...any) error {
	return WithCode(WrongUsage, fmt.Errorf(format, args...))
}

// WithCode gives an error the exit code of the process.
func WithCode(code int, err error) error { return &coded{code: code, err: err} }

// DamagedIf is exit code 4 for values that come from the sound part of damaged files.
func DamagedIf(damaged bool) error {
	if damaged {
		return Exit(Damaged)
	}
	return nil
}

// coded is an error with its exit code.
type coded struct {
	code int
	err  error // nil: all has been said
}

func (c *coded) Error() string {
	if c.err == nil {
		return fmt.Sprintf("exit code %d", c.code)
	}
	return c.err.Error()
}

func (c *coded) Unwrap() error { return c.err }

// Exit ends the command with a code when all has been said.
func Exit(code int) error { return &coded{code: code} }

// exitCode maps an error to the process's exit code.
func exitCode(err error) int {
	var c *coded
	switch {
	case err == nil:
		return Done
	case errors.As(err, &c):
		return c.code
	case errors.Is(err, model.ErrInvalid), errors.Is(err, model.ErrUnknown):
		return WrongUsage
	}
	return Failed
}

// interrupted is what is said of an interrupt.
const interrupted = "interrupted; what was written so far is whole"

// Finish prints an error, for people or as JSON, and returns its exit code.
func (e *Env) Finish(err error) int {
	e.sayNotes()
	e.flush()
	e.sayLeft()
	var c *coded
	switch {
	case err == nil || errors.As(err, &c) && c.err == nil:
	case e.JSON:
		e.faultJSON(faultOf(err))
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(e.Err, "shardeck: "+interrupted)
	default:
		e.fault(err)
	}
	return exitCode(err)
}

// fault prints the error, and below it, indented, what to do.
func (e *Env) fault(err error) {
	lines := strings.Split(model.PrintableLines(strings.TrimRight(err.Error(), "\n")), "\n")
	fmt.Fprintf(e.Err, "shardeck: %s\n", e.Paint(present.Bad, lines[0]))
	for _, line := range lines[1:] {
		fmt.Fprintf(e.Err, "          %s\n", strings.TrimSpace(line))
	}
	for _, fix := range fixes(err) {
		fmt.Fprintf(e.Err, "     try: %s\n", model.Printable(fix))
	}
}

// fixes gathers what the errors of a chain say can be done, the nearest to the cause first.
func fixes(err error) []string {
	var out []string
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			out = append(out, fixes(inner)...)
		}
	case interface{ Unwrap() error }:
		out = fixes(e.Unwrap())
	}
	if f, ok := err.(interface{ Fix() string }); ok && f.Fix() != "" && !slices.Contains(out, f.Fix()) {
		out = append(out, f.Fix())
	}
	return out
}

// Warn prints one line on standard error.
func (e *Env) Warn(format string, args ...any) {
	fmt.Fprintln(e.Err, model.PrintableLines("shardeck: "+fmt.Sprintf(format, args...)))
}
