package canvas

import (
	"math"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/guptarohit/asciigraph"

	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// sparse is the rows from one sign of the crosshair to the next: it moves with every key.
const sparse = 3

// verticals draws the crosshair and the vertical marks, under everything else.
func (c *Chart) verticals(th *theme.Theme, f *frame) {
	for _, x := range c.Mark {
		if !usable(x, c.LogX) || x < f.x.low || x > f.x.high {
			continue
		}
		for r := range f.rows {
			f.Under(f.x.at(x), r, th.Wall, Ink{Tone: theme.Dim})
		}
		for i, r := range []rune(c.MarkName) {
			f.Under(f.x.at(x)+2+i, f.rows-1, string(r), Ink{Tone: theme.Dim})
		}
	}
	for r := f.rows - 1; r >= 0 && c.crossed(f) && !c.Small; r -= max(sparse, f.rows/6) {
		f.Under(f.x.at(c.Cursor), r, th.Wall, Ink{Tone: theme.Accent})
	}
}

// line joins the points of one series. That of a guide is straight where both axes are logarithmic, as a power of x is.
func (c *Chart) line(th *theme.Theme, f *frame, i int) {
	s := c.Series[i]
	points := c.usable(s)
	if len(points) < 2 || s.Loose {
		return
	}
	if th.Rung == theme.ASCII {
		c.letters(f, i, points)
		return
	}
	ink := Ink{Series: i + 1}
	for k, p := range points[1:] {
		from := points[k]
		if s.Guide {
			c.power(f, from, p, ink)
			continue
		}
		pattern := Solid
		if p.Hollow || from.Hollow {
			pattern = Dashed
		}
		x0, y0 := f.dots(from.X, from.Y)
		x1, y1 := f.dots(p.X, p.Y)
		f.Line(x0, y0, x1, y1, pattern, ink)
	}
}

// power draws y as a power of x between two points, a dot in so many columns, as far as the axis goes.
func (c *Chart) power(f *frame, from, to Point, ink Ink) {
	const apart = 4 // every other column
	x0, _ := f.dots(from.X, from.Y)
	x1, _ := f.dots(to.X, to.Y)
	for x := x0; x <= x1; x += apart {
		y := between(from, to, f.x.value((x-0.4)/2), true)
		if _, dot := f.dots(to.X, y); f.y.fraction(y) <= 1 && f.y.fraction(y) >= 0 {
			f.Dot(int(math.Round(x)), int(math.Round(dot)), ink)
		}
	}
}

// between is the y at an x on the way from one point to another, straight or as a power of x.
func between(from, to Point, x float64, power bool) float64 {
	if power && from.X > 0 && from.Y > 0 && to.Y > 0 && to.X > from.X {
		return from.Y * math.Pow(to.Y/from.Y, math.Log(x/from.X)/math.Log(to.X/from.X))
	}
	return from.Y + (to.Y-from.Y)*(x-from.X)/max(to.X-from.X, 1e-300)
}

// letters lets asciigraph draw a line, whose letters follow it better than those for dots, and copies them.
func (c *Chart) letters(f *frame, i int, points []Point) {
	values := make([]float64, f.cols)
	for col := range values {
		values[col] = math.NaN()
		for k, p := range points[1:] {
			x0, x1 := f.x.place(points[k].X), f.x.place(p.X)
			if at := float64(col); at >= math.Round(x0) && at <= math.Round(x1) && x1 > x0 {
				share := min(max((at-x0)/(x1-x0), 0), 1)
				low, high := f.y.fraction(points[k].Y), f.y.fraction(p.Y)
				values[col] = min(max(low+share*(high-low), 0), 1)
			}
		}
	}
	set := asciigraph.CharSet{Horizontal: "-", VerticalLine: "|", ArcDownRight: ".", ArcDownLeft: ".", ArcUpRight: "'", ArcUpLeft: "'",
		EndCap: "-", StartCap: "-"}
	if c.Series[i].Guide {
		set = asciigraph.CreateCharSet(".")
	}
	const offset = 3 // columns that it draws before its first value
	drawn := asciigraph.Plot(values, asciigraph.Height(f.rows-1), asciigraph.LowerBound(0), asciigraph.UpperBound(1),
		asciigraph.YAxisValueFormatter(func(float64) string { return "" }), asciigraph.SeriesChars(set))
	for r, line := range strings.Split(drawn, "\n") {
		for col, sign := range []rune(ansi.Strip(line)) {
			if sign != ' ' && col >= offset {
				f.Under(col-offset, r, string(sign), Ink{Series: i + 1})
			}
		}
	}
}

// marks sets the points of a series, with a bar through what each may as well be.
func (c *Chart) marks(th *theme.Theme, f *frame, i int) {
	if c.Series[i].Guide {
		return
	}
	ink := Ink{Series: i + 1}
	for _, p := range c.usable(c.Series[i]) {
		if p.High > p.Low && p.High > 0 {
			x := float64(2 * f.x.at(p.X))
			_, low := f.dots(p.X, max(p.Low, f.y.low))
			_, high := f.dots(p.X, min(p.High, f.y.high))
			pattern := Solid
			if p.Hollow {
				pattern = Pattern{1, 2}
			}
			f.Line(x, low, x, high, pattern, ink)
		}
		f.Sign(f.x.at(p.X), f.row(p.Y), c.sign(th, i, p.Hollow), ink)
	}
}

// labels writes beside the points: to the right, to the left, over or below, wherever nothing is.
func (c *Chart) labels(f *frame, i int) {
	for _, p := range c.usable(c.Series[i]) {
		if width := widget.Width(p.Label); width > 0 {
			c.beside(f, p, p.Label, Ink{Tone: theme.Dim}, [][2]int{{2, 0}, {-1 - width, 0}, {2, -1}, {-1 - width, 1}, {2, 1}, {-1 - width, -1}})
		}
	}
}

// name writes the name of a series where its line ends; false: there is no room.
func (c *Chart) name(f *frame, i int) bool {
	s := c.Series[i]
	points := c.usable(s)
	if s.Name == "" || len(points) == 0 {
		return true
	}
	end := points[len(points)-1]
	if s.Guide && len(points) > 1 && f.y.fraction(end.Y) > 1 { // where it leaves
		from := points[len(points)-2]
		for x := f.x.place(end.X); f.y.fraction(end.Y) > 1 && x > f.x.place(from.X); x-- {
			end.X = f.x.value(x)
			end.Y = between(from, points[len(points)-1], end.X, true)
		}
	}
	return !s.Loose && c.beside(f, end, s.Name, Ink{Series: i + 1}, [][2]int{{2, 0}, {2, -1}, {2, 1}, {2, -2}, {2, 2}})
}

// beside writes at the first free of several places off a point.
func (c *Chart) beside(f *frame, p Point, text string, ink Ink, places [][2]int) bool {
	for _, off := range places {
		if row := f.row(p.Y) + off[1]; row < f.rows && f.Write(f.x.at(p.X)+off[0], row, text, ink) {
			return true
		}
	}
	return false
}
