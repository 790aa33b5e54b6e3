package traces

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model/present"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("enter", "↵", "read",
			"read the traces of the run, if nobody did yet; on a kernel: its whole name; on a late call: show it in the timeline"),
			Do: enter, Why: alreadyRead},
		{Key: pane.Foot("tab", "tab", "part", "the next part: timeline, kernels, collectives, skew, ranks, classes (shift+tab: the one before)"),
			Do: nextPart},
		{Key: pane.On("shift+tab", "shift+tab", "before", "the part before"), Do: partBefore},
		{Key: pane.Foot("/", "/", "filter",
			"show only some rows of the part: gemm class:communication, type:all_reduce, rank:1 phase:decode, ! for the opposite; "+
				"in the timeline: find a kernel"),
			Do: askFilter, Why: needTrace},
		{Key: pane.On("o", "o", "order", "order the part by its next column of numbers, greatest first; after the last as it was"),
			Do: order, Why: needRows},
		{Key: pane.Foot("d", "d", "compare…", "choose a run to compare this one with: where their times differ, the largest difference first"),
			Do: choose, Why: needRun},
		{Key: pane.Foot("x", "x", "x-ray", "take the steps of the rank apart: operators, how far each is from its floor, and gaps"),
			Do: func(p *Pane) tea.Cmd { return p.timeline.takeApart() }, Why: needRead},
		{Key: pane.Foot("n", "n", "run", "the traces of the next run of the board (N: the one before)"),
			Do: func(p *Pane) tea.Cmd { return otherRun(p, 1) }},
		{Key: pane.On("N", "N", "run before", "the traces of the run before"), Do: func(p *Pane) tea.Cmd { return otherRun(p, -1) }},
		{Key: pane.On("O", "O", "open path…", "open a trace, or a folder of traces, by its path, whatever its files are called (tab completes)"),
			Do: func(p *Pane) tea.Cmd { return p.opener.Ask() }},
		{Key: pane.On("m", "m", "metrics", "open the run in Metrics"),
			Do: func(p *Pane) tea.Cmd { return pane.Send(pane.OpenMsg{To: pane.Metrics, Run: p.run}) }, Why: needRun},
		{Key: pane.On("y", "y", "copy", "copy the full name of the kernel under the cursor, else the command that prints this pane"),
			Do: copyText, Why: needRun},
		{Key: pane.On("!", "!", "in full", "the message line in full, and all else that was amiss"), Do: inFull},
		{Key: pane.On("esc", "esc", "back", "stop reading, then drop the filter, then see the whole window"), Do: back},
	}
}

// laneKeys are those of the timeline, whatever has the cursor.
func laneKeys() pane.Table[*Pane] {
	on := func(do func(*lanes) tea.Cmd) func(*Pane) tea.Cmd {
		return func(p *Pane) tea.Cmd { return do(p.lanes()) }
	}
	return pane.Table[*Pane]{
		{Key: pane.Foot("+ =", "+ -", "zoom", "see a shorter part of the timeline, down to single kernels; or a longer part (-)"),
			Do: on(func(t *lanes) tea.Cmd { return t.zoom(0.5) }), Why: needTrace},
		{Key: pane.On("- _", "-", "wider", "see a longer part of the timeline"),
			Do: on(func(t *lanes) tea.Cmd { return t.zoom(2) }), Why: needTrace},
		{Key: pane.Foot("left h", "←→", "pan", "go along the timeline"), Do: on(func(t *lanes) tea.Cmd { return t.pan(-0.25) }), Why: needZoom},
		{Key: pane.On("right l", "→", "later", "go along the timeline"), Do: on(func(t *lanes) tea.Cmd { return t.pan(0.25) }), Why: needZoom},
		{Key: pane.On("[", "[ ]", "rank", "the rank before (]: after): its steps, its shares, and what keys look for"),
			Do: on(func(t *lanes) tea.Cmd { return t.turn(-1) })},
		{Key: pane.On("]", "]", "rank after", "the rank after"), Do: on(func(t *lanes) tea.Cmd { return t.turn(1) })},
		{Key: pane.Foot("w", "w", "wait", "the next wait of the rank that is seen at this zoom (W: the one before)"),
			Do: on(func(t *lanes) tea.Cmd { return seeker{t}.toWait(false) }), Why: needTrace},
		{Key: pane.On("W", "W", "wait before", "the wait before"), Do: on(func(t *lanes) tea.Cmd { return seeker{t}.toWait(true) }), Why: needTrace},
		{Key: pane.Foot("c", "c", "call", "the next call that ties the rank to others, and who was last in it (C: the one before)"),
			Do: on(func(t *lanes) tea.Cmd { return seeker{t}.toCall(false) }), Why: needTrace},
		{Key: pane.On("C", "C", "call before", "the call before"), Do: on(func(t *lanes) tea.Cmd { return seeker{t}.toCall(true) }), Why: needTrace},
		{Key: pane.On("i", "i", "gap", "the longest time in sight in which the rank was idle"), Do: on(func(t *lanes) tea.Cmd { return seeker{t}.toGap() }), Why: needTrace},
		{Key: pane.On("J", "J", "go to…", "go to a call, a step, a layer or a time: call 57, decode 14 layer 3, 12.5 ms"),
			Do: on(func(t *lanes) tea.Cmd { return seeker{t}.askPlace() }), Why: needTrace},
		{Key: pane.On(".", ".", "next", "the next kernel found (,: the one before)"),
			Do: on(func(t *lanes) tea.Cmd { return seeker{t}.find(false) }), Why: needTrace},
		{Key: pane.On(",", ",", "kernel before", "the kernel found before"), Do: on(func(t *lanes) tea.Cmd { return seeker{t}.find(true) }), Why: needTrace},
		{Key: pane.On("f", "f", "fold", "many ranks: a line for each, or one for those of a node"), Do: fold, Why: needMany},
	}
}

