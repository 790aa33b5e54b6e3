package report

import (
	"fmt"
	"image/color"
	"io"
	"math"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"shardeck/model/figure"
)

// The picture's measures: panels over a legend.
const (
	dpi          = 150
	headHeight   = 0.62 * vg.Inch
	margin       = 0.22 * vg.Inch
	gap          = 0.42 * vg.Inch
	legendHeight = 0.21 * vg.Inch // of one line
)

// PNG draws the panels two in a row, with a title above and one legend for all below.
func PNG(w io.Writer, title, note string, panels []figure.Panel) error {
	return picture(w, title, note, panels, 2, 6*vg.Inch, 4*vg.Inch)
}

// Figure draws one panel alone, as large as a page has room for.
func Figure(w io.Writer, title, note string, p figure.Panel) error {
	return picture(w, title, note, []figure.Panel{p}, 1, 9*vg.Inch, 5*vg.Inch)
}

// picture draws panels, each so wide and high, in columns.
func picture(w io.Writer, title, note string, panels []figure.Panel, columns int, width, height vg.Length) error {
	all := figure.Names(panels)
	rows, wide := (len(panels)+columns-1)/columns, vg.Length(columns)*width
	names := newLegend(all, wide-2*margin, len(panels) != 1 || panels[0].Ideal || len(all) == 0)
	height = headHeight + vg.Length(rows)*height + names.height() + 2*margin + gap
	img := vgimg.NewWith(vgimg.UseWH(wide, height), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(color.White))
	page := draw.Crop(draw.New(img), margin, -margin, margin, -margin)
	drawHead(page, title, note)
	tiles := draw.Tiles{Rows: rows, Cols: columns, PadX: gap, PadY: gap}
	drawPanels(page, draw.Crop(page, 0, 0, names.height()+gap/2, -headHeight), tiles, panels, names)
	return writeCanvas(w, vgimg.PngCanvas{Canvas: img})
}

func writeCanvas(w io.Writer, canvas io.WriterTo) error {
	if _, err := canvas.WriteTo(w); err != nil {
		return fmt.Errorf("cannot write the figure: %w", err)
	}
	return nil
}

// drawHead writes the title, and a quieter line below it.
func drawHead(page draw.Canvas, title, note string) {
	big := textStyle(17, ink, draw.XLeft, draw.YTop)
	big.Font.Weight = xfont.WeightBold
	page.FillText(big, vg.Point{X: page.Min.X, Y: page.Max.Y}, title)
	page.FillText(textStyle(10.5, grey, draw.XLeft, draw.YTop), vg.Point{X: page.Min.X, Y: page.Max.Y - 0.32*vg.Inch}, note)
}

// drawPanels draws the charts, the Y axes of a column in line, and their legend at the foot of the page.
func drawPanels(page, area draw.Canvas, tiles draw.Tiles, panels []figure.Panel, names legend) {
	styles := stylesFor(panels)
	names.draw(page, styles)
	for column := range tiles.Cols {
		var charts []*plot.Plot
		var places []draw.Canvas
		for i := column; i < len(panels); i += tiles.Cols {
			charts = append(charts, chart(panels[i], styles))
			places = append(places, tiles.At(area, column, i/tiles.Cols))
		}
		inLine(charts, places)
		for k, c := range charts {
			place, p := &places[k], panels[column+k*tiles.Cols]
			c.Title.Text = folded(c.Title.TextStyle, p.Title, place.Size().X)
			c.Draw(*place)
			drawLabel(*place, c, p.Y)
			if p.Nothing() {
				place.FillText(textStyle(11, grey, draw.XCenter, draw.YCenter), place.Center(), p.Empty)
			}
		}
	}
}

// inLine moves the left edges of charts so that their axes stand one below the other.
func inLine(charts []*plot.Plot, places []draw.Canvas) {
	indent := func(i int) vg.Length { return charts[i].DataCanvas(places[i]).Min.X - places[i].Min.X }
	widest := vg.Length(0)
	for i := range charts {
		widest = max(widest, indent(i))
	}
	for i := range charts {
		places[i] = draw.Crop(places[i], labelWidth+widest-indent(i), 0, 0, 0)
	}
}

