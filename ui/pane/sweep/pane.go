// Package sweep is the pane of what a sweep has given: the frontier of tokens/s per GPU against tokens/s per user, any metric over
// one or two of the fields that vary, and its points. The tables come whole from the model; the pane chooses among them.
package sweep

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/present"
	"shardeck/model/scaling"
	"shardeck/model/sweep"
	"shardeck/ui/canvas"
	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/pane/submission"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Backend is what the pane asks of the use cases.
type Backend interface {
	submission.SweepBackend
	PlanSweep(ctx context.Context, id string) (sweep.Plan, error)
	// Foretold are forecasts of the rows without a run, as far as there are.
	Foretold(ctx context.Context, rows []board.Row) ([]scaling.Measured, error)
}

type env struct {
	pane.Env
	Backend
}

// Pane is the sweep pane.
type Pane struct {
	pane.Base
	env     env
	focused bool

	all    []string // the sweeps that there are
	wish   wish
	view   int  // of views
	turned bool // to that by the user
	shown  *results
	err    error
	list   *list.List[present.Row]
	sweeps *submission.Sweeps

	soon pane.Timer
	work pane.Task[*results]
}

// restTime is the wait in which several changes become one reading.
const restTime = 300 * time.Millisecond

// New makes the pane; it shows nothing until it is told what.
func New(e pane.Env, b Backend) *Pane {
	p := &Pane{env: env{e, b}, sweeps: submission.NewSweeps(e, b)}
	p.list = list.New(e, list.Of[present.Row]{One: "point", ID: idOf, Orders: func(c widget.Column) bool { return c.Title != "" },
		Cells: func(r present.Row) []widget.Cell { return pane.Cells(e.Theme, r) },
		Fields: func(r present.Row) map[string]string {
			if r.Fields == nil {
				return map[string]string{"id": idOf(r)}
			}
			return r.Fields
		}})
	return p
}

func idOf(r present.Row) string {
	if r.Full != "" {
		return r.Full
	}
	return strings.Join(model.Each(r.Cells, func(c present.Cell) string { return c.Text }), " ")
}

// Init waits for a sweep to be named.
func (p *Pane) Init() tea.Cmd { return nil }

// SetFocus brightens the cursor.
func (p *Pane) SetFocus(on bool) { p.focused, p.list.Table.Focused = on, on }

// Hidden reports that there is no sweep: the pane is worth no tab.
func (p *Pane) Hidden() bool { return len(p.all) == 0 && p.wish.id == "" }

// Update takes a message.
func (p *Pane) Update(msg tea.Msg) (pane.Pane, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return p, pane.Press(p, &p.Base, keys(), p.list.Move, msg)
	case pane.ClickMsg:
		return p, p.list.Click(msg.X, msg.Line-len(p.chart()))
	case pane.BoardMsg:
		p.all = msg.Sweeps
		return p, p.again()
	case pane.ReloadMsg, pane.AnalysedMsg:
		return p, p.again()
	case pane.JobsMsg:
		if p.shown != nil && p.shown.plan.Count(sweep.Submitted) > 0 {
			return p, p.again()
		}
	case pane.OpenMsg:
		if msg.To == pane.Sweep {
			return p, p.show(msg.Sweep)
		}
	case pane.SelectMsg:
		if msg.Sweep != "" && msg.Sweep != p.wish.id && msg.Reaches(pane.Sweep, p.focused) {
			return p, p.show(msg.Sweep)
		} else if msg.Entered == pane.Sweep && p.wish.id == "" && len(p.all) > 0 {
			return p, p.show(p.all[0])
		}
	}
	return p, nil
}

// again works out anew what is shown, in a moment.
func (p *Pane) again() tea.Cmd {
	if p.wish.id == "" {
		return nil
	}
	return p.soon.Start(p.env.Env, restTime, func() tea.Cmd { return p.show(p.wish.id) })
}

// show works out a sweep, and shows it.
func (p *Pane) show(id string) tea.Cmd {
	if id != p.wish.id {
		p.wish, p.shown, p.turned = wish{id: id}, nil, false
	}
	w := p.wish
	return p.work.Start(p.env.Ctx, func(ctx context.Context) (*results, error) { return p.env.resultsOf(ctx, w) }, p.got)
}

// wants shows the same results with another metric or other fields.
func (p *Pane) wants(w wish) tea.Cmd {
	p.wish = w
	shown := p.shown
	return p.work.Start(p.env.Ctx, func(context.Context) (*results, error) { return shown.with(w) }, p.got)
}

