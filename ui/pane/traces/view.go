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
	if p.analysis != nil && p.analysis.Replay {
		left += " · replay"
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
	case p.timeline.spans.Busy():
		return pane.Note{Text: p.timeline.spans.Words("reading the kernels in sight") + " · esc stops it", Tone: theme.Busy}
	case p.timeline.xray.Busy():
		return pane.Note{Text: p.timeline.xray.Words("taking the steps apart") + " · esc stops it", Tone: theme.Busy}
	case p.timeline.trace() == nil:
		return pane.Note{}
	}
	a := p.analysis
	if r, ok := p.sheet.list().Current(); ok && p.sheet.name() != "kernels" && r.Full != "" && !a.Damaged {
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
	lines := p.picture()
	f.height -= len(lines)
	f.above = func(part int) []string {
		if part != present.LateCalls {
			return nil
		}
		return p.timeline.lateLines(p.Width, p.Height)
	}
	return append(lines, p.sheet.view(f)...)
}

// picture is what stands over the parts: bars and timeline, as far as there is room.
func (p *Pane) picture() []string {
	lines := p.timeline.bars(p.Width, max(p.Height/5, 2))
	if timeline := p.timeline.lines(p.Width); len(lines)+len(timeline)+5 <= p.Height {
		lines = append(lines, timeline...)
	}
	if len(lines)+4 > p.Height {
		return nil
	}
	return lines
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
		return noTraces(p.env.Theme, p.run, p.analysis.Metric("gpu_busy").Reason, p.Width)
	case !p.reader.Modest(p.bytes):
		return pane.Notice("The traces of "+p.run+size+" are more than a login node should read.", "",
			"shardeck analyze --on-node "+p.run+" reads them in a short job · n goes to the next run")
	}
	return pane.Notice("The traces of "+p.run+size+" are not read yet.", "",
		"↵ reads them · n goes to the next run · t in Experiments or Metrics opens another")
}