// labelWidth is the room of the turned label of a Y axis.
const labelWidth = 0.24 * vg.Inch

// drawLabel writes what Y is: the plot library's own label takes room above a logarithmic axis.
func drawLabel(place draw.Canvas, c *plot.Plot, text string) {
	s := textStyle(10.5, grey, draw.XCenter, draw.YBottom)
	s.Rotation = math.Pi / 2
	data := c.DataCanvas(place)
	place.FillText(s, vg.Point{X: place.Min.X - labelWidth/4, Y: data.Center().Y}, text)
}

var (
	ink   = color.RGBA{R: 0x22, G: 0x26, B: 0x2e, A: 0xff}
	grey  = color.RGBA{R: 0x6b, G: 0x72, B: 0x80, A: 0xff}
	faint = color.RGBA{R: 0xe5, G: 0xe7, B: 0xeb, A: 0xff}
)

// hues are the eight of Okabe and Ito, told apart by the colour-blind too, in an order in which neighbours differ in lightness, so in grey;
// the marks differ as well.
var hues = []color.RGBA{
	{R: 0x00, G: 0x72, B: 0xb2, A: 0xff}, {R: 0xe6, G: 0x9f, B: 0x00, A: 0xff},
	{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}, {R: 0x56, G: 0xb4, B: 0xe9, A: 0xff},
	{R: 0x7a, G: 0x51, B: 0x95, A: 0xff}, {R: 0x00, G: 0x9e, B: 0x73, A: 0xff},
	{R: 0x4b, G: 0x55, B: 0x63, A: 0xff}, {R: 0xcc, G: 0x79, B: 0xa7, A: 0xff},
}

// marks and hues have no common factor: the pair repeats only after 40 series.
var marks = []draw.GlyphDrawer{
	mark{corners: 24}, mark{corners: 4, turn: 0.125}, mark{corners: 3, turn: 0.25}, mark{corners: 4}, mark{corners: 3, turn: -0.25},
}

type style struct {
	line  draw.LineStyle
	ideal draw.LineStyle
	bar   draw.LineStyle
	mark  draw.GlyphStyle
	part  bool // of bars: it has no line
}

// dashes of lines, the first whole: with the marks they tell series apart in grey.
var dashes = [][]vg.Length{nil, {vg.Points(7), vg.Points(2.5)},
	{vg.Points(7), vg.Points(2), vg.Points(1.5), vg.Points(2)}, {vg.Points(3), vg.Points(2)}}

// idealDashes are shorter than those of any line.
var idealDashes = []vg.Length{vg.Points(1.2), vg.Points(2.4)}

func stylesOf(names []string) map[string]style {
	all := map[string]style{}
	for i, name := range names {
		hue := hues[i%len(hues)]
		fill, part := partHues[name]
		if part {
			hue = fill
		}
		pale := color.NRGBA{R: hue.R, G: hue.G, B: hue.B, A: 0x90}
		all[name] = style{
			line:  draw.LineStyle{Color: hue, Width: vg.Points(2), Dashes: dashes[i%len(dashes)]},
			ideal: draw.LineStyle{Color: pale, Width: vg.Points(1.3), Dashes: idealDashes},
			bar:   draw.LineStyle{Color: hue, Width: vg.Points(1.1)},
			mark:  draw.GlyphStyle{Color: hue, Radius: vg.Points(4.2), Shape: marks[i%len(marks)]},
			part:  part,
		}
	}
	return all
}

// stylesFor are those of panels: points that no line joins have none in the legend either.
func stylesFor(panels []figure.Panel) map[string]style {
	all := stylesOf(figure.Names(panels))
	for _, p := range panels {
		for _, s := range p.Series {
			if look := all[s.Name]; s.Loose {
				look.line.Width = 0
				all[s.Name] = look
			}
		}
	}
	return all
}

// textStyle is a plain line of text, its size in points.
func textStyle(size vg.Length, c color.Color, x text.XAlignment, y text.YAlignment) text.Style {
	f := font.From(plot.DefaultFont, size)
	f.Variant = "Sans"
	return text.Style{Color: c, Font: f, XAlign: x, YAlign: y, Handler: plot.DefaultTextHandler}
}

