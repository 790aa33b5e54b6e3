package canvas

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"shardeck/model/present/unit"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Point is one point of a line. Low and High bound what it may as well be; both 0: not known.
type Point struct {
	X, Y, Low, High float64
	Label           string // beside it, where there is room
	Hollow          bool   // foretold, not measured: a hollow mark, and the line to it dashed
}

// Series is one line of a chart. Points need not be sorted.
type Series struct {
	Name   string // at the end of its line, or in the head where no room is there
	Points []Point
	Guide  bool // a line to compare with (ideal), drawn without points
	Loose  bool // points that no line joins
}

// Chart draws series against a common x axis. Its colours are those of the theme's series, in order; each also has its own mark.
type Chart struct {
	YTitle, XTitle, Note string // Note: at the right over the chart
	Series               []Series
	LogX, LogY           bool
	Span                 [2]float64 // what the x axis shows at least; zeros: the points
	Cursor               float64    // x of the crosshair; NaN: none
	Mark                 []float64  // x of vertical marks (node boundaries)
	MarkName             string     // written beside each, where there is room
	Decimals             int        // of the labels of y
	Reach                float64    // what the y axis shows at least, as far as that leaves the points half of it
	Small                bool       // one of several under one crosshair, which is on their axes alone: each of its cells is sent anew as it moves
}

// frame is where things are: cells of the plot, and of what stands beside it.
type frame struct {
	*Canvas
	cols, rows int // of the plot
	label      int // columns for the labels of y
	x, y       axis
}

// row is the row of a value, and dots its place in dots, about the middle of a cell of an axis: between halves, which rounding would tear.
func (f *frame) row(y float64) int { return f.rows - 1 - f.y.at(y) }

func (f *frame) dots(x, y float64) (float64, float64) {
	return 2*f.x.place(x) + 0.4, 4*(float64(f.rows-1)-f.y.place(y)) + 1.4
}

// View draws the chart into exactly so many lines: the y title and what is left to say, the plot, the x axis and its labels.
func (c *Chart) View(th *theme.Theme, width, height int) []string {
	points := c.usable(c.Series...)
	if len(points) == 0 || width < 24 || height < 6 {
		return nil
	}
	f := c.frame(th, points, width, height)
	c.verticals(th, f)
	for i := len(c.Series) - 1; i >= 0; i-- {
		c.line(th, f, i)
	}
	for i := len(c.Series) - 1; i >= 0; i-- {
		c.marks(th, f, i)
	}
	var unnamed []string
	for i := range c.Series {
		c.labels(f, i)
		if !c.name(f, i) {
			unnamed = append(unnamed, th.Series(i, c.sign(th, i, false)+" "+c.Series[i].Name))
		}
	}
	c.axis(th, f, points)
	return append([]string{c.head(th, unnamed, width)}, c.rows(th, f)...)
}

func (c *Chart) frame(th *theme.Theme, points []Point, width, height int) *frame {
	f := &frame{rows: height - 3}
	bottom, top := c.rangeY(points)
	f.y = newAxis(0, top, f.rows-1, false)
	if c.LogY {
		f.y = newAxis(roundBelow(bottom), roundUp(top, fine), f.rows-1, true)
	}
	for _, t := range f.y.ticks() {
		f.label = max(f.label, widget.Width(unit.Number(t, c.tickDecimals(t))))
	}
	low, high := points[0].X, points[len(points)-1].X
	if c.Span[1] > 0 {
		low, high = min(low, c.Span[0]), max(high, c.Span[1])
	}
	room := max(width-f.label-5, 8)
	f.cols = max(room-c.gutter(high, room), 4)
	inset := max(min(f.cols/16, 3), 1)
	f.x = newAxis(low, high, f.cols-1-2*inset, c.LogX)
	f.x.from = inset
	f.Canvas = New(th.Rung, room, height-1)
	return f
}

// most is how many times the highest measured value a guide or the interval of a forecast may make the axis high.
const most = 2

// rangeY is the least and the greatest value that the axis shows.
func (c *Chart) rangeY(points []Point) (bottom, top float64) {
	bottom, own, all := math.Inf(1), 0.0, c.Reach
	for _, s := range c.Series {
		for _, p := range c.usable(s) {
			bottom, all = min(bottom, p.Y), max(all, p.Y, p.High)
			if !s.Guide {
				own = max(own, p.Y)
			}
		}
	}
	return bottom, cmp.Or(min(all, most*own), all)
}

