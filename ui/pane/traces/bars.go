package traces

import (
	"strings"

	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

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
	return append(lines, legend(th, right, straggler != nil, cols))
}

// legend says what the signs mean, and at the right what the figures are.
func legend(th *theme.Theme, right string, late bool, cols int) string {
	words := splitLegend(th)
	if late {
		words += "  ! late"
	}
	if widget.Width(words)+widget.Width(right) >= cols+8 { // of little copies little need be said
		words = strings.Replace(words, th.Empty+" copies  ", "", 1)
	}
	return label("") + th.Paint(theme.Dim, widget.Spread(words, right, cols+8))
}

// splitLegend says what the signs of a bar mean.
func splitLegend(th *theme.Theme) string {
	return strings.Join([]string{th.Full + " compute", th.Transit + " transfer", th.Wait + " waiting", th.Empty + " copies", th.Idle + " idle"}, "  ")
}
