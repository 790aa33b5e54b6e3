package lab

import (
	"errors"

	"shardeck/backend/replay"
	"shardeck/backend/scheduler"
	"shardeck/backend/strictyaml"
	"shardeck/backend/workspace"
	"shardeck/model"
)

// Kinds of errors that callers act upon; the words for people are in the error itself.
var (
	// ErrInvalid is a config, setting or value that cannot be used as it is.
	ErrInvalid = errors.New("invalid")
	// ErrUnknown is a name that nothing here has: of an experiment, run, job or metric.
	ErrUnknown = errors.New("unknown")
	// ErrReadOnly refuses a change asked of a lab opened read-only.
	ErrReadOnly = errors.New("read-only")
	// ErrActive refuses a second submission of an experiment whose job has not ended.
	ErrActive = errors.New("already submitted")
	// ErrBudget refuses to read traces on a login node that are more than its site allows.
	ErrBudget = errors.New("beyond the login node's budget")
	// ErrChanged is a file not saved because it changed on disk meanwhile.
	ErrChanged = workspace.ErrChanged
	// ErrRefused is a change not made because a user's edit would be lost.
	ErrRefused = errors.New("edited by hand")
)

// Fault is an error for people, of one of the kinds above or of none.
type Fault = model.Fault

// invalid, unknown and failed make faults of their kind.
func invalid(text, fix string) error { return &Fault{Text: text, ToDo: fix, Kind: ErrInvalid} }

func unknown(text, fix string) error { return &Fault{Text: text, ToDo: fix, Kind: ErrUnknown} }

func failed(text string, cause error, fix string) error {
	return &Fault{Text: text, Cause: cause, ToDo: fix}
}

// kinds maps the errors of other rooms to ours, so that ui needs to know no others.
var kinds = []struct{ theirs, ours error }{
	{workspace.ErrNotFound, ErrUnknown},
	{workspace.ErrReadOnly, ErrReadOnly},
	{workspace.ErrChanged, ErrRefused},
	{scheduler.ErrNoJob, ErrUnknown},
	{replay.ErrConfig, ErrInvalid},
}

// kinded gives an error of another room its kind; its words stay.
func kinded(err error) error {
	if err == nil {
		return nil
	}
	var problems strictyaml.Problems
	if errors.As(err, &problems) {
		return &kind{err, ErrInvalid}
	}
	for _, k := range kinds {
		if errors.Is(err, k.theirs) {
			return &kind{err, k.ours}
		}
	}
	return err
}

// kind is an error with one of our kinds beside its own.
type kind struct {
	error
	kind error
}

// Unwrap gives both.
func (k *kind) Unwrap() []error { return []error{k.error, k.kind} }
