package metrics

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
)

// keys is everything the table answers to, but for moving between rows.
func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Key{Keys: []string{"enter"}, Label: "↵", Verb: "open", Help: "read the run if need be, and show every metric with its ranks and parts", Foot: true}, Do: enter, Why: needRun},
		{Key: pane.Key{Keys: []string{"left", "h", "right", "l"}, Label: "←→", Verb: "metric", Help: "go to another metric", Foot: true}},
		{Key: pane.Key{Keys: []string{"d"}, Label: "d", Verb: "define", Help: "how the metric under the cursor is defined", Foot: true}, Do: define, Why: needMetric},
		{Key: pane.Key{Keys: []string{"b"}, Label: "b", Verb: "baseline", Help: "show the others as differences from this run in %; again: values", Foot: true}, Do: setBaseline, Why: needValues},
		{Key: pane.Key{Keys: []string{"o"}, Label: "o", Verb: "order", Help: "order the runs by the metric under the cursor, best first; again: worst first; again: newest first"}, Do: order, Why: needMetric},
		{Key: pane.Key{Keys: []string{"c"}, Label: "c", Verb: "columns", Help: "choose which metrics are columns, and in what order", Foot: true}, Do: openChooser},
		{Key: pane.Key{Keys: []string{"a"}, Label: "a", Verb: "all", Help: "read the traces of every run not read yet, in the background", Foot: true}, Do: func(p *Pane) tea.Cmd { return p.readings.readAll(p.known.unread(p.list.Shown())) }, Why: needUnread},
		{Key: pane.Key{Keys: []string{"/"}, Label: "/", Verb: "filter", Help: "show only some: tp:2 model:~8b state:replay, ! for the opposite", Foot: true}, Do: func(p *Pane) tea.Cmd { return p.list.AskFilter(&p.dialog) }},
		{Key: pane.Key{Keys: []string{"t"}, Label: "t", Verb: "traces", Help: "show where the time of this run went", Foot: true}, Do: openTraces, Why: needRun},
		{Key: pane.Key{Keys: []string{"w"}, Label: "w", Verb: "why", Help: "why it differs from the baseline: compare the traces of both"}, Do: compareTraces, Why: needOther},
		{Key: pane.Key{Keys: []string{"[", "]"}, Label: "[ ]", Verb: "family", Help: "go to the metrics before or after: latency, throughput, communication, device, skew"}},
		{Key: pane.Key{Keys: []string{"y"}, Label: "y", Verb: "copy", Help: "copy the command that prints this value"}, Do: copyCommand, Why: needRun},
		{Key: pane.Key{Keys: []string{"!"}, Label: "!", Verb: "in full", Help: "the message line in full, and all else that was amiss"}, Do: inFull},
		{Key: pane.Key{Keys: []string{"r"}, Label: "r", Verb: "refresh", Help: "look for new runs"}, Do: (*Pane).load},
		{Key: pane.Key{Keys: []string{"esc"}, Label: "esc", Verb: "back", Help: "stop reading, then drop the filter, then the baseline"}, Do: back},
	}
}

// detailKeys are those of one run.
func detailKeys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Key{Keys: []string{"esc", "backspace"}, Label: "esc", Verb: "back", Help: "back to the runs", Foot: true}, Do: closeDetail},
		{Key: pane.Key{Keys: []string{"tab"}, Label: "tab", Verb: "view", Help: "the next view: metrics, ranks, phases, collectives (shift+tab: the one before)", Foot: true}, Do: func(p *Pane) tea.Cmd { p.detail.turn(1); return nil }},
		{Key: pane.Key{Keys: []string{"shift+tab"}, Label: "shift+tab", Verb: "before", Help: "the view before"}, Do: func(p *Pane) tea.Cmd { p.detail.turn(-1); return nil }},
		{Key: pane.Key{Keys: []string{"left", "h", "right", "l"}, Label: "←→", Verb: "metric", Help: "go to another metric, in the views of ranks, phases and collectives", Foot: true}},
		{Key: pane.Key{Keys: []string{"d", "enter"}, Label: "d", Verb: "define", Help: "how the metric under the cursor is defined", Foot: true}, Do: define, Why: needMetric},
		{Key: pane.Key{Keys: []string{"o"}, Label: "o", Verb: "order", Help: "order ranks, phases or types by the metric under the cursor: greatest first; again: least first; again: as they are", Foot: true}, Do: func(p *Pane) tea.Cmd { p.detail.order(); return nil }, Why: needDivided},
		{Key: pane.Key{Keys: []string{"t"}, Label: "t", Verb: "traces", Help: "show where the time of this run went", Foot: true}, Do: openTraces},
		{Key: pane.Key{Keys: []string{"y"}, Label: "y", Verb: "copy", Help: "copy the command that prints this value", Foot: true}, Do: copyCommand},
		{Key: pane.Key{Keys: []string{"!"}, Label: "!", Verb: "in full", Help: "the message line in full, and all else that was amiss"}, Do: inFull},
	}
}

// chooserKeys are those of the choice of columns.
func chooserKeys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Key{Keys: []string{" ", "x"}, Label: "space", Verb: "show or hide", Help: "make the metric under the cursor a column, or no longer", Foot: true}, Do: func(p *Pane) tea.Cmd { return p.chooser.toggle() }},
		{Key: pane.Key{Keys: []string{"<", "K"}, Label: "< >", Verb: "move", Help: "move the metric under the cursor before the one above (>: after the one below)", Foot: true}, Do: func(p *Pane) tea.Cmd { return p.chooser.shift(-1) }},
		{Key: pane.Key{Keys: []string{">", "J"}, Label: ">", Verb: "move down", Help: "move the metric under the cursor after the one below"}, Do: func(p *Pane) tea.Cmd { return p.chooser.shift(1) }},
		{Key: pane.Key{Keys: []string{"0"}, Label: "0", Verb: "usual", Help: "all metrics, in their usual order", Foot: true}, Do: func(p *Pane) tea.Cmd { return tea.Batch(p.setColumns(nil), openChooser(p)) }},
		{Key: pane.Key{Keys: []string{"esc", "enter", "c", "backspace"}, Label: "esc", Verb: "done", Help: "back to the runs", Foot: true}, Do: func(p *Pane) tea.Cmd { p.chooser = nil; return nil }},
	}
}

// Keys lists what the pane answers to now; for the manual, which has no backend, everything.
func (p *Pane) Keys() []pane.Key {
	switch {
	case p.dialog.Open():
		return p.dialog.Keys()
	case p.chooser != nil:
		return append(chooserKeys().Keys(), pane.MoveKeys()...)
	case p.detail != nil:
		return append(detailKeys().Keys(), pane.MoveKeys()...)
	case p.loaded && len(p.list.Rows()) == 0:
		return append(pane.OnlyFoot(keys().Keys(), "r"), pane.MoveKeys()...)
	case p.env.Lab == nil:
		return slices.Concat(keys().Keys(), pane.MoveKeys(), pane.Within("in an opened run", detailKeys().Keys()), pane.Within("choosing columns", chooserKeys().Keys()))
	}
	return append(keys().Keys(), pane.MoveKeys()...)
}

func (p *Pane) key(key tea.KeyMsg) tea.Cmd {
	if cmd, ok := p.dialog.Key(key); ok {
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
