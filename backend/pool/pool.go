// Package pool runs analysis on demand: a bounded number of goroutines, the most
// wanted work first, everything cancellable, nothing able to take the program down.
//
// A task asks for a share of a memory budget (its cost). It starts when a worker is
// free and the budget has room; the most urgent waiting task is never overtaken by a
// cheaper one, so big traces are not starved. A panic inside a task becomes that
// task's error. At rest the pool has no goroutine at all.
package pool

import (
	"container/heap"
	"context"
	"errors"
	"sync"
)

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

// ErrClosed is the error of tasks given to a closed pool, or still waiting when it closed.
var ErrClosed = errors.New("the program is ending")

// Pool runs tasks. Its methods are safe for concurrent use.
type Pool struct {
	workers int
	budget  int64

	mu      sync.Mutex
	queue   queue
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
	t := newTask(ctx, p, pr, cost, work)
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
	heap.Push(&p.queue, t)
	t.unwatch = context.AfterFunc(t.ctx, func() { p.dropWaiting(t) })
	p.schedule()
	return t
}

// schedule starts waiting tasks while workers and budget last. It needs p.mu.
func (p *Pool) schedule() {
	for len(p.queue) > 0 && len(p.running) < p.workers {
		next := p.queue[0]
		if p.budget > 0 && p.used+next.cost > p.budget {
			return
		}
		heap.Pop(&p.queue)
		p.running[next] = true
		p.used += next.cost
		p.idle.Add(1)
		go p.run(next)
	}
}

// run does one task and makes room for the next before telling anyone.
func (p *Pool) run(t *Task) {
	defer p.idle.Done()
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
	waiting := t.index >= 0
	if waiting {
		heap.Remove(&p.queue, t.index)
		p.schedule()
	}
	p.mu.Unlock()
	if waiting {
		t.finish(context.Cause(t.ctx))
	}
}

// Load tells how many tasks run and how many wait.
func (p *Pool) Load() (running, waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.running), len(p.queue)
}

// Close cancels every task and returns when the last goroutine has ended.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	tasks := append([]*Task(nil), p.queue...)
	for t := range p.running {
		tasks = append(tasks, t)
	}
	p.mu.Unlock()
	for _, t := range tasks {
		t.cancel(ErrClosed)
	}
	p.idle.Wait()
}
