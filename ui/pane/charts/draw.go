package charts

import (
	"cmp"
	"math"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

type figure struct {
	env       env
	x, y      int // of axes and quantities
	series    series
	chart     scaling.Chart // what is drawn and listed
	columns   []column      // of the list
	bare, log bool          // no ideal line; both axes logarithmic
	drawn     []string      // the chart as last drawn, kept while nothing of it changes
	of        drawnFor
}

func (f *figure) what() string { return scaling.Quantities[f.y].Title + " against " + axes[f.x].title }

func (f *figure) build() scaling.Chart {
	q, a := scaling.Quantities[f.y], axes[f.x]
	c := scaling.Chart{Quantity: q.Title, Unit: q.Unit, Axis: a.Axis, Across: a.title,
		Note: strings.Trim(f.series.common+scaling.NameSign+scaling.ChartStatistic, " ·")}
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
		if n := len(s.Points); a.Axis == scaling.AxisGPUs && full > 0 && n > 0 && s.Points[n-1].X > full {
			c.Nodes = []float64{full} // where a node is full, as points lie beyond
		}
		c.Series = append(c.Series, s)
	}
	return c
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
	if f.drawn != nil && f.of == of {
		return slices.Clone(f.drawn)
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
	f.of, f.drawn = of, c.View(f.env.Theme, width, height)
	return slices.Clone(f.drawn)
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

// series are those of one axis and quantity, as they come, and which are shown.
type series struct {
	all    []scaling.Series
	only   string   // name of the one that is shown alone
	shown  []int    // of all
	common string   // what the names of all have in common
	short  []string // the rest of each name
}

// fewSeries is how many series one chart still shows clearly.
const fewSeries = 3

func (s *series) at(n int) scaling.Series {
	if n >= len(s.shown) {
		return scaling.Series{}
	}
	return s.all[s.shown[n]]
}

// alone reports that one of several is shown, some that not all are.
func (s *series) alone() bool { return len(s.shown) == 1 && len(s.all) > 1 }
func (s *series) some() bool  { return len(s.shown) < len(s.all) }

// next is the name of the series after the one shown alone, of the first one where several are; empty after the last.
func (s *series) next() string {
	next := s.shown[0]
	if s.only != "" || len(s.shown) == 1 {
		next++
	}
	if next < len(s.all) {
		return s.all[next].Name
	}
	return ""
}

// choose finds the series that are shown: the one chosen while it is there; else all, or where these would be too many, the one
// in which the run looked at is compared with others, or the longest, beside those that differ from it in the layout alone.
func (s *series) choose(run string) {
	at := slices.IndexFunc(s.all, func(one scaling.Series) bool { return one.Name == s.only })
	switch {
	case at >= 0:
		s.shown = []int{at}
	case len(s.all) > fewSeries:
		at = max(slices.IndexFunc(s.all, func(one scaling.Series) bool { return len(one.Points) > 1 && holds(one, run) }), 0)
		s.shown = s.kin(at)
	default:
		s.shown = nil
		for i := range s.all {
			s.shown = append(s.shown, i)
		}
	}
	s.factor()
}

// kin are a series and the lines of other layouts of the same work, a few.
func (s *series) kin(of int) []int {
	out := []int{of}
	for i, one := range s.all {
		if i != of && len(out) < fewSeries && len(one.Points) > 1 && one.Kin != "" && one.Kin == s.all[of].Kin {
			out = append(out, i)
		}
	}
	slices.Sort(out)
	return out
}

func holds(s scaling.Series, run string) bool {
	return slices.ContainsFunc(s.Points, func(p scaling.Point) bool { return p.Run == run })
}

// factor divides the names of the series shown into what they have in common and what is
// each one's own, so that a legend fits. One alone is set beside all the others.
func (s *series) factor() {
	var names []string
	for i, one := range s.all {
		if len(s.shown) == 1 || slices.Contains(s.shown, i) {
			names = append(names, one.Name)
		}
	}
	s.common = scaling.CommonName(names)
	s.short = model.Each(s.all, func(one scaling.Series) string { return cmp.Or(scaling.OwnName(one.Name, s.common), "measured") })
}

type row struct {
	line  int // of the series of the chart
	point scaling.ChartPoint
}

func rowsOf(c scaling.Chart) []row {
	var rows []row
	for i, s := range c.Series {
		for _, point := range s.Points {
			rows = append(rows, row{i, point})
		}
	}
	return rows
}

// column of the list and what a point has in it.
type column struct {
	widget.Column
	cell func(row) widget.Cell
}

func (f *figure) cells(r row) []widget.Cell {
	return model.Each(f.columns, func(c column) widget.Cell { return c.cell(r) })
}

// pointColumns are the columns for what is drawn; the highest Worth vanishes first. The
// names of several series stay in sight before anything else; that of one has the legend.
func (f *figure) pointColumns(rows []row) []column {
	q, worth := scaling.Quantities[f.y], 8
	if len(f.series.shown) > fewSeries {
		worth = 1
	}
	text := func(tone theme.Tone, of func(row) string) func(row) widget.Cell {
		return func(r row) widget.Cell { return widget.Cell{Text: of(r), Tone: tone} }
	}
	figure := func(decimals int, none float64, of func(row) float64) func(row) widget.Cell {
		return func(r row) widget.Cell {
			if v := of(r); v > none {
				return widget.Cell{Text: unit.Number(v, decimals)}
			}
			return widget.Cell{Text: f.env.Theme.Missing, Tone: theme.Dim}
		}
	}
	value := func(r row) widget.Cell {
		cell := widget.Cell{Text: unit.Figure(r.point.Value, q.Decimals)}
		if r.point.Unsure != "" {
			cell.Lead = present.Doubt(r.point.TooFew)
		}
		if r.point.Changed != "" {
			cell.Lead, cell.Tone = present.Foreign+cell.Lead, theme.Dim
		}
		return cell
	}
	all := []column{
		{widget.Column{Title: " "}, text(theme.Plain, func(r row) string { return f.letter(r.line) })},
		{widget.Column{Title: axes[f.x].head, Right: true}, text(theme.Plain, func(r row) string { return unit.Number(r.point.X, 0) })},
		{widget.Column{Title: "layout", Worth: 5}, text(theme.Plain, func(r row) string { return r.point.Layout })},
		{widget.Column{Title: q.Title, Unit: q.Unit, Right: true}, value},
		{widget.Column{Title: "spread", Unit: "%", Right: true, Worth: 3}, figure(1, 0, func(r row) float64 { return r.point.Spread })},
		{widget.Column{Title: "speed-up", Unit: "×", Right: true, Worth: 2}, figure(2, 0, func(r row) float64 { return r.point.Speedup })},
		{widget.Column{Title: "efficiency", Unit: "%", Right: true, Worth: 1}, figure(1, 0, func(r row) float64 { return r.point.Efficiency })},
		{widget.Column{Title: "serial part", Right: true, Worth: 4}, figure(3, -1, func(r row) float64 { return r.point.Serial })},
		{widget.Column{Title: "n", Right: true, Worth: 7}, figure(0, 0, func(r row) float64 { return float64(r.point.N) })},
		{widget.Column{Title: "run", Worth: 6, Min: 12, Middle: true}, text(theme.Dim, func(r row) string { return r.point.Run })},
		{widget.Column{Title: "series", Worth: worth, Min: 16}, text(theme.Dim, func(r row) string { return f.chart.Series[r.line].Name })},
	}
	return slices.DeleteFunc(all, func(c column) bool { return f.needless(c, rows) })
}

// needless are the letter of one series, a column that the quantity has taken, and figures of scaling that say nothing here.
func (f *figure) needless(c column, rows []row) bool {
	switch c.Title {
	case " ":
		return len(f.series.shown) < 2
	case "spread":
		return !slices.ContainsFunc(rows, func(r row) bool { return r.point.Spread > 0 })
	case "speed-up", "efficiency", "serial part":
		return c.Worth > 0 && (c.Title == scaling.Quantities[f.y].Title || !f.scales(rows))
	}
	return false
}

// scales reports whether what is drawn follows from throughput, and some run has another number of GPUs to be compared with.
func (f *figure) scales(rows []row) bool {
	of := scaling.Quantities[f.y].Metric
	return (of == "throughput_tokens_sec" || of == "iteration_wall_clock") &&
		slices.ContainsFunc(rows, func(r row) bool { return r.point.Efficiency > 0 })
}

func (f *figure) letter(line int) string { return string(rune('A' + line%26)) }

// cross goes to the next point of the same line, or the one before; at its end it stays.
func (p *Pane) cross(by int) tea.Cmd {
	rows, at := p.list.Rows(), p.list.Table.Cursor
	if to := at + by; to < 0 || to >= len(rows) || rows[to].line != rows[at].line {
		return nil
	}
	p.list.Table.Cursor += by
	return p.list.Settle()
}

// crossWords are the values of all series at the crosshair, and the ideal there of the
// one under the cursor: "GPUs 2: A 15 532, B 6 360 tok/s · spread 0.1 %, – · ideal 22 558".
func (f *figure) crossWords(r row) string {
	q := scaling.Quantities[f.y]
	var values, spreads []string
	for i, s := range f.chart.Series {
		at := slices.IndexFunc(s.Points, func(point scaling.ChartPoint) bool { return point.X == r.point.X })
		if at < 0 {
			continue
		}
		word, spread := unit.Figure(s.Points[at].Value, q.Decimals), "–"
		if s.Points[at].Spread > 0 {
			spread = unit.Number(s.Points[at].Spread, 1) + " %"
		}
		if len(f.chart.Series) > 1 {
			word = f.letter(i) + " " + word
		}
		values, spreads = append(values, word), append(spreads, spread)
	}
	text := strings.TrimSpace(axes[f.x].head+" "+unit.Number(r.point.X, 0)) + ": " + strings.TrimSpace(strings.Join(values, ", ")+" "+q.Unit)
	if said := strings.Join(spreads, ", "); strings.Contains(said, "%") {
		text += " · spread " + said
	}
	if ideal := r.point.Ideal; ideal > 0 && !f.bare {
		text += " · ideal " + unit.Number(ideal, q.Decimals)
	}
	return text
}
