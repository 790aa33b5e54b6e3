package charts

import (
	"context"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model/present/unit"
	"shardeck/model/scaling"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// Pane is the charts pane.
type Pane struct {
	env     pane.Env
	width   int
	height  int
	focused bool

	x, y     int // of axes and quantities, as shown
	nextX    int // as asked for: shown once their series are there
	nextY    int
	only     string           // name of the one series shown
	all      []scaling.Series // as the lab gives them for x and y
	shown    []int            // of all
	common   string           // what the names of all series have in common
	short    []string         // the rest of each name
	rows     []row            // of the table of points
	table    widget.Table
	want     string // run to put the cursor on
	followed string // run of the experiment that was last selected
	hideLine bool   // no ideal line
	log      bool
	err      error
	loaded   bool

	settled int // row that the crosshair is at: it follows when the cursor rests
	rest    pane.Timer
	later   pane.Timer // before the series are read anew
	scaling pane.Task[[]scaling.Series]
	writing pane.Task[string] // the path of an exported chart
	drawn   drawing
}

// row is one point of the table.
type row struct {
	series int // of all
	point  scaling.Point
}

// restTime is how long the cursor stays before the crosshair, which crosses every line of
// the chart, follows it.
const restTime = 300 * time.Millisecond

// laterTime is the wait in which several changes become one reading: runs analysed in a row
// need the series once.
const laterTime = 300 * time.Millisecond

// New makes the pane.
func New(env pane.Env) *Pane {
	p := &Pane{env: env}
	p.table = widget.Table{Column: -1, Focused: true}
	return p
}

// Init reads the series.
func (p *Pane) Init() tea.Cmd { return p.load() }

// load asks for the series of the axis and quantity chosen.
func (p *Pane) load() tea.Cmd {
	x, y := axes[p.nextX].axis, quantities[p.nextY].metric
	return p.scaling.Start(p.env.Ctx, func(ctx context.Context) ([]scaling.Series, error) { return p.env.Lab.Scaling(ctx, x, y) }, p.got)
}

// Keep is what is found again at the next start.
func (p *Pane) Keep() map[string]string {
	return map[string]string{"x": string(axes[p.nextX].axis), "y": quantities[p.nextY].title, "series": p.only, "log": word(p.log), "bare": word(p.hideLine)}
}

// Restore takes what was kept.
func (p *Pane) Restore(kept map[string]string) {
	for i, a := range axes {
		if string(a.axis) == kept["x"] {
			p.nextX, p.x = i, i
		}
	}
	for i, q := range quantities {
		if q.title == kept["y"] {
			p.nextY, p.y = i, i
		}
	}
	p.only, p.log, p.hideLine = kept["series"], kept["log"] != "", kept["bare"] != ""
}

func word(on bool) string {
	if on {
		return "on"
	}
	return ""
}

// SetSize gives the pane its room.
func (p *Pane) SetSize(width, height int) { p.width, p.height = width, height }

// SetFocus brightens the cursor.
func (p *Pane) SetFocus(on bool) { p.focused, p.table.Focused = on, on }

// Capturing is false: nothing is typed here.
func (p *Pane) Capturing() bool { return false }

// Update takes a message.
func (p *Pane) Update(msg tea.Msg) (pane.Pane, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return p, p.key(msg.String())
	case pane.BoardMsg, pane.ReloadMsg, pane.AnalysedMsg:
		return p, p.later.Start(p.env, laterTime, p.load)
	case pane.OpenMsg:
		p.seek(msg.Run)
	case pane.SelectMsg:
		p.follow(msg)
	case pane.ClickMsg:
		if spot, ok := p.table.At(msg.X, msg.Line-p.tableTop()); ok && spot.Row >= 0 {
			p.table.Cursor = spot.Row
			return p, p.moved()
		}
	}
	return p, nil
}

// follow keeps the cursor on the run that another pane is at.
func (p *Pane) follow(msg pane.SelectMsg) {
	if run := msg.Run(); run != "" && run != p.followed && msg.Reaches(pane.Charts, p.focused) {
		p.followed = run
		p.seek(run)
	}
}

func (p *Pane) got(all []scaling.Series, err error) tea.Cmd {
	p.err, p.loaded = err, true
	if err != nil {
		return pane.Fail(err)
	}
	p.all, p.x, p.y = all, p.nextX, p.nextY
	p.fill()
	return nil
}

