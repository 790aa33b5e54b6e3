package traces

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/ui/pane"
	"shardeck/ui/pane/reading"
)

// runRef is a run that can be gone to.
type runRef struct {
	name     string
	bytes    int64
	analysis *metric.Analysis // in full, as the board found it; nil: not read
}

// gotBoard takes the runs there are; the first one is shown while nothing else was
// asked for. A run whose files changed is to be read again.
func (p *Pane) gotBoard(rows []board.Row) tea.Cmd {
	known := p.runs
	p.runs = nil
	for _, r := range rows {
		if r.Run == nil {
			continue
		}
		ref := runRef{name: r.Run.Name, bytes: traceBytes(*r.Run), analysis: r.Analysis}
		if ref.analysis != nil && ref.analysis.Trace == nil && ref.bytes > 0 {
			ref.analysis = nil
		}
		if old := slices.IndexFunc(known, func(k runRef) bool { return k.name == ref.name && k.bytes == ref.bytes }); old >= 0 && ref.analysis == nil {
			ref.analysis = known[old].analysis
		}
		p.runs = append(p.runs, ref)
	}
	switch i := p.at(); {
	case p.run == "" && len(p.runs) > 0:
		p.show(p.runs[max(slices.IndexFunc(p.runs, func(r runRef) bool { return r.name == p.kept }), 0)])
	case i >= 0 && (p.analysis == nil || p.runs[i].bytes != p.bytes):
		p.show(p.runs[i])
	}
	return p.readModest()
}

func traceBytes(r model.Run) (sum int64) {
	for _, f := range r.Files {
		if f.Kind == model.FileKineto {
			sum += f.Size
		}
	}
	return sum
}

// at is the place of the run shown among those of the board; -1: it is not there.
func (p *Pane) at() int {
	return slices.IndexFunc(p.runs, func(r runRef) bool { return r.name == p.run })
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
		return p.compare(msg.Base)
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

// readModest reads what the user came to see, unless it is more than a login node should.
func (p *Pane) readModest() tea.Cmd {
	if !p.demand || !p.focused || p.err != nil || !reading.Modest(p.env.Lab, p.bytes) {
		return nil
	}
	return p.read()
}

func (p *Pane) goTo(run string) {
	if run == p.run {
		return
	}
	ref := runRef{name: run}
	if i := slices.IndexFunc(p.runs, func(r runRef) bool { return r.name == run }); i >= 0 {
		ref = p.runs[i]
	}
	p.show(ref)
}

// show takes another run; what belonged to the one before goes.
func (p *Pane) show(ref runRef) {
	if ref.name != p.run {
		p.reader.Stop()
		p.forgetOther()
		p.view, p.rank = whole, 0
	}
	if ref.name != p.run || ref.analysis != p.analysis {
		p.forgetFine()
	}
	p.run, p.bytes, p.analysis, p.err = ref.name, ref.bytes, ref.analysis, nil
	p.sheet.set(present.Trace(p.analysis))
}

// forgetFine drops the fine timelines of an analysis that is no longer shown, and what was
// seen of them.
func (p *Pane) forgetFine() {
	p.finer.Stop()
	if p.fine != nil {
		p.view = whole
	}
	p.fine, p.sought = nil, nil
}

// forgetOther ends a comparison and the choice of one: they belong to the run before.
func (p *Pane) forgetOther() {
	if p.diff != nil {
		p.diff.work.Stop()
	}
	p.list.Stop()
	p.spans.Stop()
	p.diff, p.pick, p.typing, p.popup = nil, nil, nil, nil
}

// analysed takes the analysis of the run shown, whoever asked for it.
func (p *Pane) analysed(a *metric.Analysis) {
	for i := range p.runs {
		if p.runs[i].name == a.Run {
			p.runs[i].analysis = a
		}
	}
	if a.Run == p.run {
		if a != p.analysis {
			p.forgetFine()
		}
		p.analysis, p.err = a, nil
		p.sheet.set(present.Trace(p.analysis))
	}
}

// read has the run shown read, unless it is or is being.
func (p *Pane) read() tea.Cmd {
	if p.run == "" || p.analysis != nil || p.reader.Busy() && p.reader.Run() == p.run {
		return nil
	}
	p.err = nil
	return p.reader.Start(p.run, pool.Wanted)
}
