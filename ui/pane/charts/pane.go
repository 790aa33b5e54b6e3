// Package charts is the pane of scaling: any quantity of the runs against any axis (GPUs, TP, batch, a key of the config …), one line a
// series, the ideal line beside it, forecasts hollow; or several quantities side by side under one crosshair; and under them the points
// with their spread, speed-up, efficiency and serial part. The series come whole from the backend; the pane chooses among them and draws.
package charts

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/measure"
	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/explain"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Backend is what the charts asks of the use cases.
type Backend interface {
	Site() model.Site
	ReadOnly() bool

	// Scaling groups all analysed runs into comparable series: y is a metric's name. What is foretold stands among them.
	Scaling(ctx context.Context, x scaling.Axis, y string, foretold ...scaling.Measured) ([]scaling.Series, error)
	// Chartable looks for what there is to be drawn.
	Chartable(ctx context.Context) (measure.Chartable, error)
	// Foretold are forecasts of the experiments that were not run, as far as there are.
	Foretold(ctx context.Context, rows []board.Row) ([]scaling.Measured, error)
	// Explain says where the time of a run went, against another.
	Explain(ctx context.Context, before, after string, progress pool.Progress) (explain.Waterfall, error)
	// ExportChart writes one chart as it is drawn and returns its path.
	ExportChart(ctx context.Context, c scaling.Chart, f measure.Format) (string, error)
	// Picture is the PNG that ExportChart writes.
	Picture(c scaling.Chart) ([]byte, error)
}

type env struct {
	pane.Env
	Backend
}

type axis struct {
	scaling.Axis
	title, head, one string // in the title, over the column, one step of it
}

// axes are in the order of the key x.
var axes = []axis{
	{scaling.AxisGPUs, "GPUs", "GPUs", "number of GPUs"},
	{scaling.AxisTP, "tensor parallelism", "TP", "TP"},
	{scaling.AxisPP, "pipeline parallelism", "PP", "PP"},
	{scaling.AxisEP, "expert parallelism", "EP", "EP"},
	{scaling.AxisBatch, "batch size", "batch", "batch size"},
	{scaling.AxisSeq, "prompt length", "prompt", "prompt length"},
}

// axisOf is an axis with its words: one of axes, or a key of the config.
func axisOf(x scaling.Axis) axis {
	if a := model.First(axes, func(a axis) bool { return a.Axis == x }); a != nil {
		return *a
	}
	if x == "" {
		return axes[0]
	}
	words := strings.ReplaceAll(scaling.LastPart(string(x)), "_", " ")
	return axis{x, words, words, words}
}

// Pane is the charts pane.
type Pane struct {
	pane.Base
	figure
	focused bool

	next     wish
	chosen   bool // the axis, by the user: else it is the one that tells most
	rows     []board.Row
	foretold []scaling.Measured
	list     *list.List[row]
	columns  []column // of the list
	followed string   // run of the experiment that was last selected
	fall     *fall    // over all: where the time of a run went; nil: not asked for
	fallOf   string   // the run that is asked for
	err      error
	loaded   bool

	later     pane.Timer // before the series are read anew
	scaling   pane.Task[map[string][]scaling.Series]
	chartable pane.Task[measure.Chartable]
	foretell  pane.Task[[]scaling.Measured]
	explain   pane.Work[explain.Waterfall]
	writing   pane.Task[string] // the path of an exported chart
}

// restTime is how long the cursor stays before the crosshair, which crosses every chart, follows it, and the wait
// in which several changes become one reading: runs analysed in a row need the series once.
const restTime = 300 * time.Millisecond

// New makes the pane.
func New(e pane.Env, b Backend) *Pane {
	p := &Pane{figure: figure{env: env{e, b}, wish: wish{axis: axes[0], quantity: scaling.Quantities[0]}}}
	p.next = p.wish
	p.list = list.New(e, list.Of[row]{One: "point", ID: func(r row) string { return r.point.Run }, Cells: p.cells, Rest: restTime})
	return p
}

// Init reads the series, on the axis that tells most unless one was chosen.
func (p *Pane) Init() tea.Cmd {
	if p.chosen {
		return p.load()
	}
	return p.chartable.Start(p.env.Ctx, p.env.Chartable, func(found measure.Chartable, err error) tea.Cmd {
		if err == nil && !p.chosen {
			p.next.axis = axisOf(found.Telling)
		}
		return p.load()
	})
}

func (p *Pane) load() tea.Cmd {
	next, foretold := p.next, p.foretold
	return p.scaling.Start(p.env.Ctx, func(ctx context.Context) (map[string][]scaling.Series, error) {
		all := map[string][]scaling.Series{}
		for _, q := range next.quantities() {
			if all[q.Metric] != nil {
				continue
			}
			found, err := p.env.Scaling(ctx, next.axis.Axis, q.Metric, foretold...)
			if err != nil {
				return nil, err
			}
			all[q.Metric] = found
		}
		return all, nil
	}, func(all map[string][]scaling.Series, err error) tea.Cmd { return p.got(next, all, err) })
}

