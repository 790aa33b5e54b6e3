package report

import (
	"math"

	"shardeck/model/scaling"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// idealLine is the ideal where it is one for all series.
var idealLine = draw.LineStyle{Color: grey, Width: vg.Points(1.2), Dashes: []vg.Length{vg.Points(4), vg.Points(3)}}

// chart draws one panel.
func chart(p Panel, styles map[string]style) *plot.Plot {
	c := frame(p)
	if !p.hasPoints() {
		c.X.Min, c.X.Max, c.Y.Min, c.Y.Max = 0, 1, 0, 1
		c.X.Tick.Marker, c.Y.Tick.Marker = plot.ConstantTicks(nil), plot.ConstantTicks(nil)
		return c
	}
	setScales(c, p)
	c.Add(grid(c))
	c.Add(ideals(p, styles)...)
	for _, x := range p.Nodes {
		c.Add(nodeLine(x))
	}
	for _, s := range p.Series {
		if len(s.Points) > 0 {
			c.Add(seriesOf(s, styles[s.Name])...)
		}
	}
	setRange(c, p) // again: adding plotters widens it
	return c
}

// frame is an empty chart with its words.
func frame(p Panel) *plot.Plot {
	c := plot.New()
	c.Title.Text = p.Title
	c.Title.TextStyle = textStyle(12.5, ink)
	c.Title.TextStyle.Font.Weight = bold
	c.Title.TextStyle.XAlign, c.Title.TextStyle.YAlign = draw.XCenter, draw.YTop
	c.Title.Padding = vg.Points(8)
	for axis, words := range map[*plot.Axis]string{&c.X: p.X, &c.Y: ""} { // Y: see drawLabel
		aligned := axis.Label.TextStyle
		ticks := axis.Tick.Label
		axis.Label.Text = words
		axis.Label.TextStyle = textStyle(10.5, grey)
		axis.Label.TextStyle.XAlign, axis.Label.TextStyle.YAlign = aligned.XAlign, aligned.YAlign
		axis.Label.Padding = vg.Points(5)
		axis.Tick.Label = textStyle(10, ink)
		axis.Tick.Label.XAlign, axis.Tick.Label.YAlign = ticks.XAlign, ticks.YAlign
		axis.LineStyle.Color, axis.Tick.LineStyle.Color = grey, grey
		axis.LineStyle.Width, axis.Tick.LineStyle.Width = vg.Points(0.8), vg.Points(0.8)
		axis.Padding = 0
	}
	return c
}

// grid draws faint lines at the ticks of Y.
func grid(c *plot.Plot) plot.Plotter {
	g := plotter.NewGrid()
	g.Vertical.Width = 0
	g.Vertical.Color = nil
	g.Horizontal = draw.LineStyle{Color: faint, Width: vg.Points(0.8)}
	return g
}

// seriesOf is a line through the points, their marks, and bars for the spread.
func seriesOf(s scaling.ChartSeries, look style) []plot.Plotter {
	points := make(plotter.XYs, len(s.Points))
	for i, p := range s.Points {
		points[i] = plotter.XY{X: p.X, Y: p.Value}
	}
	line := &plotter.Line{XYs: points, LineStyle: look.line}
	dots := &plotter.Scatter{XYs: points, GlyphStyle: look.mark}
	return append(spreads(s, look), line, dots)
}

// spreads draws a bar over each point whose iterations differ.
func spreads(s scaling.ChartSeries, look style) []plot.Plotter {
	var all []plot.Plotter
	for _, p := range s.Points {
		if p.Spread > 0 {
			ends := plotter.XYs{{X: p.X, Y: math.Max(p.Value-p.HalfRange(), p.Value/10)}, {X: p.X, Y: p.Value + p.HalfRange()}}
			all = append(all, &plotter.Line{XYs: ends, LineStyle: look.bar})
		}
	}
	return all
}

// ideals are the lines that perfect scaling would draw.
func ideals(p Panel, styles map[string]style) []plot.Plotter {
	if !p.Ideal {
		return nil
	}
	low, high := rangeX(p)
	if p.Kind == Efficiency {
		return []plot.Plotter{&plotter.Line{XYs: plotter.XYs{{X: low, Y: 100}, {X: high, Y: 100}}, LineStyle: idealLine}}
	}
	var all []plot.Plotter
	for _, s := range p.Series {
		if line := idealOf(s); len(line) > 1 {
			all = append(all, &plotter.Line{XYs: line, LineStyle: styles[s.Name].ideal})
		}
	}
	return all
}

// idealOf joins the ideals of a series' points. A rate that grows with X and a time that
// falls with it are both straight on logarithmic axes: enough points between make them
// right on any scale.
func idealOf(s scaling.ChartSeries) plotter.XYs {
	const steps = 24
	var line plotter.XYs
	for _, p := range s.Points {
		if p.Ideal <= 0 {
			continue
		}
		for i := 1; i < steps && len(line) > 0; i++ {
			from := line[len(line)-i]
			part := float64(i) / steps
			line = append(line, plotter.XY{X: from.X * math.Pow(p.X/from.X, part), Y: from.Y * math.Pow(p.Ideal/from.Y, part)})
		}
		line = append(line, plotter.XY{X: p.X, Y: p.Ideal})
	}
	return line
}
