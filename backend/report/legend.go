package report

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// legendLines is how many lines the legend takes, two entries a line.
func legendLines(names []string) int { return (len(names) + columns) / columns } // one more entry: the ideal line

// drawLegend puts each series' mark and name at the foot of the page, and last the
// ideal line.
func drawLegend(page draw.Canvas, names []string, styles map[string]style) {
	width := (page.Max.X - page.Min.X) / columns
	top := page.Min.Y + vg.Length(legendLines(names))*legendHeight
	at := func(i int) vg.Point {
		return vg.Point{X: page.Min.X + vg.Length(i%columns)*width, Y: top - (vg.Length(i/columns)+0.5)*legendHeight}
	}
	for i, name := range names {
		s := styles[name]
		p := at(i)
		sample(page, s.line, p)
		page.DrawGlyph(s.mark, vg.Point{X: p.X + 0.2*vg.Inch, Y: p.Y})
		label(page, p, name)
	}
	p := at(len(names))
	sample(page, idealLine, p)
	label(page, p, "ideal: n GPUs do n times the work")
}

// sample draws a short piece of a line.
func sample(page draw.Canvas, s draw.LineStyle, p vg.Point) {
	page.StrokeLine2(s, p.X, p.Y, p.X+0.4*vg.Inch, p.Y)
}

func label(page draw.Canvas, p vg.Point, name string) {
	s := textStyle(10.5, ink)
	s.YAlign = draw.YCenter
	page.FillText(s, vg.Point{X: p.X + 0.52*vg.Inch, Y: p.Y}, name)
}
