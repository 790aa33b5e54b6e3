package charts

import (
	"math"
	"slices"
	"strings"

	"shardeck/model/scaling"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// build makes the chart of the series shown: what is drawn, listed and exported.
func (p *Pane) build() scaling.Chart {
	q, a := scaling.Quantities[p.y], axes[p.x]
	c := scaling.Chart{Quantity: q.Title, Unit: q.Unit, Axis: a.axis, Across: a.title,
		Note: strings.Trim(p.series.common+" · mean over iterations, bars: half the range", " ·")}
	switch {
	case p.series.alone():
		c.Of = p.series.short[p.series.shown[0]]
	case p.series.some():
		c.Of = p.series.common
	}
	full := float64(p.env.Lab.Site().GPUsPerNode)
	for _, i := range p.series.shown {
		s := q.Draw(p.series.all[i])
		s.Name = p.series.short[i]
		if n := len(s.Points); a.axis == scaling.AxisGPUs && full > 0 && n > 0 && s.Points[n-1].X > full {
			c.Nodes = []float64{full} // where a node is full, as points lie beyond
		}
		c.Series = append(c.Series, s)
	}
	return c
}

// drawing is the chart as last drawn, kept while nothing of it changes.
type drawing struct {
	of    drawnFor
	lines []string
}

// drawnFor is everything a drawing depends on besides the series, which reset it.
type drawnFor struct {
	width, height, line int
	x                   float64
	log, bare, focused  bool
}

// draw draws the chart with the crosshair where the cursor last rested, or takes the drawing
// of last time.
func (p *Pane) draw(width, height int) []string {
	r, _ := p.list.Rested()
	of := drawnFor{width, height, r.line, r.point.X, p.log, p.bare, p.focused}
	if p.drawn.lines != nil && p.drawn.of == of {
		return slices.Clone(p.drawn.lines)
	}
	c := widget.Chart{YTitle: p.head(width), XTitle: axes[p.x].head, Log: p.log, Cursor: math.NaN(),
		Decimals: scaling.Quantities[p.y].Decimals, Mark: p.chart.Nodes, MarkName: "node full"}
	if p.focused && slices.ContainsFunc(p.list.Rows(), func(other row) bool { return other.point.X != r.point.X }) {
		c.Cursor = r.point.X
	}
	named := p.legendWidth() <= width // else the letters stand there, and the names in the list
	guide := widget.ChartSeries{Name: "ideal", Guide: true}
	for i, s := range p.chart.Series {
		line := widget.ChartSeries{}
		if named {
			line.Name = s.Name
		}
		for _, point := range s.Points {
			line.Points = append(line.Points, widget.ChartPoint{X: point.X, Y: point.Value, Spread: point.HalfRange()})
			if i == r.line && !p.bare && point.Ideal > 0 {
				guide.Points = append(guide.Points, widget.ChartPoint{X: point.X, Y: point.Ideal})
			}
		}
		c.Series = append(c.Series, line)
	}
	if len(guide.Points) > 1 {
		c.Series = append(c.Series, guide)
	}
	p.drawn = drawing{of, c.View(p.env.Theme, width, height)}
	return slices.Clone(p.drawn.lines)
}

// head is the unit, and where a few of many series are shown what these have in common.
func (p *Pane) head(width int) string {
	unit := scaling.Quantities[p.y].Unit
	if len(p.series.shown) < 2 || !p.series.some() {
		return unit
	}
	return unit + "   " + pane.Joined(max(width-p.legendWidth()-widget.Width(unit), 1), strings.Split(p.series.common, scaling.NameSign)...)
}

// legendWidth is the room that the names of all series take over the chart.
func (p *Pane) legendWidth() int {
	need := 24
	for _, s := range p.chart.Series {
		need += widget.Width(s.Name) + 5
	}
	return need
}
