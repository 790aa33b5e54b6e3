package reading

import (
	"context"
	"sync/atomic"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
)

// tickTime is how often progress is drawn: seldom enough for a slow line.
const tickTime = 400 * time.Millisecond

// Work is one thing at a time that is done with progress in bytes, such as reading
// traces. It lives in the event loop; only its counters are touched by the pool's goroutines.
type Work[T any] struct {
	env   pane.Env
	task  pane.Task[T]
	bytes *count
	tick  pane.Timer // shows the progress
}

// count is how far a reading is, in bytes.
type count struct{ done, total atomic.Int64 }

// NewWork makes one that does nothing yet.
func NewWork[T any](env pane.Env) Work[T] { return Work[T]{env: env, bytes: &count{}} }

// Start begins, and what was being done before is given up; then takes what comes of it.
func (w *Work[T]) Start(do func(context.Context, pool.Progress) (T, error), then func(T, error) tea.Cmd) tea.Cmd {
	bytes := &count{} // its own: a work given up may still count for a moment
	w.bytes = bytes
	cmd := w.task.Start(w.env.Ctx, func(ctx context.Context) (T, error) {
		return do(ctx, func(done, total int64) {
			bytes.done.Store(done)
			bytes.total.Store(total)
		})
	}, then)
	return tea.Batch(cmd, w.wait())
}

// wait has the progress drawn again in a moment, as long as there is any.
func (w *Work[T]) wait() tea.Cmd {
	return w.tick.Start(w.env, tickTime, func() tea.Cmd {
		if !w.Busy() {
			return nil
		}
		return w.wait()
	})
}

// Stop gives the work up.
func (w *Work[T]) Stop() { w.task.Stop() }

// Busy reports whether something is being done.
func (w *Work[T]) Busy() bool { return w.task.Busy() }

// Progress is how far the work is, in bytes; total is 0 before it is known.
func (w *Work[T]) Progress() (done, total int64) { return w.bytes.done.Load(), w.bytes.total.Load() }

// Words say how far it is after what is being done: "reading llama-8b-tp2: 120 of 298 MiB".
func (w *Work[T]) Words(what string) string {
	if done, total := w.Progress(); total > 0 {
		return what + ": " + unit.FileSize(done) + " of " + unit.FileSize(total)
	}
	return what + " …"
}
