package panetest

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/muesli/termenv"
	"github.com/rogpeppe/go-internal/txtar"

	"shardeck/backend/app"
	"shardeck/backend/pool"
	"shardeck/model/board"
	"shardeck/model/metric"
	"shardeck/templates"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
)

//go:embed workspace.txtar
var archive []byte

func init() { time.Local = time.UTC } // what is on the screen is the same everywhere

// Workspace is a folder on disk with the real backend over it; only its scheduler and its
// clock are the test's. Change files before the screen reads them, as a user or a job would.
type Workspace struct {
	*app.App
	T         testing.TB
	Dir       string
	Scheduler *Scheduler

	home string // of the user: cache and settings
	mu   sync.Mutex
	now  time.Time
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
	w.submit(w.scripts())
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
	dir, err := os.MkdirTemp("/dev/shm", "ws-") // shorter than t.TempDir, so that a line of the screen holds it
	if err != nil {
		dir, err = os.MkdirTemp("", "ws-")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w := &Workspace{T: t, Dir: filepath.Join(dir, "ws"), home: filepath.Join(dir, "home"), now: Now}
	w.Scheduler = &Scheduler{Now: w.Now, Plan: plan}
	w.mkdir(w.Dir)
	w.mkdir(w.home)
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

// scripts are those of the experiments, by id: what their last submissions were. They are
// the same in every workspace, so the first one that is opened makes them.
var scripts struct {
	once sync.Once
	of   map[string]string
}

func (w *Workspace) scripts() map[string]string {
	scripts.once.Do(func() {
		scripts.of = map[string]string{}
		for _, s := range submissions {
			p, err := w.Preview(w.T.Context(), s.experiment, false)
			if err != nil {
				w.T.Fatal(err)
			}
			scripts.of[s.experiment] = p.Script
		}
	})
	return scripts.of
}

// Reopen opens the workspace again, as another program would.
func (w *Workspace) Reopen(options ...Option) {
	w.T.Helper()
	env := map[string]string{"HOME": w.home}
	o := app.Options{Dir: w.Dir, Now: w.Now, Scheduler: w.Scheduler, CacheDir: filepath.Join(w.home, "cache"), Binary: "/usr/bin/shardeck",
		Env: func(name string) string { return env[name] }}
	for _, option := range options {
		option(&o)
	}
	l, err := app.Open(o)
	if err != nil {
		w.T.Fatal(err)
	}
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

// Write makes a file of the workspace, or replaces it.
func (w *Workspace) Write(path, text string) {
	w.T.Helper()
	w.mkdir(filepath.Dir(w.Path(path)))
	if err := os.WriteFile(w.Path(path), []byte(text), 0o644); err != nil {
		w.T.Fatal(err)
	}
}

// Read is the text of a file.
func (w *Workspace) Read(path string) string {
	w.T.Helper()
	text, err := os.ReadFile(w.Path(path))
	if err != nil {
		w.T.Fatal(err)
	}
	return string(text)
}

// Replace changes a part of a file.
func (w *Workspace) Replace(path, old, new string) {
	w.T.Helper()
	text := w.Read(path)
	if !strings.Contains(text, old) {
		w.T.Fatalf("no %q in %s:\n%s", old, path, text)
	}
	w.Write(path, strings.Replace(text, old, new, 1))
}

// Config is the file of an experiment.
func (w *Workspace) Config(id string) string {
	w.T.Helper()
	found, err := filepath.Glob(w.Path("experiments/configs/" + id + "_*.yaml"))
	if err != nil || len(found) != 1 {
		w.T.Fatalf("configs of %s: %v, %v", id, found, err)
	}
	return strings.TrimPrefix(found[0], w.Dir+"/")
}

// Remove takes files and folders away.
func (w *Workspace) Remove(paths ...string) {
	w.T.Helper()
	for _, path := range paths {
		if err := os.RemoveAll(w.Path(path)); err != nil {
			w.T.Fatal(err)
		}
	}
}

// Move gives a file or a folder another path.
func (w *Workspace) Move(from, to string) {
	w.T.Helper()
	if err := os.Rename(w.Path(from), w.Path(to)); err != nil {
		w.T.Fatal(err)
	}
}

// Cut damages a file: it ends after so many bytes.
func (w *Workspace) Cut(path string, bytes int) {
	w.T.Helper()
	w.Write(path, w.Read(path)[:bytes])
}

// Forget empties the cache of results of a kind, also of those in memory.
func (w *Workspace) Forget(what string) {
	w.T.Helper()
	entries, err := filepath.Glob(filepath.Join(w.home, "cache", "*.json"))
	if err != nil || len(entries) == 0 {
		w.T.Fatalf("nothing is cached: %v", err)
	}
	for _, path := range entries {
		if text, err := os.ReadFile(path); err == nil && strings.Contains(string(text), `"what":"`+what+`"`) {
			w.Remove(path)
		}
	}
	w.Reopen()
}

// Budget lets a login node of the site read so many bytes of traces.
func (w *Workspace) Budget(bytes int) {
	w.T.Helper()
	site, err := templates.FS.ReadFile("sites/perlmutter.yaml")
	if err != nil {
		w.T.Fatal(err)
	}
	w.Write("sites/perlmutter.yaml", regexp.MustCompile(`trace_bytes: \d+`).ReplaceAllString(string(site), fmt.Sprint("trace_bytes: ", bytes)))
	w.Reopen()
}

// Lock takes the right to write a file away.
func (w *Workspace) Lock(path string) {
	w.T.Helper()
	if err := os.Chmod(w.Path(path), 0o444); err != nil {
		w.T.Fatal(err)
	}
}

// Block makes a path useless whatever the rights of who runs the test: what was a folder
// is a file, what was a file, or nothing, a folder.
func (w *Workspace) Block(path string) {
	w.T.Helper()
	info, err := os.Stat(w.Path(path))
	w.Remove(path)
	if err == nil && info.IsDir() {
		w.Write(path, "no folder\n")
		return
	}
	w.mkdir(w.Path(path + "/in/the/way"))
}

// Path is that of a file of the workspace.
func (w *Workspace) Path(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(w.Dir, path)
}

func (w *Workspace) mkdir(path string) {
	w.T.Helper()
	if err := os.MkdirAll(path, 0o755); err != nil {
		w.T.Fatal(err)
	}
}

// age makes the files of a folder so old.
func (w *Workspace) age(dir string, age time.Duration) {
	w.T.Helper()
	entries, err := os.ReadDir(w.Path(dir))
	if err != nil {
		w.T.Fatal(err)
	}
	for _, e := range entries {
		if err := os.Chtimes(filepath.Join(w.Path(dir), e.Name()), Now, Now.Add(-age)); err != nil {
			w.T.Fatal(err)
		}
	}
}

// Digest is what the files of the workspace hold, by path.
func (w *Workspace) Digest() map[string]string {
	w.T.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(w.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, w.Dir+"/")] = fmt.Sprintf("%x", sha256.Sum256(text))
		return err
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return all
}

// Changed are the files that are not as in a digest: new, different or gone.
func (w *Workspace) Changed(before map[string]string) []string {
	w.T.Helper()
	now := w.Digest()
	var changed []string
	for path := range now {
		if now[path] != before[path] {
			changed = append(changed, path)
		}
	}
	for path := range before {
		if now[path] == "" {
			changed = append(changed, path)
		}
	}
	slices.Sort(changed)
	return changed
}

// Analysis is a run as read now.
func (w *Workspace) Analysis(run string) *metric.Analysis {
	w.T.Helper()
	a, err := w.Analyse(w.T.Context(), run, pool.Wanted, nil)
	if err != nil {
		w.T.Fatal(err)
	}
	return a
}

// Rows are the experiments as read now.
func (w *Workspace) Rows() []board.Row {
	w.T.Helper()
	rows, err := w.Board(w.T.Context())
	if err != nil {
		w.T.Fatal(err)
	}
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
