// Package panetest drives the panes and the cockpit through stories: keys are pressed,
// text is expected, frames are compared with golden ones.
//
// Nothing is pretended but the cluster: each story has a small workspace on disk, of
// which workspace.txtar, measured.go and history.go say what is in it, under the real
// backend, with a scheduler whose answers and a clock whose time the test sets.
package panetest

import (
	_ "embed"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/muesli/termenv"
	"github.com/rogpeppe/go-internal/txtar"

	"shardeck/backend/app"
	"shardeck/backend/pool"
	"shardeck/backend/scheduler/schedulertest"
	"shardeck/model/board"
	"shardeck/model/metric"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
)

// Now is the moment at which every test begins.
var Now = time.Date(2026, 11, 23, 14, 2, 11, 0, time.UTC)

//go:embed workspace.txtar
var archive []byte

func init() { time.Local = time.UTC } // what is on the screen is the same everywhere

// Workspace is a folder on disk with the real backend over it; only its scheduler and its
// clock are the test's. Change files before the screen reads them, as a user or a job would.
type Workspace struct {
	*app.App
	T         testing.TB
	Dir       string
	Home      string // of the user, with the cache
	Scheduler *schedulertest.Scheduler

	mu  sync.Mutex
	now time.Time
}

// Option changes how a workspace is opened.
type Option func(*app.Options)

// ReadOnly is --read-only.
func ReadOnly(o *app.Options) { o.ReadOnly = true }

// Open makes a workspace and opens it. No trace has been read.
func Open(t testing.TB, options ...Option) *Workspace {
	t.Helper()
	w := empty(t)
	for path, text := range files() {
		w.Write(path, text)
	}
	for _, m := range measured {
		w.age("trace_collection/"+m.name, m.age)
	}
	w.Reopen(options...)
	w.submit()
	return w
}

// Analysed is Open with every run read.
func Analysed(t testing.TB, options ...Option) *Workspace {
	t.Helper()
	w := Open(t, options...)
	for _, m := range measured {
		w.Analysis(m.name)
	}
	return w
}

// Empty is a workspace without an experiment.
func Empty(t testing.TB) *Workspace {
	t.Helper()
	w := empty(t)
	w.Write("shardeck.yaml", files()["shardeck.yaml"])
	w.Reopen()
	return w
}

func empty(t testing.TB) *Workspace {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "ws-") // in memory, and shorter than t.TempDir, so that a line of the screen holds it
	if err != nil {
		dir, err = os.MkdirTemp("", "ws-")
	}
	w := &Workspace{T: t, Dir: filepath.Join(dir, "ws"), Home: filepath.Join(dir, "home"), now: Now}
	w.must(err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w.Scheduler = &schedulertest.Scheduler{First: 3141600, Now: w.Now, Plan: plan}
	w.must(os.MkdirAll(w.Dir, 0o755))
	w.must(os.MkdirAll(w.Home, 0o755))
	return w
}

// files are those of every workspace: the archive, and the runs.
var files = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for _, f := range txtar.Parse(archive).Files {
		all[f.Name] = string(f.Data)
	}
	maps.Copy(all, results(all))
	return all
})

// Reopen opens the workspace again, as another program would.
func (w *Workspace) Reopen(options ...Option) {
	w.T.Helper()
	env := map[string]string{"HOME": w.Home}
	o := app.Options{Dir: w.Dir, Now: w.Now, Scheduler: w.Scheduler, CacheDir: filepath.Join(w.Home, "cache"), Binary: "/usr/bin/shardeck",
		Env: func(name string) string { return env[name] }}
	for _, option := range options {
		option(&o)
	}
	l, err := app.Open(o)
	w.must(err)
	w.T.Cleanup(l.Close)
	w.App = l
}

// Env is what a pane is made with: its surroundings, without colours and with the clock of
// the test, and the use cases.
func (w *Workspace) Env() (pane.Env, *app.App) {
	return pane.Env{Ctx: w.T.Context(), Theme: theme.New(termenv.Ascii, false), Now: w.Now, After: after}, w.App
}

// Now is the time in the workspace, which only Pass moves.
func (w *Workspace) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Pass lets time pass.
func (w *Workspace) Pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// must ends the test where the workspace cannot be as it should.
func (w *Workspace) must(err error) {
	w.T.Helper()
	must(w.T, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Analysis is a run as read now.
func (w *Workspace) Analysis(run string) *metric.Analysis {
	w.T.Helper()
	a, err := w.Analyse(w.T.Context(), run, pool.Wanted, nil)
	w.must(err)
	return a
}

// Rows are the experiments as read now.
func (w *Workspace) Rows() []board.Row {
	w.T.Helper()
	rows, err := w.Board(w.T.Context())
	w.must(err)
	return rows
}

// Row is one of them.
func (w *Workspace) Row(id string) board.Row {
	w.T.Helper()
	for _, row := range w.Rows() {
		if row.Experiment.ID == id {
			return row
		}
	}
	w.T.Fatalf("no experiment %s", id)
	return board.Row{}
}

// JobList is the scheduler's answer as the cockpit brings it.
func (w *Workspace) JobList() pane.JobsMsg {
	list, err := w.ListJobs(w.T.Context(), true)
	return pane.JobsMsg{List: list, Err: err}
}
