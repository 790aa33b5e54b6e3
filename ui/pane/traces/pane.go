package traces

import (
	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/pane/reading"
	"shardeck/ui/widget"
)

// Pane is the traces pane.
type Pane struct {
	env     env
	width   int
	height  int
	focused bool

	runs     []runRef // of the board, to go through with n
	run      string
	bytes    int64            // of its traces on disk; 0: not known
	kept     string           // run to show when the board first lists it
	followed string           // run of the experiment that was last selected
	demand   bool             // the user came to see traces, and did not stop the reading
	analysis *metric.Analysis // nil: not read
	err      error

	sheet  *sheet
	popup  *pane.Ask     // open over all; nil: none
	typing *widget.Input // filter being typed; nil: none
	rank   int           // of the summary's ranks, whose timeline is drawn
	view   span          // part of the timeline in sight

	fine   []metric.RankDensity // of each rank, in smaller bins than the summary's; nil: not asked for, or not kept
	finer  pane.Task[[]metric.RankDensity]
	spans  reading.Work[metric.KernelSpans] // what ran in sight of the timeline, kernel by kernel
	sought *metric.LateCall                 // shown in the timeline; nil: none

	reader *reading.Reader
	list   pane.Task[[]model.Run]
	pick   *picker     // of the run to compare with; nil: none is being chosen
	diff   *comparison // nil: one run is shown
}

// New makes the pane.
func New(e pane.Env, b Backend) *Pane {
	env := env{e, b}
	p := &Pane{env: env, spans: reading.NewWork[metric.KernelSpans](e), view: whole, sheet: newSheet(env.Theme, present.Trace(nil))}
	p.reader = reading.New(e, b, p.readerEnded)
	p.SetFocus(true)
	return p
}

// Init waits for a run to be named.
func (p *Pane) Init() tea.Cmd { return nil }

// SetSize gives the pane its room.
func (p *Pane) SetSize(width, height int) { p.width, p.height = width, height }

// SetFocus brightens the cursor, in the part that has it.
func (p *Pane) SetFocus(on bool) {
	p.focused = on
	p.onSheet().setFocus(on)
}

// onSheet is the sheet on the screen.
func (p *Pane) onSheet() *sheet {
	switch {
	case p.pick != nil:
		return p.pick.sheet
	case p.diff != nil:
		return p.diff.sheet
	}
	return p.sheet
}

// Capturing reports a filter being typed, or a kernel on the screen.
func (p *Pane) Capturing() bool { return p.typing != nil || p.popup != nil }

// Update takes a message.
func (p *Pane) Update(msg tea.Msg) (pane.Pane, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return p, p.key(msg)
	case pane.BoardMsg:
		return p, p.gotBoard(msg.Rows)
	case pane.OpenMsg:
		return p, p.open(msg)
	case pane.SelectMsg:
		return p, p.follow(msg)
	case pane.AnalysedMsg:
		p.analysed(msg.Analysis)
	case pane.ClickMsg:
		p.clicked(msg)
	}
	return p, nil
}

// readerEnded keeps why the run shown cannot be read.
func (p *Pane) readerEnded(err error) tea.Cmd {
	if err == nil || p.reader.Run() != p.run {
		return nil
	}
	p.err = err
	return pane.Fail(err)
}

// trace is the picture of the run shown; nil: there is none.
func (p *Pane) trace() *metric.TraceSummary {
	if p.analysis == nil {
		return nil
	}
	return p.analysis.Trace
}

// Title names the run and its window, and how far a reading is.
func (p *Pane) Title() (left, right string) {
	switch {
	case p.pick != nil:
		return "Traces · compare " + p.run + " with …", p.pick.sheet.filtered()
	case p.diff != nil:
		return p.diff.title()
	}
	left = "Traces"
	if p.run != "" {
		left += " · " + p.run
	}
	if t := p.trace(); t != nil {
		left += " · window " + unit.Duration(t.WindowNS) + " · " + unit.Plural(len(t.Ranks), "rank")
		right = unit.FileSize(t.Bytes)
	}
	if p.analysis != nil && p.analysis.Replay {
		left += " · replay"
	}
	switch {
	case p.reader.Busy():
		right = p.reader.Words()
	case p.trace() != nil && p.sheet.filtered() != "":
		right = p.sheet.filtered()
	}
	return left, right
}
