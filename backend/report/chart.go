package report

import (
	"math"
	"slices"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"shardeck/model"
	"shardeck/model/figure"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
)

// idealLine is the ideal where it is one for all series.
var idealLine = draw.LineStyle{Color: grey, Width: vg.Points(1.2), Dashes: idealDashes}

func chart(p figure.Panel, styles map[string]style) *plot.Plot {
	c := frame(p)
	switch {
	case len(p.Bars) > 0:
		barChart(c, p, styles)
		return c
	case p.Heat != nil:
		heatChart(c, p.Heat)
		return c
	case len(p.Points()) == 0:
		c.X.Min, c.X.Max, c.Y.Min, c.Y.Max = 0, 1, 0, 1
		c.X.Tick.Marker, c.Y.Tick.Marker = plot.ConstantTicks(nil), plot.ConstantTicks(nil)
		return c
	}
	setScales(c, p)
	c.Add(&plotter.Grid{Horizontal: draw.LineStyle{Color: faint, Width: vg.Points(0.8)}}) // at the ticks of Y
	c.Add(ideals(p, styles)...)
	for _, x := range p.Nodes {
		c.Add(nodeLine(x))
	}
	for _, s := range p.Series {
		if len(s.Points) > 0 {
			c.Add(seriesOf(s, styles[s.Name])...)
		}
	}
	c.Add(labels{p})
	setRange(c, p) // again: adding plotters widens it
	return c
}

func frame(p figure.Panel) *plot.Plot {
	c := plot.New()
	c.Title.Text = p.Title
	c.Title.TextStyle = textStyle(12.5, ink, draw.XCenter, draw.YTop)
	c.Title.TextStyle.Font.Weight = xfont.WeightBold
	c.Title.Padding = vg.Points(8)
	for axis, words := range map[*plot.Axis]string{&c.X: p.X, &c.Y: ""} { // Y: see drawLabel
		axis.Label.Text = words
		axis.Label.TextStyle = textStyle(10.5, grey, axis.Label.TextStyle.XAlign, axis.Label.TextStyle.YAlign)
		axis.Label.Padding = vg.Points(5)
		axis.Tick.Label = textStyle(10, ink, axis.Tick.Label.XAlign, axis.Tick.Label.YAlign)
		axis.LineStyle.Color, axis.Tick.LineStyle.Color = grey, grey
		axis.LineStyle.Width, axis.Tick.LineStyle.Width = vg.Points(0.8), vg.Points(0.8)
		axis.Padding = 0
	}
	return c
}

// seriesOf is a line through the points, their marks, hollow where they are foretold, their labels, and bars for the spread.
func seriesOf(s scaling.ChartSeries, look style) []plot.Plotter {
	var measured, foretold, joined plotter.XYs
	var all []plot.Plotter
	for _, p := range s.Points {
		at := plotter.XY{X: p.X, Y: p.Value}
		if joined = append(joined, at); p.Foretold {
			foretold = append(foretold, at)
		} else {
			measured = append(measured, at)
		}
		if low, high := p.Range(); high > low {
			all = append(all, &plotter.Line{XYs: plotter.XYs{{X: p.X, Y: math.Max(low, p.Value/10)}, {X: p.X, Y: high}}, LineStyle: look.bar})
		}
	}
	if !s.Loose {
		all = append(all, &plotter.Line{XYs: joined, LineStyle: look.line})
	}
	hollow := look.mark
	if m, ok := hollow.Shape.(mark); ok {
		m.hollow = true
		hollow.Shape = m
	}
	if len(measured) > 0 {
		all = append(all, &plotter.Scatter{XYs: measured, GlyphStyle: look.mark})
	}
	if len(foretold) > 0 {
		all = append(all, &plotter.Scatter{XYs: foretold, GlyphStyle: hollow})
	}
	return all
}

