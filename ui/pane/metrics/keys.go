package metrics

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// keys is everything the table answers to, but for moving between rows.
func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Key{Keys: []string{"enter"}, Label: "↵", Verb: "open", Help: "read the run if need be, and show every metric with its ranks and parts", Foot: true}, Do: (*Pane).enter, Why: needRun},
		{Key: pane.Key{Keys: []string{"left", "h", "right", "l"}, Label: "←→", Verb: "metric", Help: "go to another metric", Foot: true}},
		{Key: pane.Key{Keys: []string{"d"}, Label: "d", Verb: "define", Help: "how the metric under the cursor is defined", Foot: true}, Do: (*Pane).define, Why: needMetric},
		{Key: pane.Key{Keys: []string{"b"}, Label: "b", Verb: "baseline", Help: "show the others as differences from this run in %; again: values", Foot: true}, Do: (*Pane).setBaseline, Why: needValues},
		{Key: pane.Key{Keys: []string{"o"}, Label: "o", Verb: "order", Help: "order the runs by the metric under the cursor, best first; again: worst first; again: newest first"}, Do: (*Pane).order, Why: needMetric},
		{Key: pane.Key{Keys: []string{"c"}, Label: "c", Verb: "columns", Help: "choose which metrics are columns, and in what order", Foot: true}, Do: (*Pane).choose},
		{Key: pane.Key{Keys: []string{"a"}, Label: "a", Verb: "all", Help: "read the traces of every run not read yet, in the background", Foot: true}, Do: (*Pane).readAll, Why: needUnread},
		{Key: pane.Key{Keys: []string{"/"}, Label: "/", Verb: "filter", Help: "show only some: tp:2 model:~8b state:replay, ! for the opposite", Foot: true}, Do: (*Pane).askFilter},
		{Key: pane.Key{Keys: []string{"t"}, Label: "t", Verb: "traces", Help: "show where the time of this run went", Foot: true}, Do: (*Pane).traces, Why: needRun},
		{Key: pane.Key{Keys: []string{"w"}, Label: "w", Verb: "why", Help: "why it differs from the baseline: compare the traces of both"}, Do: (*Pane).why, Why: needOther},
		{Key: pane.Key{Keys: []string{"[", "]"}, Label: "[ ]", Verb: "family", Help: "go to the metrics before or after: latency, throughput, communication, device, skew"}},
		{Key: pane.Key{Keys: []string{"y"}, Label: "y", Verb: "copy", Help: "copy the command that prints this value"}, Do: (*Pane).copyCommand, Why: needRun},
		{Key: pane.Key{Keys: []string{"!"}, Label: "!", Verb: "in full", Help: "the message line in full, and all else that was amiss"}, Do: (*Pane).inFull},
		{Key: pane.Key{Keys: []string{"r"}, Label: "r", Verb: "refresh", Help: "look for new runs"}, Do: (*Pane).load},
		{Key: pane.Key{Keys: []string{"esc"}, Label: "esc", Verb: "back", Help: "stop reading, then drop the filter, then the baseline"}, Do: (*Pane).back},
	}
}

// detailKeys are those of one run.
func detailKeys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Key{Keys: []string{"esc", "backspace"}, Label: "esc", Verb: "back", Help: "back to the runs", Foot: true}, Do: (*Pane).closeDetail},
		{Key: pane.Key{Keys: []string{"tab"}, Label: "tab", Verb: "view", Help: "the next view: metrics, ranks, phases, collectives (shift+tab: the one before)", Foot: true}, Do: (*Pane).nextView},
		{Key: pane.Key{Keys: []string{"shift+tab"}, Label: "shift+tab", Verb: "before", Help: "the view before"}, Do: (*Pane).viewBefore},
		{Key: pane.Key{Keys: []string{"left", "h", "right", "l"}, Label: "←→", Verb: "metric", Help: "go to another metric, in the views of ranks, phases and collectives", Foot: true}},
		{Key: pane.Key{Keys: []string{"d", "enter"}, Label: "d", Verb: "define", Help: "how the metric under the cursor is defined", Foot: true}, Do: (*Pane).define, Why: needMetric},
		{Key: pane.Key{Keys: []string{"o"}, Label: "o", Verb: "order", Help: "order ranks, phases or types by the metric under the cursor: greatest first; again: least first; again: as they are", Foot: true}, Do: (*Pane).orderSplit, Why: needSplit},
		{Key: pane.Key{Keys: []string{"t"}, Label: "t", Verb: "traces", Help: "show where the time of this run went", Foot: true}, Do: (*Pane).traces},
		{Key: pane.Key{Keys: []string{"y"}, Label: "y", Verb: "copy", Help: "copy the command that prints this value", Foot: true}, Do: (*Pane).copyCommand},
		{Key: pane.Key{Keys: []string{"!"}, Label: "!", Verb: "in full", Help: "the message line in full, and all else that was amiss"}, Do: (*Pane).inFull},
	}
}

