package report

import (
	"fmt"
	"image/color"
	"io"
	"strings"

	xfont "golang.org/x/image/font"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"

	"shardeck/model"
	"shardeck/model/figure"
)

// PaperFormats are what a figure for a paper is written as.
var PaperFormats = []string{"pdf", "svg", "png"}

// A figure for a paper is what is drawn for a screen, scaled down: text of 10 points becomes 7. Nothing touches its edge.
const paperScale, paperDPI, edge = 0.7, 300, 6 * vg.Length(1)

// Paper writes a figure as wide as a column of a paper, in inches, with its fonts in it. Its title and caption are left to the paper.
func Paper(w io.Writer, f figure.Figure, inches float64, format string) error {
	columns, panels := 1, f.Panels
	if inches > 5 && len(panels) > 1 {
		columns = 2
	}
	lines, wide, high := (len(panels)+columns-1)/columns, vg.Length(inches)*vg.Inch/paperScale, vg.Length(0)
	for _, p := range panels {
		high = max(high, paperHeight(p, wide/vg.Length(columns)))
	}
	names := newLegend(figure.Names(panels), wide-2*edge, hasIdeal(panels))
	full := vg.Length(lines)*high + vg.Length(lines-1)*gap/2 + names.height() + gap/4 + 2*edge
	canvas, err := paperCanvas(format, wide, full)
	if err != nil {
		return err
	}
	page := draw.Crop(draw.NewCanvas(canvas, wide, full), edge, -edge, edge, -edge)
	tiles := draw.Tiles{Rows: lines, Cols: columns, PadX: gap / 2, PadY: gap / 2}
	drawPanels(page, draw.Crop(page, edge, 0, names.height()+gap/4, 0), tiles, panels, names)
	return writeCanvas(w, canvas)
}

// paperHeight is how high a panel is: rows of bars and cells have one height each.
func paperHeight(p figure.Panel, wide vg.Length) vg.Length {
	switch {
	case len(p.Bars) > 0:
		return vg.Length(len(p.Bars))*0.26*vg.Inch + 0.75*vg.Inch
	case p.Heat != nil:
		return vg.Length(len(p.Heat.Rows))*0.34*vg.Inch + 0.9*vg.Inch
	}
	return min(wide*0.68, 4*vg.Inch)
}

// hasIdeal reports whether some panel draws an ideal line.
func hasIdeal(panels []figure.Panel) bool {
	return model.First(panels, func(p figure.Panel) bool {
		return p.Ideal && len(p.Points()) > 0
	}) != nil
}

// paperCanvas is a canvas of a format, on which lengths count before they are scaled.
func paperCanvas(format string, wide, high vg.Length) (vg.CanvasWriterTo, error) {
	switch format {
	case "png":
		scaled := float64(paperDPI) * paperScale
		img := vgimg.NewWith(vgimg.UseWH(wide, high), vgimg.UseDPI(int(scaled)), vgimg.UseBackgroundColor(color.White))
		return vgimg.PngCanvas{Canvas: img}, nil
	case "svg":
		c := vgsvg.NewWith(vgsvg.UseWH(wide*paperScale, high*paperScale), vgsvg.EmbedFonts(true))
		c.Scale(paperScale, paperScale)
		return c, nil
	case "pdf":
		c := latin{vgpdf.New(wide*paperScale, high*paperScale)}
		c.Scale(paperScale, paperScale)
		return c, nil
	}
	return nil, model.Invalid(fmt.Sprintf("a figure cannot be written as %.20q", format), "formats are "+strings.Join(PaperFormats, ", "))
}

// latin is a PDF whose texts are in the code of its fonts; what that has no sign for is spelled out.
type latin struct{ *vgpdf.Canvas }

var spelled = strings.NewReplacer("→", "->", "≥", ">=", "≤", "<=", "≈", "~", "−", "-", "\u00a0", " ")

// FillString writes a text. The canvas knows fonts of one weight.
func (c latin) FillString(f font.Face, at vg.Point, text string) {
	if regular := f.Font; regular.Weight != xfont.WeightNormal {
		regular.Weight = xfont.WeightNormal
		f = font.DefaultCache.Lookup(regular, regular.Size)
	}
	coded, _ := encoding.ReplaceUnsupported(charmap.Windows1252.NewEncoder()).String(spelled.Replace(text)) // what it has no sign for is a box
	c.Canvas.FillString(f, at, coded)
}
