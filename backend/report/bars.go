package report

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"shardeck/model/figure"
)

// partHues are the colours of parts of bars by their names: no two are equal, and those of one bar differ in lightness, so in grey too.
var partHues = map[string]color.RGBA{
	"compute": {0x1b, 0x3a, 0x5c, 0xff}, "transfer": {0x2a, 0x78, 0xad, 0xff}, "wait": {0xe6, 0x9f, 0x00, 0xff},
	"unmatched": {0x8a, 0x8f, 0x98, 0xff},
	"copy":      {0xf2, 0xd4, 0x8a, 0xff}, "idle": {0xe9, 0xec, 0xf1, 0xff},
	"measured": {0x3b, 0x44, 0x52, 0xff}, "less": {0x56, 0xb4, 0xe9, 0xff}, "more": {0xc0, 0x48, 0x00, 0xff},
	"at its floor": {0x1c, 0x3b, 0x5d, 0xff}, "above it": {0xe5, 0x9e, 0x01, 0xff}, "floor not known": {0x8b, 0x90, 0x99, 0xff},
}

// named puts names at 0, 1 … of an axis, each no wider than its room, and gives the axis no line.
func named(axis *plot.Axis, names []string, room vg.Length) {
	ticks := make([]plot.Tick, len(names))
	for i, name := range names {
		ticks[i] = plot.Tick{Value: float64(i), Label: fitted(axis.Tick.Label, name, room)}
	}
	axis.Tick.Marker, axis.Tick.Length, axis.LineStyle.Width = plot.ConstantTicks(ticks), 0, 0
	axis.Min, axis.Max = -0.6, float64(len(names))-0.4
}

// rows names those of a panel from the top. A panel is about 340 points wide.
func rows(axis *plot.Axis, names []string) {
	names = slices.Clone(names)
	slices.Reverse(names)
	named(axis, names, 130)
}

// barChart is rows of parts along X.
func barChart(c *plot.Plot, p figure.Panel, styles map[string]style) {
	names, most, least := make([]string, len(p.Bars)), 0.0, 0.0
	for i, b := range p.Bars {
		names[i] = b.Name
		for _, part := range b.Parts {
			most, least = max(most, part.From, part.To), min(least, part.From, part.To)
		}
	}
	rows(&c.Y, names)
	c.X.Tick.Marker = plot.TickerFunc(round)
	c.Add(&plotter.Grid{Vertical: draw.LineStyle{Color: faint, Width: vg.Points(0.8)}}, bars{p.Bars, styles})
	c.X.Min, c.X.Max = least, max(most, least+1e-9)*1.12
}

// bars draws the rows of a panel.
type bars struct {
	rows   []figure.Bar
	styles map[string]style
}

// Plot draws each part, with its text inside where it fits; else, of the last part of a row, behind it.
func (b bars) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	for i, row := range b.rows {
		y := float64(len(b.rows) - 1 - i)
		low, high := toY(y-0.36), toY(y+0.36)
		for k, part := range row.Parts {
			from, to := toX(min(part.From, part.To)), toX(max(part.From, part.To))
			fill := b.styles[part.Name].line.Color
			fillBox(c, fill, from, low, to, high)
			text := textStyle(9, onColour(fill), draw.XCenter, draw.YCenter)
			if wide := text.Width(part.Text) + vg.Points(4); wide < to-from {
				c.FillText(text, vg.Point{X: (from + to) / 2, Y: (low + high) / 2}, part.Text)
			} else if k == len(row.Parts)-1 {
				c.FillText(textStyle(9, ink, draw.XLeft, draw.YCenter), vg.Point{X: to + vg.Points(3), Y: (low + high) / 2}, part.Text)
			}
		}
	}
}

// fillBox draws a box with a thin rim, which pale ones need on white.
func fillBox(c draw.Canvas, fill color.Color, left, low, right, high vg.Length) {
	box := boxOf(left, low, right, high)
	c.FillPolygon(fill, box)
	c.StrokeLines(draw.LineStyle{Color: ink, Width: vg.Points(0.4)}, append(box, box[0]))
}

func boxOf(left, low, right, high vg.Length) []vg.Point {
	return []vg.Point{{X: left, Y: low}, {X: right, Y: low}, {X: right, Y: high}, {X: left, Y: high}}
}

// onColour is what is read best on a colour.
func onColour(c color.Color) color.Color {
	r, g, b, _ := c.RGBA()
	if 0.299*float64(r)+0.587*float64(g)+0.114*float64(b) < 0x8c00 {
		return color.White
	}
	return ink
}

// heatChart is cells by row and column, each with its value.
func heatChart(c *plot.Plot, h *figure.Heat) {
	rows(&c.Y, h.Rows)
	named(&c.X, h.Columns, 270/vg.Length(len(h.Columns)))
	c.Add(cells{h})
	c.X.Min, c.X.Max, c.Y.Min, c.Y.Max = -0.5, float64(len(h.Columns))-0.5, -0.5, float64(len(h.Rows))-0.5
}

// leastText is the size below which nobody reads a text, 4 points on paper: the numbers of such cells stand in the file beside.
const leastText = 4 / paperScale

// cells draws a heat map.
type cells struct{ *figure.Heat }

// Plot draws each cell and writes its value.
func (h cells) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	for i, row := range h.Cells {
		for k, cell := range row {
			x, y := float64(k), float64(len(h.Cells)-1-i)
			fill, text := faint, textStyle(9.5, grey, draw.XCenter, draw.YCenter)
			if cell.Value != nil {
				fill = shade(cell.Level)
				text.Color = onColour(fill)
			}
			c.FillPolygon(fill, boxOf(toX(x-0.48), toY(y-0.46), toX(x+0.48), toY(y+0.46)))
			if text.Font.Size *= min(1, (toX(x+0.46)-toX(x-0.46))/max(text.Width(cell.Text), 1)); text.Font.Size > leastText {
				c.FillText(text, vg.Point{X: toX(x), Y: toY(y)}, cell.Text)
			}
		}
	}
}

// shade is a blue from light, 0, to dark, 1.
func shade(level float64) color.RGBA {
	between := func(a, b float64) uint8 { return uint8(math.Round(a + (b-a)*min(max(level, 0), 1))) }
	return color.RGBA{R: between(0xdc, 0x08), G: between(0xea, 0x30), B: between(0xf7, 0x6b), A: 0xff}
}
