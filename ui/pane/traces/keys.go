package traces

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// keys is everything the pane answers to, but for moving.
func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Key{Keys: []string{"enter"}, Label: "↵", Verb: "read", Help: "read the traces of the run, if nobody did yet; on a kernel: its whole name; on a late call: show it in the timeline", Foot: true}, Do: (*Pane).enter, Why: alreadyRead},
		{Key: pane.Key{Keys: []string{"tab"}, Label: "tab", Verb: "part", Help: "the next part: kernels, collectives, skew, ranks, classes (shift+tab: the one before)", Foot: true}, Do: (*Pane).nextPart},
		{Key: pane.Key{Keys: []string{"shift+tab"}, Label: "shift+tab", Verb: "before", Help: "the part before"}, Do: (*Pane).partBefore},
		{Key: pane.Key{Keys: []string{"+", "="}, Label: "+ -", Verb: "zoom", Help: "see a shorter part of the timeline, in the end its kernels one by one; or a longer part (-)", Foot: true}, Do: (*Pane).closer, Why: needTrace},
		{Key: pane.Key{Keys: []string{"-", "_"}, Label: "-", Verb: "wider", Help: "see a longer part of the timeline"}, Do: (*Pane).wider, Why: needTrace},
		{Key: pane.Key{Keys: []string{"left", "h"}, Label: "←→", Verb: "pan", Help: "go along the timeline", Foot: true}, Do: (*Pane).panLeft, Why: needZoom},
		{Key: pane.Key{Keys: []string{"right", "l"}, Label: "→", Verb: "later", Help: "go along the timeline"}, Do: (*Pane).panRight, Why: needZoom},
		{Key: pane.Key{Keys: []string{"["}, Label: "[ ]", Verb: "rank", Help: "the timeline of the rank before (]: after)", Foot: true}, Do: (*Pane).rankBefore},
		{Key: pane.Key{Keys: []string{"]"}, Label: "]", Verb: "rank after", Help: "the timeline of the rank after"}, Do: (*Pane).rankAfter},
		{Key: pane.Key{Keys: []string{"/"}, Label: "/", Verb: "filter", Help: "show only some rows of the part: gemm class:communication, type:all_reduce, rank:1 phase:decode, ! for the opposite", Foot: true}, Do: (*Pane).askFilter, Why: needTrace},
		{Key: pane.Key{Keys: []string{"o"}, Label: "o", Verb: "order", Help: "order the part by its next column of numbers, greatest first; after the last as it was"}, Do: (*Pane).order, Why: needRows},
		{Key: pane.Key{Keys: []string{"d"}, Label: "d", Verb: "compare…", Help: "choose a run to compare this one with: where their times differ, the largest difference first", Foot: true}, Do: (*Pane).choose, Why: needRun},
		{Key: pane.Key{Keys: []string{"n"}, Label: "n", Verb: "run", Help: "the traces of the next run of the board (N: the one before)", Foot: true}, Do: (*Pane).runAfter},
		{Key: pane.Key{Keys: []string{"N"}, Label: "N", Verb: "run before", Help: "the traces of the run before"}, Do: (*Pane).runBefore},
		{Key: pane.Key{Keys: []string{"m"}, Label: "m", Verb: "metrics", Help: "open the run in Metrics"}, Do: (*Pane).metrics, Why: needRun},
		{Key: pane.Key{Keys: []string{"y"}, Label: "y", Verb: "copy", Help: "copy the full name of the kernel under the cursor, else the command that prints this pane"}, Do: (*Pane).copyText, Why: needRun},
		{Key: pane.Key{Keys: []string{"!"}, Label: "!", Verb: "in full", Help: "the message line in full, and all else that was amiss"}, Do: (*Pane).inFull},
		{Key: pane.Key{Keys: []string{"esc"}, Label: "esc", Verb: "back", Help: "stop reading, then drop the filter, then see the whole window"}, Do: (*Pane).back},
	}
}

