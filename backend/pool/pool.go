// Package pool runs analysis on demand: a bounded number of goroutines, the most
// wanted work first, everything cancellable, nothing able to take the program down.
//
// A task asks for a share of a memory budget (its cost). It starts when a worker is
// free and the budget has room; the most urgent waiting task is never overtaken by a
// cheaper one, so big traces are not starved. A panic inside a task becomes that
// task's error. At rest the pool has no goroutine at all.
package pool

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
)

// Priority of a task: higher runs first, equal ones in order of arrival.
type Priority int

// What asks for work, in order of urgency.
const (
	Background Priority = iota // filling caches
	Visible                    // on the screen now
	Wanted                     // the user pressed a key for it
)

// Progress is told how far work is, in bytes done and to do: often, from any goroutine.
type Progress func(done, total int64)

// Work is what a task does. It must return soon after ctx ends.
type Work func(ctx context.Context) error

// ErrClosed is the error of tasks given to a closed pool, or still waiting when it closed.
var ErrClosed = errors.New("the program is ending")

// Pool runs tasks. Its methods are safe for concurrent use.
type Pool struct {
	workers int
	budget  int64

	mu      sync.Mutex
	queue   []*Task // that wait, in the order in which they will run
	running map[*Task]bool
	used    int64
	arrived uint64
	closed  bool
	idle    sync.WaitGroup
}

// New returns a pool of at most workers goroutines (at least one) whose running
// tasks together cost at most budget bytes; 0 is no bound.
func New(workers int, budget int64) *Pool {
	return &Pool{workers: max(workers, 1), budget: budget, running: map[*Task]bool{}}
}

// Do queues work and returns its handle at once. The task ends early with ctx's
// error when ctx ends. A cost beyond the whole budget is taken as the whole budget:
// such a task runs alone.
func (p *Pool) Do(ctx context.Context, pr Priority, cost int64, work Work) *Task {
	ctx, cancel := context.WithCancelCause(ctx)
	t := &Task{pool: p, ctx: ctx, cancel: cancel, work: work, priority: pr, cost: max(cost, 0), ended: make(chan struct{})}
	if p.budget > 0 {
		t.cost = min(t.cost, p.budget)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		t.finish(ErrClosed)
		return t
	}
	p.arrived++
	t.arrived = p.arrived
	p.enqueue(t)
	t.unwatch = context.AfterFunc(t.ctx, func() { p.dropWaiting(t) })
	p.schedule()
	return t
}

// Each calls f of 0 to n-1, for work that is a task of the pool already: on the goroutine it has, and on those of other
// workers that are free or become so meanwhile. It returns when all calls have; a panic in one goes on in the caller. Where
// ctx ends, calls are left out.
func (p *Pool) Each(ctx context.Context, pr Priority, n int, f func(i int)) {
	var next atomic.Int64
	work := func(ctx context.Context) error {
		for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
			f(i)
		}
		return nil
	}
	var helpers []*Task
	for range min(p.workers, n) - 1 {
		helpers = append(helpers, p.Do(ctx, pr, 0, work))
	}
	defer func() {
		for _, t := range helpers {
			p.dropWaiting(t)
			var fault *PanicError
			if errors.As(t.Wait(), &fault) {
				panic(fault)
			}
		}
	}()
	_ = work(ctx)
}

// place is where a task stands in the queue, or would: the most urgent first, then first
// come; waiting: it stands there. It needs p.mu, as enqueue and dequeue do.
func (p *Pool) place(t *Task) (at int, waiting bool) {
	return slices.BinarySearchFunc(p.queue, t, func(a, b *Task) int {
		return cmp.Or(cmp.Compare(b.priority, a.priority), cmp.Compare(a.arrived, b.arrived))
	})
}

func (p *Pool) enqueue(t *Task) {
	at, _ := p.place(t)
	p.queue = slices.Insert(p.queue, at, t)
}

// dequeue takes a task out of the queue; false: it did not wait there.
func (p *Pool) dequeue(t *Task) bool {
	at, waiting := p.place(t)
	if waiting {
		p.queue = slices.Delete(p.queue, at, at+1)
	}
	return waiting
}

// schedule starts waiting tasks while workers and budget last. It needs p.mu.
func (p *Pool) schedule() {
	for len(p.queue) > 0 && len(p.running) < p.workers {
		next := p.queue[0]
		if p.budget > 0 && p.used+next.cost > p.budget {
			return
		}
		p.dequeue(next)
		p.running[next] = true
		p.used += next.cost
		p.idle.Go(func() { p.run(next) })
	}
}

// run does one task and makes room for the next before telling anyone.
func (p *Pool) run(t *Task) {
	err := t.call()
	p.mu.Lock()
	delete(p.running, t)
	p.used -= t.cost
	p.schedule()
	p.mu.Unlock()
	t.finish(err)
}

// dropWaiting takes a cancelled task out of the queue; a running one ends by itself.
func (p *Pool) dropWaiting(t *Task) {
	p.mu.Lock()
	waiting := p.dequeue(t)
	p.schedule()
	p.mu.Unlock()
	if waiting {
		t.finish(context.Cause(t.ctx))
	}
}

// Close cancels every task and returns when the last goroutine has ended.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	tasks := slices.Clone(p.queue)
	for t := range p.running {
		tasks = append(tasks, t)
	}
	p.mu.Unlock()
	for _, t := range tasks {
		t.cancel(ErrClosed)
	}
	p.idle.Wait()
}

// Task is the handle of work given to a pool.
type Task struct {
	pool    *Pool
	ctx     context.Context
	cancel  context.CancelCauseFunc
	unwatch func() bool
	work    Work

	priority Priority // with arrived, guarded by the pool's lock
	arrived  uint64
	cost     int64

	ended chan struct{}
	err   error // written before ended closes
}

// WaitAll waits for tasks, and gives the first error of theirs.
func WaitAll(tasks []*Task) error {
	var first error
	for _, t := range tasks {
		if err := t.Wait(); first == nil {
			first = err
		}
	}
	return first
}

// PanicError is the error of a task that panicked: a fault of ours, never the user's.
type PanicError struct {
	Value any
	Stack []byte // for a log file, not for the screen
}

// Error says what happened without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("internal fault: %v", e.Value) }

// call runs the work and turns a panic into an error.
func (t *Task) call() (err error) {
	defer func() {
		v := recover()
		if fault, ok := v.(*PanicError); ok { // of a helper
			err = fault
		} else if v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	if t.ctx.Err() != nil {
		return context.Cause(t.ctx)
	}
	return t.work(t.ctx)
}

// finish ends the task. It is called once: by who took it out of the queue.
func (t *Task) finish(err error) {
	if errors.Is(err, context.Canceled) && context.Cause(t.ctx) != nil {
		err = context.Cause(t.ctx)
	}
	t.err = err
	if t.unwatch != nil {
		t.unwatch()
	}
	t.cancel(nil)
	close(t.ended)
}

// Wait returns the task's error when it has ended.
func (t *Task) Wait() error {
	<-t.ended
	return t.err
}

// Raise moves a waiting task up, as when the user opens what was read ahead; never down.
func (t *Task) Raise(pr Priority) {
	t.pool.mu.Lock()
	defer t.pool.mu.Unlock()
	if pr <= t.priority {
		return
	}
	waiting := t.pool.dequeue(t)
	if t.priority = pr; waiting {
		t.pool.enqueue(t)
	}
}
