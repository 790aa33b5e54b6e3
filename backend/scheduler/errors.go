package scheduler

import (
	"errors"
	"fmt"
)

// Errors that callers act upon; the text for people is in the wrapping error.
var (
	// ErrMaybe wraps the error of a submission whose reply was lost.
	ErrMaybe = errors.New("the job may have been submitted")
	// ErrNoHistory is History's answer where no accounting exists.
	ErrNoHistory = errors.New("this scheduler keeps no history")
	// ErrUnreachable wraps errors of a scheduler that does not answer.
	ErrUnreachable = errors.New("the scheduler does not answer")
	// ErrNoJob is a job id that the scheduler never heard of.
	ErrNoJob = errors.New("no such job")
)

// Fault is a scheduler's error for people: what happened, why, and what to do.
type Fault struct {
	Text  string // what happened, and why as far as the scheduler says; one line
	ToDo  string // what to do, one line; empty: nothing but to read
	Kind  error  // one of the kinds above, not printed; nil for none
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
