// Package traces is the pane of where the time of one run went: the split of the window rank by rank (view.go), the density of
// the work over the window (timeline.go), and below them tables of kernels, collectives, late calls, ranks and classes
// (sheet.go). It also sets two runs side by side (compare.go). The pool reads the traces; the pane shows its progress and,
// afterwards, the summary that it made.
package traces

import (
	"cmp"
	"context"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/compare"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/timeline"
	"shardeck/model/xray"
	"shardeck/ui/pane"
)

// Backend is what the pane of traces asks of the use cases.
type Backend interface {
	pane.Analyser
	pane.Finder

	// Runs lists trace directories, newest first.
	Runs(ctx context.Context) ([]model.Run, error)
	// Lanes is the timeline of a run, kernel by kernel; where that is too much for memory, of a part.
	Lanes(ctx context.Context, run string, part timeline.View, progress pool.Progress) (*timeline.Run, error)
	// XRay takes the steps of a run apart into operators.
	XRay(ctx context.Context, run string, progress pool.Progress) (xray.Report, error)
	// CompareTraces sets the traces of two runs side by side; the first is the base.
	CompareTraces(ctx context.Context, base, other string, progress pool.Progress) (compare.TraceComparison, error)
}

type env struct {
	pane.Env
	Backend
}

// Pane is the traces pane.
type Pane struct {
	pane.Base
	env     env
	focused bool

	runs     boardRuns        // to go through with n
	run      string           // shown
	bytes    int64            // of its traces on disk; 0: not known
	analysis *metric.Analysis // nil: not read
	err      error            // why it cannot be read
	kept     string           // run to show when the board first lists it
	followed string           // run of the experiment that was last selected
	gone     bool             // it was on the board, and is no longer
	demand   bool             // the user came to see traces, and did not stop the reading

	sheet    *sheet
	timeline *lanes
	reader   *pane.Reader
	opener   pane.Opener
	listing  pane.Task[[]model.Run]
	pick     *picker     // of the run to compare with; nil: none is being chosen
	diff     *comparison // nil: one run is shown
}

// New makes the pane.
func New(e pane.Env, b Backend) *Pane {
	p := &Pane{env: env{e, b}, sheet: newSheet(e, present.Trace(nil))}
	p.sheet.lead = "timeline"
	p.timeline = &lanes{env: p.env, dialog: &p.Dialog}
	p.reader = pane.NewReader(e, b, p.readerEnded)
	p.opener = pane.Opener{Env: e, By: b, Dialog: &p.Dialog, To: pane.Traces}
	p.SetFocus(true)
	return p
}

// Init waits for a run to be named.
func (p *Pane) Init() tea.Cmd { return nil }

// SetFocus brightens the cursor, in the table that has it. Who leaves gives the memory of kernels back.
func (p *Pane) SetFocus(on bool) {
	if p.focused && !on {
		p.lanes().release()
		p.lanes().away = true // what is drawn stays
	}
	if p.focused = on; on {
		p.lanes().away = false
	}
	p.onSheet().setFocus(on)
}

func (p *Pane) onSheet() *sheet {
	switch {
	case p.pick != nil:
		return p.pick.sheet
	case p.diff != nil:
		return p.diff.sheet
	}
	return p.sheet
}

// lanes is the timeline that keys are of.
func (p *Pane) lanes() *lanes {
	if p.diff != nil {
		return p.diff.timeline
	}
	return p.timeline
}

// move goes along what has the cursor.
func (p *Pane) move(key string) (tea.Cmd, bool) {
	if s := p.onSheet(); !s.ahead {
		return s.list().Move(key)
	}
	return p.lanes().move(key)
}

// Update takes a message.
func (p *Pane) Update(msg tea.Msg) (pane.Pane, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return p, pane.Press(p, &p.Base, keysOf(p), p.move, msg)
	case pane.ClickMsg:
		if s := p.onSheet(); s.ahead && msg.Line == 0 {
			if n, ok := s.choice(frame{focused: p.focused}).Pointed(msg.X); ok {
				s.pick(n)
			}
		} else {
			s.clicked(msg, p.Height)
		}
		p.SetFocus(p.focused)
	case pane.BoardMsg:
		was := p.runs.at(p.run) >= 0
		p.runs = p.runs.with(msg.Rows)
		p.gone = (was || p.gone) && p.runs.at(p.run) < 0
		showBoard(p)
		return p, p.readModest()
	case pane.OpenMsg:
		return p, p.open(msg)
	case pane.SelectMsg:
		return p, p.follow(msg)
	case pane.AnalysedMsg:
		p.runs.analysed(msg.Analysis)
		if msg.Analysis.Run == p.run {
			p.show(boardRun{p.run, p.bytes, msg.Analysis})
		}
	}
	return p, nil
}

// showBoard shows the first run while nothing else was asked for, and anew one whose files have changed.
func showBoard(p *Pane) {
	switch i := p.runs.at(p.run); {
	case p.run == "" && len(p.runs) > 0:
		p.show(p.runs[max(p.runs.at(p.kept), 0)])
	case i >= 0 && (p.analysis == nil || p.runs[i].bytes != p.bytes):
		p.show(p.runs[i])
	}
}

