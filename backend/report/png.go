package report

import (
	"fmt"
	"image/color"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// The picture's measures: two columns of panels over a legend.
const (
	dpi          = 150
	columns      = 2
	panelWidth   = 6.0 * vg.Inch
	panelHeight  = 4.0 * vg.Inch
	headHeight   = 0.62 * vg.Inch
	margin       = 0.22 * vg.Inch
	gap          = 0.42 * vg.Inch
	legendHeight = 0.21 * vg.Inch // of one line
)

// PNG draws the panels two in a row, with a title above and one legend for all below.
func PNG(w io.Writer, title, note string, panels []Panel) error {
	all := names(panels)
	rows := (len(panels) + columns - 1) / columns
	lines := legendLines(all)
	height := headHeight + vg.Length(rows)*panelHeight + vg.Length(lines)*legendHeight + 2*margin + gap
	img := vgimg.NewWith(vgimg.UseWH(columns*panelWidth, height), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(color.White))
	page := draw.Crop(draw.New(img), margin, -margin, margin, -margin)
	drawHead(page, title, note)
	styles := stylesOf(all)
	below := vg.Length(lines)*legendHeight + gap/2
	drawPanels(draw.Crop(page, 0, 0, below, -headHeight), rows, panels, styles)
	drawLegend(page, all, styles)
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

// drawPanels aligns the charts so that their axes stand in line.
func drawPanels(area draw.Canvas, rows int, panels []Panel, styles map[string]style) {
	grid := make([][]*plot.Plot, rows)
	for r := range grid {
		grid[r] = make([]*plot.Plot, columns)
		for c := range grid[r] {
			if i := r*columns + c; i < len(panels) {
				grid[r][c] = chart(panels[i], styles)
			}
		}
	}
	tiles := draw.Tiles{Rows: rows, Cols: columns, PadX: gap, PadY: gap}
	places := plot.Align(grid, tiles, area)
	for r := range grid {
		for c, p := range grid[r] {
			if p == nil {
				continue
			}
			p.Draw(places[r][c])
			if i := r*columns + c; !panels[i].hasPoints() {
				drawEmpty(places[r][c], panels[i].Empty)
			}
		}
	}
}

// drawEmpty says why a panel shows nothing.
func drawEmpty(c draw.Canvas, text string) {
	s := textStyle(11, grey)
	s.XAlign, s.YAlign = draw.XCenter, draw.YCenter
	c.FillText(s, c.Center(), text)
}
