package metrics

import (
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model/metric"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// enter opens the run under the cursor, and reads it first if nobody has.
func (p *Pane) enter() tea.Cmd {
	name, metric := p.currentName(), p.metricName()
	cmd := p.readCurrent(pool.Wanted)
	a := p.analyses[name]
	if a == nil {
		return cmd
	}
	p.detail = &detail{run: name, table: widget.Table{Column: -1, Focused: p.focused}}
	p.detail.show(p.env.Theme, a, p.metrics())
	p.detail.goTo(metric)
	return cmd
}

// closeDetail goes back to the table, to the metric that was looked at.
func (p *Pane) closeDetail() tea.Cmd {
	if at := p.columnOf(p.detail.metric()); at > 0 {
		p.table.Column = at
	}
	p.detail = nil
	return nil
}

// metricName is the metric under the cursor; empty: none.
func (p *Pane) metricName() string {
	if p.detail != nil {
		return p.detail.metric()
	}
	return p.columnMetric(p.table.Column)
}

func (p *Pane) definition() (metric.Definition, bool) {
	return metric.Define(p.metricName())
}

// define shows the definition of the metric under the cursor.
func (p *Pane) define() tea.Cmd {
	d, _ := p.definition()
	unit := "unit: " + d.Unit
	switch d.Better {
	case metric.Lower:
		unit += ", lower is better"
	case metric.Higher:
		unit += ", higher is better"
	}
	body := append(widget.Wrap(d.Text, min(72, max(p.width-10, 20))), "", unit, "shardeck metric "+d.Name+" RUN   prints it")
	p.popup = &pane.Ask{Popup: widget.Show(d.Name, body)}
	return nil
}

func (p *Pane) nextView() tea.Cmd   { p.turn(1); return nil }
func (p *Pane) viewBefore() tea.Cmd { p.turn(-1); return nil }

// orderSplit orders the rows of a split view by the metric under the cursor: greatest
// first, least first, as they are.
func (p *Pane) orderSplit() tea.Cmd {
	d := p.detail
	d.sort = d.sort.Next(d.table.Column, true)
	if a := p.analyses[d.run]; a != nil {
		d.show(p.env.Theme, a, p.metrics())
	}
	return nil
}

// order goes from best first to worst first to the order of the runs.
func (p *Pane) order() tea.Cmd {
	d, _ := p.definition()
	p.sort = p.sort.Next(p.table.Column, d.Better != metric.Lower)
	p.fill()
	return nil
}

func (p *Pane) setBaseline() tea.Cmd {
	if name := p.currentName(); p.baseline == name {
		p.baseline = ""
	} else {
		p.baseline = name
	}
	return p.rebase()
}

// rebase shows the differences from another baseline, or from none.
func (p *Pane) rebase() tea.Cmd {
	p.diffs = nil
	cmd := p.test()
	p.fill()
	return cmd
}

// readAll reads what nobody has read, one run after the other, so that whatever is
// asked for in between comes first.
func (p *Pane) readAll() tea.Cmd {
	p.queue = p.unread()
	p.total = len(p.queue)
	return p.next()
}

func (p *Pane) traces() tea.Cmd {
	run := p.currentName()
	if p.detail != nil {
		run = p.detail.run
	}
	return pane.Send(pane.OpenMsg{To: pane.Traces, Run: run})
}

// inFull shows the message, and every warning of the run.
func (p *Pane) inFull() tea.Cmd {
	run := p.currentName()
	if p.detail != nil {
		run = p.detail.run
	}
	texts := []string{p.Message().Text}
	if a := p.analyses[run]; a != nil {
		texts = append(texts, a.Warnings...)
	}
	p.popup = pane.InFull(run, p.width, texts...)
	return nil
}

func (p *Pane) why() tea.Cmd {
	return pane.Send(pane.OpenMsg{To: pane.Traces, Run: p.currentName(), Base: p.baseline})
}

func (p *Pane) copyCommand() tea.Cmd {
	run := p.currentName()
	switch {
	case p.detail != nil:
		run = p.detail.run
	case p.baseline != "" && p.baseline != run:
		return pane.Send(pane.CopyMsg{Text: "shardeck compare " + p.baseline + " " + run})
	}
	return pane.Send(pane.CopyMsg{Text: "shardeck metric " + p.metricName() + " " + run})
}

// back is one step: reading ends, then the filter goes, then the baseline.
func (p *Pane) back() tea.Cmd {
	switch {
	case p.busy():
		p.look.Stop()
		p.all.Stop()
		p.queue, p.total = nil, 0
		return pane.Send(pane.Note{Text: "stopped reading; what was read stays", Tone: theme.Plain})
	case !p.filter.Empty():
		p.setFilter("")
	case p.baseline != "":
		p.baseline = ""
		return p.rebase()
	}
	return nil
}
