// Package charts is the pane of scaling: one quantity of the runs against one axis (GPUs, TP, PP, batch, …), one line a series,
// the ideal line beside it, and under the chart the points it is drawn from with their spread, speed-up, efficiency and serial
// part. The series come whole from the backend; the pane chooses among them and draws.
package charts

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/measure"
	"shardeck/model"
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

	// Scaling groups all analysed runs into comparable series: y is a metric's name.
	Scaling(ctx context.Context, x scaling.Axis, y string) ([]scaling.Series, error)
	// ExportChart writes one chart as it is drawn and returns its path.
	ExportChart(ctx context.Context, c scaling.Chart, f measure.Format) (string, error)
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

// Pane is the charts pane.
type Pane struct {
	pane.Base
	figure
	focused bool

	nextX, nextY int // as asked for: shown once their series are there
	list         *list.List[row]
	followed     string // run of the experiment that was last selected
	err          error
	loaded       bool

	later   pane.Timer // before the series are read anew
	scaling pane.Task[[]scaling.Series]
	writing pane.Task[string] // the path of an exported chart
}

// restTime is how long the cursor stays before the crosshair, which crosses every line of the chart, follows it, and the wait
// in which several changes become one reading: runs analysed in a row need the series once.
const restTime = 300 * time.Millisecond

// New makes the pane.
func New(e pane.Env, b Backend) *Pane {
	p := &Pane{figure: figure{env: env{e, b}}}
	p.list = list.New(e, list.Of[row]{One: "point", ID: func(r row) string { return r.point.Run }, Cells: p.cells, Rest: restTime})
	return p
}

// Init reads the series.
func (p *Pane) Init() tea.Cmd { return p.load() }

func (p *Pane) load() tea.Cmd {
	x, y := axes[p.nextX].Axis, scaling.Quantities[p.nextY].Metric
	return p.scaling.Start(p.env.Ctx, func(ctx context.Context) ([]scaling.Series, error) { return p.env.Scaling(ctx, x, y) }, p.got)
}

func (p *Pane) got(all []scaling.Series, err error) tea.Cmd {
	p.err, p.loaded = err, true
	if err != nil {
		return pane.Fail(err)
	}
	p.series.all, p.x, p.y = all, p.nextX, p.nextY
	p.show(p.series.only)
	return nil
}

// show shows one series, or with no name those that suit the run looked at; the cursor stays on its run.
func (p *Pane) show(only string) {
	p.series.only = only
	p.series.choose(p.list.Target())
	p.chart, p.drawn = p.build(), nil
	rows := rowsOf(p.chart)
	p.columns = p.pointColumns(rows)
	p.list.Table.Columns = model.Each(p.columns, func(c column) widget.Column { return c.Column })
	p.list.SetRows(rows)
}

// Keep is what is found again at the next start.
func (p *Pane) Keep() map[string]string {
	on := map[bool]string{true: "on"}
	return map[string]string{"x": string(axes[p.nextX].Axis), "y": scaling.Quantities[p.nextY].Title,
		"series": p.series.only, "log": on[p.log], "bare": on[p.bare]}
}

// Restore takes what was kept.
func (p *Pane) Restore(kept map[string]string) {
	p.x = max(slices.IndexFunc(axes, func(a axis) bool { return string(a.Axis) == kept["x"] }), 0)
	p.y = max(slices.IndexFunc(scaling.Quantities, func(q scaling.Quantity) bool { return q.Title == kept["y"] }), 0)
	p.nextX, p.nextY = p.x, p.y
	p.series.only, p.log, p.bare = kept["series"], kept["log"] != "", kept["bare"] != ""
}

// SetFocus brightens the cursor.
func (p *Pane) SetFocus(on bool) { p.focused, p.list.Table.Focused = on, on }

