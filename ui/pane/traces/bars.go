package traces

import (
	"strings"

	"shardeck/model/metric"
	"shardeck/model/present/unit"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// bars are the split of each rank, and what their signs mean. Of many ranks those around
// the one chosen are drawn; the part "ranks" has them all.
func (p *Pane) bars(t *metric.TraceSummary) []string {
	th := p.env.Theme
	cols := p.width - labelWidth - 9
	if cols < 8 || len(t.Ranks) == 0 {
		return nil
	}
	most := p.mostBars()
	first := max(min(p.rank-most/2, len(t.Ranks)-most), 0)
	var lines []string
	for i := first; i < min(first+most, len(t.Ranks)); i++ {
		r := t.Ranks[i]
		bar := widget.Bar(th, cols, float64(r.WindowNS), splitParts(th, r), th.Idle)
		head := p.label("rank " + unit.Int(r.Rank))
		if p.isStraggler(r.Rank) {
			head = "   " + th.Paint(theme.Warn, widget.Fit("rank "+unit.Int(r.Rank)+" !", labelWidth-3))
		}
		if i == p.rank && len(t.Ranks) > 1 {
			head = " " + th.Paint(theme.Accent, th.Right) + head[2:]
		}
		lines = append(lines, head+bar+widget.Right(unit.Percent(r.ComputeNS, r.WindowNS)+" %", 8))
	}
	return append(lines, p.legend(len(t.Ranks), cols))
}

// isStraggler reports whether a rank is the one that others wait for.
func (p *Pane) isStraggler(rank int) bool {
	v := p.analysis.Metric("straggler").Value
	return v != nil && int(*v) == rank
}

// splitParts are the parts of a bar; what they leave is idle.
func splitParts(th *theme.Theme, r metric.RankSplit) []widget.Part {
	return []widget.Part{{Value: float64(r.ComputeNS), Glyph: th.Full}, {Value: float64(r.TransferNS), Glyph: th.Transit, Tone: theme.Busy},
		{Value: float64(r.WaitNS), Glyph: th.Wait, Tone: theme.Warn}, {Value: float64(r.CopyNS), Glyph: th.Empty, Tone: theme.Dim}}
}

// legend says what the signs mean, and at the right what the figures are: the share of
// compute, or how many ranks there are besides those drawn.
func (p *Pane) legend(ranks, cols int) string {
	th := p.env.Theme
	right := "compute"
	if ranks > p.mostBars() {
		right = "of " + unit.Int(ranks) + " ranks"
	}
	words := splitLegend(th)
	if p.analysis.Metric("straggler").Value != nil {
		words += "  ! late"
	}
	if widget.Width(words)+widget.Width(right) >= cols+8 { // of little copies little need be said
		words = strings.Replace(words, th.Empty+" copies  ", "", 1)
	}
	return p.label("") + th.Paint(theme.Dim, widget.Spread(words, right, cols+8))
}

// splitLegend says what the signs of a bar mean.
func splitLegend(th *theme.Theme) string {
	return strings.Join([]string{th.Full + " compute", th.Transit + " transfer", th.Wait + " waiting", th.Empty + " copies", th.Idle + " idle"}, "  ")
}

// mostBars is how many ranks are drawn at most.
func (p *Pane) mostBars() int { return max(p.height/5, 2) }
