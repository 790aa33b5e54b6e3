package pane

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Reply is for whoever waits for it: the event loop delivers it, and gives it to no pane.
type Reply struct{ deliver func() tea.Cmd }

// Deliver runs, in the event loop, what was to follow; nothing if the reply is out of date.
func (r Reply) Deliver() tea.Cmd { return r.deliver() }

// Task is one thing that a pane waits for. Starting it again cancels the one before, whose reply
// is dropped: the newest question wins. The zero Task is ready.
type Task[T any] struct {
	generation int
	cancel     context.CancelFunc
}

// Start makes the command that does the work, under a context that ends when the task is started anew or stopped, or with
// parent. Then takes the reply, or a panic of the work as its error, in the event loop, when the task is no longer busy.
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

// Got is what follows a task where an error is said and no more.
func Got[T any](then func(T) tea.Cmd) func(T, error) tea.Cmd {
	return func(value T, err error) tea.Cmd {
		if err != nil {
			return Fail(err)
		}
		return then(value)
	}
}

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

// Timer does something in the event loop after a while, anew from each Start; zero: ready.
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

// tickTime is how often progress is drawn: seldom enough for a slow line.
const tickTime = 400 * time.Millisecond

// Work is a task with progress in bytes, such as reading traces, which is drawn as it goes.
// Only its counters are touched by other goroutines. The zero Work is ready.
type Work[T any] struct {
	Task[T]
	bytes *[2]atomic.Int64 // done and total; nil: nothing was begun
	tick  Timer
}

// Start begins, and what was being done before is given up; then takes what comes of it.
func (w *Work[T]) Start(env Env, do func(context.Context, pool.Progress) (T, error), then func(T, error) tea.Cmd) tea.Cmd {
	bytes := new([2]atomic.Int64) // its own: a work given up may still count for a moment
	w.bytes = bytes
	cmd := w.Task.Start(env.Ctx, func(ctx context.Context) (T, error) {
		return do(ctx, func(done, total int64) {
			bytes[0].Store(done)
			bytes[1].Store(total)
		})
	}, then)
	return tea.Batch(cmd, w.draw(env))
}

// draw has the progress drawn again in a moment, as long as there is any.
func (w *Work[T]) draw(env Env) tea.Cmd {
	return w.tick.Start(env, tickTime, func() tea.Cmd {
		if !w.Busy() {
			return nil
		}
		return w.draw(env)
	})
}

// Progress is how far the work is, in bytes; total is 0 before it is known.
func (w *Work[T]) Progress() (done, total int64) {
	if w.bytes == nil {
		return 0, 0
	}
	return w.bytes[0].Load(), w.bytes[1].Load()
}

// Words say how far it is after what is being done: "reading llama-8b-tp2: 120 of 298 MiB".
func (w *Work[T]) Words(what string) string {
	if done, total := w.Progress(); total > 0 {
		return what + ": " + unit.FileSize(done) + " of " + unit.FileSize(total)
	}
	return what + " …"
}

// Gauge draws how far it is in so many columns, and says it; empty before that is known.
func (w *Work[T]) Gauge(th *theme.Theme, cols int) string {
	done, total := w.Progress()
	if total <= 0 {
		return ""
	}
	return widget.Gauge(th, max(cols, 4), float64(done), float64(total)) + "  " + unit.FileSize(done) + " of " + unit.FileSize(total)
}

// Analyser is what a reading asks of the use cases.
type Analyser interface {
	// LoginBudget is how many bytes of traces may be read on this machine; 0: any number.
	LoginBudget() int64
	// Analyse reads a run through the pool and the cache; progress may be nil.
	Analyse(ctx context.Context, run string, p pool.Priority, progress pool.Progress) (*metric.Analysis, error)
}

// Reader has one run read at a time, for a pane that may wait for it. It lives in the event loop.
type Reader struct {
	Work[*metric.Analysis]
	Run string // being read, or the last one that was

	env   Env
	by    Analyser
	ended func(error) tea.Cmd
}

// NewReader makes a reader that reads nothing yet. Each reading that ends sends its analysis
// to all panes as an AnalysedMsg, and calls ended, with its error or nil.
func NewReader(e Env, by Analyser, ended func(error) tea.Cmd) *Reader {
	return &Reader{env: e, by: by, ended: ended}
}

// Start has a run read; what was being read before is given up.
func (r *Reader) Start(run string, p pool.Priority) tea.Cmd {
	r.Run = run
	return r.Work.Start(r.env, func(ctx context.Context, progress pool.Progress) (*metric.Analysis, error) {
		return r.by.Analyse(ctx, run, p, progress)
	}, func(a *metric.Analysis, err error) tea.Cmd {
		after := r.ended(err)
		if err != nil || a == nil {
			return after
		}
		return tea.Sequence(Send(AnalysedMsg{Analysis: a}), after)
	})
}

// Modest reports whether so many bytes of traces may be read here: a login node is shared,
// and its site says how much is too much.
func (r *Reader) Modest(bytes int64) bool {
	most := r.by.LoginBudget()
	return most <= 0 || bytes <= most
}

// Words say what is being read and how far.
func (r *Reader) Words() string { return r.Work.Words("reading " + r.Run) }