// open shows a run, and reads it when this is where it was to be opened.
func (p *Pane) open(msg pane.OpenMsg) tea.Cmd {
	if msg.Run == "" {
		return nil
	}
	p.goTo(msg.Run)
	if msg.To != pane.Traces {
		return nil
	}
	p.forgetOther()
	p.SetFocus(p.focused)
	p.demand = true
	if msg.Base != "" && msg.Base != msg.Run {
		return p.compare([2]string{msg.Base, msg.Run})
	}
	return p.readModest()
}

// follow shows the run of the experiment that another pane is at, or that was selected
// when this pane was entered; coming back leaves it at the run that n went to.
func (p *Pane) follow(msg pane.SelectMsg) tea.Cmd {
	entered := msg.Entered == pane.Traces
	if !msg.Reaches(pane.Traces, p.focused) || (p.reader.Busy() || p.diff != nil) && !entered {
		return nil
	}
	run := msg.Run()
	if run != "" && run != p.followed {
		p.followed = run
		p.goTo(run)
	}
	if !entered {
		return nil
	}
	p.demand = true
	if run == "" && p.run != "" {
		return tea.Batch(pane.Say(msg.Row.Experiment.ID+" has no run yet: these are the traces of "+p.run), p.readModest())
	}
	return p.readModest()
}

func (p *Pane) goTo(run string) {
	if run == p.run {
		return
	}
	found := boardRun{name: run}
	if i := p.runs.at(run); i >= 0 {
		found = p.runs[i]
	}
	p.show(found)
}

// show takes another run, or another analysis of the same; what belonged to the one before goes.
func (p *Pane) show(r boardRun) {
	if r.name != p.run {
		p.gone = false
		p.reader.Stop()
		p.forgetOther()
	}
	p.timeline.show(r.name, r.analysis)
	p.run, p.bytes, p.analysis, p.err = r.name, r.bytes, r.analysis, nil
	p.sheet.set(present.Trace(p.analysis))
}

// forgetOther ends a comparison and the choice of one: they belong to the run before.
func (p *Pane) forgetOther() {
	if p.diff != nil {
		p.diff.stop()
	}
	p.listing.Stop()
	p.timeline.release()
	p.timeline.xray.Stop()
	p.diff, p.pick = nil, nil
	p.Dialog.Close()
}

// readModest reads what the user came to see, unless it is more than a login node should; and the kernels again that were let go
// when the pane was left.
func (p *Pane) readModest() tea.Cmd {
	if p.focused && p.timeline.trace() != nil && (!p.timeline.isWhole() || p.sheet.ahead) {
		return p.timeline.need(nil)
	}
	if !p.demand || !p.focused || p.err != nil || !p.reader.Modest(p.bytes) {
		return nil
	}
	return p.read()
}

// read has the run shown read, unless it is or is being.
func (p *Pane) read() tea.Cmd {
	if p.run == "" || p.analysis != nil || p.reader.Busy() && p.reader.Run == p.run {
		return nil
	}
	p.err = nil
	return p.reader.Start(p.run, pool.Wanted)
}

func (p *Pane) readerEnded(err error) tea.Cmd {
	if err == nil || p.reader.Run != p.run {
		return nil
	}
	p.err = err
	return pane.Fail(err)
}

// Keep is what is found again at the next start.
func (p *Pane) Keep() map[string]string {
	return map[string]string{"run": cmp.Or(p.run, p.kept), "followed": p.followed, "part": p.sheet.name()}
}

// Restore takes what was kept; the run is shown as soon as the board lists it.
func (p *Pane) Restore(kept map[string]string) {
	p.kept, p.followed = kept["run"], kept["followed"]
	p.sheet.pick(max(slices.Index(p.sheet.choice(frame{}).Names, kept["part"]), 1))
	p.SetFocus(p.focused)
}

// boardRun is a run that can be gone to.
type boardRun struct {
	name     string
	bytes    int64            // of its traces
	analysis *metric.Analysis // in full; nil: not read
}

// boardRuns are the runs of the experiments, in their order, of each the newest first.
type boardRuns []boardRun

// with are the runs of a new board, of the superseded those with traces. A run whose files changed is to be read again.
func (b boardRuns) with(rows []board.Row) (now boardRuns) {
	for _, r := range rows {
		for _, run := range r.Runs() {
			next := boardRun{name: run.Name, bytes: run.TraceBytes()}
			newest := r.Run != nil && run.Name == r.Run.Name
			if newest && r.Analysis != nil && (r.Analysis.Trace != nil || next.bytes == 0) {
				next.analysis = r.Analysis
			} else if old := b.at(next.name); old >= 0 && b[old].bytes == next.bytes {
				next.analysis = b[old].analysis
			}
			if newest || next.bytes > 0 {
				now = append(now, next)
			}
		}
	}
	return now
}

// at is the place of a run; -1: it is not there.
func (b boardRuns) at(run string) int {
	return slices.IndexFunc(b, func(r boardRun) bool { return r.name == run })
}

func (b boardRuns) analysed(a *metric.Analysis) {
	if i := b.at(a.Run); i >= 0 {
		b[i].analysis = a
	}
}