func (p *Pane) got(of wish, all map[string][]scaling.Series, err error) tea.Cmd {
	p.err, p.loaded = err, true
	if err != nil {
		return pane.Fail(err)
	}
	p.series.all, p.byMetric = all[of.quantity.Metric], all
	p.wish = of
	p.show(p.series.only)
	return nil
}

// forecasts asks what is foretold of the experiments that were not run, and draws it among the runs.
func (p *Pane) forecasts() tea.Cmd {
	rows := p.rows
	return p.foretell.Start(p.env.Ctx, func(ctx context.Context) ([]scaling.Measured, error) { return p.env.Foretold(ctx, rows) },
		func(all []scaling.Measured, err error) tea.Cmd {
			if err != nil || len(all)+len(p.foretold) == 0 {
				return nil // what cannot be foretold is not drawn
			}
			p.foretold = all
			return p.load()
		})
}

// show shows one series, or with no name those that suit the run looked at; the cursor stays on its run.
func (p *Pane) show(only string) {
	p.series.only = only
	p.series.choose(p.list.Target())
	p.panels, p.drawn = nil, nil
	for _, q := range p.quantities() {
		if one := p.build(q, p.byMetric[q.Metric]); len(p.panels) == 0 || len(rowsOf(one.chart)) > 0 {
			p.panels = append(p.panels, one)
		}
	}
	rows := rowsOf(p.chart())
	p.columns = p.pointColumns(rows)
	p.list.Table.Columns = model.Each(p.columns, func(c column) widget.Column { return c.Column })
	p.list.SetRows(rows)
}

// Keep is what is found again at the next start.
func (p *Pane) Keep() map[string]string {
	on := map[bool]string{true: "on"}
	kept := map[string]string{"y": p.next.quantity.Title, "series": p.series.only, "log": on[p.log], "bare": on[p.bare],
		"several": on[p.next.several]}
	if p.chosen {
		kept["x"] = string(p.next.axis.Axis)
	}
	return kept
}

// Restore takes what was kept.
func (p *Pane) Restore(kept map[string]string) {
	x := scaling.Axis(kept["x"])
	p.chosen = x != "" && x.Check() == nil
	if !p.chosen {
		x = ""
	}
	p.next = wish{axisOf(x), scaling.QuantityOf(kept["y"]), kept["several"] != ""}
	p.wish = p.next
	p.series.only, p.log, p.bare = kept["series"], kept["log"] != "", kept["bare"] != ""
}

// SetFocus brightens the cursor.
func (p *Pane) SetFocus(on bool) { p.focused, p.list.Table.Focused = on, on }

// Update takes a message.
func (p *Pane) Update(msg tea.Msg) (pane.Pane, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		if p.fall != nil {
			return p, pane.Press(p, &p.Base, fallKeys(), func(string) (tea.Cmd, bool) { return nil, false }, msg)
		}
		return p, pane.Press(p, &p.Base, keys(), p.list.Move, msg)
	case pane.ClickMsg:
		return p, p.list.Click(msg.X, msg.Line-p.listTop())
	case pane.BoardMsg:
		p.rows = msg.Rows
		return p, p.again()
	case pane.ReloadMsg, pane.AnalysedMsg:
		return p, p.again()
	case pane.OpenMsg:
		p.seek(msg.Run)
		if q := model.First(scaling.EveryQuantity(), func(q scaling.Quantity) bool { return q.Metric == msg.Metric }); q != nil {
			p.next.quantity = *q
			return p, p.load()
		}
	case pane.SelectMsg: // the cursor stays on the run that another pane is at
		if run := msg.Run(); run != "" && run != p.followed && msg.Reaches(pane.Charts, p.focused) {
			p.followed = run
			p.seek(run)
		}
	}
	return p, nil
}

// again reads all anew, in a moment.
func (p *Pane) again() tea.Cmd {
	return p.later.Start(p.env.Env, restTime, func() tea.Cmd { return tea.Batch(p.load(), p.forecasts()) })
}

// seek goes to a run, now or as soon as it is there; its series is shown if another one is alone on the screen.
func (p *Pane) seek(run string) {
	if run == "" || p.list.GoTo(run) {
		return
	}
	p.list.Want(run)
	if p.loaded && slices.ContainsFunc(p.series.all, func(s scaling.Series) bool { return holds(s, run) }) {
		p.show("")
	}
}

