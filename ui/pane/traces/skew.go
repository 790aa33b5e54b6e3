package traces

import (
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// skewLines stand over the late calls: how late, and when in what is in sight of the
// timeline the rank chosen was.
func (p *Pane) skewLines(width int) []string {
	l, d := p.trace().Lateness, p.density()
	cols := width - labelWidth - 9
	if l == nil || d == nil || cols < 8 || p.height < skewFrom {
		return nil
	}
	th := p.env.Theme
	lines := []string{p.label("how late") + histogram(th, l.Bins) + "   " + th.Paint(theme.Dim, widget.Sentence(present.LateBins(l.Bins), max(cols-len(l.Bins), 1)))}
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
