package model

import "fmt"

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
