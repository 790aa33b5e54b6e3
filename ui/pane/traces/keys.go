package traces

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
)

// keys is everything the pane answers to, but for moving.
func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Key{Keys: []string{"enter"}, Label: "↵", Verb: "read", Help: "read the traces of the run, if nobody did yet; on a kernel: its whole name; on a late call: show it in the timeline", Foot: true}, Do: enter, Why: alreadyRead},
		{Key: pane.Key{Keys: []string{"tab"}, Label: "tab", Verb: "part", Help: "the next part: kernels, collectives, skew, ranks, classes (shift+tab: the one before)", Foot: true}, Do: nextPart},
		{Key: pane.Key{Keys: []string{"shift+tab"}, Label: "shift+tab", Verb: "before", Help: "the part before"}, Do: partBefore},
		{Key: pane.Key{Keys: []string{"+", "="}, Label: "+ -", Verb: "zoom", Help: "see a shorter part of the timeline, in the end its kernels one by one; or a longer part (-)", Foot: true}, Do: func(p *Pane) tea.Cmd { return p.timeline.closer() }, Why: needTrace},
		{Key: pane.Key{Keys: []string{"-", "_"}, Label: "-", Verb: "wider", Help: "see a longer part of the timeline"}, Do: wider, Why: needTrace},
		{Key: pane.Key{Keys: []string{"left", "h"}, Label: "←→", Verb: "pan", Help: "go along the timeline", Foot: true}, Do: panLeft, Why: needZoom},
		{Key: pane.Key{Keys: []string{"right", "l"}, Label: "→", Verb: "later", Help: "go along the timeline"}, Do: panRight, Why: needZoom},
		{Key: pane.Key{Keys: []string{"["}, Label: "[ ]", Verb: "rank", Help: "the timeline of the rank before (]: after)", Foot: true}, Do: func(p *Pane) tea.Cmd { return p.timeline.otherRank(-1) }},
		{Key: pane.Key{Keys: []string{"]"}, Label: "]", Verb: "rank after", Help: "the timeline of the rank after"}, Do: func(p *Pane) tea.Cmd { return p.timeline.otherRank(1) }},
		{Key: pane.Key{Keys: []string{"/"}, Label: "/", Verb: "filter", Help: "show only some rows of the part: gemm class:communication, type:all_reduce, rank:1 phase:decode, ! for the opposite", Foot: true}, Do: askFilter, Why: needTrace},
		{Key: pane.Key{Keys: []string{"o"}, Label: "o", Verb: "order", Help: "order the part by its next column of numbers, greatest first; after the last as it was"}, Do: order, Why: needRows},
		{Key: pane.Key{Keys: []string{"d"}, Label: "d", Verb: "compare…", Help: "choose a run to compare this one with: where their times differ, the largest difference first", Foot: true}, Do: choose, Why: needRun},
		{Key: pane.Key{Keys: []string{"n"}, Label: "n", Verb: "run", Help: "the traces of the next run of the board (N: the one before)", Foot: true}, Do: func(p *Pane) tea.Cmd { return otherRun(p, 1) }},
		{Key: pane.Key{Keys: []string{"N"}, Label: "N", Verb: "run before", Help: "the traces of the run before"}, Do: func(p *Pane) tea.Cmd { return otherRun(p, -1) }},
		{Key: pane.Key{Keys: []string{"m"}, Label: "m", Verb: "metrics", Help: "open the run in Metrics"}, Do: openMetrics, Why: needRun},
		{Key: pane.Key{Keys: []string{"y"}, Label: "y", Verb: "copy", Help: "copy the full name of the kernel under the cursor, else the command that prints this pane"}, Do: copyText, Why: needRun},
		{Key: pane.Key{Keys: []string{"!"}, Label: "!", Verb: "in full", Help: "the message line in full, and all else that was amiss"}, Do: inFull},
		{Key: pane.Key{Keys: []string{"esc"}, Label: "esc", Verb: "back", Help: "stop reading, then drop the filter, then see the whole window"}, Do: back},
	}
}

