package metrics

import (
	"context"
	"maps"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/lab"
	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/pane/reading"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Pane is the metrics pane.
type Pane struct {
	env     pane.Env
	width   int
	height  int
	focused bool

	defs     []model.Definition
	runs     []model.Run // newest first
	analyses map[string]*model.Analysis
	read     map[string]bool // analysed in full, traces and all
	problems map[string]error
	shown    []int // of runs, those the filter lets through
	replays  bool  // all runs are replays
	table    widget.Table
	filter   pane.Filter
	sort     pane.Sort
	baseline string // run that the others are compared with; empty: none
	want     string // run to go to as soon as it is listed
	kept     string // run to go to when the runs are first listed
	followed string // run of the experiment that was last selected
	err      error
	loaded   bool

	detail *detail       // one run opened; nil: the table
	typing *widget.Input // filter being typed; nil: none
	popup  *pane.Ask
	rest   int // generation of the cursor's rest

	list  pane.Task[[]model.Run]
	quick pane.Task[timings]
	look  *reading.Reader // the run under the cursor
	all   *reading.Reader // one after the other, in the background
	queue []string        // runs that all has still to read
	total int             // runs it was given
}

// timings are the runs without traces, read or not.
type timings struct {
	analyses map[string]*model.Analysis
	problems map[string]error
}

// restedMsg comes when the cursor has not moved for a moment.
type restedMsg struct{ rest int }

// restTime is how long the cursor stays on a run before its traces are read.
const restTime = 300 * time.Millisecond

// New makes the pane.
func New(env pane.Env) *Pane {
	p := &Pane{env: env, defs: definitions(env.Lab), analyses: map[string]*model.Analysis{}, read: map[string]bool{}, problems: map[string]error{},
		look: reading.New(env), all: reading.New(env)}
	p.table = widget.Table{Columns: p.columns(), Column: 1, Freeze: 1, Focused: true, Marked: p.isBaseline}
	return p
}

// definitions are the lab's; the manual is made without one.
func definitions(l pane.Lab) []model.Definition {
	if l == nil {
		return nil
	}
	return l.Definitions()
}

// Init lists the runs.
func (p *Pane) Init() tea.Cmd { return p.load() }

func (p *Pane) load() tea.Cmd { return p.list.Start(p.env.Ctx, p.env.Lab.Runs) }

// SetSize gives the pane its room.
func (p *Pane) SetSize(width, height int) { p.width, p.height = width, height }

// SetFocus brightens the cursor.
func (p *Pane) SetFocus(on bool) {
	p.focused, p.table.Focused = on, on
	if p.detail != nil {
		p.detail.table.Focused = on
	}
}

// Capturing reports a definition on the screen or a filter being typed.
func (p *Pane) Capturing() bool { return p.typing != nil || p.popup != nil }

// Update takes a message.
func (p *Pane) Update(msg tea.Msg) (pane.Pane, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return p, p.key(msg)
	case pane.BoardMsg:
		return p, p.gotBoard(msg.Rows)
	case pane.ReloadMsg:
		return p, p.load()
	case pane.OpenMsg:
		return p, p.open(msg)
	case pane.SelectMsg:
		return p, p.follow(msg)
	case pane.AnalysedMsg:
		p.got(msg.Analysis)
		p.fill()
	case restedMsg:
		return p, p.rested(msg)
	}
	return p, p.reply(msg)
}

// reply takes what the tasks bring.
func (p *Pane) reply(msg tea.Msg) tea.Cmd {
	if done, ok := p.list.Take(msg); ok {
		return p.gotRuns(done)
	}
	if done, ok := p.quick.Take(msg); ok {
		p.gotTimings(done.Value)
		return nil
	}
	if cmd, ended, err := p.look.Update(msg); ended || cmd != nil {
		return tea.Batch(cmd, p.failed(p.look.Run(), err))
	}
	cmd, ended, err := p.all.Update(msg)
	if !ended {
		return cmd
	}
	return tea.Sequence(cmd, tea.Batch(p.failed(p.all.Run(), err), p.next()))
}

// failed keeps why a run cannot be read, and says it.
func (p *Pane) failed(run string, err error) tea.Cmd {
	if err == nil {
		return nil
	}
	p.problems[run] = err
	p.fill()
	return pane.Fail(err)
}

// gotBoard takes the analyses that the board has; they are made without reading a
// trace, so what is known in full already stays.
func (p *Pane) gotBoard(rows []lab.Row) tea.Cmd {
	for _, r := range rows {
		if r.Run != nil && r.Analysis != nil {
			p.keep(r.Run.Name, r.Analysis)
		}
	}
	p.fill()
	return p.load()
}

// keep takes an analysis unless a fuller one of the same run is there.
func (p *Pane) keep(run string, a *model.Analysis) {
	if p.read[run] && a.Trace == nil {
		return
	}
	p.analyses[run] = a
	p.read[run] = a.Trace != nil
}

// got takes an analysis that was made in full.
func (p *Pane) got(a *model.Analysis) {
	p.analyses[a.Run], p.read[a.Run] = a, true
	delete(p.problems, a.Run)
	if p.detail != nil && p.detail.run == a.Run {
		p.detail.show(p.env.Theme, a, p.defs)
	}
}