// fill puts the points of the series shown into the table, the cursor staying on its run.
func (p *Pane) fill() {
	run := p.want
	if r, ok := p.current(); ok && run == "" {
		run = r.point.Run
	}
	p.choose(run)
	p.rows = p.rows[:0]
	for _, i := range p.shown {
		for _, point := range p.all[i].Points {
			if _, ok := quantities[p.y].of(point); ok {
				p.rows = append(p.rows, row{i, point})
			}
		}
	}
	p.setRows()
	p.goTo(run)
	p.settled, p.drawn = p.table.Cursor, drawing{}
}

// fewSeries is how many series one chart still shows clearly.
const fewSeries = 3

// choose finds the series that are shown: the one chosen while it is there; else all, or
// where these would be too many, the one in which the run looked at is compared with
// others, or the longest, beside those that differ from it in the layout alone.
func (p *Pane) choose(run string) {
	p.shown = p.shown[:0]
	at := slices.IndexFunc(p.all, func(s scaling.Series) bool { return s.Name == p.only })
	switch {
	case at >= 0:
		p.shown = append(p.shown, at)
	case len(p.all) > fewSeries:
		at = max(slices.IndexFunc(p.all, func(s scaling.Series) bool { return len(s.Points) > 1 && holds(s, run) }), 0)
		p.shown = p.kin(at)
	default:
		for i := range p.all {
			p.shown = append(p.shown, i)
		}
	}
	p.common, p.short = factored(p.all, p.shown)
}

// kin are a series and the lines of other layouts of the same work, a few.
func (p *Pane) kin(of int) []int {
	out := []int{of}
	for i, s := range p.all {
		if i != of && len(out) < fewSeries && len(s.Points) > 1 && s.Kin != "" && s.Kin == p.all[of].Kin {
			out = append(out, i)
		}
	}
	slices.Sort(out)
	return out
}

func holds(s scaling.Series, run string) bool {
	return slices.ContainsFunc(s.Points, func(p scaling.Point) bool { return p.Run == run })
}

// goTo puts the cursor on the point of a run, now or as soon as it is there.
func (p *Pane) goTo(run string) {
	if run == "" {
		return
	}
	p.want = run
	if i := slices.IndexFunc(p.rows, func(r row) bool { return r.point.Run == run }); i >= 0 {
		p.table.Cursor, p.settled, p.want = i, i, ""
	}
}

// seek is goTo, and shows the series of the run if another one is alone on the screen.
func (p *Pane) seek(run string) {
	p.goTo(run)
	if p.want != "" && p.loaded && slices.ContainsFunc(p.all, func(s scaling.Series) bool { return holds(s, run) }) {
		p.only = ""
		p.fill()
	}
}

// current is the point under the cursor.
func (p *Pane) current() (row, bool) {
	if p.table.Cursor < 0 || p.table.Cursor >= len(p.rows) {
		return row{}, false
	}
	return p.rows[p.table.Cursor], true
}

// Title says what is drawn against what, and what all series have in common.
func (p *Pane) Title() (left, right string) {
	left = "Charts · " + quantities[p.y].title + " against " + axes[p.x].title
	if p.log {
		left += ", log"
	}
	switch {
	case p.scaling.Busy() && !p.loaded:
		right = "reading …"
	case len(p.shown) == 1 && len(p.all) > 1:
		right = "series " + unit.Int(p.shown[0]+1) + " of " + unit.Int(len(p.all))
	case len(p.shown) < len(p.all):
		right = unit.Int(len(p.shown)) + " of " + unit.Int(len(p.all)) + " series"
	default:
		right = p.common
	}
	return left, right
}

// Message says what stands behind the point under the cursor.
func (p *Pane) Message() pane.Note {
	if p.err != nil {
		return pane.FailNote(p.err)
	}
	r, ok := p.current()
	if !ok {
		return pane.Note{}
	}
	if len(p.all[r.series].Points) < 2 {
		return pane.Note{Text: r.point.Run + " is alone in its series: another " + axes[p.x].one + " draws a line"}
	}
	if r.point.Unsure != "" {
		return pane.Note{Text: "~ " + r.point.Unsure + " · " + p.crossWords(r) + " · " + r.point.Run}
	}
	parts := slices.DeleteFunc([]string{r.point.Run, p.crossWords(r), p.overWords(r)}, func(s string) bool { return s == "" })
	return pane.Note{Text: strings.Join(append(parts, p.all[r.series].Name), " · "), Brief: pane.Joined(max(p.width-2, 1), parts...)}
}

// overWords name the run that speed-up and efficiency are over; empty: the point is that
// run, or shows neither.
func (p *Pane) overWords(r row) string {
	if base := p.base(r); r.point.Efficiency > 0 && p.scales() && base.Run != r.point.Run {
		return "over " + base.Run
	}
	return ""
}
