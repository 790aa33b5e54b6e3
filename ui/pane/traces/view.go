package traces

import (
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// tallFrom is the height at which the other parts stand below the one with the cursor.
const tallFrom = 30

// Title names the run and its window, and how far a reading is.
func (p *Pane) Title() (left, right string) {
	switch {
	case p.pick != nil:
		return "Traces · compare " + p.run + " with …", p.pick.sheet.list().Filtered()
	case p.diff != nil:
		return p.diff.title()
	}
	left = "Traces"
	if p.run != "" {
		left += " · " + p.run
	}
	t := p.timeline.trace()
	if t != nil {
		left += " · window " + unit.Duration(t.WindowNS) + " · " + unit.Plural(len(t.Ranks), "rank")
		right = unit.FileSize(t.Bytes)
	}
	switch {
	case p.analysis == nil:
	case p.analysis.Forecast != nil:
		left += " · " + model.ForecastWord
	case p.analysis.Replay:
		left += " · " + model.ReplayWord
	}
	switch filtered := p.sheet.list().Filtered(); {
	case p.reader.Busy():
		right = p.reader.Words()
	case t != nil && filtered != "":
		right = filtered
	}
	return left, right
}

// Message names the straggler, or says that there is none, then what was cut or lost.
func (p *Pane) Message() pane.Note {
	switch {
	case p.pick != nil:
		return pane.Note{Text: "the run chosen is the base: differences are those of " + p.run + " from it"}
	case p.diff != nil:
		return p.diff.message()
	case p.reader.Busy():
		return pane.Note{Text: p.reader.Words() + " · esc stops it", Tone: theme.Busy}
	case p.err != nil:
		return pane.FailNote(p.err)
	case p.timeline.busy() != nil:
		return p.timeline.busy().reading()
	case p.timeline.xray.Busy():
		return pane.Note{Text: p.timeline.xray.Words("taking the steps apart") + " · esc stops it", Tone: theme.Busy}
	case p.gone:
		return pane.Gone(p.run)
	case p.timeline.trace() == nil:
		return pane.Note{}
	}
	a := p.analysis
	if p.timeline.said != "" && (p.sheet.ahead || !p.timeline.isWhole()) {
		return pane.Note{Text: p.timeline.said}
	}
	if r, ok := p.sheet.list().Current(); ok && !p.sheet.ahead && p.sheet.name() != "kernels" && r.Full != "" && !a.Damaged {
		return pane.Note{Text: r.Full}
	}
	note := pane.Note{Text: present.StragglerSentence(a.Metric("straggler"))}
	if a.Metric("straggler").Value != nil {
		note.Tone = theme.Warn
	}
	if cut := present.StartCut(a.Trace.Ranks); cut != "" {
		note.Text += " · " + cut
	}
	if a.Damaged {
		note.Tone, note.Brief = theme.Bad, "input was damaged, these are its sound parts · ! says what was lost"
		note.Text = "input was damaged, these are its sound parts: " + slices.Concat(a.Warnings, []string{"no more is known"})[0]
	}
	return note
}

// View draws the split of the ranks, the timeline, and the parts.
func (p *Pane) View() string { return p.Frame(p.env.Theme, p.body) }

func (p *Pane) body() []string {
	f := frame{th: p.env.Theme, width: p.Width, height: p.Height, tall: p.Height >= tallFrom, focused: p.focused}
	switch {
	case p.pick != nil:
		return p.pick.view(f)
	case p.diff != nil:
		return p.diff.view(f)
	case p.timeline.trace() == nil:
		return p.empty()
	}
	f.above = func(part int) []string {
		if part != present.LateCalls {
			return nil
		}
		return lateLines(f.th, p.timeline.trace().Lateness, p.Width, p.Height)
	}
	return p.timeline.over(f, p.sheet)
}

// empty says why there is no picture, and what to do.
func (p *Pane) empty() []string {
	size := ""
	if p.bytes > 0 {
		size = " (" + unit.FileSize(p.bytes) + ")"
	}
	switch {
	case p.run == "":
		return pane.Notice("There is no run to show yet.", "", "1 Experiments, then s   submits one; its traces appear when the job ends")
	case p.reader.Busy():
		return underWay(p.run, p.reader.Gauge(p.env.Theme, min(p.Width-30, 60)))
	case p.err != nil:
		why := p.env.Theme.Paint(theme.Bad, widget.Sentence(p.run+" cannot be read: "+p.err.Error(), p.Width-4))
		return pane.Notice(why, "", "↵ tries again · n goes to the next run")
	case p.analysis != nil:
		return noTraces(p.env.Theme, p.run, p.analysis, p.Width)
	case !p.reader.Modest(p.bytes):
		return pane.Notice("The traces of "+p.run+size+" are more than a login node should read.", "",
			"shardeck analyze --on-node "+p.run+" reads them in a short job · n goes to the next run")
	}
	return pane.Notice("The traces of "+p.run+size+" are not read yet.", "",
		"↵ reads them · n goes to the next run · t in Experiments or Metrics opens another")
}

// noTraces says why a run has none, as its analysis knows, and how to get some.
func noTraces(th *theme.Theme, run string, a *metric.Analysis, width int) []string {
	lines := []string{run + " has no traces."}
	if reason := a.Metric("gpu_busy").Reason; reason != "" {
		lines = append(lines, "", th.Paint(theme.Dim, widget.Sentence(reason, width-4)))
	}
	if a.Forecast == nil {
		lines = append(lines, "", "Set profiling.kineto to true in its config (2) and submit it again:",
			"the next run writes kineto_trace_<rank>.json.")
	}
	return pane.Notice(append(lines, "", "n goes to the next run · m opens what it has without traces")...)
}

// underWay says of which runs the traces are being read, and how far that is.
func underWay(runs, gauge string) []string {
	lines := []string{"reading the traces of " + runs + " …"}
	if gauge != "" {
		lines = append(lines, "", gauge)
	}
	return pane.Notice(append(lines, "", "esc stops it; other panes stay usable meanwhile")...)
}

// labelWidth is the room before a bar or a timeline.
const labelWidth = 12

// figureWidth is the room behind a lane.
const figureWidth = 9

func label(text string) string { return "   " + widget.Fit(text, labelWidth-3) }

// legend says what the signs mean, and at the right what the figures are.
func legend(th *theme.Theme, right string, unmatched, late bool, cols int) string {
	words := splitLegend(th, unmatched)
	if late {
		words += "  ! late"
	}
	if widget.Width(words)+widget.Width(right) >= cols+8 { // of little copies little need be said
		words = strings.Replace(words, th.Empty+" copies  ", "", 1)
	}
	return label("") + th.Paint(theme.Dim, widget.Spread(words, right, cols+8))
}

// splitLegend says what the signs of a bar mean; with calls that were not matched where there are any.
func splitLegend(th *theme.Theme, unmatched bool) string {
	words := []string{th.Full + " compute", th.Transit + " transfer", th.Wait + " waiting"}
	if unmatched {
		words = append(words, th.Unknown+" unmatched")
	}
	return strings.Join(append(words, th.Empty+" copies", th.Idle+" idle"), "  ")
}

// lateLines stand over the late calls: how late they were.
func lateLines(th *theme.Theme, l *metric.Lateness, width, height int) []string {
	cols := width - labelWidth - 9
	if l == nil || cols < 8 || height < skewFrom {
		return nil
	}
	counts := model.Each(l.Bins, func(b metric.LateBin) float64 { return float64(b.Calls) })
	said := widget.Sentence(present.LateBins(l.Bins), max(cols-len(l.Bins), 1))
	return []string{label("how late") + widget.Sparkline(th, counts) + "   " + th.Paint(theme.Dim, said)}
}

// skewFrom is the height of the pane from which there is room for the picture of the skew.
const skewFrom = 18
