package metrics

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/pane/reading"
	"shardeck/ui/theme"
)

// restTime is how long the cursor stays on a run before its traces are read.
const restTime = 300 * time.Millisecond

// moved starts the wait after which the run under the cursor is read.
func (p *Pane) moved() tea.Cmd {
	return p.rest.Start(p.env.Env, restTime, func() tea.Cmd {
		p.settled = p.currentName()
		if !p.focused {
			return nil
		}
		return p.following(p.readCurrent(pool.Visible))
	})
}

// readCurrent reads the run under the cursor unless that was done, is under way or
// cannot be.
func (p *Pane) readCurrent(urgency pool.Priority) tea.Cmd {
	r, ok := p.current()
	switch {
	case !ok || p.read[r.Name]:
		return nil
	case urgency < pool.Wanted && (p.problems[r.Name] != nil || !reading.Modest(p.env.Lab, traceBytes(r))):
		return nil // only a key asks again, or for so much
	case p.look.Busy() && p.look.Run() == r.Name:
		return nil
	}
	return p.look.Start(r.Name, urgency)
}

// next reads the next run of the queue.
func (p *Pane) next() tea.Cmd {
	for len(p.queue) > 0 {
		run := p.queue[0]
		p.queue = p.queue[1:]
		if !p.read[run] {
			return p.all.Start(run, pool.Background)
		}
	}
	if p.total == 0 {
		return nil
	}
	n := p.total
	p.total = 0
	return pane.Send(pane.Note{Text: unit.Plural(n, "run") + " read", Tone: theme.Good})
}

func (p *Pane) busy() bool { return p.look.Busy() || p.all.Busy() }