// diffKeys are those of a comparison.
func diffKeys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Key{Keys: []string{"esc", "backspace"}, Label: "esc", Verb: "back", Help: "stop reading, then drop the filter, then back to the run", Foot: true}, Do: (*Pane).leaveDiff},
		{Key: pane.Key{Keys: []string{"tab"}, Label: "tab", Verb: "part", Help: "the next part: window, classes, kernels, collectives (shift+tab: the one before)", Foot: true}, Do: (*Pane).nextPart},
		{Key: pane.Key{Keys: []string{"shift+tab"}, Label: "shift+tab", Verb: "before", Help: "the part before"}, Do: (*Pane).partBefore},
		{Key: pane.Key{Keys: []string{"x"}, Label: "x", Verb: "swap", Help: "the other run is the base", Foot: true}, Do: (*Pane).swap},
		{Key: pane.Key{Keys: []string{"d"}, Label: "d", Verb: "other base", Help: "choose another run to compare with", Foot: true}, Do: (*Pane).choose},
		{Key: pane.Key{Keys: []string{"/"}, Label: "/", Verb: "filter", Help: "show only some rows of the part: gemm class:communication change:new", Foot: true}, Do: (*Pane).askFilter},
		{Key: pane.Key{Keys: []string{"o"}, Label: "o", Verb: "order", Help: "order the part by its next column of numbers, greatest first; after the last as it was"}, Do: (*Pane).order, Why: needRows},
		{Key: pane.Key{Keys: []string{"y"}, Label: "y", Verb: "copy", Help: "copy the command that prints this comparison", Foot: true}, Do: (*Pane).copyText},
		{Key: pane.Key{Keys: []string{"!"}, Label: "!", Verb: "in full", Help: "the message line in full, and all else that was amiss"}, Do: (*Pane).inFull},
	}
}

// pickKeys are those of the list of runs to compare with.
func pickKeys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Key{Keys: []string{"enter"}, Label: "↵", Verb: "compare", Help: "compare with the run under the cursor, as the base", Foot: true}, Do: (*Pane).take},
		{Key: pane.Key{Keys: []string{"/"}, Label: "/", Verb: "filter", Help: "show only some runs: model:~8b layout:tp2", Foot: true}, Do: (*Pane).askFilter},
		{Key: pane.Key{Keys: []string{"esc", "backspace"}, Label: "esc", Verb: "back", Help: "drop the filter, then back without comparing", Foot: true}, Do: (*Pane).leavePick},
	}
}

// table is the keys of what is on the screen.
func (p *Pane) table() pane.Table[*Pane] {
	switch {
	case p.pick != nil:
		return pickKeys()
	case p.diff != nil:
		return diffKeys()
	}
	return keys()
}

// Keys lists what the pane answers to now; for the manual, which has no lab, everything.
func (p *Pane) Keys() []pane.Key {
	if p.popup != nil {
		return pane.FromHints(p.popup.Popup.Hints())
	}
	if p.typing != nil {
		return []pane.Key{{Label: "↵", Verb: "take", Foot: true}, {Label: "esc", Verb: "leave", Foot: true}}
	}
	all := p.table().Keys()
	switch {
	case p.env.Lab == nil:
		return slices.Concat(all, pane.MoveKeys(), pane.Within("in a comparison", diffKeys().Keys()))
	case p.pick != nil || p.diff != nil:
		return append(all, pane.MoveKeys()...)
	case p.run == "":
		pane.OnlyFoot(all)
	case p.trace() == nil:
		pane.OnlyFoot(all, "enter", "n", "m")
	}
	if p.analysis != nil {
		all[0].Foot, all[0].Verb = p.lateCall() != nil || p.kernel() != nil, "show"
	}
	return append(all, pane.MoveKeys()...)
}

func (p *Pane) key(key tea.KeyMsg) tea.Cmd {
	k := key.String()
	table := p.onSheet().table()
	switch {
	case p.popup != nil:
		cmd, done := p.popup.Key(k)
		if done {
			p.popup = nil
		}
		return cmd
	case p.typing != nil:
		p.typeKey(key)
		return nil
	case table.MoveKey(k, table.Rows(), max(p.partRows(), 1)):
		return nil
	}
	cmd, _ := p.table().Dispatch(p, k)
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

func (p *Pane) setFilter(text string) { p.onSheet().filter(text) }

func (p *Pane) askFilter() tea.Cmd {
	s := p.onSheet()
	s.toFilter()
	p.SetFocus(p.focused)
	p.typing = widget.NewInput("/ ", s.filters[s.at].Text)
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
	case p.lateCall() != nil || p.kernel() != nil:
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

func needRows(p *Pane) string {
	if p.onSheet().table().Rows() < 2 {
		return "there is nothing to order here"
	}
	return ""
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