func (p *Pane) got(r *results, err error) tea.Cmd {
	if p.err = err; err != nil {
		return pane.Fail(err)
	}
	switch {
	case p.turned:
	case len(r.fronts) == 0:
		p.view = len(views) - 1 // nothing is measured: its points say how far it is
	default:
		p.view = 0
	}
	p.shown, p.wish.metric, p.wish.by = r, r.grid.Metric, by(r.grid)
	p.draw()
	return nil
}

func by(g scaling.Grid) []string {
	return slices.DeleteFunc([]string{g.Row, g.Column}, func(f string) bool { return f == "" })
}

// draw puts the table of the view into the list; the cursor stays on its point.
func (p *Pane) draw() {
	t := views[p.view].table(p.env, p.shown)
	p.list.Table.Columns = pane.Columns(t)
	p.list.SetRows(t.Rows)
}

// Keep is what is found again at the next start.
func (p *Pane) Keep() map[string]string {
	return map[string]string{"sweep": p.wish.id, "view": views[p.view].name, "metric": p.wish.metric, "by": strings.Join(p.wish.by, " "),
		"turned": map[bool]string{true: "on"}[p.turned]}
}

// Restore takes what was kept.
func (p *Pane) Restore(kept map[string]string) {
	p.wish, p.turned = wish{kept["sweep"], kept["metric"], strings.Fields(kept["by"])}, kept["turned"] != ""
	p.view = max(slices.IndexFunc(views, func(v view) bool { return v.name == kept["view"] }), 0)
}

// Title names the sweep, the view, and how far it is.
func (p *Pane) Title() (left, right string) {
	if p.wish.id == "" {
		return "Sweep", ""
	}
	left = "Sweep · " + p.wish.id + " · " + views[p.view].name
	switch {
	case p.shown == nil:
		return left, "reading …"
	case views[p.view].name == "table":
		left = "Sweep · " + p.wish.id + " · " + titleOf(p.wish.metric) + " by " + strings.Join(model.Each(p.wish.by, scaling.LastPart), ", ")
	case len(p.shown.fronts) > 0 && views[p.view].name == "frontier":
		row, _ := p.list.Current()
		left += " of " + cmp.Or(row.Fields["work"], p.shown.fronts[0].Of)
	}
	if right = p.list.Filtered(); right == "" {
		right = present.SweepCounts(p.shown.plan)
	}
	return left, right
}

// Message says how far the sweep is, in one line.
func (p *Pane) Message() pane.Note {
	switch {
	case p.sweeps.Busy():
		return pane.Note{Text: "submitting …", Tone: theme.Busy}
	case p.err != nil:
		return pane.FailNote(p.err)
	case p.shown == nil:
		return pane.Note{}
	}
	if row, ok := p.list.Current(); ok && row.Full != "" {
		x := model.First(p.shown.plan.Points, func(x sweep.Status) bool { return x.ID == row.Full })
		if x != nil && (x.State == sweep.Impossible || x.State == sweep.Failed) {
			return pane.Note{Text: x.ID + " " + string(x.State) + ": " + x.Reason, Tone: theme.Bad}
		} else if x != nil && x.State == sweep.PassedOver {
			return pane.Note{Text: x.ID + " " + string(x.State) + ": " + x.Reason}
		}
	}
	tone := theme.Plain
	if p.shown.plan.Count(sweep.Submitted) > 0 {
		tone = theme.Busy
	}
	return pane.Note{Text: p.shown.total, Tone: tone}
}

// View draws the chart of the frontier, the table, and what its numbers are.
func (p *Pane) View() string { return p.Frame(p.env.Theme, p.body) }

func (p *Pane) body() []string {
	switch {
	case p.wish.id == "":
		return pane.Notice("No sweep is chosen: go to the line of one in 1, and press v.", "",
			"A sweep is made in the form: several values in a field, such as 1,2,4")
	case p.err != nil && p.shown == nil:
		return pane.Unreadable(p.env.Theme, "the sweep cannot be worked out", p.err, p.Width)
	case p.shown == nil:
		return pane.Notice("reading " + p.wish.id + " …")
	case len(p.list.Rows()) == 0:
		return pane.Notice("No point has both tokens/s per user and per GPU yet.", "", p.shown.total, "",
			"v goes to the table and to the points")
	case len(p.list.Shown()) == 0:
		return p.list.NoMatch(p.Width)
	}
	lines := p.chart()
	notes := p.notes()
	lines = append(lines, widget.Filled(p.list.View(p.Width, p.Height-len(lines)-len(notes)), p.Height-len(lines)-len(notes))...)
	return append(lines, notes...)
}