// Update takes a message.
func (p *Pane) Update(msg tea.Msg) (pane.Pane, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return p, pane.Press(p, &p.Base, keys(), p.list.Move, msg)
	case pane.ClickMsg:
		return p, p.list.Click(msg.X, msg.Line-p.listTop())
	case pane.BoardMsg, pane.ReloadMsg, pane.AnalysedMsg:
		return p, p.later.Start(p.env.Env, restTime, p.load)
	case pane.OpenMsg:
		p.seek(msg.Run)
	case pane.SelectMsg: // the cursor stays on the run that another pane is at
		if run := msg.Run(); run != "" && run != p.followed && msg.Reaches(pane.Charts, p.focused) {
			p.followed = run
			p.seek(run)
		}
	}
	return p, nil
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
	left = "Charts · " + p.what()
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
	case p.err != nil:
		return pane.FailNote(p.err)
	case !ok:
		return pane.Note{}
	case r.point.Changed != "":
		return pane.Note{Text: r.point.Changed + " · " + p.crossWords(r) + " · " + r.point.Run, Tone: theme.Warn}
	case len(whole.Points) < 2:
		return pane.Note{Text: r.point.Run + " is alone in its series: another " + axes[p.x].one + " draws a line"}
	case r.point.Unsure != "":
		return pane.Note{Text: present.Doubt(r.point.TooFew) + " " + r.point.Unsure + " · " + p.crossWords(r) + " · " + r.point.Run}
	default:
		parts := []string{r.point.Run, p.crossWords(r)}
		if base := whole.Points[0]; r.point.Efficiency > 0 && p.scales(p.list.Rows()) && base.Run != r.point.Run {
			parts = append(parts, "over "+base.Run)
		}
		return pane.Note{Text: strings.Join(append(parts, whole.Name), " · "), Brief: pane.Joined(max(p.Width-2, 1), parts...)}
	}
}

// chartRows is what the list leaves, which takes at most two fifths of the pane.
func (p *Pane) chartRows() int {
	head := p.list.Table.HeaderRows()
	rows := p.Height - min(len(p.list.Rows())+head, max(p.Height*2/5, head+3)) - 1
	if rows < leastChart {
		return 0
	}
	return rows
}

// leastChart is the fewest lines a chart is worth drawing in.
const leastChart = 7

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
	if len(p.list.Rows()) == 0 {
		return p.empty()
	}
	p.list.Table.Measure(p.Width)
	r, _ := p.list.Rested()
	lines := p.draw(r, p.focused, p.Width, p.chartRows())
	if len(lines) > 0 {
		lines = append(lines, "")
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
	case scaling.Quantities[p.y].Metric == "comm_overhead":
		return pane.Notice("No run shows "+p.what()+" yet.", "", "It comes from traces of runs on two GPUs or more:",
			"4 Metrics, then a   reads the traces of every run")
	case axes[p.x].Axis == scaling.AxisEP:
		return pane.Notice("No run of a mixture-of-experts model yet.", "", "x goes to the next axis · 1 Experiments, then s   submits one")
	case len(p.series.all) > 0:
		return pane.Notice(scaling.Quantities[p.y].Title+" compares runs that differ in their GPUs: no such runs on this axis.", "",
			"x goes to the next axis · y to the next quantity")
	}
	return pane.Notice("No run has timings yet.", "", "1 Experiments, then s   submits one; its point appears when the job ends")
}

func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("x", "x", "axis", "the next axis: GPUs, TP, PP, EP, batch, prompt (X: the one before)"),
			Do: func(p *Pane) tea.Cmd { return p.turn(&p.nextX, 1, len(axes)) }},
		{Key: pane.On("X", "X", "before", ""), Do: func(p *Pane) tea.Cmd { return p.turn(&p.nextX, -1, len(axes)) }},
		{Key: pane.Foot("y", "y", "quantity", "the next quantity: throughput, iteration time, TTFT … (Y: the one before)"),
			Do: func(p *Pane) tea.Cmd { return p.turn(&p.nextY, 1, len(scaling.Quantities)) }},
		{Key: pane.On("Y", "Y", "before", ""), Do: func(p *Pane) tea.Cmd { return p.turn(&p.nextY, -1, len(scaling.Quantities)) }},
		{Key: pane.Foot("g", "g", "series", "show one series alone, the next one, then those of the run again with its kin"),
			Do: func(p *Pane) tea.Cmd { p.show(p.series.next()); return nil }, Why: needSeries},
		{Key: pane.Foot("l", "l", "log", "both axes logarithmic, and back"), Do: func(p *Pane) tea.Cmd { return toggle(&p.log) }},
		{Key: pane.On("i", "i", "ideal", "show or hide the ideal line"),
			Do: func(p *Pane) tea.Cmd { return toggle(&p.bare) }, Why: needIdeal},
		{Key: pane.Foot("w", "w", "why", "why it scales so: compare the traces of this run with those of the first of its line"),
			Do: (*Pane).why, Why: needBase},
		{Key: pane.Foot("enter", "↵", "metrics", "open the run of this point in Metrics"),
			Do: func(p *Pane) tea.Cmd { return p.openIn(pane.Metrics) }, Why: needPoint},
		{Key: pane.On("t", "t", "traces", "show where the time of this run went"),
			Do: func(p *Pane) tea.Cmd { return p.openIn(pane.Traces) }, Why: needPoint},
		{Key: pane.Foot("P", "P", "PNG", "write this chart as a picture beside the experiments (:export writes the summary of all runs)"),
			Do: func(p *Pane) tea.Cmd { return p.export(measure.FormatPNG) }, Why: mayWrite},
		{Key: pane.Foot("C", "C", "CSV", "write the very points of this chart as a table"),
			Do: func(p *Pane) tea.Cmd { return p.export(measure.FormatCSV) }, Why: mayWrite},
		{Key: pane.On("left", "←→", "crosshair", "move the crosshair along its line: the values there stand in the message line"),
			Do: func(p *Pane) tea.Cmd { return p.cross(-1) }, Why: needPoint},
		{Key: pane.On("right", "→", "later", "move the crosshair along its line"),
			Do: func(p *Pane) tea.Cmd { return p.cross(1) }, Why: needPoint},
		{Key: pane.On("r", "r", "refresh", "read the runs again"), Do: (*Pane).load},
		{Key: pane.On("esc", "esc", "back", "show all series again, or of many those of the run and its kin"),
			Do: func(p *Pane) tea.Cmd { p.show(""); return nil }},
	}
}

