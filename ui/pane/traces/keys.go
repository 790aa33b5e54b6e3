package traces

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
)

// keys is everything the pane answers to, but for moving.
func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("enter", "↵", "read", "read the traces of the run, if nobody did yet; on a kernel: its whole name; on a late call: show it in the timeline"),
			Do: enter, Why: alreadyRead},
		{Key: pane.Foot("tab", "tab", "part", "the next part: kernels, collectives, skew, ranks, classes (shift+tab: the one before)"),
			Do: nextPart},
		{Key: pane.On("shift+tab", "shift+tab", "before", "the part before"), Do: partBefore},
		{Key: pane.Foot("+ =", "+ -", "zoom", "see a shorter part of the timeline, in the end its kernels one by one; or a longer part (-)"),
			Do: func(p *Pane) tea.Cmd { return p.timeline.closer() }, Why: needTrace},
		{Key: pane.On("- _", "-", "wider", "see a longer part of the timeline"), Do: wider, Why: needTrace},
		{Key: pane.Foot("left h", "←→", "pan", "go along the timeline"), Do: panLeft, Why: needZoom},
		{Key: pane.On("right l", "→", "later", "go along the timeline"), Do: panRight, Why: needZoom},
		{Key: pane.Foot("[", "[ ]", "rank", "the timeline of the rank before (]: after)"),
			Do: func(p *Pane) tea.Cmd { return p.timeline.otherRank(-1) }},
		{Key: pane.On("]", "]", "rank after", "the timeline of the rank after"),
			Do: func(p *Pane) tea.Cmd { return p.timeline.otherRank(1) }},
		{Key: pane.Foot("/", "/", "filter", "show only some rows of the part: gemm class:communication, type:all_reduce, rank:1 phase:decode, ! for the opposite"),
			Do: askFilter, Why: needTrace},
		{Key: pane.On("o", "o", "order", "order the part by its next column of numbers, greatest first; after the last as it was"),
			Do: order, Why: needRows},
		{Key: pane.Foot("d", "d", "compare…", "choose a run to compare this one with: where their times differ, the largest difference first"),
			Do: choose, Why: needRun},
		{Key: pane.Foot("n", "n", "run", "the traces of the next run of the board (N: the one before)"),
			Do: func(p *Pane) tea.Cmd { return otherRun(p, 1) }},
		{Key: pane.On("N", "N", "run before", "the traces of the run before"), Do: func(p *Pane) tea.Cmd { return otherRun(p, -1) }},
		{Key: pane.On("m", "m", "metrics", "open the run in Metrics"), Do: openMetrics, Why: needRun},
		{Key: pane.On("y", "y", "copy", "copy the full name of the kernel under the cursor, else the command that prints this pane"),
			Do: copyText, Why: needRun},
		{Key: pane.On("!", "!", "in full", "the message line in full, and all else that was amiss"), Do: inFull},
		{Key: pane.On("esc", "esc", "back", "stop reading, then drop the filter, then see the whole window"), Do: back},
	}
}

// diffKeys are those of a comparison.
func diffKeys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("esc backspace", "esc", "back", "stop reading, then drop the filter, then back to the run"), Do: leave},
		{Key: pane.Foot("tab", "tab", "part", "the next part: window, classes, kernels, collectives (shift+tab: the one before)"),
			Do: nextPart},
		{Key: pane.On("shift+tab", "shift+tab", "before", "the part before"), Do: partBefore},
		{Key: pane.Foot("x", "x", "swap", "the other run is the base"),
			Do: func(p *Pane) tea.Cmd { return p.compare([2]string{p.diff.runs[1], p.diff.runs[0]}) }},
		{Key: pane.Foot("d", "d", "other base", "choose another run to compare with"), Do: choose},
		{Key: pane.Foot("/", "/", "filter", "show only some rows of the part: gemm class:communication change:new"), Do: askFilter},
		{Key: pane.On("o", "o", "order", "order the part by its next column of numbers, greatest first; after the last as it was"),
			Do: order, Why: needRows},
		{Key: pane.Foot("y", "y", "copy", "copy the command that prints this comparison"), Do: copyText},
		{Key: pane.On("!", "!", "in full", "the message line in full, and all else that was amiss"), Do: inFull},
	}
}

// pickKeys are those of the list of runs to compare with.
func pickKeys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("enter", "↵", "compare", "compare with the run under the cursor, as the base"), Do: takePicked},
		{Key: pane.Foot("/", "/", "filter", "show only some runs: model:~8b layout:tp2"), Do: askFilter},
		{Key: pane.Foot("esc backspace", "esc", "back", "drop the filter, then back without comparing"), Do: leave},
	}
}

// Keys lists what the pane answers to now; for the manual, which has no backend, everything.
func (p *Pane) Keys() []pane.Key {
	if p.Dialog.Open() {
		return p.Dialog.Keys()
	}
	all := keysOf(p).Keys()
	switch {
	case p.env.Backend == nil:
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
