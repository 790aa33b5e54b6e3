package metrics

import (
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/scaling"
	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/pane/reading"
	"shardeck/ui/widget"
)

// Pane is the metrics pane.
type Pane struct {
	env     env
	width   int
	height  int
	focused bool

	defs     []metric.Definition
	runs     []model.Run // newest first
	analyses map[string]*metric.Analysis
	read     map[string]bool // analysed in full, traces and all
	problems map[string]error
	shown    []int // of runs, those the filter lets through
	replays  bool  // all runs are replays
	table    widget.Table
	filter   list.Filter
	sort     list.Sort
	baseline string // run that the others are compared with; empty: none
	want     string // run to go to as soon as it is listed
	kept     string // run to go to when the runs are first listed
	followed string // run of the experiment that was last selected
	err      error
	loaded   bool

	detail  *detail       // one run opened; nil: the table
	chooser *chooser      // the columns being chosen; nil: they are not
	typing  *widget.Input // filter being typed; nil: none
	popup   *pane.Ask
	rest    pane.Timer
	settled string // run that the cursor last rested on: what stands below the table is of it

	contests []scaling.Contest // for the best value, of the runs in sight
	unjudged []scaling.Contest // of these, those that nobody has judged; nil once the lab is asked
	asked    []scaling.Contest // those that the lab was asked to judge
	ties     ties
	judging  pane.Task[ties]

	diffs differences // from the baseline; nil: not asked, or not there yet
	tests pane.Task[differences]
	list  pane.Task[[]model.Run]
	quick pane.Task[timings]
	look  *reading.Reader // the run under the cursor
	all   *reading.Reader // one after the other, in the background
	queue []string        // runs that all has still to read
	total int             // runs it was given
}

// New makes the pane.
func New(e pane.Env, b Backend) *Pane {
	env := env{e, b}
	p := &Pane{env: env, defs: metric.Definitions, analyses: map[string]*metric.Analysis{}, read: map[string]bool{}, problems: map[string]error{}}
	p.look = reading.New(e, b, func(err error) tea.Cmd { return p.following(p.failed(p.look.Run(), err)) })
	p.all = reading.New(e, b, func(err error) tea.Cmd { return p.following(tea.Batch(p.failed(p.all.Run(), err), p.next())) })
	p.table = widget.Table{Columns: p.columns(), Column: 1, Freeze: 1, Focused: true, Marked: p.isBaseline}
	return p
}

// Init lists the runs.
func (p *Pane) Init() tea.Cmd { return p.load() }

func (p *Pane) load() tea.Cmd { return p.list.Start(p.env.Ctx, p.env.Lab.Runs, then(p, p.gotRuns)) }

// SetSize gives the pane its room.
func (p *Pane) SetSize(width, height int) { p.width, p.height = width, height }

// SetFocus brightens the cursor.
func (p *Pane) SetFocus(on bool) {
	p.focused, p.table.Focused = on, on
	if p.detail != nil {
		p.detail.table.Focused = on
	}
	if p.chooser != nil {
		p.chooser.table.Focused = on
	}
}

// Capturing reports a definition on the screen or a filter being typed.
func (p *Pane) Capturing() bool { return p.typing != nil || p.popup != nil }

// Update takes a message; whatever it changed of the runs in sight is then judged.
func (p *Pane) Update(msg tea.Msg) (pane.Pane, tea.Cmd) {
	if p.settled == "" {
		p.settled = p.currentName()
	}
	cmd := p.take(msg)
	if p.settles(msg) {
		p.settled = p.currentName()
	}
	return p, p.following(cmd)
}

// following has the runs that are in sight now judged, after whatever changed them.
func (p *Pane) following(cmd tea.Cmd) tea.Cmd {
	if judge := p.judge(); judge != nil {
		return tea.Batch(cmd, judge)
	}
	return cmd
}

// then is what follows from a reply.
func then[T any](p *Pane, take func(T, error) tea.Cmd) func(T, error) tea.Cmd {
	return func(value T, err error) tea.Cmd {
		if p.settled == "" {
			p.settled = p.currentName()
		}
		return p.following(take(value, err))
	}
}

func (p *Pane) take(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return p.key(msg)
	case pane.BoardMsg:
		return p.gotBoard(msg.Rows)
	case pane.ReloadMsg:
		return p.load()
	case pane.OpenMsg:
		return p.open(msg)
	case pane.SelectMsg:
		return p.follow(msg)
	case pane.AnalysedMsg:
		p.got(msg.Analysis)
		p.fill()
	case pane.ClickMsg:
		return p.clicked(msg)
	}
	return nil
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
