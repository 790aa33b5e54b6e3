package metrics

import (
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model/metric"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// enter opens the run under the cursor, and reads it first if nobody has.
func enter(p *Pane) tea.Cmd {
	run, name := p.list.CurrentID(), p.metricName()
	cmd := p.readings.current(p.list, pool.Wanted)
	if p.known.analyses[run] == nil {
		return cmd
	}
	p.detail = newDetail(p.env.Theme, p.known, run, name)
	p.detail.table.Focused = p.focused
	return cmd
}

// closeDetail goes back to the table, to the metric that was looked at.
func closeDetail(p *Pane) tea.Cmd {
	if at := p.columns.of(p.detail.metric()); at > 0 {
		p.list.Table.Column = at
	}
	p.detail = nil
	return nil
}

// define shows the definition of the metric under the cursor.
func define(p *Pane) tea.Cmd {
	d, _ := metric.Define(p.metricName())
	better := map[metric.Better]string{metric.Lower: ", lower is better", metric.Higher: ", higher is better"}[d.Better]
	body := append(widget.Wrap(d.Text, min(72, max(p.Width-10, 20))), "", "unit: "+d.Unit+better, "shardeck metric "+d.Name+" RUN   prints it")
	p.Dialog.Ask(&pane.Ask{Popup: widget.Show(d.Name, body)})
	return nil
}

// order goes from best first to worst first to the order of the runs.
func order(p *Pane) tea.Cmd {
	d, _ := metric.Define(p.metricName())
	return p.list.OrderBy(p.list.Table.Column, d.Better != metric.Lower)
}

func setBaseline(p *Pane) tea.Cmd {
	name := p.list.CurrentID()
	if p.base.name == name {
		name = ""
	}
	return p.base.set(name, p.list.Rows())
}

func openTraces(p *Pane) tea.Cmd {
	return pane.Send(pane.OpenMsg{To: pane.Traces, Run: p.runName()})
}

// inFull shows the message, and every warning of the run.
func inFull(p *Pane) tea.Cmd {
	texts := []string{p.Message().Text}
	if a := p.known.analyses[p.runName()]; a != nil {
		texts = append(texts, a.Warnings...)
	}
	p.Dialog.Ask(pane.InFull(p.runName(), p.Width, texts...))
	return nil
}

func compareTraces(p *Pane) tea.Cmd {
	return pane.Send(pane.OpenMsg{To: pane.Traces, Run: p.list.CurrentID(), Base: p.base.name})
}

func copyCommand(p *Pane) tea.Cmd {
	run := p.runName()
	if p.detail == nil && p.base.name != "" && p.base.name != run {
		return pane.Send(pane.CopyMsg{Text: "shardeck compare " + p.base.name + " " + run})
	}
	return pane.Send(pane.CopyMsg{Text: "shardeck metric " + p.metricName() + " " + run})
}

// back is one step: reading ends, then the filter goes, then the baseline.
func back(p *Pane) tea.Cmd {
	switch {
	case p.readings.busy():
		return p.readings.stop()
	case p.list.Filtered() != "":
		p.list.SetFilter("")
		return p.refresh()
	case p.base.name != "":
		return p.base.set("", p.list.Rows())
	}
	return nil
}

// needRun and the others say why a key cannot act now; empty: it can.
func needRun(p *Pane) string {
	if _, ok := p.list.Current(); !ok {
		return "there is no run under the cursor"
	}
	return ""
}

func needValues(p *Pane) string {
	if p.known.analyses[p.list.CurrentID()] == nil {
		return "nothing of this run was read yet: ↵ reads it"
	}
	return ""
}

func needOther(p *Pane) string {
	if p.base.name == "" || p.base.name == p.list.CurrentID() {
		return "why compares with the baseline: b makes a run the baseline, then go to another"
	}
	return needRun(p)
}

func needMetric(p *Pane) string {
	if p.metricName() == "" {
		return "there is no metric under the cursor"
	}
	return ""
}

func needUnread(p *Pane) string {
	switch {
	case p.readings.all.Busy():
		return "already reading; esc stops it"
	case len(p.known.unread(p.list.Shown())) == 0:
		return "every run is read already"
	}
	return ""
}

func needDivided(p *Pane) string {
	if !p.detail.divides() {
		return "metrics have no common order: tab goes to the ranks, phases and collectives"
	}
	return ""
}
