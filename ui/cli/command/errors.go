package cli

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

// The exit codes of design: see the package comment.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitNoValue = 3
	exitDamaged = 4
)

// errUsage marks errors of the command line itself.
var errUsage = errors.New("wrong usage")

// usage makes an error of wrong usage; its text stands alone.
func usage(format string, args ...any) error {
	return &coded{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// coded is an error with its exit code. With quiet the text has been printed.
type coded struct {
	code  int
	err   error
	quiet bool
}

func (c *coded) Error() string {
	if c.err == nil {
		return fmt.Sprintf("exit code %d", c.code)
	}
	return c.err.Error()
}

func (c *coded) Unwrap() error { return c.err }

func (c *coded) Is(target error) bool { return target == errUsage && c.code == exitUsage }

// silent ends the command with a code when all has been said.
func silent(code int) error { return &coded{code: code, quiet: true} }

// exitCode maps an error to the process's exit code.
func exitCode(err error) int {
	var c *coded
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &c):
		return c.code
	case errors.Is(err, model.ErrInvalid), errors.Is(err, model.ErrUnknown):
		return exitUsage
	}
	return exitFailed
}

// finish prints an error for people and returns its exit code.
func (a *app) finish(err error) int {
	a.sayNotes()
	if a.left > 0 {
		a.warn("no room for %s: COLUMNS=%d shows more", unit.Plural(a.left, "column"), 2*a.width())
	}
	var c *coded
	switch {
	case err == nil || errors.As(err, &c) && c.quiet:
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(a.err, "shardeck: interrupted; what was written so far is whole")
	default:
		a.fault(err)
	}
	return exitCode(err)
}

// fault prints the error, and below it, indented, what to do.
func (a *app) fault(err error) {
	lines := strings.Split(strings.TrimRight(err.Error(), "\n"), "\n")
	fmt.Fprintf(a.err, "shardeck: %s\n", a.paint(present.Bad, lines[0]))
	for _, line := range lines[1:] {
		fmt.Fprintf(a.err, "          %s\n", strings.TrimSpace(line))
	}
	for _, fix := range fixes(err) {
		fmt.Fprintf(a.err, "     try: %s\n", fix)
	}
}

// fixes gathers what the errors of a chain say can be done, the nearest to the cause
// first.
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

// warn prints one line on standard error.
func (a *app) warn(format string, args ...any) {
	fmt.Fprintf(a.err, "shardeck: "+format+"\n", args...)
}
