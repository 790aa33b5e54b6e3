package report

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// idealName stands beside the dashed line.
const idealName = "ideal: n GPUs do n times the work"

// legend is the names below the panels, in as many columns as the longest allows.
type legend struct {
	names   []string
	columns int
	width   vg.Length // of one column
}

// Room of an entry beside its name.
const (
	sampleWidth = 0.4 * vg.Inch
	nameIndent  = 0.52 * vg.Inch
	nameGap     = 0.25 * vg.Inch
)

func newLegend(names []string, page vg.Length, ideal bool) legend {
	names = append([]string(nil), names...)
	if ideal || len(names) == 0 {
		names = append(names, idealName)
	}
	widest := vg.Length(0)
	for _, n := range names {
		widest = max(widest, nameStyle().Width(n)+nameIndent+nameGap)
	}
	l := legend{names: names, columns: max(min(int(page/widest), 3, len(names)), 1)}
	l.width = page / vg.Length(l.columns)
	return l
}

func (l legend) lines() int { return (len(l.names) + l.columns - 1) / l.columns }

func (l legend) height() vg.Length { return vg.Length(l.lines()) * legendHeight }

// draw puts each series' mark and name at the foot of the page, column by column,
// and last the ideal line.
func (l legend) draw(page draw.Canvas, styles map[string]style) {
	for i, name := range l.names {
		p := vg.Point{
			X: page.Min.X + vg.Length(i/l.lines())*l.width,
			Y: page.Min.Y + l.height() - (vg.Length(i%l.lines())+0.5)*legendHeight,
		}
		s, known := styles[name]
		if !known {
			s.line = idealLine
		}
		page.StrokeLine2(s.line, p.X, p.Y, p.X+sampleWidth, p.Y)
		if known {
			page.DrawGlyph(s.mark, vg.Point{X: p.X + sampleWidth/2, Y: p.Y})
		}
		page.FillText(nameStyle(), vg.Point{X: p.X + nameIndent, Y: p.Y}, name)
	}
}

func nameStyle() draw.TextStyle {
	s := textStyle(10, ink)
	s.YAlign = draw.YCenter
	return s
}
