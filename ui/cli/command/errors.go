package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
)

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

// Finish prints an error for people and returns its exit code.
func (e *Env) Finish(err error) int {
	e.sayNotes()
	if e.left > 0 {
		e.Warn("no room for %s: COLUMNS=%d shows more", unit.Plural(e.left, "column"), 2*e.Width())
	}
	var c *coded
	switch {
	case err == nil || errors.As(err, &c) && c.err == nil:
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(e.Err, "shardeck: interrupted; what was written so far is whole")
	default:
		e.fault(err)
	}
	return exitCode(err)
}

// fault prints the error, and below it, indented, what to do.
func (e *Env) fault(err error) {
	lines := strings.Split(strings.TrimRight(err.Error(), "\n"), "\n")
	fmt.Fprintf(e.Err, "shardeck: %s\n", e.Paint(present.Bad, lines[0]))
	for _, line := range lines[1:] {
		fmt.Fprintf(e.Err, "          %s\n", strings.TrimSpace(line))
	}
	for _, fix := range fixes(err) {
		fmt.Fprintf(e.Err, "     try: %s\n", fix)
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
	fmt.Fprintf(e.Err, "shardeck: "+format+"\n", args...)
}
