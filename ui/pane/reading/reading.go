// Package reading is how panes have a run read: the lab does it in its pool, a slow
// tick shows how far it is, and the result goes to every pane as one message. A pane
// holds a Reader for each run it may wait for at a time.
package reading

import (
	"context"
	"sync/atomic"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// tickTime is how often progress is drawn: seldom enough for a slow line.
const tickTime = 400 * time.Millisecond

// Reader has one run read at a time. It lives in the event loop; only its counters
// are touched by the pool's goroutines.
type Reader struct {
	env   pane.Env
	run   string
	task  pane.Task[*model.Analysis]
	bytes *count
	tick  int // generation of the ticks
}

// count is how far a reading is, in bytes.
type count struct{ done, total atomic.Int64 }

// tickMsg makes the screen show the progress of a reader.
type tickMsg struct {
	of   *Reader
	tick int
}

// New makes a reader that reads nothing yet.
func New(env pane.Env) *Reader { return &Reader{env: env, bytes: &count{}} }

// Start has a run read; what was being read before is given up.
func (r *Reader) Start(run string, p pool.Priority) tea.Cmd {
	bytes := &count{} // its own: a reading given up may still count for a moment
	r.run, r.bytes = run, bytes
	read := r.task.Start(r.env.Ctx, func(ctx context.Context) (*model.Analysis, error) {
		return r.env.Lab.Analyse(ctx, run, p, func(done, total int64) {
			bytes.done.Store(done)
			bytes.total.Store(total)
		})
	})
	return tea.Batch(read, r.wait())
}

func (r *Reader) wait() tea.Cmd {
	r.tick++
	return r.env.After(tickTime, tickMsg{r, r.tick})
}

// Update takes what belongs to the reader: ended says that a reading did, with its
// error; its analysis goes to all panes as an AnalysedMsg.
func (r *Reader) Update(msg tea.Msg) (cmd tea.Cmd, ended bool, err error) {
	if t, ok := msg.(tickMsg); ok && t.of == r && t.tick == r.tick && r.Busy() {
		return r.wait(), false, nil
	}
	done, ok := r.task.Take(msg)
	if !ok {
		return nil, false, nil
	}
	if done.Err != nil || done.Value == nil {
		return nil, true, done.Err
	}
	return pane.Send(pane.AnalysedMsg{Analysis: done.Value}), true, nil
}

// Modest reports whether so many bytes of traces are read without asking: a login node is
// shared, and its site says how much is too much.
func Modest(env pane.Env, bytes int64) bool {
	most := env.Lab.Site().Login.TraceBytes
	return most <= 0 || bytes <= most
}

// Stop gives the reading up.
func (r *Reader) Stop() { r.task.Stop() }

// Busy reports whether a run is being read.
func (r *Reader) Busy() bool { return r.task.Busy() }

// Run is the run being read, or the last one that was.
func (r *Reader) Run() string { return r.run }

// Progress is how far the reading is, in bytes; total is 0 before it is known.
func (r *Reader) Progress() (done, total int64) { return r.bytes.done.Load(), r.bytes.total.Load() }

// Words say what is being read and how far: "reading llama-8b-tp2: 120 of 298 MiB".
func (r *Reader) Words() string {
	text := "reading " + r.run
	if done, total := r.Progress(); total > 0 {
		return text + ": " + widget.Bytes(done) + " of " + widget.Bytes(total)
	}
	return text + " …"
}
