package traces

import (
	"fmt"
	"slices"
	"strings"

	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// skewRows are the calls whose last rank was latest, the latest first.
func (p *Pane) skewRows(t *metric.TraceSummary) []row {
	if t.Lateness == nil {
		return nil
	}
	var rows []row
	for _, c := range t.Lateness.Worst {
		name, rank := c.Type+" "+unit.Int(c.Number), unit.Int(c.Rank)
		rows = append(rows, row{cells: []widget.Cell{{Text: name}, p.size(c.Bytes, c.Inferred), {Text: stepWord(c), Tone: theme.Dim}, number(float64(c.AtNS)/1e6, 2), {Text: rank},
			p.each(c.LateNS, 1), p.each(c.ComputeNS, 1), p.each(c.SpreadNS, 1), {Text: groupWord(c.Group), Tone: theme.Dim}},
			fields: map[string]string{"type": c.Type, "rank": rank, "phase": c.Phase, "step": stepWord(c)}, full: lateWords(c), call: &c})
	}
	return rows
}

// stepWord is the step that a call is made in: "decode 12"; empty: no annotations.
func stepWord(c metric.LateCall) string {
	if c.Step == 0 {
		return ""
	}
	return c.Phase + " " + unit.Int(c.Step)
}

// groupWord is the ranks that meet in a call: "0-7", or "0 4 8".
func groupWord(ranks []int) string {
	if n := len(ranks); n > 2 && ranks[n-1]-ranks[0] == n-1 && slices.IsSorted(ranks) {
		return fmt.Sprintf("%d-%d", ranks[0], ranks[n-1])
	}
	return strings.Trim(fmt.Sprint(ranks), "[]")
}

// lateWords are a late call in a sentence.
func lateWords(c metric.LateCall) string {
	text := fmt.Sprintf("rank %d was last to %s %s, by %s", c.Rank, c.Type, unit.Int(c.Number), unit.Duration(c.LateNS))
	if len(c.Group) > 2 {
		text += " (" + unit.Duration(c.SpreadNS) + " after the first)"
	}
	if c.ComputeNS > 0 {
		return text + ", " + unit.Duration(c.ComputeNS) + " of it computing longer"
	}
	return text + ", not by computing longer"
}

// skewLines stand over the late calls: how late, and when in what is in sight of the
// timeline the rank chosen was.
func (p *Pane) skewLines(width int) []string {
	l, d := p.trace().Lateness, p.density()
	cols := width - labelWidth - 9
	if l == nil || d == nil || cols < 8 || p.height < skewFrom {
		return nil
	}
	th := p.env.Theme
	lines := []string{p.label("how late") + histogram(th, l.Bins) + "   " + th.Paint(theme.Dim, widget.Sentence(binWords(l), max(cols-len(l.Bins), 1)))}
	low, high := p.view.in(len(d.Compute))
	if high <= len(d.Late) {
		levels := widget.Levels(th, scaled(widget.Resample(shares(d.Late[low:high], 1), cols)))
		lines = append(lines, p.label("late")+th.Paint(theme.Warn, levels)+widget.Right(unit.Number(float64(sum(d.Late[low:high]))/1e6, 1)+" ms", 9))
	}
	return lines
}

// toCall shows a late call in the timeline of its rank, near enough to see its step.
func (p *Pane) toCall(c *metric.LateCall) {
	p.sought = c
	for i, d := range p.timelines() {
		if d.Rank != c.Rank {
			continue
		}
		p.rank = i
		n, at := len(d.Compute), int(c.AtNS/max(d.BinNS, 1))
		least := min(leastBins, n)
		p.view = span{at - least/2, at - least/2 + least}.within(n)
	}
}

// skewFrom is the height of the pane from which there is room for the picture of the skew.
const skewFrom = 18

// histogram draws how many calls were how late, a column a bin.
func histogram(th *theme.Theme, bins []metric.LateBin) string {
	var counts []float64
	for _, b := range bins {
		counts = append(counts, float64(b.Calls))
	}
	return widget.Levels(th, scaled(counts))
}

// scaled divides values by the largest.
func scaled(values []float64) []float64 {
	top := 0.0
	for _, v := range values {
		top = max(top, v)
	}
	if top == 0 {
		return values
	}
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = v / top
	}
	return out
}

// binWords say what the columns of the histogram are.
func binWords(l *metric.Lateness) string {
	if len(l.Bins) == 0 {
		return ""
	}
	text := "under 1 µs late"
	if last := l.Bins[len(l.Bins)-1]; last.FromNS > 0 {
		text += ", then doubling to " + unit.Duration(2*last.FromNS)
	}
	return text
}
