package pane

import (
	"context"
	"fmt"
	"runtime/debug"

	tea "github.com/charmbracelet/bubbletea"
)

// Task is one thing that a pane waits for. Starting it again cancels the one before,
// and a reply that comes too late is not taken: so the newest question always wins.
// The zero Task is ready.
type Task[T any] struct {
	generation int
	cancel     context.CancelFunc
}

// Done is the reply of a task.
type Done[T any] struct {
	task       *Task[T]
	generation int
	Value      T
	Err        error
}

// Start makes the command that does the work, under a context that ends when the task
// is started anew, stopped, or the program ends. A panic in it becomes its error.
func (t *Task[T]) Start(parent context.Context, work func(context.Context) (T, error)) tea.Cmd {
	t.Stop()
	ctx, cancel := context.WithCancel(parent)
	t.generation++
	t.cancel = cancel
	generation := t.generation
	return func() (msg tea.Msg) {
		done := Done[T]{task: t, generation: generation}
		defer func() {
			if r := recover(); r != nil {
				done.Err = &Panic{Value: r, Stack: string(debug.Stack())}
				msg = done
			}
		}()
		done.Value, done.Err = work(ctx)
		return done
	}
}

// Stop cancels the work; its reply will not be taken.
func (t *Task[T]) Stop() {
	if t.cancel != nil {
		t.cancel()
	}
	t.cancel = nil
	t.generation++
}

// Busy reports whether a reply is still awaited.
func (t *Task[T]) Busy() bool { return t.cancel != nil }

// Take reports whether a message is the reply this task waits for, and ends the wait.
func (t *Task[T]) Take(msg tea.Msg) (Done[T], bool) {
	done, ok := msg.(Done[T])
	if !ok || done.task != t || done.generation != t.generation {
		return done, false
	}
	t.cancel()
	t.cancel = nil
	return done, true
}

// Panic is a fault of the program itself, caught before it took the screen down.
type Panic struct {
	Value any
	Stack string // for a report, not for the screen
}

// Error names the fault in one line.
func (p *Panic) Error() string { return fmt.Sprintf("a fault in shardeck itself: %v", p.Value) }

// Fix says what to do about it.
func (p *Panic) Fix() string { return "the program goes on; please report it" }
