package charts

import (
	"math"
	"slices"
	"strings"

	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// drawing is the chart as last drawn, kept while nothing of it changes.
type drawing struct {
	of    drawnFor
	lines []string
}

// drawnFor is everything a drawing depends on besides the series, which reset it.
type drawnFor struct {
	width, height, series int
	x                     float64
	log, ideal, focused   bool
}

// leastChart is the fewest lines a chart is worth drawing in.
const leastChart = 7

// chartRows is what the table leaves, which takes at most two fifths of the pane.
func (p *Pane) chartRows() int {
	table := min(len(p.rows)+p.table.HeaderRows(), max(p.height*2/5, p.table.HeaderRows()+3))
	rows := p.height - table - 1
	if rows < leastChart {
		return 0
	}
	return rows
}

// tableTop is how many lines stand over the table: the chart and a blank one, or none.
func (p *Pane) tableTop() int {
	if n := p.chartRows(); n > 0 {
		return n + 1
	}
	return 0
}

func (p *Pane) tableRows() int { return p.height - p.tableTop() - p.table.HeaderRows() }

// View draws the chart over its points.
func (p *Pane) View() string {
	if p.width <= 0 || p.height <= 0 {
		return ""
	}
	if len(p.rows) == 0 {
		return widget.Block(p.empty(), p.width, p.height)
	}
	p.table.Measure(p.width)
	lines := p.chart(p.width, p.chartRows())
	if len(lines) > 0 {
		lines = append(lines, "")
	}
	lines = append(lines, p.table.View(p.env.Theme, p.width, p.height-len(lines))...)
	return widget.Block(lines, p.width, p.height)
}

// empty says why there is nothing to draw, and what to do.
func (p *Pane) empty() []string {
	what := quantities[p.y].title + " against " + axes[p.x].title
	switch {
	case !p.loaded:
		return []string{"", "   reading the runs …"}
	case p.err != nil:
		return []string{"", "   " + p.env.Theme.Paint(theme.Bad, widget.Sentence("no chart: "+p.err.Error(), p.width-4)), "", "   r tries again"}
	case quantities[p.y].metric == "comm_overhead":
		return []string{"", "   No run shows " + what + " yet.", "", "   It comes from traces of runs on two GPUs or more:",
			"   4 Metrics, then a   reads the traces of every run"}
	case axes[p.x].axis == scaling.AxisEP:
		return []string{"", "   No run of a mixture-of-experts model yet.", "", "   x goes to the next axis · 1 Experiments, then s   submits one"}
	case len(p.all) > 0:
		return []string{"", "   " + quantities[p.y].title + " compares runs that differ in their GPUs: no such runs on this axis.", "", "   x goes to the next axis · y to the next quantity"}
	}
	return []string{"", "   No run has timings yet.", "", "   1 Experiments, then s   submits one; its point appears when the job ends"}
}

// chart draws the series shown, or takes the drawing of last time.
func (p *Pane) chart(width, height int) []string {
	r := p.rows[max(min(p.settled, len(p.rows)-1), 0)]
	of := drawnFor{width, height, r.series, r.point.X, p.log, !p.hideLine, p.focused}
	if p.drawn.lines != nil && p.drawn.of == of {
		return append([]string(nil), p.drawn.lines...)
	}
	c := widget.Chart{YTitle: p.head(width), XTitle: axes[p.x].head, Log: p.log, Cursor: math.NaN(),
		Decimals: quantities[p.y].decimals, Mark: p.nodes(), MarkName: "node full"}
	if p.focused && len(p.xs()) > 1 {
		c.Cursor = r.point.X
	}
	for _, i := range p.shown {
		c.Series = append(c.Series, p.line(i, p.legendFits(width)))
	}
	if guide, ok := p.guide(r.series); ok {
		c.Series = append(c.Series, guide)
	}
	p.drawn = drawing{of, c.View(p.env.Theme, width, height)}
	return append([]string(nil), p.drawn.lines...)
}

// head is the unit, and where a few of many series are shown what these have in common.
func (p *Pane) head(width int) string {
	unit := quantities[p.y].unit
	if len(p.shown) < 2 || len(p.shown) == len(p.all) {
		return unit
	}
	return unit + "   " + pane.Joined(max(width-p.legendWidth()-widget.Width(unit), 1), strings.Split(p.common, nameSign)...)
}

// legendFits reports whether the names of all series fit over the chart; if not, their
// letters stand there, and the names in the table.
func (p *Pane) legendFits(width int) bool {
	return p.legendWidth() <= width
}

func (p *Pane) legendWidth() int {
	need := 24
	for _, i := range p.shown {
		need += widget.Width(p.short[i]) + 5
	}
	return need
}

// line is one series as the chart takes it.
func (p *Pane) line(i int, named bool) widget.ChartSeries {
	q := quantities[p.y]
	out := widget.ChartSeries{}
	if named {
		out.Name = p.short[i]
	}
	for _, point := range p.all[i].Points {
		if y, ok := q.of(point); ok {
			out.Points = append(out.Points, widget.ChartPoint{X: point.X, Y: y, Spread: y * p.spread(point) / 100})
		}
	}
	return out
}

// spread is that of a measured value; of what is computed from two there is none.
func (p *Pane) spread(point scaling.Point) float64 {
	if q := quantities[p.y].title; q == "speed-up" || q == "efficiency" {
		return 0
	}
	return point.Spread
}

// guide is the ideal line of the series under the cursor, where there is such a thing.
func (p *Pane) guide(series int) (widget.ChartSeries, bool) {
	out := widget.ChartSeries{Name: "ideal", Guide: true}
	q := quantities[p.y]
	if q.ideal == nil || p.hideLine || series >= len(p.all) {
		return out, false
	}
	for _, point := range p.all[series].Points {
		if point.Efficiency > 0 {
			out.Points = append(out.Points, widget.ChartPoint{X: point.X, Y: q.ideal(point)})
		}
	}
	return out, len(out.Points) > 1
}

// xs are the different places on the axis that have a point.
func (p *Pane) xs() map[float64]bool {
	xs := map[float64]bool{}
	for _, r := range p.rows {
		xs[r.point.X] = true
	}
	return xs
}

// nodes is where a node is full, if points lie beyond.
func (p *Pane) nodes() []float64 {
	full := float64(p.env.Lab.Site().GPUsPerNode)
	if axes[p.x].axis != scaling.AxisGPUs || full <= 0 {
		return nil
	}
	for x := range p.xs() {
		if x > full {
			return []float64{full}
		}
	}
	return nil
}

// column of the table of points and what a point has in it.
type column struct {
	widget.Column
	cell func(*Pane, row) widget.Cell
}

// pointColumns are the columns for what is drawn; the highest Worth vanishes first.
func (p *Pane) pointColumns() []column {
	q := quantities[p.y]
	all := []column{
		{widget.Column{Title: " "}, func(p *Pane, r row) widget.Cell { return widget.Cell{Text: p.letter(r.series)} }},
		{widget.Column{Title: axes[p.x].head, Right: true}, func(_ *Pane, r row) widget.Cell { return widget.Cell{Text: unit.Number(r.point.X, 0)} }},
		{widget.Column{Title: "layout", Worth: 5}, func(_ *Pane, r row) widget.Cell { return widget.Cell{Text: r.point.Layout} }},
		{widget.Column{Title: q.title, Unit: q.unit, Right: true}, func(p *Pane, r row) widget.Cell {
			y, _ := q.of(r.point)
			cell := widget.Cell{Text: unit.Figure(y, q.decimals)}
			if r.point.Unsure != "" {
				cell.Lead = "~"
			}
			return cell
		}},
		{widget.Column{Title: "spread", Unit: "%", Right: true, Worth: 3}, func(p *Pane, r row) widget.Cell { return p.figure(p.spread(r.point), 1, 0) }},
		{widget.Column{Title: "speed-up", Unit: "×", Right: true, Worth: 2}, func(p *Pane, r row) widget.Cell { return p.figure(r.point.Speedup, 2, 0) }},
		{widget.Column{Title: "efficiency", Unit: "%", Right: true, Worth: 1}, func(p *Pane, r row) widget.Cell { return p.figure(r.point.Efficiency, 1, 0) }},
		{widget.Column{Title: "serial part", Right: true, Worth: 4}, func(p *Pane, r row) widget.Cell { return p.figure(r.point.Serial, 3, -1) }},
		{widget.Column{Title: "n", Right: true, Worth: 7}, func(p *Pane, r row) widget.Cell { return p.figure(float64(r.point.N), 0, 0) }},
		{widget.Column{Title: "run", Worth: 6, Min: 12}, func(_ *Pane, r row) widget.Cell { return widget.Cell{Text: r.point.Run, Tone: theme.Dim} }},
		{widget.Column{Title: "series", Worth: p.seriesWorth(), Min: 16}, func(p *Pane, r row) widget.Cell { return widget.Cell{Text: p.short[r.series], Tone: theme.Dim} }},
	}
	return slices.DeleteFunc(all, p.needless)
}

// seriesWorth keeps the names of several series in sight before anything else, and that
// of one out of the way: the legend has it.
func (p *Pane) seriesWorth() int {
	if len(p.shown) > fewSeries {
		return 1
	}
	return 8
}

// needless are the letter of a single series, a column that the quantity has taken, and
// the figures of scaling where they say nothing of what is drawn.
func (p *Pane) needless(c column) bool {
	switch c.Title {
	case " ":
		return len(p.shown) < 2
	case "spread":
		return !slices.ContainsFunc(p.rows, func(r row) bool { return p.spread(r.point) > 0 })
	case "speed-up", "efficiency", "serial part":
		return c.Worth > 0 && (c.Title == quantities[p.y].title || !p.scales())
	}
	return false
}

// scales reports whether what is drawn follows from throughput, and some run has another
// number of GPUs to be compared with.
func (p *Pane) scales() bool {
	of := quantities[p.y].metric
	return (of == "throughput_tokens_sec" || of == "iteration_wall_clock") && slices.ContainsFunc(p.rows, func(r row) bool { return r.point.Efficiency > 0 })
}

// setRows puts the points into the table.
func (p *Pane) setRows() {
	columns := p.pointColumns()
	p.table.Columns = p.table.Columns[:0]
	for _, c := range columns {
		p.table.Columns = append(p.table.Columns, c.Column)
	}
	rows := make([][]widget.Cell, len(p.rows))
	for i, r := range p.rows {
		for _, c := range columns {
			rows[i] = append(rows[i], c.cell(p, r))
		}
	}
	p.table.SetRows(rows)
}

// figure is a number, or "–" where it is the value that means none (or less).
func (p *Pane) figure(v float64, decimals int, none float64) widget.Cell {
	if v <= none {
		return widget.Cell{Text: p.env.Theme.Missing, Tone: theme.Dim}
	}
	return widget.Cell{Text: unit.Number(v, decimals)}
}

// letter is the sign of a series in the chart.
func (p *Pane) letter(series int) string {
	for at, i := range p.shown {
		if i == series {
			return string(rune('A' + at%26))
		}
	}
	return ""
}
