package metrics

import (
	"context"
	"maps"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/metric"
	"shardeck/ui/pane"
)

// timings are the runs without traces, read or not.
type timings struct {
	analyses map[string]*metric.Analysis
	problems map[string]error
}

// gotBoard takes the analyses that the board has; they are made without reading a
// trace, so what is known in full already stays.
func (p *Pane) gotBoard(rows []board.Row) tea.Cmd {
	for _, r := range rows {
		if r.Run != nil && r.Analysis != nil {
			p.keep(r.Run.Name, r.Analysis)
		}
	}
	p.fill()
	return p.load()
}

// keep takes an analysis unless a fuller one of the same run is there.
func (p *Pane) keep(run string, a *metric.Analysis) {
	if p.read[run] && a.Trace == nil {
		return
	}
	p.analyses[run] = a
	p.read[run] = a.Trace != nil
}

// got takes an analysis that was made in full.
func (p *Pane) got(a *metric.Analysis) {
	p.analyses[a.Run], p.read[a.Run] = a, true
	delete(p.problems, a.Run)
	if p.detail != nil && p.detail.run == a.Run {
		p.detail.show(p.env.Theme, a, p.metrics())
	}
}

func (p *Pane) gotRuns(runs []model.Run, err error) tea.Cmd {
	p.err, p.loaded = err, true
	if err != nil {
		return pane.Fail(err)
	}
	p.forget(runs)
	same := slices.EqualFunc(p.runs, runs, sameRun)
	p.runs = runs
	p.fill()
	if p.goTo(p.kept) {
		p.kept, p.settled = "", ""
	}
	cmds := []tea.Cmd{p.readTimings(), p.readWanted()}
	if !same || p.diffs == nil {
		cmds = append(cmds, p.test())
	}
	return tea.Batch(cmds...)
}

// forget drops what was known of runs whose files have changed since.
func (p *Pane) forget(now []model.Run) {
	times := map[string]time.Time{}
	for _, r := range now {
		times[r.Name] = r.Time
	}
	for _, r := range p.runs {
		if t, there := times[r.Name]; !there || !t.Equal(r.Time) {
			delete(p.analyses, r.Name)
			delete(p.read, r.Name)
			delete(p.problems, r.Name)
			p.ties, p.asked = nil, nil // its samples are others
		}
	}
}

// readTimings asks for the runs without traces, of which the board knows nothing:
// their few small files cost nobody anything.
func (p *Pane) readTimings() tea.Cmd {
	var names []string
	for _, r := range p.runs {
		if p.analyses[r.Name] == nil && p.problems[r.Name] == nil && len(r.Files) > 0 && traceBytes(r) == 0 {
			names = append(names, r.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return p.quick.Start(p.env.Ctx, func(ctx context.Context) (timings, error) {
		found := timings{map[string]*metric.Analysis{}, map[string]error{}}
		for _, name := range names {
			a, err := p.env.Lab.Analyse(ctx, name, pool.Background, nil)
			switch {
			case ctx.Err() != nil:
				return found, ctx.Err()
			case err != nil:
				found.problems[name] = err
			default:
				found.analyses[name] = a
			}
		}
		return found, nil
	}, then(p, p.gotTimings))
}

func (p *Pane) gotTimings(found timings, _ error) tea.Cmd {
	maps.Copy(p.analyses, found.analyses)
	maps.Copy(p.problems, found.problems)
	for name := range found.analyses {
		p.read[name] = true
	}
	p.fill()
	return nil
}

// traceBytes is the size of a run's traces on disk.
func traceBytes(r model.Run) (sum int64) {
	for _, f := range r.Files {
		if f.Kind == model.FileKineto {
			sum += f.Size
		}
	}
	return sum
}
