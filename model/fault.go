// Package model says what is true of an experiment, a job and a run. It is pure, as its parts are: no files, processes, clocks
// or screens, and nothing of ours but these parts, so every rule can be tested with values alone.
//
//	model      what a user writes (experiment.go), how it spreads over GPUs,
//	           what a model is and what of it a rank holds (shape.go), what it
//	           runs on (site.go), and what happened (job.go, run.go); the rest
//	           is words
//	check      may it be submitted: rules, fixes, memory, placement, price
//	metric     what was measured: definitions, values with reasons, statistics
//	scaling    how runs compare: keys, series, differences between traces
//	board      a row of the board, and the rules on it
//	present    results as neutral tables and sentences
//	shell      the one quoter
//	modeltest  shapes and experiments for tests
package model

import (
	"errors"
	"fmt"
	"slices"
)

// Fault is an error for people: what is wrong, why, and what to do about it.
type Fault struct {
	Text  string // one line: the fault, and its cause unless Cause says it
	ToDo  string // what to do, one line; empty: nothing but to read
	Kind  error  // what callers tell it by, not printed; nil for none
	Cause error  // what it came from, printed after Text; nil for none

	Choices []Choice // with ErrAmbiguous: what may be meant
}

// Choice is one of several things that a name may mean.
type Choice struct {
	Name string // that means this one alone
	Text string // what tells it from the others
}

// ChoicesOf are what an error asks to choose from; nil: nothing.
func ChoicesOf(err error) []Choice {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f.Choices
	}
	return nil
}

// Error is the fault and its cause on one line.
func (f *Fault) Error() string {
	switch {
	case f.Cause == nil:
		return f.Text
	case f.Text == "":
		return f.Cause.Error()
	}
	return fmt.Sprintf("%s: %v", f.Text, f.Cause)
}

// Fix is what to do about it.
func (f *Fault) Fix() string { return f.ToDo }

// Unwrap gives errors.Is the kind and the cause.
func (f *Fault) Unwrap() []error {
	return slices.DeleteFunc([]error{f.Kind, f.Cause}, func(err error) bool { return err == nil })
}

// Kinds of faults that callers act upon; the words for people are in the fault itself.
var (
	ErrInvalid  = errors.New("invalid")                        // a config, setting or value that cannot be used as it is
	ErrUnknown  = errors.New("unknown")                        // a name that no experiment, run, job or metric here has
	ErrReadOnly = errors.New("read-only")                      // a change, where the program was started read-only
	ErrActive   = errors.New("already submitted")              // a second submission of an experiment whose job has not ended
	ErrBudget   = errors.New("beyond the login node's budget") // reading more traces on a login node than its site allows
	ErrRefused  = errors.New("edited by hand")                 // a change by which a user's edit would be lost

	ErrAmbiguous = fmt.Errorf("ambiguous: %w", ErrInvalid) // a name that means several things, which are the fault's Choices
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
