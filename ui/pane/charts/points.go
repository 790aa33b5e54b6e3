package charts

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// row is one point of the list.
type row struct {
	line  int // of the series of the chart
	point scaling.ChartPoint
}

// rowsOf are the points of a chart, line by line.
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

// cells of one point, in the order of the columns.
func (f *figure) cells(r row) []widget.Cell {
	cells := make([]widget.Cell, len(f.columns))
	for i, c := range f.columns {
		cells[i] = c.cell(r)
	}
	return cells
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
		{widget.Column{Title: "run", Worth: 6, Min: 12}, text(theme.Dim, func(r row) string { return r.point.Run })},
		{widget.Column{Title: "series", Worth: worth, Min: 16}, text(theme.Dim, func(r row) string { return f.chart.Series[r.line].Name })},
	}
	return slices.DeleteFunc(all, func(c column) bool { return f.needless(c, rows) })
}

// needless are the letter of a single series, a column that the quantity has taken, and
// the figures of scaling where they say nothing of what is drawn.
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

// scales reports whether what is drawn follows from throughput, and some run has another
// number of GPUs to be compared with.
func (f *figure) scales(rows []row) bool {
	of := scaling.Quantities[f.y].Metric
	return (of == "throughput_tokens_sec" || of == "iteration_wall_clock") &&
		slices.ContainsFunc(rows, func(r row) bool { return r.point.Efficiency > 0 })
}

// letter is the sign of a series in the chart.
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
// one under the cursor: "GPUs 2: A 15 532 spread 0.1 %, B 6 360 tok/s · ideal 22 558".
func (f *figure) crossWords(r row) string {
	q := scaling.Quantities[f.y]
	var values []string
	for i, s := range f.chart.Series {
		at := slices.IndexFunc(s.Points, func(point scaling.ChartPoint) bool { return point.X == r.point.X })
		if at < 0 {
			continue
		}
		word := unit.Figure(s.Points[at].Value, q.Decimals)
		if spread := s.Points[at].Spread; spread > 0 {
			word += " spread " + unit.Number(spread, 1) + " %"
		}
		if len(f.chart.Series) > 1 {
			word = f.letter(i) + " " + word
		}
		values = append(values, word)
	}
	text := strings.TrimSpace(axes[f.x].head+" "+unit.Number(r.point.X, 0)) + ": " + strings.TrimSpace(strings.Join(values, ", ")+" "+q.Unit)
	if ideal := r.point.Ideal; ideal > 0 && !f.bare {
		text += " · ideal " + unit.Number(ideal, q.Decimals)
	}
	return text
}