func diffKeys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("esc backspace", "esc", "back", "stop reading, then drop the filter, then back to the run"), Do: leave},
		{Key: pane.Foot("tab", "tab", "part", "the next part: timeline of both, window, classes, kernels, collectives (shift+tab: the one before)"),
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
		return slices.Concat(all, pane.MoveKeys(), diffKeys().Within("in a comparison"))
	case p.pick != nil || p.diff != nil:
		return append(all, pane.MoveKeys()...)
	case p.run == "":
		all = keysOf(p).OnlyFoot("O")
	case p.timeline.trace() == nil:
		all = keysOf(p).OnlyFoot("enter", "n", "m")
	}
	if i := slices.IndexFunc(all, func(k pane.Key) bool { return k.Label == "/" }); p.sheet.ahead && i >= 0 {
		all[i].Verb = "find"
	}
	if p.analysis != nil {
		all[0].Foot, all[0].Verb = max(under(p, present.LateCalls), under(p, present.Kernels)) >= 0, "show"
	}
	return append(all, pane.MoveKeys()...)
}

func keysOf(p *Pane) pane.Table[*Pane] {
	switch {
	case p.pick != nil:
		return pickKeys()
	case p.diff != nil:
		return slices.Concat(diffKeys(), laneKeys())
	}
	all := keys()
	return slices.Concat(all[:3], laneKeys(), all[3:])
}

// under is the row under the cursor where that is of a part of what was traced; -1: it is not.
func under(p *Pane, part int) int {
	if r, ok := p.sheet.list().Current(); ok && p.timeline.trace() != nil && p.sheet.at == part && !p.sheet.ahead {
		return r.id
	}
	return -1
}

// enter shows a late call in the timeline, or all of a kernel, whose row cuts its name; else it reads the run.
func enter(p *Pane) tea.Cmd {
	if p.sheet.ahead && needTrace(p) == "" && needMany(p) == "" {
		return fold(p)
	}
	if i := under(p, present.LateCalls); i >= 0 {
		return seeker{p.timeline}.toLate(&p.analysis.Trace.Lateness.Worst[i])
	}
	i := under(p, present.Kernels)
	if i < 0 {
		return p.read()
	}
	k := p.analysis.Trace.Kernels[i]
	lines := present.Kernel(k, len(p.analysis.Trace.Ranks))
	return p.Dialog.Ask(&pane.Ask{Popup: widget.Show(k.Short, append(widget.Wrap(lines[0], min(90, max(p.Width-10, 20))), lines[1:]...))})
}

func nextPart(p *Pane) tea.Cmd   { return turn(p, 1) }
func partBefore(p *Pane) tea.Cmd { return turn(p, -1) }

func turn(p *Pane, by int) tea.Cmd {
	p.onSheet().turn(by)
	p.SetFocus(p.focused)
	if p.onSheet().ahead && needTrace(p) == "" {
		return p.lanes().need(nil)
	}
	return nil
}

func order(p *Pane) tea.Cmd {
	p.onSheet().order(p.Width)
	return nil
}

func askFilter(p *Pane) tea.Cmd {
	if p.onSheet().ahead && needTrace(p) == "" {
		return seeker{p.lanes()}.askFind()
	}
	p.onSheet().toFilter()
	p.SetFocus(p.focused)
	return p.onSheet().list().AskFilter(&p.Dialog)
}

