package traces

import (
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// keys is everything the pane answers to, but for moving.
func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Key{Keys: []string{"enter"}, Label: "↵", Verb: "read", Help: "read the traces of the run, if nobody did yet; on a late call: show it in the timeline", Foot: true}, Do: (*Pane).enter, Why: alreadyRead},
		{Key: pane.Key{Keys: []string{"tab"}, Label: "tab", Verb: "part", Help: "the next part: kernels, collectives, skew, ranks, classes (shift+tab: the one before)", Foot: true}, Do: (*Pane).nextPart},
		{Key: pane.Key{Keys: []string{"shift+tab"}, Label: "shift+tab", Verb: "before", Help: "the part before"}, Do: (*Pane).partBefore},
		{Key: pane.Key{Keys: []string{"+", "="}, Label: "+ -", Verb: "zoom", Help: "see a shorter part of the timeline, or a longer one (-)", Foot: true}, Do: (*Pane).closer, Why: needTrace},
		{Key: pane.Key{Keys: []string{"-", "_"}, Label: "-", Verb: "wider", Help: "see a longer part of the timeline"}, Do: (*Pane).wider, Why: needTrace},
		{Key: pane.Key{Keys: []string{"left", "h"}, Label: "←→", Verb: "pan", Help: "go along the timeline", Foot: true}, Do: (*Pane).panLeft, Why: needZoom},
		{Key: pane.Key{Keys: []string{"right", "l"}, Label: "→", Verb: "later", Help: "go along the timeline"}, Do: (*Pane).panRight, Why: needZoom},
		{Key: pane.Key{Keys: []string{"[", "]"}, Label: "[ ]", Verb: "rank", Help: "the timeline of the rank before or after", Foot: true}},
		{Key: pane.Key{Keys: []string{"/"}, Label: "/", Verb: "filter", Help: "show only some rows of the part: gemm class:communication, type:all_reduce, rank:1 phase:decode, ! for the opposite", Foot: true}, Do: (*Pane).askFilter, Why: needTrace},
		{Key: pane.Key{Keys: []string{"n", "N"}, Label: "n", Verb: "run", Help: "the traces of the next run of the board (N: the one before)", Foot: true}},
		{Key: pane.Key{Keys: []string{"m"}, Label: "m", Verb: "metrics", Help: "open the run in Metrics"}, Do: (*Pane).metrics, Why: needRun},
		{Key: pane.Key{Keys: []string{"y"}, Label: "y", Verb: "copy", Help: "copy the full name of the kernel under the cursor, else the command that prints this pane"}, Do: (*Pane).copyText, Why: needRun},
		{Key: pane.Key{Keys: []string{"esc"}, Label: "esc", Verb: "back", Help: "stop reading, then drop the filter, then see the whole window"}, Do: (*Pane).back},
	}
}

// Keys lists what the pane answers to now.
func (p *Pane) Keys() []pane.Key {
	if p.typing != nil {
		return []pane.Key{{Label: "↵", Verb: "take", Foot: true}, {Label: "esc", Verb: "leave", Foot: true}}
	}
	all := keys().Keys()
	switch {
	case p.run == "" && p.env.Lab != nil:
		pane.OnlyFoot(all)
	case p.trace() == nil:
		pane.OnlyFoot(all, "enter", "n", "m")
	}
	if p.analysis != nil {
		all[0].Foot, all[0].Verb = p.lateCall() != nil, "show"
	}
	return append(all, pane.MoveKeys()...)
}

func (p *Pane) key(key tea.KeyMsg) tea.Cmd {
	k := key.String()
	table := p.sheet.table()
	switch {
	case p.typing != nil:
		p.typeKey(key)
		return nil
	case k == "n" || k == "N":
		return p.otherRun(k == "n")
	case k == "[" || k == "]":
		p.otherRank(k == "]")
		return nil
	case table.MoveKey(k, table.Rows(), max(p.partRows(), 1)):
		return nil
	}
	cmd, _ := keys().Dispatch(p, k)
	return cmd
}

func (p *Pane) typeKey(key tea.KeyMsg) {
	switch key.String() {
	case "enter":
		p.env.Filters.Add(p.typing.Value())
		p.typing = nil
		return
	case "esc":
		p.typing = nil
		p.setFilter("")
		return
	}
	if text, ok := p.env.Filters.Key(key.String()); ok {
		p.typing.Set(text)
	}
	p.typing.Key(key)
	p.setFilter(p.typing.Value())
}

func (p *Pane) setFilter(text string) { p.sheet.filter(text) }

func (p *Pane) askFilter() tea.Cmd {
	p.sheet.toFilter()
	p.SetFocus(p.focused)
	p.typing = widget.NewInput("/ ", p.sheet.filters[p.sheet.at].Text)
	return nil
}

func needRun(p *Pane) string {
	if p.run == "" {
		return "no run is shown: n goes to the first"
	}
	return ""
}

func alreadyRead(p *Pane) string {
	switch {
	case p.lateCall() != nil:
		return ""
	case p.analysis != nil && p.trace() == nil:
		return p.run + " has no traces to read"
	case p.analysis != nil:
		return "these traces are read already"
	case p.reader.Busy():
		return "already reading; esc stops it"
	}
	return needRun(p)
}

func needTrace(p *Pane) string {
	if p.trace() == nil {
		return "there are no traces on the screen: ↵ reads those of the run"
	}
	return ""
}

func needZoom(p *Pane) string {
	if p.view == whole {
		return "the whole window is in sight: + goes closer first"
	}
	return ""
}