// diffKeys are those of a comparison.
func diffKeys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Key{Keys: []string{"esc", "backspace"}, Label: "esc", Verb: "back", Help: "stop reading, then drop the filter, then back to the run", Foot: true}, Do: leave},
		{Key: pane.Key{Keys: []string{"tab"}, Label: "tab", Verb: "part", Help: "the next part: window, classes, kernels, collectives (shift+tab: the one before)", Foot: true}, Do: nextPart},
		{Key: pane.Key{Keys: []string{"shift+tab"}, Label: "shift+tab", Verb: "before", Help: "the part before"}, Do: partBefore},
		{Key: pane.Key{Keys: []string{"x"}, Label: "x", Verb: "swap", Help: "the other run is the base", Foot: true}, Do: func(p *Pane) tea.Cmd { return p.compare([2]string{p.diff.runs[1], p.diff.runs[0]}) }},
		{Key: pane.Key{Keys: []string{"d"}, Label: "d", Verb: "other base", Help: "choose another run to compare with", Foot: true}, Do: choose},
		{Key: pane.Key{Keys: []string{"/"}, Label: "/", Verb: "filter", Help: "show only some rows of the part: gemm class:communication change:new", Foot: true}, Do: askFilter},
		{Key: pane.Key{Keys: []string{"o"}, Label: "o", Verb: "order", Help: "order the part by its next column of numbers, greatest first; after the last as it was"}, Do: order, Why: needRows},
		{Key: pane.Key{Keys: []string{"y"}, Label: "y", Verb: "copy", Help: "copy the command that prints this comparison", Foot: true}, Do: copyText},
		{Key: pane.Key{Keys: []string{"!"}, Label: "!", Verb: "in full", Help: "the message line in full, and all else that was amiss"}, Do: inFull},
	}
}

// pickKeys are those of the list of runs to compare with.
func pickKeys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Key{Keys: []string{"enter"}, Label: "↵", Verb: "compare", Help: "compare with the run under the cursor, as the base", Foot: true}, Do: takePicked},
		{Key: pane.Key{Keys: []string{"/"}, Label: "/", Verb: "filter", Help: "show only some runs: model:~8b layout:tp2", Foot: true}, Do: askFilter},
		{Key: pane.Key{Keys: []string{"esc", "backspace"}, Label: "esc", Verb: "back", Help: "drop the filter, then back without comparing", Foot: true}, Do: leave},
	}
}

// Keys lists what the pane answers to now; for the manual, which has no backend, everything.
func (p *Pane) Keys() []pane.Key {
	if p.dialog.Open() {
		return p.dialog.Keys()
	}
	all := keysOf(p).Keys()
	switch {
	case p.env.Lab == nil:
		return slices.Concat(all, pane.MoveKeys(), pane.Within("in a comparison", diffKeys().Keys()))
	case p.pick != nil || p.diff != nil:
		return append(all, pane.MoveKeys()...)
	case p.run == "":
		pane.OnlyFoot(all)
	case p.timeline.trace() == nil:
		pane.OnlyFoot(all, "enter", "n", "m")
	}
	if p.analysis != nil {
		all[0].Foot, all[0].Verb = lateCall(p) != nil || kernel(p) != nil, "show"
	}
	return append(all, pane.MoveKeys()...)
}

// keysOf is the keys of what is on the screen.
func keysOf(p *Pane) pane.Table[*Pane] {
	switch {
	case p.pick != nil:
		return pickKeys()
	case p.diff != nil:
		return diffKeys()
	}
	return keys()
}

func (p *Pane) key(key tea.KeyMsg) tea.Cmd {
	if cmd, ok := p.dialog.Key(key); ok {
		return cmd
	}
	if cmd, ok := p.onSheet().list().Move(key.String()); ok {
		return cmd
	}
	cmd, _ := keysOf(p).Dispatch(p, key.String())
	return cmd
}
