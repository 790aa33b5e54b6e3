package metrics

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
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
	quick     pane.Task[*known]
}

// newReadings makes one that reads nothing yet; changed is told when more is known.
func newReadings(env env, k *known, changed func() tea.Cmd) *readings {
	r := &readings{env: env, known: k, changed: changed}
	r.look = pane.NewReader(env.Env, env.Backend, func(err error) tea.Cmd { return r.failed(r.look.Run, err) })
	r.all = pane.NewReader(env.Env, env.Backend, func(err error) tea.Cmd { return tea.Batch(r.failed(r.all.Run, err), r.next()) })
	return r
}

// failed keeps why a run cannot be read, and says it.
func (r *readings) failed(run string, err error) tea.Cmd {
	if err == nil {
		return nil
	}
	r.known.problems[run] = err
	return tea.Batch(r.changed(), pane.Fail(err))
}

// current has the run under the cursor read, as read does.
func (r *readings) current(l *list.List[model.Run], urgency pool.Priority) tea.Cmd {
	run, ok := l.Current()
	if !ok {
		return nil
	}
	return r.read(run, urgency)
}

// read has a run read unless that was done, is under way or cannot be. Only a key asks
// again for what could not be read, and is told why more than a login node should read is not.
func (r *readings) read(run model.Run, urgency pool.Priority) tea.Cmd {
	unasked := urgency < pool.Wanted && (r.known.problems[run.Name] != nil || !r.look.Modest(run.TraceBytes()))
	if r.known.full[run.Name] || unasked || r.look.Busy() && r.look.Run == run.Name {
		return nil
	}
	return r.look.Start(run.Name, urgency)
}

// readAll has runs read in the background.
func (r *readings) readAll(names []string) tea.Cmd {
	r.queue, r.total = names, len(names)
	return r.next()
}

// next reads the next run of the queue.
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

// timings reads the runs without traces, of which the board knows nothing: their few
// small files cost nobody anything.
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
	return r.quick.Start(r.env.Ctx, func(ctx context.Context) (*known, error) {
		found := newKnown()
		for _, name := range names {
			var a *metric.Analysis
			a, found.problems[name] = r.env.Analyse(ctx, name, pool.Background, nil)
			if ctx.Err() != nil {
				return newKnown(), ctx.Err()
			}
			found.analyses[name] = a
		}
		return found, nil
	}, func(found *known, _ error) tea.Cmd {
		for name, a := range found.analyses {
			if err := found.problems[name]; err != nil {
				r.known.problems[name] = err
				continue
			}
			r.known.set(name, a)
		}
		return r.changed()
	})
}
