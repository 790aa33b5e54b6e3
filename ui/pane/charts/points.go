package charts

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/ui/canvas"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

type row struct {
	line  int // of the series of the chart
	point scaling.ChartPoint
}

func rowsOf(c scaling.Chart) []row {
	var rows []row
	for i, s := range c.Series {
		rows = append(rows, model.Each(s.Points, func(point scaling.ChartPoint) row { return row{i, point} })...)
	}
	return rows
}

// column of the list and what a point has in it.
type column struct {
	widget.Column
	cell func(row) widget.Cell
}

func (p *Pane) cells(r row) []widget.Cell {
	return model.Each(p.columns, func(c column) widget.Cell { return c.cell(r) })
}

// pointColumns are the columns for what is drawn; the highest Worth vanishes first. The
// names of several series stay in sight before anything else; that of one stands at its line.
func (f *figure) pointColumns(rows []row) []column {
	q, worth := f.quantity, 8
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
	all := []column{
		{widget.Column{Title: " "}, text(theme.Plain, func(r row) string { return canvas.Mark(f.env.Theme, r.line, r.point.Foretold) })},
		{widget.Column{Title: f.axis.head, Right: true}, text(theme.Plain, func(r row) string { return canvas.Place(r.point.X) })},
		{widget.Column{Title: "layout", Worth: 5}, text(theme.Plain, func(r row) string { return r.point.Layout })},
		{widget.Column{Title: q.Title, Unit: q.Unit, Right: true}, f.valueCell},
		{widget.Column{Title: "spread", Unit: "%", Right: true, Worth: 3}, figure(1, 0, func(r row) float64 { return r.point.Spread })},
		{widget.Column{Title: "speed-up", Unit: "×", Right: true, Worth: 2}, figure(2, 0, func(r row) float64 { return r.point.Speedup })},
		{widget.Column{Title: "efficiency", Unit: "%", Right: true, Worth: 1}, figure(1, 0, func(r row) float64 { return r.point.Efficiency })},
		{widget.Column{Title: "serial part", Right: true, Worth: 4}, figure(3, -1, func(r row) float64 { return r.point.Serial })},
		{widget.Column{Title: "n", Right: true, Worth: 7}, figure(0, 0, func(r row) float64 { return float64(r.point.N) })},
		{widget.Column{Title: "run", Worth: 6, Min: 12, Middle: true}, text(theme.Dim, f.runWord)},
		{widget.Column{Title: "series", Worth: worth, Min: 16}, text(theme.Dim, func(r row) string { return f.chart().Series[r.line].Name })},
	}
	return slices.DeleteFunc(all, func(c column) bool { return f.needless(c, rows) })
}

func (f *figure) runWord(r row) string {
	if r.point.Foretold {
		return r.point.Run + ", forecast"
	}
	return r.point.Run
}

func (f *figure) valueCell(r row) widget.Cell {
	cell := widget.Cell{Text: unit.Figure(r.point.Value, f.quantity.Decimals)}
	if r.point.Unsure != "" {
		cell.Lead = present.Doubt(r.point.TooFew)
	}
	if r.point.Changed != "" {
		cell.Lead, cell.Tone = present.Foreign+cell.Lead, theme.Dim
	}
	if r.point.Foretold {
		cell.Lead, cell.Tone = present.Estimate+cell.Lead, theme.Dim
	}
	return cell
}

// needless are the mark of one series, a column that the quantity has taken, and figures of scaling that say nothing here.
func (f *figure) needless(c column, rows []row) bool {
	switch c.Title {
	case " ":
		return len(f.series.shown) < 2 && !slices.ContainsFunc(rows, func(r row) bool { return r.point.Foretold })
	case "spread":
		return !slices.ContainsFunc(rows, func(r row) bool { return r.point.Spread > 0 })
	case "speed-up", "efficiency", "serial part":
		return c.Worth > 0 && (c.Title == f.quantity.Title || !f.scales(rows))
	}
	return false
}

// scales reports whether what is drawn follows from throughput, and some run has another number of GPUs to be compared with.
func (f *figure) scales(rows []row) bool {
	of := f.quantity.Metric
	return (of == scaling.ThroughputMetric || of == "iteration_wall_clock") &&
		slices.ContainsFunc(rows, func(r row) bool { return r.point.Efficiency > 0 })
}

// cross goes to the next point of the same line, or the one before; at its end it stays.
func (p *Pane) cross(by int) tea.Cmd {
	rows, at := p.list.Rows(), p.list.Table.Cursor
	if to := at + by; to < 0 || to >= len(rows) || rows[to].line != rows[at].line {
		return nil
	}
	p.list.Table.Cursor += by
	return p.list.Settle()
}
