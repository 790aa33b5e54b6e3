package traces

import (
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
	"shardeck/ui/theme"
)

func (p *Pane) setPart(i int) {
	p.part = (i + len(parts)) % len(parts)
	p.SetFocus(p.focused)
}

func (p *Pane) nextPart() tea.Cmd   { p.setPart(p.part + 1); return nil }
func (p *Pane) partBefore() tea.Cmd { p.setPart(p.part - 1); return nil }

// bins is how many the timeline has.
func (p *Pane) bins() int {
	if d := p.density(); d != nil {
		return len(d.Compute)
	}
	return 0
}

func (p *Pane) closer() tea.Cmd   { p.view = p.view.zoom(p.bins(), true); return nil }
func (p *Pane) wider() tea.Cmd    { p.view = p.view.zoom(p.bins(), false); return nil }
func (p *Pane) panLeft() tea.Cmd  { p.view = p.view.pan(p.bins(), -1); return nil }
func (p *Pane) panRight() tea.Cmd { p.view = p.view.pan(p.bins(), 1); return nil }

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
	text := p.under()
	if text == "" {
		text = "shardeck trace " + p.run
	}
	return pane.Send(pane.CopyMsg{Text: text})
}

// back is one step: reading ends, then the filter goes, then the zoom.
func (p *Pane) back() tea.Cmd {
	switch {
	case p.reader.Busy():
		p.reader.Stop()
		p.demand = false
		return pane.Send(pane.Note{Text: "stopped reading " + p.run + "; ↵ starts again", Tone: theme.Plain})
	case !p.filter.Empty():
		p.setFilter("")
	default:
		p.view = whole
	}
	return nil
}