func fold(p *Pane) tea.Cmd {
	p.lanes().unfolded = !p.lanes().unfolded
	return nil
}

// otherRun shows the next run of the board; its traces are read unless they are too many.
func otherRun(p *Pane, step int) tea.Cmd {
	n := len(p.runs)
	if n == 0 {
		return pane.Warn("the board has no runs")
	}
	p.show(p.runs[(max(p.runs.at(p.run), 0)+step+n)%n])
	p.demand = true
	return p.readModest()
}

func copyText(p *Pane) tea.Cmd {
	text := "shardeck trace " + p.run
	switch r, ok := p.sheet.list().Current(); {
	case p.diff != nil:
		text = "shardeck trace " + p.diff.runs[0] + " " + p.diff.runs[1]
	case ok && p.sheet.name() == "kernels" && r.Full != "":
		text = r.Full
	}
	return pane.Send(pane.CopyMsg{Text: text})
}

func inFull(p *Pane) tea.Cmd {
	title, texts := p.run, []string{p.Message().Text}
	switch {
	case p.diff != nil && p.diff.found != nil:
		title = p.diff.runs[0] + " → " + p.diff.runs[1]
		texts = append([]string{present.TraceChange(p.diff.found.TraceDiff)}, p.diff.remarks()...)
	case p.diff == nil && p.analysis != nil:
		texts = append(texts, present.StragglerSentence(p.analysis.Metric("straggler")))
		texts = append(texts, p.analysis.Warnings...)
	}
	return p.Dialog.Ask(pane.InFull(title, p.Width, texts...))
}

// back is one step: reading ends, then the filter goes, then the zoom.
func back(p *Pane) tea.Cmd {
	switch {
	case p.timeline.busy() != nil, p.timeline.xray.Busy():
		p.timeline.release()
		p.timeline.xray.Stop()
	case p.reader.Busy():
		p.reader.Stop()
		p.demand = false
		return pane.Send(pane.Note{Text: "stopped reading " + p.run + "; ↵ starts again", Tone: theme.Plain})
	case p.sheet.list().FilterText() != "":
		p.sheet.list().SetFilter("")
	case !p.timeline.isWhole():
		p.timeline.whole()
	case p.sheet.ahead:
		return turn(p, 1)
	}
	return nil
}

// leave drops the filter; else the choice of a run, or the comparison, whose reading ends.
func leave(p *Pane) tea.Cmd {
	if l := p.onSheet().list(); l.FilterText() != "" {
		l.SetFilter("")
		return nil
	}
	if p.pick != nil {
		p.listing.Stop()
		p.pick = nil
		p.SetFocus(p.focused)
		return nil
	}
	if !p.diff.timeline.isWhole() {
		p.diff.timeline.whole()
		return nil
	}
	p.diff.stop()
	p.diff = nil
	p.SetFocus(p.focused)
	return p.readModest() // a comparison that another pane asked for came before the run itself
}

// needRun and the others say why a key cannot act now; empty: it can.
func needRun(p *Pane) string { return pane.WhyNot(p.run == "", "no run is shown: n goes to the first") }

func alreadyRead(p *Pane) string {
	switch {
	case p.sheet.ahead && p.timeline.trace() != nil:
		return needMany(p)
	case max(under(p, present.LateCalls), under(p, present.Kernels)) >= 0:
		return ""
	case p.analysis != nil && p.timeline.trace() == nil:
		return p.run + " has no traces to read"
	case p.analysis != nil:
		return "these traces are read already"
	case p.reader.Busy():
		return "already reading; esc stops it"
	}
	return needRun(p)
}

func needRows(p *Pane) string {
	return pane.WhyNot(p.onSheet().list().Table.Rows() < 2, "there is nothing to order here")
}

func needRead(p *Pane) string {
	return pane.WhyNot(p.timeline.trace() == nil, "there are no traces on the screen: ↵ reads those of the run")
}

func needTrace(p *Pane) string {
	switch {
	case p.diff != nil:
		return pane.WhyNot(p.diff.found == nil, "the runs are not compared yet")
	case p.pick != nil:
		return "first choose a run"
	}
	return needRead(p)
}

func needZoom(p *Pane) string {
	if why := needTrace(p); why != "" {
		return why
	}
	return pane.WhyNot(p.lanes().isWhole(), "the whole window is in sight: + goes closer first")
}

func needMany(p *Pane) string {
	return pane.WhyNot(!p.lanes().folds(), "every rank has its line already")
}