// Title says what is drawn against what, and what all series have in common.
func (p *Pane) Title() (left, right string) {
	if p.fall != nil {
		return p.fall.title(), ""
	}
	left = "Charts · " + p.what()
	if p.several {
		left = "Charts · against " + p.axis.title
	}
	if p.log {
		left += ", log"
	}
	switch shown, all := p.series.shown, unit.Int(len(p.series.all)); {
	case p.scaling.Busy() && !p.loaded:
		right = "reading …"
	case p.series.alone():
		right = "series " + unit.Int(shown[0]+1) + " of " + all
	case p.series.some():
		right = unit.Int(len(shown)) + " of " + all + " series"
	default:
		right = p.series.common
	}
	return left, right
}

// Message says what stands behind the point under the cursor.
func (p *Pane) Message() pane.Note {
	r, ok := p.list.Current()
	switch whole := p.series.at(r.line); {
	case p.explain.Busy():
		return pane.Note{Text: p.explain.Words("taking " + p.fallOf + " apart"), Tone: theme.Busy}
	case p.fall != nil:
		return p.fall.message()
	case p.err != nil:
		return pane.FailNote(p.err)
	case !ok:
		return pane.Note{}
	case r.point.Changed != "":
		return pane.Note{Text: r.point.Changed + " · " + p.crossWords(r) + " · " + r.point.Run, Tone: theme.Warn}
	case r.point.Foretold:
		return pane.Note{Text: r.point.Run + " was not run · " + p.crossWords(r)}
	case len(whole.Points) < 2:
		return pane.Note{Text: r.point.Run + " is alone in its series: another " + p.axis.one + " draws a line"}
	case r.point.Unsure != "":
		return pane.Note{Text: present.Doubt(r.point.TooFew) + " " + r.point.Unsure + " · " + p.crossWords(r) + " · " + r.point.Run}
	default:
		parts := append([]string{r.point.Run}, strings.Split(p.crossWords(r), scaling.NameSign)...)
		if base := whole.Points[0]; r.point.Efficiency > 0 && p.scales(p.list.Rows()) && base.Run != r.point.Run {
			parts = append(parts, "over "+base.Run)
		}
		return pane.Note{Text: strings.Join(append(parts, whole.Name), " · "), Brief: pane.Joined(max(p.Width-2, 1), parts...)}
	}
}

// chartRows is what the list leaves, which takes at most two fifths of the pane.
func (p *Pane) chartRows() int {
	head, share := p.list.Table.HeaderRows(), p.Height*2/5
	if p.several {
		share = p.Height / 4 // there is more to be seen in the charts
	}
	rows := p.Height - min(len(p.list.Rows())+head, max(share, head+3)) - 1
	if rows < leastChart {
		return 0
	}
	return rows
}

// listTop is how many lines stand over the list: the chart and a blank one, or none.
func (p *Pane) listTop() int {
	if n := p.chartRows(); n > 0 {
		return n + 1
	}
	return 0
}

// View draws the chart over its points.
func (p *Pane) View() string { return p.Frame(p.env.Theme, p.body) }

func (p *Pane) body() []string {
	if p.fall != nil {
		return p.fall.lines(p.env.Theme, p.Width, p.Height)
	}
	if len(p.list.Rows()) == 0 {
		return p.empty()
	}
	p.list.Table.Measure(p.Width)
	r, _ := p.list.Rested()
	var lines []string
	if rows := p.chartRows(); rows > 0 {
		lines = append(p.draw(r, p.focused, p.Width, rows), "")
	}
	return append(lines, p.list.View(p.Width, p.Height-len(lines))...)
}

// empty says why there is nothing to draw, and what to do.
func (p *Pane) empty() []string {
	switch {
	case !p.loaded:
		return pane.Notice("reading the runs …")
	case p.err != nil:
		return pane.Unreadable(p.env.Theme, "no chart", p.err, p.Width)
	case p.quantity.Metric == "comm_overhead":
		return pane.Notice("No run shows "+p.what()+" yet.", "", "It comes from traces of runs on two GPUs or more:",
			"4 Metrics, then a   reads the traces of every run")
	case p.axis.Axis == scaling.AxisEP:
		return pane.Notice("No run of a mixture-of-experts model yet.", "", "x goes to the next axis · 1 Experiments, then s   submits one")
	case len(p.series.all) > 0:
		return pane.Notice(p.quantity.Title+" compares runs that differ in their GPUs: no such runs on this axis.", "",
			"x goes to the next axis · y to the next quantity")
	}
	if p.quantity.Metric != scaling.ThroughputMetric {
		return pane.Notice("No run has "+p.quantity.Title+" yet.", "", "y goes to the next quantity · m lists those that runs have")
	}
	return pane.Notice("No run has timings yet.", "", "1 Experiments, then s   submits one; its point appears when the job ends")
}
