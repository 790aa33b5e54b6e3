package report

import (
	"image/color"
	"math"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const bold = xfont.WeightBold

var (
	ink   = color.RGBA{R: 0x22, G: 0x26, B: 0x2e, A: 0xff}
	grey  = color.RGBA{R: 0x6b, G: 0x72, B: 0x80, A: 0xff}
	faint = color.RGBA{R: 0xe5, G: 0xe7, B: 0xeb, A: 0xff}
)

// hues are the eight of Okabe and Ito, told apart by colour-blind readers too; the
// marks differ as well, so that nothing is told by colour alone.
var hues = []color.RGBA{
	{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}, {R: 0xd5, G: 0x5e, B: 0x00, A: 0xff},
	{R: 0x00, G: 0x9e, B: 0x73, A: 0xff}, {R: 0xcc, G: 0x79, B: 0xa7, A: 0xff},
	{R: 0xe6, G: 0x9f, B: 0x00, A: 0xff}, {R: 0x56, G: 0xb4, B: 0xe9, A: 0xff},
	{R: 0x7a, G: 0x51, B: 0x95, A: 0xff}, {R: 0x4b, G: 0x55, B: 0x63, A: 0xff},
}

// marks and hues have no common factor: the pair repeats only after 40 series.
var marks = []draw.GlyphDrawer{
	mark{corners: 24}, mark{corners: 4, turn: 0.125}, mark{corners: 3, turn: 0.25}, mark{corners: 4}, mark{corners: 3, turn: -0.25},
}

// style is how one series looks in every panel.
type style struct {
	line  draw.LineStyle
	ideal draw.LineStyle
	bar   draw.LineStyle
	mark  draw.GlyphStyle
}

func stylesOf(names []string) map[string]style {
	all := map[string]style{}
	for i, name := range names {
		hue := hues[i%len(hues)]
		pale := color.NRGBA{R: hue.R, G: hue.G, B: hue.B, A: 0x70}
		all[name] = style{
			line:  draw.LineStyle{Color: hue, Width: vg.Points(2)},
			ideal: draw.LineStyle{Color: pale, Width: vg.Points(1.1), Dashes: []vg.Length{vg.Points(4), vg.Points(3)}},
			bar:   draw.LineStyle{Color: hue, Width: vg.Points(1.1)},
			mark:  draw.GlyphStyle{Color: hue, Radius: vg.Points(4.2), Shape: marks[i%len(marks)]},
		}
	}
	return all
}

// textStyle is a plain line of text in points.
func textStyle(size vg.Length, c color.Color) text.Style {
	f := font.From(plot.DefaultFont, size)
	f.Variant = "Sans"
	return text.Style{Color: c, Font: f, Handler: plot.DefaultTextHandler}
}

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
