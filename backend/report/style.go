package report

import (
	"image/color"

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