// noTraces says why a run has none, as its analysis knows, and how to get some.
func noTraces(th *theme.Theme, run, reason string, width int) []string {
	lines := []string{run + " has no traces."}
	if reason != "" {
		lines = append(lines, "", th.Paint(theme.Dim, widget.Sentence(reason, width-4)))
	}
	return pane.Notice(append(lines, "", "Set profiling.kineto to true in its config (2) and submit it again:",
		"the next run writes kineto_trace_<rank>.json.", "", "n goes to the next run · m opens what was measured without traces")...)
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

func label(text string) string { return "   " + widget.Fit(text, labelWidth-3) }

// lines draw phases, a line for each thing that happens at all, and the time below.
func (t *timeline) lines(width int) []string {
	d := t.density()
	cols := width - labelWidth - 9
	if d == nil || cols < 8 || len(d.Compute) == 0 {
		return nil
	}
	low, high := t.view.in(len(d.Compute))
	lines := []string{label("rank "+unit.Int(d.Rank)) + t.phaseLine(d, low, high, cols)}
	for _, row := range []struct {
		name string
		bins []int64
		tone theme.Tone
	}{{"compute", d.Compute, theme.Plain}, {"transfer", d.Transfer, theme.Busy}, {"waiting", d.Wait, theme.Warn},
		{"unmatched", d.Unmatched, theme.Bad}, {"idle", d.Idle, theme.Dim}} {
		if high <= len(row.bins) && sum(row.bins) > 0 {
			share := 100 * float64(sum(row.bins[low:high])) / float64(d.BinNS*int64(high-low))
			levels := widget.Levels(t.env.Theme, widget.Resample(shares(row.bins[low:high], d.BinNS), cols))
			lines = append(lines, label(row.name)+t.env.Theme.Paint(row.tone, levels)+widget.Right(unit.Number(share, 1)+" %", 8))
		}
	}
	return append(lines, label("")+t.env.Theme.Paint(theme.Dim, t.times(d, low, high, cols)))
}

// times is the start and the end of what is in sight, and how much of all that is.
func (t *timeline) times(d *metric.RankDensity, low, high, cols int) string {
	left, right := unit.Duration(int64(low)*d.BinNS), unit.Duration(int64(high)*d.BinNS)
	if n := len(d.Compute); high-low < n {
		left += " · " + shareWord(100*float64(high-low)/float64(n)) + " % of the window"
		if t.closest() {
			left += " · + lists its kernels"
		}
	}
	return widget.Spread(left, right, cols)
}

// shareWord is a share in %, a small one with a decimal.
func shareWord(v float64) string {
	if v < 5 {
		return unit.Number(v, 1)
	}
	return unit.Number(v, 0)
}

func sum(bins []int64) (total int64) {
	for _, v := range bins {
		total += v
	}
	return total
}

func shares(bins []int64, bin int64) []float64 {
	return model.Each(bins, func(v int64) float64 { return float64(v) / float64(max(bin, 1)) })
}

// bars are the split of each rank, and what their signs mean, at most so many. Of many ranks
// those around the one chosen are drawn; the part "ranks" has them all.
func (t *timeline) bars(width, most int) []string {
	th, ranks := t.env.Theme, t.trace().Ranks
	cols := width - labelWidth - 9
	if cols < 8 || len(ranks) == 0 {
		return nil
	}
	straggler := t.analysis.Metric("straggler").Value
	first := max(min(t.rank-most/2, len(ranks)-most), 0)
	var lines []string
	for i := first; i < min(first+most, len(ranks)); i++ {
		r := ranks[i]
		bar := widget.Bar(th, cols, float64(r.WindowNS), pane.WindowParts(th, r), th.Idle)
		head := label("rank " + unit.Int(r.Rank))
		if straggler != nil && int(*straggler) == r.Rank {
			head = "   " + th.Paint(theme.Warn, widget.Fit("rank "+unit.Int(r.Rank)+" !", labelWidth-3))
		}
		if i == t.rank && len(ranks) > 1 {
			head = " " + th.Paint(theme.Accent, th.Right) + head[2:]
		}
		lines = append(lines, head+bar+widget.Right(unit.Percent(r.ComputeNS, r.WindowNS)+" %", 8))
	}
	right := "compute"
	if len(ranks) > most {
		right = "of " + unit.Int(len(ranks)) + " ranks"
	}
	return append(lines, legend(th, right, t.trace().HasUnmatched(), straggler != nil, cols))
}

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

// lateLines stand over the late calls: how late, and when in what is in sight of the timeline the rank chosen was.
func (t *timeline) lateLines(width, height int) []string {
	l, d := t.trace().Lateness, t.density()
	cols := width - labelWidth - 9
	if l == nil || d == nil || cols < 8 || height < skewFrom {
		return nil
	}
	th := t.env.Theme
	counts := model.Each(l.Bins, func(b metric.LateBin) float64 { return float64(b.Calls) })
	said := widget.Sentence(present.LateBins(l.Bins), max(cols-len(l.Bins), 1))
	lines := []string{label("how late") + widget.Sparkline(th, counts) + "   " + th.Paint(theme.Dim, said)}
	low, high := t.view.in(len(d.Compute))
	if high <= len(d.Late) {
		levels := widget.Sparkline(th, widget.Resample(shares(d.Late[low:high], 1), cols))
		ms := unit.Number(float64(sum(d.Late[low:high]))/1e6, 1) + " ms"
		lines = append(lines, label("late")+th.Paint(theme.Warn, levels)+widget.Right(ms, 9))
	}
	return lines
}

// skewFrom is the height of the pane from which there is room for the picture of the skew.
const skewFrom = 18

// phaseLine is the line over the density: prefill and decode where they lie, named where there is room.
func (t *timeline) phaseLine(d *metric.RankDensity, low, high, cols int) string {
	th := t.env.Theme
	from, to := int64(low)*d.BinNS, int64(high)*d.BinNS
	cells := strings.Split(strings.Repeat(th.Rule+"\n", cols-1)+th.Rule, "\n")
	at := func(ns int64) int { return int(float64(ns-from) / float64(max(to-from, 1)) * float64(cols)) }
	for _, ph := range steps(t.trace().Phases, d.Rank, (to-from)*leastStep/int64(cols)) {
		if ph.EndNS <= from || ph.StartNS >= to {
			continue
		}
		left, right := max(at(ph.StartNS), 0), min(at(ph.EndNS), cols)
		if ph.StartNS > from && left < cols {
			cells[left] = th.Axis.Under
			left++
		}
		names := []string{ph.Name}
		if ph.Steps > 1 {
			names = []string{ph.Name + " × " + unit.Int(ph.Steps), ph.Name}
		}
		for _, name := range names {
			if room := right - left; room >= widget.Width(name)+2 {
				write(cells[left:right], name, (room-widget.Width(name))/2)
				break
			}
		}
	}
	return th.Paint(theme.Dim, strings.Join(cells, ""))
}

// leastStep is the columns from which a step of several is drawn on its own.
const leastStep = 12

// steps are the phases of a rank, those whose steps last so long divided into them.
func steps(phases []metric.Phase, rank int, least int64) []metric.Phase {
	var out []metric.Phase
	count := map[string]int{}
	for _, ph := range phases {
		if ph.Rank != rank {
			continue
		}
		n := len(ph.Starts)
		if n < 2 || (ph.EndNS-ph.StartNS)/int64(n) < least {
			out = append(out, ph)
			count[ph.Name] += ph.Steps
			continue
		}
		for i, start := range ph.Starts {
			end := ph.EndNS
			if i+1 < n {
				end = ph.Starts[i+1]
			}
			count[ph.Name]++
			out = append(out, metric.Phase{Rank: rank, Name: ph.Name + " " + unit.Int(count[ph.Name]), Steps: 1, StartNS: start, EndNS: end})
		}
	}
	return out
}

func write(cells []string, text string, at int) {
	cells[max(at-1, 0)] = " "
	for i, r := range []rune(text) {
		cells[at+i] = string(r)
	}
	if end := at + widget.Width(text); end < len(cells) {
		cells[end] = " "
	}
}