// Keys lists what the pane answers to now.
func (p *Pane) Keys() []pane.Key {
	all := keys().Keys()
	if p.loaded && len(p.list.Rows()) == 0 {
		all = keys().OnlyFoot("x", "y", "r")
	}
	return append(all, moveKeys()...)
}

// moveKeys are those of every list but g, which chooses the series here.
func moveKeys() []pane.Key {
	return []pane.Key{
		{Keys: []string{"up", "k", "down", "j"}, Label: "↑↓ k j", Verb: "move", Help: "go to another point"},
		{Keys: []string{"pgup", "pgdown", "ctrl+u", "ctrl+d"}, Label: "PgUp PgDn ^u ^d", Verb: "page", Help: "move by a screen, or half of one"},
		{Keys: []string{"home", "end", "G"}, Label: "home end", Verb: "ends", Help: "go to the first or the last point"},
	}
}

// turn goes round among axes or quantities, and asks for their series.
func (p *Pane) turn(at *int, by, n int) tea.Cmd {
	*at = (*at + by + n) % n
	return p.load()
}

func needSeries(p *Pane) string {
	return pane.WhyNot(len(p.series.all) < 2, "there is one series at most: nothing to choose from")
}

func needIdeal(p *Pane) string {
	return pane.WhyNot(!scaling.Quantities[p.y].HasIdeal(), "nothing is ideal for "+scaling.Quantities[p.y].Title)
}

func needPoint(p *Pane) string { return p.list.Missing() }

func mayWrite(p *Pane) string {
	if len(p.list.Rows()) == 0 {
		return "nothing is drawn: there is nothing to write"
	}
	return pane.Locked(p.env.Backend, "write files")
}

func needBase(p *Pane) string {
	r, ok := p.list.Current()
	switch {
	case !ok:
		return p.list.Missing()
	case len(p.series.at(r.line).Points) < 2:
		return r.point.Run + " is alone in its series: there is nothing to compare it with"
	case p.series.at(r.line).Points[0].Run == r.point.Run:
		return r.point.Run + " is what the others of its line are compared with: go to another point"
	}
	return ""
}

func (p *Pane) openIn(to pane.Name) tea.Cmd {
	r, _ := p.list.Current()
	return pane.Send(pane.OpenMsg{To: to, Run: r.point.Run})
}

// why compares the traces of a run with those of the first of its line, over which speed-up and efficiency are.
func (p *Pane) why() tea.Cmd {
	r, _ := p.list.Current()
	return pane.Send(pane.OpenMsg{To: pane.Traces, Run: r.point.Run, Base: p.series.at(r.line).Points[0].Run})
}

func toggle(on *bool) tea.Cmd {
	*on = !*on
	return nil
}

func (p *Pane) export(f measure.Format) tea.Cmd {
	c := p.chart
	c.Ideal, c.Log = scaling.Quantities[p.y].HasIdeal() && !p.bare, p.log
	write := func(ctx context.Context) (string, error) { return p.env.ExportChart(ctx, c, f) }
	return p.writing.Start(p.env.Ctx, write, pane.Got(func(path string) tea.Cmd {
		return pane.Send(pane.Note{Text: "written: " + path, Tone: theme.Good})
	}))
}
