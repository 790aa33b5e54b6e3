package metrics

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model/metric"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// keys is everything the table answers to, but for moving between rows.
func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("enter", "↵", "open", "read the run if need be, and show every metric with its ranks and parts"),
			Do: enter, Why: needRun},
		{Key: pane.Foot("left h right l", "←→", "metric", "go to another metric")},
		{Key: pane.Foot("d", "d", "define", "how the metric under the cursor is defined"), Do: define, Why: needMetric},
		{Key: pane.Foot("b", "b", "baseline", "show the others as differences from this run in %; again: values"),
			Do: setBaseline, Why: needValues},
		{Key: pane.On("o", "o", "order", "order the runs by the metric under the cursor, best first; again: worst first; again: newest first"),
			Do: order, Why: needMetric},
		{Key: pane.Foot("c", "c", "columns", "choose which metrics are columns, and in what order"), Do: openChooser},
		{Key: pane.Foot("a", "a", "all", "read the traces of every run not read yet, in the background"),
			Do: func(p *Pane) tea.Cmd { return p.readings.readAll(p.known.unread(p.list.Shown())) }, Why: needUnread},
		{Key: pane.Foot("/", "/", "filter", "show only some: tp:2 model:~8b state:replay, ! for the opposite"),
			Do: func(p *Pane) tea.Cmd { return p.list.AskFilter(&p.Dialog) }},
		{Key: pane.Foot("t", "t", "traces", "show where the time of this run went"), Do: openTraces, Why: needRun},
		{Key: pane.On("w", "w", "why", "why it differs from the baseline: compare the traces of both"),
			Do: func(p *Pane) tea.Cmd {
				return pane.Send(pane.OpenMsg{To: pane.Traces, Run: p.list.CurrentID(), Base: p.base.name})
			}, Why: needOther},
		{Key: pane.On("[ ]", "[ ]", "family", "go to the metrics before or after: latency, throughput, communication, device, skew")},
		{Key: pane.On("O", "O", "open path…", "open a trace, or a folder of traces, by its path, whatever its files are called (tab completes)"),
			Do: func(p *Pane) tea.Cmd { return p.opener.Ask() }},
		{Key: pane.On("y", "y", "copy", "copy the command that prints this value"), Do: copyCommand, Why: needRun},
		{Key: pane.On("!", "!", "in full", "the message line in full, and all else that was amiss"), Do: inFull},
		{Key: pane.On("r", "r", "refresh", "look for new runs"), Do: (*Pane).load},
		{Key: pane.On("esc", "esc", "back", "stop reading, then drop the filter, then the baseline"), Do: back},
	}
}

func detailKeys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("esc backspace", "esc", "back", "back to the runs"), Do: closeDetail},
		{Key: pane.Foot("tab", "tab", "view", "the next view: metrics, ranks, phases, collectives (shift+tab: the one before)"),
			Do: func(p *Pane) tea.Cmd { p.detail.turn(1); return nil }},
		{Key: pane.On("shift+tab", "shift+tab", "before", "the view before"),
			Do: func(p *Pane) tea.Cmd { p.detail.turn(-1); return nil }},
		{Key: pane.Foot("left h right l", "←→", "metric", "go to another metric, in the views of ranks, phases and collectives")},
		{Key: pane.Foot("d enter", "d", "define", "how the metric under the cursor is defined"), Do: define, Why: needMetric},
		{Key: pane.Foot("o", "o", "order",
			"order ranks, phases or types by the metric under the cursor: greatest first; again: least first; again: as they are"),
			Do: func(p *Pane) tea.Cmd { p.detail.order(); return nil }, Why: needDivided},
		{Key: pane.Foot("t", "t", "traces", "show where the time of this run went"), Do: openTraces},
		{Key: pane.Foot("y", "y", "copy", "copy the command that prints this value"), Do: copyCommand},
		{Key: pane.On("!", "!", "in full", "the message line in full, and all else that was amiss"), Do: inFull},
	}
}

func chooserKeys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("space x", "space", "show or hide", "make the metric under the cursor a column, or no longer"),
			Do: toggleColumn},
		{Key: pane.Foot("< K", "< >", "move", "move the metric under the cursor before the one above (>: after the one below)"),
			Do: func(p *Pane) tea.Cmd { return shiftColumn(p, -1) }},
		{Key: pane.On("> J", ">", "move down", "move the metric under the cursor after the one below"),
			Do: func(p *Pane) tea.Cmd { return shiftColumn(p, 1) }},
		{Key: pane.Foot("0", "0", "usual", "all metrics, in their usual order"),
			Do: func(p *Pane) tea.Cmd { return tea.Batch(p.setColumns(nil), openChooser(p)) }},
		{Key: pane.Foot("esc enter c backspace", "esc", "done", "back to the runs"),
			Do: func(p *Pane) tea.Cmd { p.chooser = nil; return nil }},
	}
}