func (p *Pane) gotRuns(done pane.Done[[]model.Run]) tea.Cmd {
	p.err, p.loaded = done.Err, true
	if done.Err != nil {
		return pane.Fail(done.Err)
	}
	p.forget(done.Value)
	p.runs = done.Value
	p.fill()
	if p.goTo(p.kept) {
		p.kept = ""
	}
	return tea.Batch(p.readTimings(), p.readWanted())
}

// forget drops what was known of runs whose files have changed since.
func (p *Pane) forget(now []model.Run) {
	times := map[string]time.Time{}
	for _, r := range now {
		times[r.Name] = r.Time
	}
	for _, r := range p.runs {
		if t, there := times[r.Name]; !there || !t.Equal(r.Time) {
			delete(p.analyses, r.Name)
			delete(p.read, r.Name)
			delete(p.problems, r.Name)
		}
	}
}

// readTimings asks for the runs without traces, of which the board knows nothing:
// their few small files cost nobody anything.
func (p *Pane) readTimings() tea.Cmd {
	var names []string
	for _, r := range p.runs {
		if p.analyses[r.Name] == nil && p.problems[r.Name] == nil && len(r.Files) > 0 && traceBytes(r) == 0 {
			names = append(names, r.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return p.quick.Start(p.env.Ctx, func(ctx context.Context) (timings, error) {
		found := timings{map[string]*model.Analysis{}, map[string]error{}}
		for _, name := range names {
			a, err := p.env.Lab.Analyse(ctx, name, pool.Background, nil)
			switch {
			case ctx.Err() != nil:
				return found, ctx.Err()
			case err != nil:
				found.problems[name] = err
			default:
				found.analyses[name] = a
			}
		}
		return found, nil
	})
}

func (p *Pane) gotTimings(found timings) {
	maps.Copy(p.analyses, found.analyses)
	maps.Copy(p.problems, found.problems)
	for name := range found.analyses {
		p.read[name] = true
	}
	p.fill()
}

// traceBytes is the size of a run's traces on disk.
func traceBytes(r model.Run) (sum int64) {
	for _, f := range r.Files {
		if f.Kind == model.FileKineto {
			sum += f.Size
		}
	}
	return sum
}

// open goes to a run, and reads it if the pane is where it was to be opened.
func (p *Pane) open(msg pane.OpenMsg) tea.Cmd {
	if msg.Run == "" {
		return nil
	}
	p.filter, p.typing, p.popup = pane.Filter{}, nil, nil
	if msg.To == pane.Metrics {
		p.detail = nil
		p.want = msg.Run
	}
	p.fill()
	p.goTo(msg.Run)
	return p.readWanted()
}

// readWanted reads the run that was asked for, once it is listed.
func (p *Pane) readWanted() tea.Cmd {
	if p.want == "" || !p.goTo(p.want) {
		return nil
	}
	p.want = ""
	return p.readCurrent(pool.Wanted)
}

// follow keeps the cursor on the experiment that another pane is at.
// Coming back to the pane leaves its own cursor alone while the experiment is the same.
func (p *Pane) follow(msg pane.SelectMsg) tea.Cmd {
	if !msg.Reaches(pane.Metrics, p.focused) || p.detail != nil {
		return nil
	}
	if run := msg.Run(); run != "" && run != p.followed {
		p.followed = run
		if !p.goTo(run) && p.focused {
			p.want = run
		}
	}
	return p.moved()
}

// goTo moves the cursor to a run; false if it is not listed.
func (p *Pane) goTo(run string) bool {
	i := slices.IndexFunc(p.shown, func(i int) bool { return p.runs[i].Name == run })
	if i >= 0 {
		p.table.Cursor = i
	}
	return i >= 0
}

// current is the run under the cursor.
func (p *Pane) current() (model.Run, bool) {
	if p.table.Cursor < 0 || p.table.Cursor >= len(p.shown) {
		return model.Run{}, false
	}
	return p.runs[p.shown[p.table.Cursor]], true
}

func (p *Pane) currentName() string {
	r, _ := p.current()
	return r.Name
}

// moved starts the wait after which the run under the cursor is read.
func (p *Pane) moved() tea.Cmd {
	p.rest++
	rest := p.rest
	return p.env.After(restTime, restedMsg{rest})
}

func (p *Pane) rested(msg restedMsg) tea.Cmd {
	if msg.rest != p.rest || !p.focused {
		return nil
	}
	return p.readCurrent(pool.Visible)
}

// readCurrent reads the run under the cursor unless that was done, is under way or
// cannot be.
func (p *Pane) readCurrent(urgency pool.Priority) tea.Cmd {
	r, ok := p.current()
	switch {
	case !ok || p.read[r.Name]:
		return nil
	case urgency < pool.Wanted && (p.problems[r.Name] != nil || !reading.Modest(p.env, traceBytes(r))):
		return nil // only a key asks again, or for so much
	case p.look.Busy() && p.look.Run() == r.Name:
		return nil
	}
	return p.look.Start(r.Name, urgency)
}

// next reads the next run of the queue.
func (p *Pane) next() tea.Cmd {
	for len(p.queue) > 0 {
		run := p.queue[0]
		p.queue = p.queue[1:]
		if !p.read[run] {
			return p.all.Start(run, pool.Background)
		}
	}
	if p.total == 0 {
		return nil
	}
	n := p.total
	p.total = 0
	return pane.Send(pane.Note{Text: widget.Plural(n, "run") + " read", Tone: theme.Good})
}

func (p *Pane) busy() bool { return p.look.Busy() || p.all.Busy() }
