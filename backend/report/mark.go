package report

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// mark is a filled polygon with a white rim, which keeps it apart from the lines
// that pass below it.
type mark struct {
	corners int
	turn    float64 // in turns, from the first corner at the right
}

// DrawGlyph draws the mark.
func (m mark) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, at vg.Point) {
	c.FillPolygon(color.White, m.outline(at, s.Radius+vg.Points(1.2)))
	c.FillPolygon(s.Color, m.outline(at, s.Radius))
}

func (m mark) outline(at vg.Point, radius vg.Length) []vg.Point {
	if m.corners < 5 { // as large to the eye as a circle
		radius *= 1.18
	}
	points := make([]vg.Point, m.corners)
	for i := range points {
		angle := 2 * math.Pi * (m.turn + float64(i)/float64(m.corners))
		points[i] = vg.Point{
			X: at.X + radius*vg.Length(math.Cos(angle)),
			Y: at.Y + radius*vg.Length(math.Sin(angle)),
		}
	}
	return points
}