// Keys lists what the pane answers to now; for the manual, which has no backend, everything.
func (p *Pane) Keys() []pane.Key {
	all := p.table().Keys()
	switch {
	case p.Dialog.Open():
		return p.Dialog.Keys()
	case p.env.Backend == nil:
		return slices.Concat(all, pane.MoveKeys(), detailKeys().Within("in an opened run"), chooserKeys().Within("choosing columns"))
	case p.chooser == nil && p.detail == nil && p.loaded && len(p.list.Rows()) == 0:
		all = p.table().OnlyFoot("O", "r")
	}
	return append(all, pane.MoveKeys()...)
}

func (p *Pane) table() pane.Table[*Pane] {
	switch {
	case p.chooser != nil:
		return chooserKeys()
	case p.detail != nil:
		return detailKeys()
	}
	return keys()
}

func (p *Pane) key(key tea.KeyMsg) tea.Cmd {
	if cmd, ok := p.Dialog.Key(key); ok {
		return cmd
	}
	k := key.String()
	if cmd, ok := p.move(k); ok {
		return cmd
	}
	cmd, _ := p.table().Dispatch(p, k)
	return cmd
}

// move answers the keys that go to another row or metric; false: it is none of these.
func (p *Pane) move(k string) (tea.Cmd, bool) {
	step, sideways := map[string]int{"left": -1, "h": -1, "right": 1, "l": 1}[k]
	column := &p.list.Table.Column
	switch {
	case p.chooser != nil:
		return p.chooser.Move(k)
	case p.detail != nil:
		return nil, p.detail.move(k, step)
	case sideways:
		*column = max(min(*column+step, len(p.columns.defs)), 1)
		return nil, true
	case k == "[" || k == "]":
		*column = p.columns.family(*column, k == "]")
		return nil, true
	}
	return p.list.Move(k)
}

// clicked goes to what is pointed at; the title of a metric orders by it.
func (p *Pane) clicked(msg pane.ClickMsg) tea.Cmd {
	switch {
	case p.chooser != nil:
		return p.chooser.Click(msg.X, msg.Line)
	case p.detail != nil:
		return p.detail.clicked(msg.X, msg.Line-1)
	}
	spot, ok := p.list.Table.At(msg.X, msg.Line)
	if ok && spot.Column > 0 {
		p.list.Table.Column = spot.Column
		if spot.Row < 0 {
			return order(p)
		}
	}
	return p.list.Click(msg.X, msg.Line)
}

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

func define(p *Pane) tea.Cmd {
	d, _ := metric.Define(p.metricName())
	better := map[metric.Better]string{metric.Lower: ", lower is better", metric.Higher: ", higher is better"}[d.Better]
	body := append(widget.Wrap(d.Text, min(72, max(p.Width-10, 20))), "", "unit: "+d.Unit+better, "shardeck metric "+d.Name+" RUN   prints it")
	return p.Dialog.Ask(&pane.Ask{Popup: widget.Show(d.Name, body)})
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

func inFull(p *Pane) tea.Cmd {
	texts := []string{p.Message().Text}
	if a := p.known.analyses[p.runName()]; a != nil {
		texts = append(texts, a.Warnings...)
	}
	return p.Dialog.Ask(pane.InFull(p.runName(), p.Width, texts...))
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
func needRun(p *Pane) string { return p.list.Missing() }

func needValues(p *Pane) string {
	return pane.WhyNot(p.known.analyses[p.list.CurrentID()] == nil, "nothing of this run was read yet: ↵ reads it")
}

func needOther(p *Pane) string {
	if p.base.name == "" || p.base.name == p.list.CurrentID() {
		return "why compares with the baseline: b makes a run the baseline, then go to another"
	}
	return needRun(p)
}

func needMetric(p *Pane) string {
	return pane.WhyNot(p.metricName() == "", "there is no metric under the cursor")
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
	return pane.WhyNot(!p.detail.divides(), "metrics have no common order: tab goes to the ranks, phases and collectives")
}
