package pane

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// Reply is a message for whoever waits for it, and for nobody else: the event loop
// delivers it and gives it to no pane.
type Reply struct{ deliver func() tea.Cmd }

// Deliver runs, in the event loop, what was to follow; nothing if the reply is out of date.
func (r Reply) Deliver() tea.Cmd { return r.deliver() }

// Task is one thing that a pane waits for. Starting it again cancels the one before,
// and a reply that comes too late is dropped: so the newest question always wins.
// The zero Task is ready.
type Task[T any] struct {
	generation int
	cancel     context.CancelFunc
}

// Start makes the command that does the work, under a context that ends when the task
// is started anew, stopped, or the program ends. Then takes the reply in the event loop,
// when the task is no longer busy. A panic in the work becomes its error.
func (t *Task[T]) Start(parent context.Context, work func(context.Context) (T, error), then func(T, error) tea.Cmd) tea.Cmd {
	t.Stop()
	ctx, cancel := context.WithCancel(parent)
	t.cancel = cancel
	generation := t.generation
	return func() tea.Msg {
		value, err := caught(ctx, work)
		return Reply{func() tea.Cmd {
			if t.generation != generation {
				return nil
			}
			t.Stop()
			return then(value, err)
		}}
	}
}

// caught does the work; its panic is an error.
func caught[T any](ctx context.Context, work func(context.Context) (T, error)) (value T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Panic{Value: r, Stack: string(debug.Stack())}
		}
	}()
	return work(ctx)
}

// Stop cancels the work; its reply will be dropped.
func (t *Task[T]) Stop() {
	if t.cancel != nil {
		t.cancel()
	}
	t.cancel = nil
	t.generation++
}

// Busy reports whether a reply is still awaited.
func (t *Task[T]) Busy() bool { return t.cancel != nil }

// Timer does something in the event loop after a while. Starting it again begins the wait
// anew. The zero Timer is ready.
type Timer struct{ generation int }

// Start makes the command that waits.
func (t *Timer) Start(env Env, wait time.Duration, then func() tea.Cmd) tea.Cmd {
	t.generation++
	generation := t.generation
	return env.After(wait, Reply{func() tea.Cmd {
		if t.generation != generation {
			return nil
		}
		return then()
	}})
}

// Stop gives the wait up.
func (t *Timer) Stop() { t.generation++ }

// Panic is a fault of the program itself, caught before it took the screen down.
type Panic struct {
	Value any
	Stack string // for a report, not for the screen
}

// Error names the fault in one line.
func (p *Panic) Error() string { return fmt.Sprintf("a fault in shardeck itself: %v", p.Value) }

// Fix says what to do about it.
func (p *Panic) Fix() string { return "the program goes on; please report it" }
