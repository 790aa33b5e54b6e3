// Package reading is how panes have a run read: the backend does it in its pool, a slow
// tick shows how far it is, and the result goes to every pane as one message. A pane
// holds a Reader for each run it may wait for at a time.
package reading

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// Reader has one run read at a time. It lives in the event loop; only its counters
// are touched by the pool's goroutines.
type Reader struct {
	Work[*metric.Analysis]
	env   env
	run   string
	ended func(error) tea.Cmd
}

// New makes a reader that reads nothing yet. Each reading that ends sends its analysis to
// all panes as an AnalysedMsg, and calls ended, with its error or nil.
func New(e pane.Env, b Backend, ended func(error) tea.Cmd) *Reader {
	return &Reader{Work: NewWork[*metric.Analysis](e), env: env{e, b}, ended: ended}
}

// Start has a run read; what was being read before is given up.
func (r *Reader) Start(run string, p pool.Priority) tea.Cmd {
	r.run = run
	return r.Work.Start(func(ctx context.Context, progress pool.Progress) (*metric.Analysis, error) {
		return r.env.Analyse(ctx, run, p, progress)
	}, func(a *metric.Analysis, err error) tea.Cmd {
		after := r.ended(err)
		if err != nil || a == nil {
			return after
		}
		return tea.Sequence(pane.Send(pane.AnalysedMsg{Analysis: a}), after)
	})
}

// Modest reports whether so many bytes of traces may be read here: a login node is shared,
// and its site says how much is too much.
func Modest(b Backend, bytes int64) bool {
	most := b.LoginBudget()
	return most <= 0 || bytes <= most
}

// Run is the run being read, or the last one that was.
func (r *Reader) Run() string { return r.run }

// Words say what is being read and how far: "reading llama-8b-tp2: 120 of 298 MiB".
func (r *Reader) Words() string {
	return r.Work.Words("reading " + r.run)
}

// Gauge draws how far the reading is.
func (r *Reader) Gauge(width int) string {
	done, total := r.Progress()
	if total <= 0 {
		return "reading its traces …"
	}
	return widget.Gauge(r.env.Theme, max(min(width-40, 50), 4), float64(done), float64(total)) + "  " + unit.FileSize(done) + " of " + unit.FileSize(total)
}
