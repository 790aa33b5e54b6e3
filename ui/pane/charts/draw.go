package charts

import (
	"math"
	"slices"
	"strings"

	"shardeck/model/scaling"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// figure is what is drawn of which series, against what.
type figure struct {
	env       env
	x, y      int // of axes and quantities
	series    series
	chart     scaling.Chart // what is drawn and listed
	columns   []column      // of the list
	bare, log bool          // no ideal line; both axes logarithmic
	drawn     drawing
}

func (f *figure) what() string { return scaling.Quantities[f.y].Title + " against " + axes[f.x].title }

// build makes the chart of the series shown: what is drawn, listed and exported.
func (f *figure) build() scaling.Chart {
	q, a := scaling.Quantities[f.y], axes[f.x]
	c := scaling.Chart{Quantity: q.Title, Unit: q.Unit, Axis: a.axis, Across: a.title,
		Note: strings.Trim(f.series.common+" · mean over iterations, bars: half the range", " ·")}
	switch {
	case f.series.alone():
		c.Of = f.series.short[f.series.shown[0]]
	case f.series.some():
		c.Of = f.series.common
	}
	full := float64(f.env.Site().GPUsPerNode)
	for _, i := range f.series.shown {
		s := q.Draw(f.series.all[i])
		s.Name = f.series.short[i]
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

// draw draws the chart with the crosshair at a point, or takes the drawing of last time.
func (f *figure) draw(r row, focused bool, width, height int) []string {
	of := drawnFor{width, height, r.line, r.point.X, f.log, f.bare, focused}
	if f.drawn.lines != nil && f.drawn.of == of {
		return slices.Clone(f.drawn.lines)
	}
	c := widget.Chart{YTitle: f.head(width), XTitle: axes[f.x].head, Log: f.log, Cursor: math.NaN(),
		Decimals: scaling.Quantities[f.y].Decimals, Mark: f.chart.Nodes, MarkName: "node full"}
	if focused && slices.ContainsFunc(rowsOf(f.chart), func(other row) bool { return other.point.X != r.point.X }) {
		c.Cursor = r.point.X
	}
	named := f.legendWidth() <= width // else the letters stand there, and the names in the list
	guide := widget.ChartSeries{Name: "ideal", Guide: true}
	for i, s := range f.chart.Series {
		line := widget.ChartSeries{}
		if named {
			line.Name = s.Name
		}
		for _, point := range s.Points {
			line.Points = append(line.Points, widget.ChartPoint{X: point.X, Y: point.Value, Spread: point.HalfRange()})
			if i == r.line && !f.bare && point.Ideal > 0 {
				guide.Points = append(guide.Points, widget.ChartPoint{X: point.X, Y: point.Ideal})
			}
		}
		c.Series = append(c.Series, line)
	}
	if len(guide.Points) > 1 {
		c.Series = append(c.Series, guide)
	}
	f.drawn = drawing{of, c.View(f.env.Theme, width, height)}
	return slices.Clone(f.drawn.lines)
}

// head is the unit, and where a few of many series are shown what these have in common.
func (f *figure) head(width int) string {
	unit := scaling.Quantities[f.y].Unit
	if len(f.series.shown) < 2 || !f.series.some() {
		return unit
	}
	return unit + "   " + pane.Joined(max(width-f.legendWidth()-widget.Width(unit), 1), strings.Split(f.series.common, scaling.NameSign)...)
}

// legendWidth is the room that the names of all series take over the chart.
func (f *figure) legendWidth() int {
	need := 24
	for _, s := range f.chart.Series {
		need += widget.Width(s.Name) + 5
	}
	return need
}
