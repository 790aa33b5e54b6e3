package pool

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
)

// Task is the handle of work given to a pool.
type Task struct {
	pool    *Pool
	ctx     context.Context
	cancel  context.CancelCauseFunc
	unwatch func() bool
	work    Work

	priority Priority // with arrived and place, guarded by the pool's lock
	arrived  uint64
	index    int // index in the queue, -1 when not in it
	cost     int64

	finished atomic.Bool
	ended    chan struct{}
	err      error // written before ended closes

	doneBytes, totalBytes atomic.Int64
}

func newTask(ctx context.Context, p *Pool, pr Priority, cost int64, work Work) *Task {
	ctx, cancel := context.WithCancelCause(ctx)
	return &Task{pool: p, ctx: ctx, cancel: cancel, work: work, priority: pr,
		cost: max(cost, 0), index: -1, ended: make(chan struct{})}
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
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	if t.ctx.Err() != nil {
		return context.Cause(t.ctx)
	}
	return t.work(t.ctx, t.noteProgress)
}

func (t *Task) noteProgress(done, total int64) {
	t.doneBytes.Store(done)
	t.totalBytes.Store(total)
}

// finish ends the task once; later calls do nothing.
func (t *Task) finish(err error) {
	if !t.finished.CompareAndSwap(false, true) {
		return
	}
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

// Done is closed when the task has ended.
func (t *Task) Done() <-chan struct{} { return t.ended }

// Cancel ends the task: at once while it waits, as soon as its work notices while it runs.
func (t *Task) Cancel() { t.cancel(context.Canceled) }

// Progress tells how far the work has come, in bytes; total is 0 while unknown.
func (t *Task) Progress() (done, total int64) {
	return t.doneBytes.Load(), t.totalBytes.Load()
}

// Raise moves a waiting task up to a priority, as when the user opens what was
// being read ahead. It never lowers one.
func (t *Task) Raise(pr Priority) {
	t.pool.mu.Lock()
	defer t.pool.mu.Unlock()
	if pr <= t.priority {
		return
	}
	t.priority = pr
	t.pool.queue.fix(t)
}

// queue is a heap of waiting tasks: highest priority first, then first come.
type queue []*Task

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	if q[i].priority != q[j].priority {
		return q[i].priority > q[j].priority
	}
	return q[i].arrived < q[j].arrived
}

func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

// Push is heap.Interface's; use heap.Push.
func (q *queue) Push(x any) {
	t := x.(*Task)
	t.index = len(*q)
	*q = append(*q, t)
}

// Pop is heap.Interface's; use heap.Pop.
func (q *queue) Pop() any {
	last := len(*q) - 1
	t := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	t.index = -1
	return t
}

// fix puts a task in its place after its priority changed.
func (q *queue) fix(t *Task) {
	if t.index >= 0 {
		heap.Fix(q, t.index)
	}
}