// gutter is the room right of the plot for the names of lines that end there, and for that of its axis.
func (c *Chart) gutter(high float64, room int) int {
	title, width := min(widget.Width(c.XTitle)+1, room/4), 0
	for _, s := range c.Series {
		if points := c.usable(s); len(points) > 0 && !s.Loose && points[len(points)-1].X == high {
			width = max(width, widget.Width(s.Name)+1)
		}
	}
	if width > room/3 {
		return title
	}
	return max(width, title)
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
func (c *Chart) usable(series ...Series) []Point {
	var points []Point
	for _, s := range series {
		points = append(points, s.Points...)
	}
	points = slices.DeleteFunc(points, func(p Point) bool { return !usable(p.X, c.LogX) || !usable(p.Y, c.LogY) })
	slices.SortStableFunc(points, func(a, b Point) int { return cmp.Compare(a.X, b.X) })
	return points
}

// usable is a number that the axis can show.
func usable(v float64, log bool) bool {
	return !math.IsNaN(v) && !math.IsInf(v, 0) && (!log || v > 0) && v >= 0
}

// head is the unit of y, the names that found no room at their lines, and the note.
func (c *Chart) head(th *theme.Theme, names []string, width int) string {
	title := "  " + th.Paint(theme.Dim, c.YTitle)
	if i := slices.IndexFunc(c.Series, Series.hollow); i >= 0 {
		names = append(names, Mark(th, i, true)+" forecast")
	}
	right := ""
	for i, text := range append(names, c.Note) {
		room, more := width-widget.Width(title)-widget.Width(right)-widget.Width(text), 8 // for the sign that not all is here
		if i == len(names) {
			more = 2
		}
		switch {
		case text == "":
		case room < more:
			return widget.Spread(title, right+th.Paint(theme.Dim, th.More)+" ", width)
		default:
			right += text + "   "
		}
	}
	return widget.Spread(title, strings.TrimSuffix(right, "  "), width)
}

func (s Series) hollow() bool {
	return slices.ContainsFunc(s.Points, func(p Point) bool { return p.Hollow })
}

// sign of a series at its points.
func (c *Chart) sign(th *theme.Theme, i int, hollow bool) string {
	if c.Series[i].Guide {
		return th.Guide
	}
	return Mark(th, i, hollow)
}

// Mark is the sign of the i-th series at its points, in charts and wherever they are listed.
func Mark(th *theme.Theme, i int, hollow bool) string {
	marks := th.Marks
	if hollow {
		marks = th.Hollow
	}
	return marks[i%len(marks)]
}

// Place is a value of an axis: whole numbers whole.
func Place(x float64) string {
	if x == math.Trunc(x) {
		return unit.Number(x, 0)
	}
	return unit.Significant(x)
}

// rows puts the labels and the axis of y before each row.
func (c *Chart) rows(th *theme.Theme, f *frame) []string {
	labels, lines := map[int]string{}, make([]string, f.Rows)
	for _, t := range f.y.ticks() {
		labels[f.row(t)] = unit.Number(t, c.tickDecimals(t))
	}
	for r := range lines {
		wall := th.Wall
		switch {
		case labels[r] != "":
			wall = th.Axis.Tick
		case r == f.rows:
			wall = th.Axis.Corner
		case r > f.rows:
			wall = " "
		}
		lines[r] = "  " + th.Paint(theme.Dim, widget.Right(labels[r], f.label)+" "+wall) + f.Row(th, r)
	}
	return lines
}

// axis draws that of x below the plot with its title, and the values under their ticks, that of the crosshair first, leaving out those
// that would touch another.
func (c *Chart) axis(th *theme.Theme, f *frame, points []Point) {
	for col := range f.cols {
		f.Sign(col, f.rows, th.Axis.Line, Ink{Tone: theme.Dim})
	}
	title := widget.Clip(c.XTitle, f.Cols/4)
	f.Text(f.Cols-widget.Width(title)-1, f.rows+1, title, Ink{Tone: theme.Dim})
	tick := func(x float64, line, label theme.Tone) {
		text := Place(x)
		f.Sign(f.x.at(x), f.rows, th.Axis.Under, Ink{Tone: line})
		f.Write(max(f.x.at(x)-widget.Width(text)/2, 0), f.rows+1, text, Ink{Tone: label})
	}
	crossed := c.crossed(f)
	if crossed {
		tone := map[bool]theme.Tone{true: theme.Plain, false: theme.Accent}[c.Small]
		if tick(c.Cursor, tone, tone); c.Small {
			f.Sign(f.x.at(c.Cursor), f.rows, th.Best, Ink{})
		}
	}
	for _, p := range points {
		if p.X != c.Cursor || !crossed {
			tick(p.X, theme.Dim, theme.Plain)
		}
	}
}

func (c *Chart) crossed(f *frame) bool {
	return usable(c.Cursor, c.LogX) && c.Cursor >= f.x.low && c.Cursor <= f.x.high
}
