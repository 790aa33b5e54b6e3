// Package apptest opens the program on a small workspace for tests: the real rooms on the
// demo workspace, with a scheduler whose answers the test writes, and its own clock.
package apptest

import (
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"shardeck/backend/app"
	"shardeck/backend/replay"
	"shardeck/backend/scheduler"
	"shardeck/backend/scheduler/schedulertest"
	"shardeck/backend/workspace"
	"shardeck/model"
	"shardeck/model/board"
)

// Clock is a time that tests move.
type Clock struct {
	mu sync.Mutex
	t  time.Time
}

// Now is the time that the test left.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

// Pass moves it on.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// Bench is a demo workspace, open, with a scheduler and a clock of its own.
type Bench struct {
	*app.App
	Dir       string // of the workspace
	Stage     *schedulertest.Scheduler
	Clock     *Clock
	Scheduler scheduler.Scheduler // the Stage, unless a test brings another before it opens again
}

// New lays the demo workspace out and opens it.
func New(t *testing.T) *Bench {
	t.Helper()
	b := &Bench{Dir: filepath.Join(t.TempDir(), "ws"), Clock: &Clock{t: time.Now()}}
	b.Stage = &schedulertest.Scheduler{Label: "stage", Now: b.Clock.Now}
	if err := replay.WriteDemo(b.Dir); err != nil {
		t.Fatal(err)
	}
	b.Scheduler = b.Stage
	b.Open(t, app.Options{})
	return b
}

// Open opens the workspace again, as another program would.
func (b *Bench) Open(t *testing.T, o app.Options) {
	t.Helper()
	home := t.TempDir()
	o.Dir, o.Scheduler, o.Now, o.CacheDir = b.Dir, b.Scheduler, b.Clock.Now, filepath.Join(home, "cache")
	o.Binary = "/usr/bin/shardeck"
	if o.Env == nil {
		o.Env = func(name string) string { return map[string]string{"HOME": home}[name] }
	}
	l, err := app.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	b.App = l
}

// State is that of a job as the scheduler says now; empty: it is not listed.
func (b *Bench) State(t *testing.T, id string) model.JobState {
	t.Helper()
	list, err := b.ListJobs(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, j := range list.Jobs {
		if j.ID == id {
			return j.State
		}
	}
	return ""
}

// MustRun finds a run.
func (b *Bench) MustRun(t *testing.T, name string) model.Run {
	t.Helper()
	r, err := b.Run(name)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Path is a file of the workspace.
func (b *Bench) Path(rel string) string { return filepath.Join(b.Dir, filepath.FromSlash(rel)) }

// Traces is a file of a run.
func (b *Bench) Traces(run, file string) string {
	return filepath.Join(b.Dir, "trace_collection", run, file)
}

// Submissions are the records of what was submitted.
func (b *Bench) Submissions(t *testing.T) []model.Submission {
	t.Helper()
	ws, err := workspace.Find(b.Dir)
	if err != nil {
		t.Fatal(err)
	}
	subs, _, err := ws.Ledger().Submissions()
	if err != nil {
		t.Fatal(err)
	}
	return subs
}

// WriteTimings writes the timing file of a run anew, with these iterations.
func (b *Bench) WriteTimings(t *testing.T, run, iterations string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(b.Dir, "trace_collection", run, "timing_stats_*.json*"))
	if err != nil || len(files) == 0 {
		t.Fatal(run, err)
	}
	for _, f := range files {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	text := `{"unprofiled_iteration_times": [` + iterations + `], "iteration_times": [1]}`
	if err := os.WriteFile(filepath.Join(b.Dir, "trace_collection", run, "timing_stats_0.json"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Login makes the bench a login node of a site that allows no reading at all.
func (b *Bench) Login(t *testing.T) {
	t.Helper()
	dir := filepath.Join(b.Dir, "sites")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	site := "name: small\ntitle: a small site\ndetect: {HERE: \"1\"}\nlogin_node: {trace_bytes: 1}\nreader: {qos: shared}\n"
	if err := os.WriteFile(filepath.Join(dir, "small.yaml"), []byte(site), 0o644); err != nil {
		t.Fatal(err)
	}
	b.Open(t, app.Options{Sets: []string{"site=small"}, Env: func(key string) string {
		if key == "HERE" {
			return "1"
		}
		return ""
	}})
}

// Profile makes E1.2 a run of engine torch that is profiled so.
func (b *Bench) Profile(t *testing.T, how string) {
	t.Helper()
	config := filepath.Join(b.Dir, b.BoardRow(t, "E1.2").File)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	text = regexp.MustCompile(`(?m)^(engine|profiling):.*\n`).ReplaceAll(text, nil)
	text = append(text, "engine: torch\nprofiling: "+how+"\n"...)
	if err := os.WriteFile(config, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// BoardRow is the row of an experiment on the board.
func (b *Bench) BoardRow(t *testing.T, id string) board.Row {
	t.Helper()
	rows, err := b.Board(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Experiment.ID == id {
			return r
		}
	}
	t.Fatalf("no row %s", id)
	return board.Row{}
}