// ideals are the lines that perfect scaling would draw.
func ideals(p figure.Panel, styles map[string]style) []plot.Plotter {
	if !p.Ideal {
		return nil
	}
	low, high := rangeX(p)
	if p.Kind == figure.Efficiency {
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

// idealOf joins the ideals of a series' points. A rate that grows with X and a time that falls with it are both
// straight on logarithmic axes: enough points between make them right on any scale.
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

// wide is the ratio of Y from which a panel is logarithmic: the small series would lie on the axis. far is the largest X that a linear
// axis shows well; beyond it each doubling takes the same room.
const wide, far = 20, 8

// setScales chooses the axes: X has ticks where runs are, Y starts at zero unless it spans orders of magnitude.
func setScales(c *plot.Plot, p figure.Panel) {
	if !linear(p) {
		c.X.Scale = plot.LogScale{}
	}
	c.X.Min, c.X.Max = rangeX(p)
	if c.X.Tick.Marker = plot.ConstantTicks(apart(c.X, xs(p))); p.Kind == figure.Tradeoff {
		c.X.Tick.Marker = plot.TickerFunc(round)
	}
	if logarithmic(p) {
		c.Y.Scale = plot.LogScale{}
		c.Y.Tick.Marker = plot.TickerFunc(decades)
	} else {
		c.Y.Tick.Marker = plot.TickerFunc(round)
	}
	setRange(c, p)
}

// setRange leaves air around the points.
func setRange(c *plot.Plot, p figure.Panel) {
	c.X.Min, c.X.Max = rangeX(p)
	bottom, top := rangeY(p)
	switch {
	case logarithmic(p):
		c.Y.Min, c.Y.Max = bottom/1.6, top*1.6
	case p.Kind == figure.Efficiency:
		c.Y.Min, c.Y.Max = 0, math.Max(top, 100)*1.15
	default:
		c.Y.Min, c.Y.Max = 0, top*1.15
	}
}

func logarithmic(p figure.Panel) bool {
	bottom, top := rangeY(p)
	if p.Scale != figure.Auto {
		return p.Scale == figure.Log && bottom > 0
	}
	return p.Kind != figure.Efficiency && bottom > 0 && top/bottom > wide
}

func linear(p figure.Panel) bool {
	low, high := extentX(p)
	if p.Kind == figure.Tradeoff {
		return true
	}
	if p.Scale != figure.Auto {
		return p.Scale == figure.Linear || low <= 0
	}
	return high <= far
}

// rangeX spans all points, and some air.
func rangeX(p figure.Panel) (low, high float64) {
	low, high = extentX(p)
	switch {
	case p.Kind == figure.Tradeoff: // its labels stand right of the points
		air := math.Max(high-low, high/10)
		return max(low-air*0.1, 0), high + air*0.4
	case linear(p):
		air := math.Max(0.25, (high-low)*0.15)
		return low - air, high + air
	}
	air := math.Max(math.Pow(high/low, 0.08), 1.12)
	return low / air, high * air
}

func xs(p figure.Panel) []float64 {
	return slices.Compact(slices.Sorted(slices.Values(model.Each(p.Points(), func(p scaling.ChartPoint) float64 { return p.X }))))
}

func extentX(p figure.Panel) (low, high float64) {
	at := xs(p)
	return at[0], at[len(at)-1]
}

// rangeY spans all points with their spread, and the ideal lines that fit.
func rangeY(p figure.Panel) (bottom, top float64) {
	bottom, top = math.Inf(1), math.Inf(-1)
	for _, point := range p.Points() {
		low, high := point.Range()
		bottom, top = math.Min(bottom, math.Max(low, point.Value/10)), math.Max(top, high)
		if p.Ideal && p.Kind == figure.Rate {
			top = math.Max(top, point.Ideal)
		}
	}
	return bottom, top
}

// apart are ticks at some places of an axis, with labels where there is room between them.
func apart(axis plot.Axis, places []float64) []plot.Tick {
	const room = 0.065 // of the axis, for a label
	last := math.Inf(-1)
	return model.Each(places, func(v float64) plot.Tick {
		t := tick(v)
		if at := axis.Norm(v); at-last < room*max(1, float64(len(t.Label))/3) {
			t.Label = ""
		} else {
			last = at
		}
		return t
	})
}

func tick(v float64) plot.Tick { return plot.Tick{Value: v, Label: short(v)} }

// round puts about five ticks at round numbers.
func round(low, high float64) []plot.Tick {
	step := math.Pow(10, math.Floor(math.Log10((high-low)/2)))
	for _, factor := range []float64{5, 2.5, 2, 1, 0.5, 0.25, 0.2} {
		if (high-low)/(step*factor) >= 4 {
			step *= factor
			break
		}
	}
	var ticks []plot.Tick
	for v := math.Ceil(low/step) * step; v <= low+(high-low)*0.97; v += step {
		ticks = append(ticks, tick(v))
	}
	return ticks
}

// decades puts ticks at 1, 2 and 5 of every power of ten.
func decades(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for power := math.Floor(math.Log10(low)); power <= math.Ceil(math.Log10(high)); power++ {
		for _, digit := range []float64{1, 2, 5} {
			// a label at the very top would push the axis down
			if v := digit * math.Pow(10, power); v >= low && v <= high/math.Pow(high/low, 0.04) {
				ticks = append(ticks, tick(v))
			}
		}
	}
	return ticks
}

// short prints a tick: thousands apart, no needless decimals.
func short(v float64) string {
	v = math.Round(v*1e6)/1e6 + 0 // no -0
	if v < 1000 {
		return unit.Full(v)
	}
	return unit.Number(v, 0)
}
