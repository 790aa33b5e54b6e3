package report

import (
	"fmt"
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// The picture's measures: panels over a legend, two in a row or one alone.
const (
	dpi          = 150
	columns      = 2
	panelWidth   = 6.0 * vg.Inch
	panelHeight  = 4.0 * vg.Inch
	aloneWidth   = 9.0 * vg.Inch
	aloneHeight  = 5.0 * vg.Inch
	headHeight   = 0.62 * vg.Inch
	margin       = 0.22 * vg.Inch
	gap          = 0.42 * vg.Inch
	legendHeight = 0.21 * vg.Inch // of one line
)

// PNG draws the panels two in a row, with a title above and one legend for all below.
func PNG(w io.Writer, title, note string, panels []Panel) error {
	return picture(w, title, note, panels, sheet{columns, panelWidth, panelHeight})
}

// Figure draws one panel alone, as large as a page has room for.
func Figure(w io.Writer, title, note string, p Panel) error {
	return picture(w, title, note, []Panel{p}, sheet{1, aloneWidth, aloneHeight})
}

// sheet is how panels lie on a picture.
type sheet struct {
	columns       int
	width, height vg.Length // of a panel
}

func picture(w io.Writer, title, note string, panels []Panel, s sheet) error {
	all := names(panels)
	rows := (len(panels) + s.columns - 1) / s.columns
	wide := vg.Length(s.columns) * s.width
	names := newLegend(all, wide-2*margin, len(panels) != 1 || panels[0].Ideal)
	height := headHeight + vg.Length(rows)*s.height + names.height() + 2*margin + gap
	img := vgimg.NewWith(vgimg.UseWH(wide, height), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(color.White))
	page := draw.Crop(draw.New(img), margin, -margin, margin, -margin)
	drawHead(page, title, note)
	styles := stylesOf(all)
	drawPanels(draw.Crop(page, 0, 0, names.height()+gap/2, -headHeight), draw.Tiles{Rows: rows, Cols: s.columns, PadX: gap, PadY: gap}, panels, styles)
	names.draw(page, styles)
	if _, err := (vgimg.PngCanvas{Canvas: img}).WriteTo(w); err != nil {
		return fmt.Errorf("cannot write the chart: %w", err)
	}
	return nil
}

// drawHead writes the title, and a quieter line below it.
func drawHead(page draw.Canvas, title, note string) {
	big := textStyle(17, ink)
	big.Font.Weight = bold
	big.YAlign = draw.YTop
	page.FillText(big, vg.Point{X: page.Min.X, Y: page.Max.Y}, title)
	small := textStyle(10.5, grey)
	small.YAlign = draw.YTop
	page.FillText(small, vg.Point{X: page.Min.X, Y: page.Max.Y - 0.32*vg.Inch}, note)
}

// drawPanels draws the charts, the Y axes of a column in line.
func drawPanels(area draw.Canvas, tiles draw.Tiles, panels []Panel, styles map[string]style) {
	for column := range tiles.Cols {
		var charts []*plot.Plot
		var places []draw.Canvas
		for i := column; i < len(panels); i += tiles.Cols {
			charts = append(charts, chart(panels[i], styles))
			places = append(places, tiles.At(area, column, i/tiles.Cols))
		}
		inLine(charts, places)
		for k, c := range charts {
			c.Draw(places[k])
			p := panels[column+k*tiles.Cols]
			drawLabel(places[k], c, p.Y)
			if !p.hasPoints() {
				drawEmpty(places[k], p.Empty)
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

// drawLabel writes what Y is beside its middle. The plot library's own label takes
// room above a logarithmic axis that it does not need.
func drawLabel(place draw.Canvas, c *plot.Plot, text string) {
	s := textStyle(10.5, grey)
	s.Rotation = math.Pi / 2
	s.XAlign, s.YAlign = draw.XCenter, draw.YBottom
	data := c.DataCanvas(place)
	place.FillText(s, vg.Point{X: place.Min.X - labelWidth/4, Y: data.Center().Y}, text)
}

// drawEmpty says why a panel shows nothing.
func drawEmpty(c draw.Canvas, text string) {
	s := textStyle(11, grey)
	s.XAlign, s.YAlign = draw.XCenter, draw.YCenter
	c.FillText(s, c.Center(), text)
}
