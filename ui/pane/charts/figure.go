package charts

import (
	"math"
	"slices"
	"strings"

	"shardeck/model"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/ui/canvas"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// wish is what is drawn, once its series are there.
type wish struct {
	axis     axis
	quantity scaling.Quantity // of the list, and of the first chart
	several  bool             // quantities side by side
}

// sideBySide are the quantities that stand side by side, the one in the list before them.
var sideBySide = []string{"throughput", "TTFT", "TPOT", "efficiency", "iteration time", "communication share"}

// quantities are those of the panels.
func (w wish) quantities() []scaling.Quantity {
	all := []scaling.Quantity{w.quantity}
	for _, title := range sideBySide {
		if w.several && title != w.quantity.Title {
			all = append(all, scaling.QuantityOf(title))
		}
	}
	return all
}

// panel is one chart: a quantity of the series shown.
type panel struct {
	scaling.Quantity
	chart scaling.Chart // what is drawn, listed and written
}

// figure is what is drawn over the list: the chart, or several of them with one crosshair.
type figure struct {
	env env
	wish
	series    series
	byMetric  map[string][]scaling.Series // all that came
	panels    []panel                     // that of quantity first
	bare, log bool                        // no ideal line; y logarithmic
	drawn     []string                    // as last drawn, kept while nothing of it changes
	of        drawnFor
}

func (f *figure) what() string { return f.quantity.Title + " against " + f.axis.title }

// chart is that of the list.
func (f *figure) chart() scaling.Chart {
	if len(f.panels) == 0 {
		return scaling.Chart{}
	}
	return f.panels[0].chart
}

// build makes the chart of a quantity from series that came for its metric, those of the names shown.
func (f *figure) build(q scaling.Quantity, all []scaling.Series) panel {
	c := scaling.Chart{Quantity: q.Title, Unit: q.Unit, Axis: f.axis.Axis, Across: f.axis.title,
		Note: strings.Trim(f.series.common+scaling.NameSign+scaling.ChartStatistic, " ·")}
	switch {
	case f.series.alone():
		c.Of = f.series.short[f.series.shown[0]]
	case f.series.some():
		c.Of = f.series.common
	}
	full := float64(f.env.Site().GPUsPerNode)
	for _, i := range f.series.shown {
		at := slices.IndexFunc(all, func(s scaling.Series) bool { return s.Name == f.series.all[i].Name })
		if at < 0 {
			c.Series = append(c.Series, scaling.ChartSeries{Name: f.series.short[i]})
			continue
		}
		s := q.Draw(all[at])
		s.Name = f.series.short[i]
		if n := len(s.Points); f.axis.Axis == scaling.AxisGPUs && full > 0 && n > 0 && s.Points[n-1].X > full {
			c.Nodes = []float64{full} // where a node is full, as points lie beyond
		}
		c.Series = append(c.Series, s)
	}
	return panel{q, c}
}

// drawnFor is everything a drawing depends on besides the series, which reset it.
type drawnFor struct {
	width, height, line int
	x                   float64
	log, bare, focused  bool
	rung                theme.Rung
}

// draw draws the charts with the crosshair at a point, or takes the drawing of last time.
func (f *figure) draw(r row, focused bool, width, height int) []string {
	of := drawnFor{width, height, r.line, r.point.X, f.log, f.bare, focused, f.env.Theme.Rung}
	if f.drawn != nil && f.of == of {
		return slices.Clone(f.drawn)
	}
	f.of, f.drawn = of, canvas.Tile(len(f.panels), width, height, leastWidth, leastChart+2, func(i, width, height int) []string {
		return f.drawPanel(f.panels[i], r, focused, len(f.panels) > 1, width, height)
	})
	return slices.Clone(f.drawn)
}

// leastWidth and leastChart are the room that a chart takes, of several.
const leastWidth, leastChart = 38, 7

// drawPanel draws one chart; a small one has its title and its values at the crosshair over it.
func (f *figure) drawPanel(p panel, r row, focused, small bool, width, height int) []string {
	least, most := f.span()
	c := canvas.Chart{YTitle: p.Unit, XTitle: f.axis.head, LogX: f.logX(), Span: [2]float64{least, most},
		LogY: f.log, Cursor: math.NaN(), Decimals: p.Decimals, Small: small,
		Mark: p.chart.Nodes, MarkName: "node full"}
	if focused && most > least {
		c.Cursor = r.point.X
	}
	if small {
		c.YTitle, c.XTitle, c.MarkName = strings.TrimSpace(p.Title+" "+f.env.Theme.Paint(theme.Dim, p.Unit)), "", ""
		c.Note = f.valuesAt(p, r.point.X, -1)
		if widget.Width(c.YTitle)+widget.Width(c.Note)+4 > width { // the values stay before the unit, that of the cursor's line before all
			c.YTitle = p.Title
		}
		if widget.Width(c.YTitle)+widget.Width(c.Note)+4 > width {
			c.Note = f.valuesAt(p, r.point.X, r.line)
		}
	} else if len(f.series.shown) > 1 && f.series.some() {
		room := max(width-widget.Width(p.Unit)-8, 1)
		c.Note = f.env.Theme.Paint(theme.Dim, pane.Joined(room, strings.Split(f.series.common, scaling.NameSign)...))
	}
	guide := canvas.Series{Name: "ideal", Guide: true}
	names := brief(model.Each(p.chart.Series, func(s scaling.ChartSeries) string { return s.Name }))
	for i, s := range p.chart.Series {
		line := canvas.Series{Name: names[i]}
		if len(names) == 1 && (small || s.Name == "measured") || small && widget.Width(line.Name) > width/5 {
			line.Name = "" // the marks in the list tell
		}
		for _, point := range s.Points {
			low, high := point.Range()
			line.Points = append(line.Points, canvas.Point{X: point.X, Y: point.Value, Low: low, High: high, Hollow: point.Foretold})
			if f.bare || point.Ideal <= 0 {
				continue
			}
			c.Reach = max(c.Reach, point.Ideal) // an axis that went with the line under the cursor would draw all anew
			if sameStart(s, p.chart.Series[r.line]) && !slices.ContainsFunc(guide.Points, func(g canvas.Point) bool { return g.X == point.X }) {
				guide.Points = append(guide.Points, canvas.Point{X: point.X, Y: point.Ideal})
			}
		}
		c.Series = append(c.Series, line)
	}
	if len(guide.Points) > 1 {
		c.Series = append(c.Series, guide)
	}
	return c.View(f.env.Theme, width, height)
}

// sameStart: two lines begin at one point, so that one ideal line is that of both.
func sameStart(a, b scaling.ChartSeries) bool {
	return len(a.Points) > 0 && len(b.Points) > 0 && a.Points[0].X == b.Points[0].X && a.Points[0].Ideal == b.Points[0].Ideal
}

// logX: parts of a layout are powers of two, and so is what spans two of these.
func (f *figure) logX() bool {
	least, most := f.span()
	return least > 0 && (f.axis.Layout() || most >= 4*least)
}

// span is from where to where the points of all charts lie, which have one axis.
func (f *figure) span() (least, most float64) {
	least = math.Inf(1)
	for _, p := range f.panels {
		for _, r := range rowsOf(p.chart) {
			least, most = min(least, r.point.X), max(most, r.point.X)
		}
	}
	return least, most
}

// valuesAt are the values of all series at the crosshair, or of the only one that is asked for, after their marks.
func (f *figure) valuesAt(p panel, x float64, only int) (text string) {
	for i, s := range p.chart.Series {
		at := slices.IndexFunc(s.Points, func(point scaling.ChartPoint) bool { return point.X == x })
		if at >= 0 && (only < 0 || only == i) {
			text += " " + f.env.Theme.Series(i, canvas.Mark(f.env.Theme, i, s.Points[at].Foretold)+" "+unit.Figure(s.Points[at].Value, p.Decimals))
		}
	}
	return strings.TrimSpace(text)
}

// crossWords are the values of all series at the crosshair, and the ideal there of the
// one under the cursor: "GPUs 2: ● 15 532, ■ 6 360 tok/s · spread 0.1 %, – · ideal 22 558".
func (f *figure) crossWords(r row) string {
	q := f.quantity
	var values, spreads []string
	for i, s := range f.chart().Series {
		at := slices.IndexFunc(s.Points, func(point scaling.ChartPoint) bool { return point.X == r.point.X })
		if at < 0 {
			continue
		}
		point := s.Points[at]
		word, spread := unit.Figure(point.Value, q.Decimals), "–"
		if point.Spread > 0 {
			spread = unit.Number(point.Spread, 1) + " %"
		}
		if len(f.chart().Series) > 1 {
			word = canvas.Mark(f.env.Theme, i, point.Foretold) + " " + word
		}
		values, spreads = append(values, word), append(spreads, spread)
	}
	text := strings.TrimSpace(f.axis.head+" "+canvas.Place(r.point.X)) + ": " + strings.TrimSpace(strings.Join(values, ", ")+" "+q.Unit)
	if said := strings.Join(spreads, ", "); strings.Contains(said, "%") {
		text += " · spread " + said
	}
	if low, high := r.point.Range(); r.point.Foretold && high > 0 {
		text += " · forecast, " + unit.Figure(low, q.Decimals) + " to " + unit.Figure(high, q.Decimals)
	}
	if ideal := r.point.Ideal; ideal > 0 && !f.bare {
		text += " · ideal " + unit.Number(ideal, q.Decimals)
	}
	return text
}