// idealName stands beside the dashed line.
const idealName = "ideal: n GPUs do n times the work"

// legend is the names below the panels, in as many columns as the longest allows.
type legend struct {
	names   []string
	columns int
	width   vg.Length // of one column
	ideal   bool      // the ideal line is named too
}

// Room of an entry beside its name.
const (
	sampleWidth = 0.4 * vg.Inch
	nameIndent  = 0.52 * vg.Inch
	nameGap     = 0.25 * vg.Inch
)

func newLegend(names []string, page vg.Length, ideal bool) legend {
	widest := vg.Length(0)
	for _, n := range names {
		widest = max(widest, nameStyle().Width(n)+nameIndent+nameGap)
	}
	l := legend{names: names, columns: max(min(int(page/max(widest, 1)), 3, len(names)), 1), ideal: ideal}
	l.width = page / vg.Length(l.columns)
	return l
}

func (l legend) lines() int { return (len(l.names) + l.columns - 1) / l.columns }

func (l legend) height() vg.Length {
	if l.ideal { // it has a line of its own
		return vg.Length(l.lines()+1) * legendHeight
	}
	return vg.Length(l.lines()) * legendHeight
}

// draw puts the marks and names at the foot of the page, column by column, the ideal line last.
func (l legend) draw(page draw.Canvas, styles map[string]style) {
	at := func(column, line int) vg.Point {
		return vg.Point{X: page.Min.X + vg.Length(column)*l.width, Y: page.Min.Y + l.height() - (vg.Length(line)+0.5)*legendHeight}
	}
	for i, name := range l.names {
		p, s := at(i/l.lines(), i%l.lines()), styles[name]
		middle := vg.Point{X: p.X + sampleWidth/2, Y: p.Y}
		if s.part {
			fillBox(page, s.line.Color, middle.X-vg.Points(5), p.Y-vg.Points(5), middle.X+vg.Points(5), p.Y+vg.Points(5))
		} else {
			page.StrokeLine2(s.line, p.X, p.Y, p.X+sampleWidth, p.Y)
			page.DrawGlyph(s.mark, middle)
		}
		page.FillText(nameStyle(), vg.Point{X: p.X + nameIndent, Y: p.Y}, fitted(nameStyle(), name, l.width-nameIndent))
	}
	if p := at(0, l.lines()); l.ideal {
		page.StrokeLine2(idealLine, p.X, p.Y, p.X+sampleWidth, p.Y)
		page.FillText(nameStyle(), vg.Point{X: p.X + nameIndent, Y: p.Y}, idealName)
	}
}

func nameStyle() draw.TextStyle { return textStyle(10, ink, draw.XLeft, draw.YCenter) }

// mark is a filled polygon; its white rim keeps it apart from the lines below it.
type mark struct {
	corners int
	turn    float64     // in turns, from the first corner at the right
	hollow  bool        // of what was not measured
	rim     color.Color // nil: white
}

// DrawGlyph draws the mark.
func (m mark) DrawGlyph(c *draw.Canvas, s draw.GlyphStyle, at vg.Point) {
	rim := m.rim
	if rim == nil {
		rim = color.White
	}
	c.FillPolygon(rim, m.outline(at, s.Radius+vg.Points(1.2)))
	c.FillPolygon(s.Color, m.outline(at, s.Radius))
	if m.hollow {
		c.FillPolygon(rim, m.outline(at, s.Radius-vg.Points(1.4)))
	}
}

func (m mark) outline(at vg.Point, radius vg.Length) []vg.Point {
	if m.corners < 5 { // as large to the eye as a circle
		radius *= 1.18
	}
	points := make([]vg.Point, m.corners)
	for i := range points {
		sin, cos := math.Sincos(2 * math.Pi * (m.turn + float64(i)/float64(m.corners)))
		points[i] = vg.Point{X: at.X + radius*vg.Length(cos), Y: at.Y + radius*vg.Length(sin)}
	}
	return points
}
