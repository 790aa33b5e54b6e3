package widget

import (
	"math"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/guptarohit/asciigraph"

	"shardeck/ui/theme"
)

// axis maps values to cells 0…cells.
type axis struct {
	low, high float64
	cells     int
	from      int // cell of low
	log       bool
	step      float64 // between ticks, linear only
}

// newAxis makes an axis whose end is a round number, so that its labels are too.
func newAxis(low, high float64, cells int, log bool) axis {
	a := axis{low: low, high: high, cells: max(cells, 1), log: log}
	if low == 0 && !log {
		a.step = tightStep(high, max(1, min(5, float64(cells)/2)))
		a.high = math.Ceil(high/a.step-1e-9) * a.step
	}
	return a
}

// tightStep is the round step, at most so many of which reach high, that wastes the least room above it.
func tightStep(high, most float64) float64 {
	best, end := 0.0, math.Inf(1)
	for step := roundUp(high/most, coarse); step <= high || best == 0; step = roundUp(step*1.01, coarse) {
		if e := math.Ceil(high/step-1e-9) * step; e < end*(1-1e-9) {
			best, end = step, e
		}
	}
	return best
}

// coarse and fine are the digits that a number may begin with to be round.
var (
	coarse = []float64{1, 2, 2.5, 5}
	fine   = []float64{1, 1.5, 2, 2.5, 3, 4, 5, 6, 8}
)

