package charts

import (
	"math"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model/present/unit"
	"shardeck/model/scaling"
)

func (p *Pane) crossLeft() tea.Cmd  { return p.cross(-1) }
func (p *Pane) crossRight() tea.Cmd { return p.cross(1) }

// cross goes to the next point of the same line; at its end it stays.
func (p *Pane) cross(by int) tea.Cmd {
	at := p.table.Cursor
	if to := at + by; to >= 0 && to < len(p.rows) && p.rows[to].series == p.rows[at].series {
		p.table.Cursor = to
	}
	return p.moved()
}

// crossWords are the values of all series at the crosshair, and the ideal there of the
// one under the cursor: "GPUs 2: A 15 532 ± 0.1 %, B 6 360 tok/s · ideal 22 558".
func (p *Pane) crossWords(r row) string {
	q := quantities[p.y]
	var values []string
	for _, i := range p.shown {
		if point, ok := p.at(i, r.point.X); ok {
			values = append(values, strings.TrimSpace(p.valueLetter(i)+" "+p.valueWord(point)))
		}
	}
	text := strings.TrimSpace(axes[p.x].head+" "+unit.Number(r.point.X, 0)) + ": " + strings.TrimSpace(strings.Join(values, ", ")+" "+q.unit)
	if ideal := q.idealAt(r.point); !math.IsNaN(ideal) && !p.hideLine {
		text += " · ideal " + unit.Number(ideal, q.decimals)
	}
	return text
}

// at is the point of a series at a place on the axis.
func (p *Pane) at(series int, x float64) (scaling.Point, bool) {
	points := p.all[series].Points
	i := slices.IndexFunc(points, func(point scaling.Point) bool { return point.X == x })
	if i < 0 {
		return scaling.Point{}, false
	}
	_, ok := quantities[p.y].of(points[i])
	return points[i], ok
}

// valueLetter names a series where there are several.
func (p *Pane) valueLetter(series int) string {
	if len(p.shown) < 2 {
		return ""
	}
	return p.letter(series)
}

func (p *Pane) valueWord(point scaling.Point) string {
	y, _ := quantities[p.y].of(point)
	text := unit.Figure(y, quantities[p.y].decimals)
	if s := p.spread(point); s > 0 {
		text += " " + p.env.Theme.PlusMinus + " " + unit.Number(s, 1) + " %"
	}
	return text
}
