// Package pool runs analysis on demand: a bounded number of goroutines, the most
// wanted work first, everything cancellable, nothing able to take the program down.
//
// A task asks for a share of a memory budget (its cost); it starts when a worker
// is free and the budget has room. A panic inside a task becomes that task's error.
package pool

import "context"

// Priority of a task: higher runs first, equal ones in order of arrival.
type Priority int

// What asks for work, in order of urgency.
const (
	Background Priority = iota // filling caches
	Visible                    // on the screen now
	Wanted                     // the user pressed a key for it
)

// Progress is called by a task as it goes, with bytes done and to do. It is cheap
// and may be called often, from any goroutine.
type Progress func(done, total int64)

// Work is what a task does. It must return soon after ctx ends.
type Work func(ctx context.Context, p Progress) error