// roundUp is the next of the digits times a power of ten; 1 for nothing.
func roundUp(v float64, digits []float64) float64 {
	if v <= 0 {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, d := range digits {
		if d*power >= v*(1-1e-9) {
			return d * power
		}
	}
	return 10 * power
}

// roundBelow is the round number before one above 0.
func roundBelow(v float64) float64 {
	power, best := math.Pow(10, math.Floor(math.Log10(v))), 0.0
	for _, d := range fine {
		if d*power <= v*(1+1e-9) {
			best = d * power
		}
	}
	return best
}

// fraction is where a value lies, from 0 at low to 1 at high.
func (a axis) fraction(v float64) float64 {
	low, high := a.low, a.high
	if a.log {
		v, low, high = math.Log(v), math.Log(low), math.Log(high)
	}
	if high <= low {
		return 0.5
	}
	return (v - low) / (high - low)
}

func (a axis) at(v float64) int {
	return a.from + clamp(int(math.Round(a.fraction(v)*float64(a.cells))), 0, a.cells)
}

// ticks are the values worth a label, at most one to two rows.
func (a axis) ticks() []float64 {
	if a.log {
		return a.logTicks()
	}
	var out []float64
	for v := a.low; a.step > 0 && v <= a.high+a.step/1e6; v += a.step {
		out = append(out, v)
	}
	return out
}

// logTicks are the ends, and of the round numbers between those that stand apart: the coarsest that give at least one,
// 1 and 10, then 1 2 5, then all.
func (a axis) logTicks() []float64 {
	for _, digits := range [][]float64{{1}, {1, 2, 5}, fine} {
		out := []float64{a.low}
		for _, v := range roundBetween(a.low, a.high, digits) {
			if a.at(v) >= a.at(out[len(out)-1])+2 && a.at(v)+2 <= a.at(a.high) {
				out = append(out, v)
			}
		}
		if len(out) > 2 || len(digits) == len(fine) {
			return append(out, a.high)
		}
	}
	return nil
}

// roundBetween are the numbers between two that begin with one of the digits, rising.
func roundBetween(low, high float64, digits []float64) []float64 {
	var out []float64
	for power := math.Pow(10, math.Floor(math.Log10(low))); power < high; power *= 10 {
		for _, d := range digits {
			if v := d * power; v > low*(1+1e-9) && v < high*(1-1e-9) {
				out = append(out, v)
			}
		}
	}
	return out
}

// grid is the plot, a sign in each cell, row by row.
type grid [][]cell

// ink is how a sign is painted: in a tone, or in the colour of a series (from 1 on).
type ink struct {
	tone   theme.Tone
	series int
}

func (k ink) paint(th *theme.Theme, text string) string {
	if k.series > 0 {
		return th.Series(k.series-1, text)
	}
	return th.Paint(k.tone, text)
}

// cell is a sign and its ink; an empty sign is a blank.
type cell struct {
	sign string
	ink  ink
}

func newGrid(cols, rows int) grid {
	g := make(grid, rows)
	for r := range g {
		g[r] = make([]cell, cols)
	}
	return g
}

func (g grid) set(col, row int, sign string, ink ink) {
	if row >= 0 && row < len(g) && col >= 0 && col < len(g[row]) {
		g[row][col] = cell{sign, ink}
	}
}

// line paints signs of one ink together, blanks between them too: colours cost bytes.
func (g grid) line(th *theme.Theme, row int) string {
	var b strings.Builder
	text, blanks, now := "", 0, ink{}
	for _, c := range g[row] {
		if c.sign == "" {
			blanks++
			continue
		}
		if text != "" && c.ink == now {
			text += blank(blanks) + c.sign
		} else {
			b.WriteString(now.paint(th, text) + blank(blanks))
			text, now = c.sign, c.ink
		}
		blanks = 0
	}
	return b.String() + now.paint(th, text)
}

// drawMarks draws the crosshair and the vertical marks, under everything else.
func (c *Chart) drawMarks(th *theme.Theme, g grid, f frame) {
	vertical := func(x float64, tone theme.Tone, name string) {
		if !usable(x, c.Log) || x < f.x.low || x > f.x.high {
			return
		}
		for r := range f.rows {
			g.set(f.x.at(x), r, th.Wall, ink{tone: tone})
		}
		for i, r := range []rune(name) {
			g.set(f.x.at(x)+2+i, f.rows-1, string(r), ink{tone: tone})
		}
	}
	for _, x := range c.Mark {
		vertical(x, theme.Dim, c.MarkName)
	}
	vertical(c.Cursor, theme.Accent, "")
}

// drawLine lets asciigraph draw one series, column by column, and copies its signs.
func (c *Chart) drawLine(th *theme.Theme, g grid, f frame, i int) {
	points := c.usable(c.Series[i])
	if len(points) < 2 || c.Series[i].Loose {
		return
	}
	values := make([]float64, f.cols)
	for col := range values {
		values[col] = heightAt(points, col, f)
	}
	options := []asciigraph.Option{asciigraph.Height(f.rows - 1), asciigraph.LowerBound(0), asciigraph.UpperBound(1),
		asciigraph.YAxisValueFormatter(func(float64) string { return "" })}
	if chars := c.chars(th, i); chars != nil {
		options = append(options, asciigraph.SeriesChars(*chars))
	}
	for r, line := range strings.Split(asciigraph.Plot(values, options...), "\n") {
		for col, sign := range []rune(ansi.Strip(line)) {
			if sign != ' ' && col >= plotOffset {
				g.set(col-plotOffset, r, string(sign), ink{series: i + 1})
			}
		}
	}
}

// plotOffset is the columns asciigraph draws before its first value.
const plotOffset = 3

// chars of a line: dots for a guide, and plain signs in ASCII.
func (c *Chart) chars(th *theme.Theme, i int) *asciigraph.CharSet {
	var set asciigraph.CharSet
	switch {
	case c.Series[i].Guide:
		set = asciigraph.CreateCharSet(th.Guide)
	case th.ASCII:
		set = asciigraph.CharSet{Horizontal: "-", VerticalLine: "|", ArcDownRight: ".", ArcDownLeft: ".",
			ArcUpRight: "'", ArcUpLeft: "'", EndCap: "-", StartCap: "-"}
	default:
		return nil
	}
	return &set
}

// heightAt is the height at a column on the straight lines from point to point, from 0 to 1; NaN outside them.
func heightAt(points []ChartPoint, col int, f frame) float64 {
	for i := 1; i < len(points); i++ {
		left, right := f.x.at(points[i-1].X), f.x.at(points[i].X)
		if col < left || col > right {
			continue
		}
		share := 0.0
		if right > left {
			share = float64(col-left) / float64(right-left)
		}
		low, high := f.y.fraction(points[i-1].Y), f.y.fraction(points[i].Y)
		return max(0, min(1, low+share*(high-low)))
	}
	return math.NaN()
}

// drawPoints sets the measured points, and their spread where it is seen.
func (c *Chart) drawPoints(th *theme.Theme, g grid, f frame, i int) {
	if c.Series[i].Guide {
		return
	}
	own := ink{series: i + 1}
	for _, p := range c.usable(c.Series[i]) {
		col := f.x.at(p.X)
		low, high := f.y.at(max(p.Y-p.Spread, f.y.low)), f.y.at(p.Y+p.Spread)
		for at := low; at <= high && p.Spread > 0; at++ {
			g.set(col, f.rows-1-at, th.Wall, own)
		}
		g.set(col, f.rows-1-f.y.at(p.Y), c.sign(th, i), own)
	}
}

// drawLabels writes beside points, to the right or else to the left, over lines but over no other sign.
func (c *Chart) drawLabels(g grid, f frame, i int) {
	for _, p := range c.usable(c.Series[i]) {
		col, row := f.x.at(p.X), f.rows-1-f.y.at(p.Y)
		for _, from := range []int{col + 2, col - 1 - Width(p.Label)} {
			if g.write(from, row, p.Label, ink{tone: theme.Dim}) {
				break
			}
		}
	}
}

// write puts a text on a line of the plot; false: there is no room for it, with a blank on both sides.
func (g grid) write(col, row int, text string, ink ink) bool {
	signs := []rune(text)
	if col < 1 || col+len(signs) >= len(g[row]) {
		return false
	}
	for _, c := range g[row][col-1 : col+len(signs)+1] {
		if c.sign != "" && !strings.ContainsAny(c.sign, "─-╭╮╰╯.'") {
			return false
		}
	}
	for k, r := range signs {
		g.set(col+k, row, string(r), ink)
	}
	return true
}