// chooserKeys are those of the choice of columns.
func chooserKeys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Key{Keys: []string{" ", "x"}, Label: "space", Verb: "show or hide", Help: "make the metric under the cursor a column, or no longer", Foot: true}, Do: (*Pane).toggle},
		{Key: pane.Key{Keys: []string{"<", "K"}, Label: "< >", Verb: "move", Help: "move the metric under the cursor before the one above (>: after the one below)", Foot: true}, Do: (*Pane).earlier},
		{Key: pane.Key{Keys: []string{">", "J"}, Label: ">", Verb: "move down", Help: "move the metric under the cursor after the one below"}, Do: (*Pane).later},
		{Key: pane.Key{Keys: []string{"0"}, Label: "0", Verb: "usual", Help: "all metrics, in their usual order", Foot: true}, Do: (*Pane).usual},
		{Key: pane.Key{Keys: []string{"esc", "enter", "c", "backspace"}, Label: "esc", Verb: "done", Help: "back to the runs", Foot: true}, Do: (*Pane).closeChooser},
	}
}

// Keys lists what the pane answers to now; for the manual, which has no lab, everything.
func (p *Pane) Keys() []pane.Key {
	switch {
	case p.popup != nil:
		return pane.FromHints(p.popup.Popup.Hints())
	case p.typing != nil:
		return []pane.Key{{Label: "↵", Verb: "take", Foot: true}, {Label: "esc", Verb: "leave", Foot: true}}
	case p.chooser != nil:
		return append(chooserKeys().Keys(), pane.MoveKeys()...)
	case p.detail != nil:
		return append(detailKeys().Keys(), pane.MoveKeys()...)
	case p.loaded && len(p.runs) == 0:
		return append(pane.OnlyFoot(keys().Keys(), "r"), pane.MoveKeys()...)
	case p.env.Lab == nil:
		return slices.Concat(keys().Keys(), pane.MoveKeys(), pane.Within("in an opened run", detailKeys().Keys()), pane.Within("choosing columns", chooserKeys().Keys()))
	}
	return append(keys().Keys(), pane.MoveKeys()...)
}

func (p *Pane) key(key tea.KeyMsg) tea.Cmd {
	k := key.String()
	switch {
	case p.popup != nil:
		cmd, done := p.popup.Key(k)
		if done {
			p.popup = nil
		}
		return cmd
	case p.typing != nil:
		return p.typeKey(key)
	case p.chooser != nil:
		return p.chooserKey(k)
	case p.detail != nil:
		return p.detailKey(k)
	case p.moveColumn(k):
		return nil
	case p.table.MoveKey(k, len(p.shown), p.tableRows()):
		return p.moved()
	}
	cmd, _ := keys().Dispatch(p, k)
	return cmd
}

func (p *Pane) detailKey(k string) tea.Cmd {
	d := p.detail
	if d.table.MoveKey(k, d.table.Rows(), p.tableRows()) {
		return nil
	}
	if step, ok := sideways[k]; ok && d.table.Column > 0 {
		d.table.Column = max(min(d.table.Column+step, len(d.names)), 1)
	}
	cmd, _ := detailKeys().Dispatch(p, k)
	return cmd
}

func (p *Pane) chooserKey(k string) tea.Cmd {
	if t := &p.chooser.table; t.MoveKey(k, t.Rows(), p.tableRows()) {
		return nil
	}
	cmd, _ := chooserKeys().Dispatch(p, k)
	return cmd
}

// sideways are the keys that go to another column, and how far.
var sideways = map[string]int{"left": -1, "h": -1, "right": 1, "l": 1}

// moveColumn answers the keys that go from metric to metric; false: not one of them.
func (p *Pane) moveColumn(k string) bool {
	step, ok := sideways[k]
	switch {
	case ok:
		p.table.Column = max(min(p.table.Column+step, len(p.defs)), 1)
	case k == "[" || k == "]":
		p.table.Column = p.familyFrom(p.table.Column, k == "]")
	default:
		return false
	}
	return true
}

// familyFrom is the first column of the next family, or of this one or the one before.
func (p *Pane) familyFrom(column int, forth bool) int {
	starts := []int{}
	for i, d := range p.defs {
		if i == 0 || d.Family != p.defs[i-1].Family {
			starts = append(starts, i+1)
		}
	}
	at := 1
	for _, s := range starts {
		if forth && s > column {
			return s
		}
		if s < column {
			at = s
		}
	}
	if forth {
		return column
	}
	return at
}

func (p *Pane) typeKey(key tea.KeyMsg) tea.Cmd {
	switch key.String() {
	case "enter":
		p.env.Filters.Add(p.typing.Value())
		p.typing = nil
		return nil
	case "esc":
		p.typing = nil
		p.setFilter("")
		return nil
	}
	if text, ok := p.env.Filters.Key(key.String()); ok {
		p.typing.Set(text)
	}
	p.typing.Key(key)
	p.setFilter(p.typing.Value())
	return nil
}

func (p *Pane) askFilter() tea.Cmd {
	p.typing = widget.NewInput("/ ", p.filter.Text)
	return nil
}

func (p *Pane) setFilter(text string) {
	p.filter = list.ParseFilter(text)
	p.fill()
}
