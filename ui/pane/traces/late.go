package traces

import (
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// lateLines stand over the late calls: how late, and when in what is in sight of the
// timeline the rank chosen was.
func (t *timeline) lateLines(width, height int) []string {
	l, d := t.trace().Lateness, t.density()
	cols := width - labelWidth - 9
	if l == nil || d == nil || cols < 8 || height < skewFrom {
		return nil
	}
	th := t.env.Theme
	lines := []string{label("how late") + histogram(th, l.Bins) + "   " + th.Paint(theme.Dim, widget.Sentence(present.LateBins(l.Bins), max(cols-len(l.Bins), 1)))}
	low, high := t.view.in(len(d.Compute))
	if high <= len(d.Late) {
		levels := widget.Levels(th, scaled(widget.Resample(shares(d.Late[low:high], 1), cols)))
		lines = append(lines, label("late")+th.Paint(theme.Warn, levels)+widget.Right(unit.Number(float64(sum(d.Late[low:high]))/1e6, 1)+" ms", 9))
	}
	return lines
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
