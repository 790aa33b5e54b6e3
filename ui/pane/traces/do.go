package traces

import (
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
)

// lateCall is the call under the cursor where the late calls have it; nil: none.
func (p *Pane) lateCall() *metric.LateCall {
	if _, id, ok := p.sheet.current(); ok && p.trace() != nil && p.sheet.at == present.LateCalls {
		return &p.trace().Lateness.Worst[id]
	}
	return nil
}

// enter shows a late call in the timeline, or all of a kernel; else it reads the run.
func (p *Pane) enter() tea.Cmd {
	if c := p.lateCall(); c != nil {
		p.toCall(c)
		return p.needFine()
	}
	if k := p.kernel(); k != nil {
		p.showKernel(k)
		return nil
	}
	return p.read()
}

// order orders the part with the cursor, which goes to the first row.
func (p *Pane) order() tea.Cmd {
	p.onSheet().order(p.width)
	p.onSheet().table().Cursor = 0
	return nil
}

// turn goes to another part.
func (p *Pane) turn(by int) tea.Cmd {
	p.onSheet().turn(by)
	p.SetFocus(p.focused)
	return nil
}

func (p *Pane) nextPart() tea.Cmd   { return p.turn(1) }
func (p *Pane) partBefore() tea.Cmd { return p.turn(-1) }

// bins is how many the timeline has.
func (p *Pane) bins() int {
	if d := p.density(); d != nil {
		return len(d.Compute)
	}
	return 0
}

// look shows another part of the timeline; the call that was shown is no longer sought.
func (p *Pane) look(at span) tea.Cmd {
	p.view, p.sought = at, nil
	return nil
}

func (p *Pane) wider() tea.Cmd    { return p.look(p.view.zoom(p.bins(), false)) }
func (p *Pane) panLeft() tea.Cmd  { return p.look(p.view.pan(p.bins(), -1)) }
func (p *Pane) panRight() tea.Cmd { return p.look(p.view.pan(p.bins(), 1)) }

// closer zooms in, and has the fine timelines brought; where they show no more, the kernels.
func (p *Pane) closer() tea.Cmd {
	if p.closest() {
		return p.listKernels()
	}
	p.look(p.view.zoom(p.bins(), true))
	return p.needFine()
}

// otherRank chooses the rank whose timeline is drawn.
func (p *Pane) otherRank(next bool) {
	t := p.trace()
	if t == nil || len(t.Timeline) == 0 {
		return
	}
	step := -1
	if next {
		step = 1
	}
	p.rank = (p.rank + step + len(t.Timeline)) % len(t.Timeline)
}

func (p *Pane) rankBefore() tea.Cmd { p.otherRank(false); return nil }
func (p *Pane) rankAfter() tea.Cmd  { p.otherRank(true); return nil }
func (p *Pane) runAfter() tea.Cmd   { return p.otherRun(true) }
func (p *Pane) runBefore() tea.Cmd  { return p.otherRun(false) }

// otherRun shows the next run of the board; its traces are read unless they are too many.
func (p *Pane) otherRun(next bool) tea.Cmd {
	if len(p.runs) == 0 {
		return pane.Warn("the board has no runs")
	}
	step := len(p.runs) - 1
	if next {
		step = 1
	}
	p.show(p.runs[(max(p.at(), 0)+step)%len(p.runs)])
	p.demand = true
	return p.readModest()
}

func (p *Pane) metrics() tea.Cmd {
	return pane.Send(pane.OpenMsg{To: pane.Metrics, Run: p.run})
}

func (p *Pane) copyText() tea.Cmd {
	text := ""
	if p.diff != nil {
		return pane.Send(pane.CopyMsg{Text: "shardeck trace " + p.diff.runs[0] + " " + p.diff.runs[1]})
	}
	if r, _, ok := p.sheet.current(); ok && p.sheet.name() == "kernels" {
		text = r.Full
	}
	if text == "" {
		text = "shardeck trace " + p.run
	}
	return pane.Send(pane.CopyMsg{Text: text})
}

// inFull shows the message, and every warning of what is on the screen.
func (p *Pane) inFull() tea.Cmd {
	title, texts := p.run, []string{p.Message().Text}
	switch {
	case p.diff != nil && p.diff.found != nil:
		title = p.diff.runs[0] + " → " + p.diff.runs[1]
		texts = append([]string{present.TraceChange(p.diff.found.TraceDiff)}, p.diff.remarks()...)
	case p.diff == nil && p.analysis != nil:
		texts = append(texts, present.StragglerSentence(p.analysis.Metric("straggler")))
		texts = append(texts, p.analysis.Warnings...)
	}
	p.popup = pane.InFull(title, p.width, texts...)
	return nil
}

// back is one step: reading ends, then the filter goes, then the zoom.
func (p *Pane) back() tea.Cmd {
	switch {
	case p.spans.Busy():
		p.spans.Stop()
	case p.reader.Busy():
		p.reader.Stop()
		p.demand = false
		return pane.Send(pane.Note{Text: "stopped reading " + p.run + "; ↵ starts again", Tone: theme.Plain})
	case !p.sheet.filters[p.sheet.at].Empty():
		p.setFilter("")
	default:
		p.look(whole)
	}
	return nil
}

// swap makes the other run the base.
func (p *Pane) swap() tea.Cmd { return p.start([2]string{p.diff.runs[1], p.diff.runs[0]}) }

// leaveDiff is one step: reading ends and with it the comparison; else the filter goes,
// then the comparison.
func (p *Pane) leaveDiff() tea.Cmd {
	if s := p.diff.sheet; !s.filters[s.at].Empty() {
		p.setFilter("")
		return nil
	}
	p.diff.work.Stop()
	p.diff = nil
	p.SetFocus(p.focused)
	return p.readModest() // a comparison that another pane asked for came before the run itself
}

// leavePick drops the filter, then the list.
func (p *Pane) leavePick() tea.Cmd {
	if s := p.pick.sheet; !s.filters[s.at].Empty() {
		p.setFilter("")
		return nil
	}
	p.list.Stop()
	p.pick = nil
	p.SetFocus(p.focused)
	return nil
}
