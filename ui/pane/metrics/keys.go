package metrics

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
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
			Do: compareTraces, Why: needOther},
		{Key: pane.On("[ ]", "[ ]", "family", "go to the metrics before or after: latency, throughput, communication, device, skew")},
		{Key: pane.On("y", "y", "copy", "copy the command that prints this value"), Do: copyCommand, Why: needRun},
		{Key: pane.On("!", "!", "in full", "the message line in full, and all else that was amiss"), Do: inFull},
		{Key: pane.On("r", "r", "refresh", "look for new runs"), Do: (*Pane).load},
		{Key: pane.On("esc", "esc", "back", "stop reading, then drop the filter, then the baseline"), Do: back},
	}
}

// detailKeys are those of one run.
func detailKeys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("esc backspace", "esc", "back", "back to the runs"), Do: closeDetail},
		{Key: pane.Foot("tab", "tab", "view", "the next view: metrics, ranks, phases, collectives (shift+tab: the one before)"),
			Do: func(p *Pane) tea.Cmd { p.detail.turn(1); return nil }},
		{Key: pane.On("shift+tab", "shift+tab", "before", "the view before"),
			Do: func(p *Pane) tea.Cmd { p.detail.turn(-1); return nil }},
		{Key: pane.Foot("left h right l", "←→", "metric", "go to another metric, in the views of ranks, phases and collectives")},
		{Key: pane.Foot("d enter", "d", "define", "how the metric under the cursor is defined"), Do: define, Why: needMetric},
		{Key: pane.Foot("o", "o", "order", "order ranks, phases or types by the metric under the cursor: greatest first; again: least first; again: as they are"),
			Do: func(p *Pane) tea.Cmd { p.detail.order(); return nil }, Why: needDivided},
		{Key: pane.Foot("t", "t", "traces", "show where the time of this run went"), Do: openTraces},
		{Key: pane.Foot("y", "y", "copy", "copy the command that prints this value"), Do: copyCommand},
		{Key: pane.On("!", "!", "in full", "the message line in full, and all else that was amiss"), Do: inFull},
	}
}

// chooserKeys are those of the choice of columns.
func chooserKeys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("space x", "space", "show or hide", "make the metric under the cursor a column, or no longer"),
			Do: func(p *Pane) tea.Cmd { return p.chooser.toggle() }},
		{Key: pane.Foot("< K", "< >", "move", "move the metric under the cursor before the one above (>: after the one below)"),
			Do: func(p *Pane) tea.Cmd { return p.chooser.shift(-1) }},
		{Key: pane.On("> J", ">", "move down", "move the metric under the cursor after the one below"),
			Do: func(p *Pane) tea.Cmd { return p.chooser.shift(1) }},
		{Key: pane.Foot("0", "0", "usual", "all metrics, in their usual order"),
			Do: func(p *Pane) tea.Cmd { return tea.Batch(p.setColumns(nil), openChooser(p)) }},
		{Key: pane.Foot("esc enter c backspace", "esc", "done", "back to the runs"),
			Do: func(p *Pane) tea.Cmd { p.chooser = nil; return nil }},
	}
}

// Keys lists what the pane answers to now; for the manual, which has no backend, everything.
func (p *Pane) Keys() []pane.Key {
	switch {
	case p.Dialog.Open():
		return p.Dialog.Keys()
	case p.chooser != nil:
		return append(chooserKeys().Keys(), pane.MoveKeys()...)
	case p.detail != nil:
		return append(detailKeys().Keys(), pane.MoveKeys()...)
	case p.loaded && len(p.list.Rows()) == 0:
		return append(pane.OnlyFoot(keys().Keys(), "r"), pane.MoveKeys()...)
	case p.env.Backend == nil:
		return slices.Concat(keys().Keys(), pane.MoveKeys(), pane.Within("in an opened run", detailKeys().Keys()), pane.Within("choosing columns", chooserKeys().Keys()))
	}
	return append(keys().Keys(), pane.MoveKeys()...)
}

func (p *Pane) key(key tea.KeyMsg) tea.Cmd {
	if cmd, ok := p.Dialog.Key(key); ok {
		return cmd
	}
	k := key.String()
	step, sideways := map[string]int{"left": -1, "h": -1, "right": 1, "l": 1}[k]
	switch {
	case p.chooser != nil:
		if cmd, ok := p.chooser.list.Move(k); ok {
			return cmd
		}
		cmd, _ := chooserKeys().Dispatch(p, k)
		return cmd
	case p.detail != nil:
		if p.detail.move(k, step) {
			return nil
		}
		cmd, _ := detailKeys().Dispatch(p, k)
		return cmd
	case sideways:
		p.list.Table.Column = max(min(p.list.Table.Column+step, len(p.columns.defs)), 1)
		return nil
	case k == "[" || k == "]":
		p.list.Table.Column = p.columns.family(p.list.Table.Column, k == "]")
		return nil
	}
	if cmd, ok := p.list.Move(k); ok {
		return cmd
	}
	cmd, _ := keys().Dispatch(p, k)
	return cmd
}

// clicked goes to what is pointed at; the title of a metric orders by it.
func (p *Pane) clicked(msg pane.ClickMsg) tea.Cmd {
	switch {
	case p.chooser != nil:
		return p.chooser.list.Click(msg.X, msg.Line)
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
