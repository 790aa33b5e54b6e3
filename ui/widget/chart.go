package widget

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"shardeck/model/present/unit"
	"shardeck/ui/theme"
)

// ChartPoint is one measured point. Spread is half the range of Y around it; 0: none.
type ChartPoint struct {
	X, Y, Spread float64
	Label        string // beside it, where there is room
}

// ChartSeries is one line of a chart. Points need not be sorted.
type ChartSeries struct {
	Name   string
	Points []ChartPoint
	Guide  bool // a line to compare with (ideal), drawn without points
	Loose  bool // points that no line joins
}

// Chart draws series against a common x axis, with measured points on lines drawn by asciigraph. Its colours are those
// of the theme's series, in order; with more than one series each also has its own letter at its points.
type Chart struct {
	YTitle, XTitle string
	Series         []ChartSeries
	Log            bool      // both axes logarithmic
	Cursor         float64   // x of the crosshair; NaN: none
	Mark           []float64 // x of vertical marks (node boundaries)
	MarkName       string    // written beside each, where there is room
	Decimals       int       // of the labels of y
}

type frame struct {
	cols, rows int // of the plot
	label      int // columns for the labels of y
	x, y       axis
}

// View draws the chart into exactly so many lines: the y title and legend, the plot, the x axis and its labels.
func (c *Chart) View(th *theme.Theme, width, height int) []string {
	points := c.usable(c.Series...)
	if len(points) == 0 || width < 24 || height < 6 {
		return nil
	}
	f := c.frame(points, width, height)
	grid := newGrid(f.cols, f.rows)
	c.drawMarks(th, grid, f)
	for i := len(c.Series) - 1; i >= 0; i-- {
		c.drawLine(th, grid, f, i)
	}
	for i := len(c.Series) - 1; i >= 0; i-- {
		c.drawPoints(th, grid, f, i)
	}
	for i := range c.Series {
		c.drawLabels(grid, f, i)
	}
	lines := []string{c.head(th, width)}
	lines = append(lines, c.plot(th, grid, f)...)
	var xs []float64
	for _, p := range points {
		xs = append(xs, p.X)
	}
	xs = slices.Compact(xs)
	return append(lines, c.axisLine(th, f, xs), c.axisLabels(th, f, xs))
}

func (c *Chart) frame(points []ChartPoint, width, height int) frame {
	f, bottom, top := frame{rows: height - 3}, math.Inf(1), 0.0
	for _, p := range points {
		bottom, top = min(bottom, p.Y), max(top, p.Y+p.Spread)
	}
	f.y = newAxis(0, top, f.rows-1, false)
	if c.Log {
		f.y = newAxis(roundBelow(bottom), roundUp(top, fine), f.rows-1, true)
	}
	for _, t := range f.y.ticks() {
		f.label = max(f.label, Width(unit.Number(t, c.tickDecimals(t))))
	}
	f.cols = max(width-f.label-6-Width(c.XTitle), 4)
	inset := max(min(f.cols/16, 4), 1)
	f.x = newAxis(points[0].X, points[len(points)-1].X, f.cols-1-2*inset, c.Log)
	f.x.from = inset
	return f
}

// tickDecimals is how many decimals the label of a tick needs.
func (c *Chart) tickDecimals(v float64) int {
	if v != 0 && math.Abs(v) < 1 {
		return unit.FirstDigit(v, max(c.Decimals, 2))
	}
	if v != math.Trunc(v) {
		return max(c.Decimals, 1)
	}
	return 0
}

// usable are the points of series that the axes can show, by rising x.
func (c *Chart) usable(series ...ChartSeries) []ChartPoint {
	var points []ChartPoint
	for _, s := range series {
		points = append(points, s.Points...)
	}
	points = slices.DeleteFunc(points, func(p ChartPoint) bool { return !usable(p.X, c.Log) || !usable(p.Y, c.Log) })
	slices.SortStableFunc(points, func(a, b ChartPoint) int { return cmp.Compare(a.X, b.X) })
	return points
}

// usable is a number that the axis can show.
func usable(v float64, log bool) bool {
	return !math.IsNaN(v) && !math.IsInf(v, 0) && (!log || v > 0) && v >= 0
}

// head is the unit of y, and as much of the legend as there is room for.
func (c *Chart) head(th *theme.Theme, width int) string {
	title := "  " + c.YTitle
	room := width - Width(title) - 2
	legend := ""
	for i, s := range c.Series {
		name := "   " + th.Series(i, c.sign(th, i)) + " " + s.Name
		if Width(legend)+Width(name)+4 > room {
			legend += "   " + th.Paint(theme.Dim, "…")
			break
		}
		legend += name
	}
	return Spread(title, legend+" ", width)
}

// sign of a series at its points: one series has the theme's, several have letters.
func (c *Chart) sign(th *theme.Theme, i int) string {
	if c.Series[i].Guide {
		return th.Guide
	}
	for other, s := range c.Series {
		if other != i && !s.Guide {
			return string(rune('A' + i%26))
		}
	}
	return th.Point
}

// plot puts the labels and the axis of y before each row of the grid.
func (c *Chart) plot(th *theme.Theme, grid grid, f frame) []string {
	labels := map[int]string{}
	for _, t := range f.y.ticks() {
		labels[f.rows-1-f.y.at(t)] = unit.Number(t, c.tickDecimals(t))
	}
	lines := make([]string, f.rows)
	for r := range lines {
		wall := th.Wall
		if labels[r] != "" {
			wall = th.Axis.Tick
		}
		lines[r] = "  " + th.Paint(theme.Dim, Right(labels[r], f.label)+" "+wall) + grid.line(th, r)
	}
	return lines
}

func (c *Chart) axisLine(th *theme.Theme, f frame, xs []float64) string {
	cells := strings.Split(strings.Repeat(th.Axis.Line+"\n", f.cols-1)+th.Axis.Line, "\n")
	for _, x := range xs {
		cells[f.x.at(x)] = th.Axis.Under
	}
	return blank(f.label+3) + th.Paint(theme.Dim, th.Axis.Corner+strings.Join(cells, ""))
}

// axisLabels writes the x values under their ticks, leaving out those that would touch.
func (c *Chart) axisLabels(th *theme.Theme, f frame, xs []float64) string {
	line, end := "", 0
	for _, x := range xs {
		text := unit.Significant(x)
		if x == math.Trunc(x) {
			text = unit.Number(x, 0)
		}
		at := max(f.x.at(x)-Width(text)/2, 0)
		if line != "" && at < end+1 || at+Width(text) > f.cols {
			continue
		}
		line += blank(at-end) + text
		end = at + Width(text)
	}
	line = blank(f.label+4) + line
	title := th.Paint(theme.Dim, c.XTitle)
	room := f.label + f.cols + 6 + Width(c.XTitle)
	if Width(line)+Width(title)+2 > room {
		return Clip(line, room)
	}
	return line + blank(room-Width(line)-Width(title)) + title
}
