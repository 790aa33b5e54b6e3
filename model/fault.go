package model

import (
	"errors"
	"fmt"
)

// Fault is an error for people: what is wrong, why, and what to do about it.
type Fault struct {
	Text  string // one line: the fault, and its cause unless Cause says it
	ToDo  string // what to do, one line; empty: nothing but to read
	Kind  error  // what callers tell it by, not printed; nil for none
	Cause error  // what it came from, printed after Text; nil for none
}

// Error is the fault and its cause on one line.
func (f *Fault) Error() string {
	if f.Cause == nil {
		return f.Text
	}
	return fmt.Sprintf("%s: %v", f.Text, f.Cause)
}

// Fix is what to do about it.
func (f *Fault) Fix() string { return f.ToDo }

// Unwrap gives errors.Is the kind and the cause.
func (f *Fault) Unwrap() []error {
	var all []error
	for _, err := range []error{f.Kind, f.Cause} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// Kinds of faults that callers act upon; the words for people are in the fault itself.
var (
	// ErrInvalid is a config, setting or value that cannot be used as it is.
	ErrInvalid = errors.New("invalid")
	// ErrUnknown is a name that nothing here has: of an experiment, run, job or metric.
	ErrUnknown = errors.New("unknown")
	// ErrReadOnly refuses a change where the program was started read-only.
	ErrReadOnly = errors.New("read-only")
	// ErrActive refuses a second submission of an experiment whose job has not ended.
	ErrActive = errors.New("already submitted")
	// ErrBudget refuses to read traces on a login node that are more than its site allows.
	ErrBudget = errors.New("beyond the login node's budget")
	// ErrRefused is a change not made because a user's edit would be lost.
	ErrRefused = errors.New("edited by hand")
)

// Invalid is a fault of something that cannot be used as it is.
func Invalid(text, fix string) error { return &Fault{Text: text, ToDo: fix, Kind: ErrInvalid} }

// Unknown is a fault of a name that nothing has.
func Unknown(text, fix string) error { return &Fault{Text: text, ToDo: fix, Kind: ErrUnknown} }

// Failed is a fault of no kind; the cause may be nil.
func Failed(text string, cause error, fix string) error {
	return &Fault{Text: text, Cause: cause, ToDo: fix}
}

// FixOf is what an error says is to be done, empty if it says nothing.
func FixOf(err error) string {
	var fixer interface{ Fix() string }
	if errors.As(err, &fixer) {
		return fixer.Fix()
	}
	return ""
}