// notes are what the numbers are, on as many lines as a high pane spares.
func (p *Pane) notes() (lines []string) {
	if p.Height < 14 {
		return nil
	}
	for _, text := range views[p.view].notes(p.shown) {
		lines = append(lines, widget.Paragraph(p.env.Theme, theme.Dim, text, 3, p.Width-6)...)
	}
	return lines[:min(len(lines), p.Height/6)]
}

// leastChart is the fewest lines a chart is worth drawing in.
const leastChart = 8

// chart draws the picture of a view over its table: the frontier of the work under the cursor, or heat maps; nil without room.
func (p *Pane) chart() []string {
	row, ok := p.list.Current()
	rows := p.Height - min(len(p.list.Rows())+2, max(p.Height*2/5, 5)) - len(p.notes()) - 1
	if !ok || rows < 4 || p.shown == nil {
		return nil
	}
	switch views[p.view].name {
	case "frontier":
		return p.frontier(row, rows)
	case "table":
		return p.heat(row, rows)
	}
	return nil
}

// heat draws the tables of the grid as maps, side by side. One column makes no map.
func (p *Pane) heat(row present.Row, rows int) (lines []string) {
	g := p.shown.grid
	if len(g.Columns) < 2 {
		return nil
	}
	maps := model.Each(g.Multiples, func(m scaling.Multiple) canvas.Heat {
		h := canvas.Heat{Title: cmp.Or(present.Fields(m.Of), titleOf(g.Metric)), Corner: scaling.LastPart(g.Row), Rows: g.Rows, Row: -1}
		if row.Fields["of"] == present.Fields(m.Of) {
			h.Row = slices.Index(g.Rows, row.Fields[h.Corner])
		}
		for _, c := range g.Columns {
			h.Columns = append(h.Columns, scaling.LastPart(g.Column)+" "+c)
		}
		for _, cells := range m.Cells {
			h.Cells = append(h.Cells, model.Each(cells, func(c scaling.GridCell) canvas.HeatCell {
				cell := present.GridValue(g, c)
				return canvas.HeatCell{Text: map[bool]string{true: p.env.Theme.Best + " "}[c.Best] + cell.Text, Level: c.Level,
					Known: c.Value != nil, Tone: pane.Tone(cell.Role)}
			}))
		}
		return h
	})
	if at := slices.IndexFunc(maps, func(h canvas.Heat) bool { return h.Row >= 0 }); at > 0 && (len(g.Rows)+3)*len(maps) > rows {
		maps = maps[at:] // that of the cursor is among those that there is room for
	}
	wide := 0
	for _, line := range maps[0].View(p.env.Theme, p.Width, rows) {
		wide = max(wide, widget.Width(line)+2)
	}
	if wide == 0 {
		return nil
	}
	lines = canvas.Tile(len(maps), p.Width, rows-1, wide, len(g.Rows)+3, func(i, width, height int) []string {
		return maps[i].View(p.env.Theme, width, height)
	})
	for len(lines) > 0 && strings.TrimSpace(lines[len(lines)-1]) == "" {
		lines = lines[:len(lines)-1]
	}
	return append(lines, "")
}

// frontier draws that of the work of a row.
func (p *Pane) frontier(row present.Row, rows int) []string {
	f := model.First(p.shown.fronts, func(f scaling.Frontier) bool { return f.Of == row.Fields["work"] })
	if f == nil || rows < leastChart {
		return nil
	}
	lines := []canvas.Series{{}, {Name: "beaten", Loose: true}, {Loose: true}} // the last: forecasts
	put := func(i int, x scaling.FrontPoint) {
		lines[i].Points = append(lines[i].Points, canvas.Point{X: *x.PerUser.Value, Y: *x.PerGPU.Value, Hollow: i == 2,
			Label: x.Layout + " " + x.Concurrency})
	}
	for _, x := range f.Points {
		put(map[bool]int{true: 0, false: 1}[x.On], x)
	}
	if told := model.First(p.shown.told, func(t scaling.Frontier) bool { return t.Of == f.Of }); told != nil {
		for _, x := range told.Points {
			put(2, x)
		}
	}
	if len(lines[1].Points) > 0 {
		lines[0].Name = "on the frontier"
	}
	c := canvas.Chart{YTitle: "tok/s per GPU", XTitle: "tok/s per user", Series: lines, Cursor: math.NaN()}
	if at := model.First(f.Points, func(x scaling.FrontPoint) bool { return x.ID == row.Full }); at != nil {
		c.Cursor = *at.PerUser.Value
	}
	return append(c.View(p.env.Theme, p.Width, rows), "")
}
