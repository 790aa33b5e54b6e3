package charts

import (
	"context"
	"math"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/measure"
	"shardeck/model/scaling"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
)

func (p *Pane) exportPNG() tea.Cmd { return p.export(measure.FormatPNG) }
func (p *Pane) exportCSV() tea.Cmd { return p.export(measure.FormatCSV) }

func (p *Pane) export(f measure.Format) tea.Cmd {
	c := p.exported()
	return p.writing.Start(p.env.Ctx, func(ctx context.Context) (string, error) { return p.env.Lab.ExportChart(ctx, c, f) }, wrote)
}

// wrote says where an exported chart lies.
func wrote(path string, err error) tea.Cmd {
	if err != nil {
		return pane.Fail(err)
	}
	return pane.Send(pane.Note{Text: "written: " + path, Tone: theme.Good})
}

// exported is the chart on the screen: the series, values and lines that are drawn.
func (p *Pane) exported() measure.Chart {
	q, a := quantities[p.y], axes[p.x]
	c := measure.Chart{Quantity: q.title, Unit: q.unit, Axis: a.axis, Across: a.title, Note: strings.Trim(p.common+" · mean over iterations, bars: half the range", " ·"), Ideal: q.ideal != nil && !p.hideLine, Log: p.log, Nodes: p.nodes()}
	switch {
	case len(p.shown) == 1 && len(p.all) > 1:
		c.Of = p.short[p.shown[0]]
	case len(p.shown) < len(p.all):
		c.Of = p.common
	}
	for _, i := range p.shown {
		s := measure.ChartSeries{Name: p.short[i]}
		for _, point := range p.all[i].Points {
			if y, ok := q.of(point); ok {
				s.Points = append(s.Points, measure.ChartPoint{Point: point, Value: y, Spread: p.spread(point), Ideal: q.idealAt(point)})
			}
		}
		c.Series = append(c.Series, s)
	}
	return c
}

// idealAt is where a point would be if all scaled perfectly; NaN: nothing says.
func (q quantity) idealAt(point scaling.Point) float64 {
	if q.ideal == nil || point.Efficiency <= 0 {
		return math.NaN()
	}
	return q.ideal(point)
}
