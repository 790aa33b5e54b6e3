package report

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// nodeLine marks the X at which a node is full: beyond it calls leave the node.
type nodeLine float64

// Plot draws the line, and its name at its foot.
func (x nodeLine) Plot(c draw.Canvas, p *plot.Plot) {
	toX, _ := p.Transforms(&c)
	at := toX(float64(x))
	c.StrokeLine2(draw.LineStyle{Color: grey, Width: vg.Points(0.8), Dashes: []vg.Length{vg.Points(1), vg.Points(3)}}, at, c.Min.Y, at, c.Max.Y)
	name := textStyle(9, grey)
	name.XAlign, name.YAlign = draw.XLeft, draw.YBottom
	c.FillText(name, vg.Point{X: at + vg.Points(4), Y: c.Min.Y + vg.Points(4)}, "node full")
}
