package metrics

import (
	"cmp"
	"context"
	"maps"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
)

// restTime is how long the cursor stays on a run before its traces are read.
const restTime = 300 * time.Millisecond

// readings has runs read: the one under the cursor, and in the background all others one
// after the other, so that whatever is asked for in between comes first.
type readings struct {
	env       env
	known     *known
	changed   func() tea.Cmd
	look, all *pane.Reader
	queue     []string // runs that all has still to read
	total     int      // runs it was given
	quick     pane.Task[known]
}

// newReadings makes one that reads nothing yet; changed is told when more is known.
func newReadings(env env, k *known, changed func() tea.Cmd) *readings {
	r := &readings{env: env, known: k, changed: changed}
	r.look = pane.NewReader(env.Env, env.Backend, func(err error) tea.Cmd { return r.failed(r.look.Run, err) })
	r.all = pane.NewReader(env.Env, env.Backend, func(err error) tea.Cmd { return tea.Batch(r.failed(r.all.Run, err), r.next()) })
	return r
}

// progress is how far a reading is; empty: none goes on.
func (r *readings) progress() string {
	switch {
	case r.look.Busy():
		return r.look.Words()
	case r.all.Busy():
		return unit.Int(r.total-len(r.queue)) + " of " + unit.Int(r.total) + " · " + r.all.Words()
	}
	return ""
}

func (r *readings) failed(run string, err error) tea.Cmd {
	if err == nil {
		return nil
	}
	r.known.problems[run] = err
	return tea.Batch(r.changed(), pane.Fail(err))
}

// current has the run under the cursor read unless that was done, is under way or cannot be. Only a key asks again for what
// could not be read, and is told why more than a login node should read is not.
func (r *readings) current(l *list.List[model.Run], urgency pool.Priority) tea.Cmd {
	run, ok := l.Current()
	unasked := urgency < pool.Wanted && (r.known.problems[run.Name] != nil || !r.look.Modest(run.TraceBytes()))
	if !ok || r.known.full[run.Name] || unasked || r.look.Busy() && r.look.Run == run.Name {
		return nil
	}
	return r.look.Start(run.Name, urgency)
}

func (r *readings) readAll(names []string) tea.Cmd {
	r.queue, r.total = names, len(names)
	return r.next()
}

func (r *readings) next() tea.Cmd {
	for len(r.queue) > 0 {
		run := r.queue[0]
		r.queue = r.queue[1:]
		if !r.known.full[run] {
			return r.all.Start(run, pool.Background)
		}
	}
	if r.total == 0 {
		return nil
	}
	n := r.total
	r.total = 0
	return pane.Send(pane.Note{Text: unit.Plural(n, "run") + " read", Tone: theme.Good})
}

func (r *readings) busy() bool { return r.look.Busy() || r.all.Busy() }

func (r *readings) stop() tea.Cmd {
	r.look.Stop()
	r.all.Stop()
	r.queue, r.total = nil, 0
	return pane.Send(pane.Note{Text: "stopped reading; what was read stays", Tone: theme.Plain})
}

// of is the reader that has a run in hand; nil: none.
func (r *readings) of(run string) *pane.Reader {
	for _, reader := range []*pane.Reader{r.look, r.all} {
		if reader.Busy() && reader.Run == run {
			return reader
		}
	}
	return nil
}

// timings reads the runs without traces, of which the board knows nothing: their few small files cost nobody anything.
func (r *readings) timings(runs []model.Run) tea.Cmd {
	var names []string
	for _, run := range runs {
		if r.known.analyses[run.Name] == nil && r.known.problems[run.Name] == nil && len(run.Files) > 0 && run.TraceBytes() == 0 {
			names = append(names, run.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return r.quick.Start(r.env.Ctx, func(ctx context.Context) (known, error) {
		found := newKnown()
		for _, name := range names {
			a, err := r.env.Analyse(ctx, name, pool.Background, nil)
			switch {
			case ctx.Err() != nil:
				return known{}, ctx.Err()
			case err != nil:
				found.problems[name] = err
			default:
				found.set(name, a)
			}
		}
		return *found, nil
	}, func(found known, _ error) tea.Cmd {
		maps.Copy(r.known.analyses, found.analyses)
		maps.Copy(r.known.full, found.full)
		maps.Copy(r.known.problems, found.problems)
		return r.changed()
	})
}

// known is what was found out about the runs, by name.
type known struct {
	analyses map[string]*metric.Analysis
	full     map[string]bool // traces and all
	problems map[string]error
}

func newKnown() *known {
	return &known{map[string]*metric.Analysis{}, map[string]bool{}, map[string]error{}}
}

// addBoard takes the analyses that the board has, but where a fuller one is there: they are made without reading a trace.
func (k *known) addBoard(rows []board.Row) {
	for _, r := range rows {
		if a := r.Analysis; r.Run != nil && a != nil && (!k.full[r.Run.Name] || a.Trace != nil) {
			k.analyses[r.Run.Name], k.full[r.Run.Name] = a, a.Trace != nil
		}
	}
}

func (k *known) set(run string, a *metric.Analysis) {
	k.analyses[run], k.full[run] = a, true
	delete(k.problems, run)
}

// sameRun reports whether a run's files are as they were.
func sameRun(a, b model.Run) bool { return a.Name == b.Name && a.Time.Equal(b.Time) }

// forget drops what was known of runs whose files have changed since, and says whether there were any.
func (k *known) forget(before, now []model.Run) (any bool) {
	times := map[string]time.Time{}
	for _, r := range now {
		times[r.Name] = r.Time
	}
	for _, r := range before {
		if t, there := times[r.Name]; !there || !t.Equal(r.Time) {
			delete(k.analyses, r.Name)
			delete(k.full, r.Name)
			delete(k.problems, r.Name)
			any = true
		}
	}
	return any
}

func (k *known) unread(runs []model.Run) []string {
	var names []string
	for _, r := range runs {
		if !k.full[r.Name] && k.problems[r.Name] == nil {
			names = append(names, r.Name)
		}
	}
	return names
}

func (k *known) unreadWords(r model.Run) string {
	if bytes := r.TraceBytes(); bytes > 0 {
		return "traces of " + unit.FileSize(bytes) + " not read yet: ↵ reads them, a reads all"
	}
	return "not read yet: ↵ reads it, a reads all"
}

// measured is a run with what is known of it.
func (k *known) measured(r model.Run) scaling.Measured {
	a := k.analyses[r.Name]
	return scaling.Measured{Run: r, Analysis: a, GPU: cmp.Or(a.Device(), r.GPU)}
}
