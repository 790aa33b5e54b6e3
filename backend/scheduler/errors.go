package scheduler

import (
	"errors"
	"fmt"

	"shardeck/model"
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
	ErrNoJob = fmt.Errorf("no such job: %w", model.ErrUnknown)
)

// Fault is a scheduler's error for people, of one of the kinds above or of none.
type Fault = model.Fault
