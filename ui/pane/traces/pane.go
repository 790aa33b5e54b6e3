package traces

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/lab"
	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/pane/reading"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Pane is the traces pane.
type Pane struct {
	env     pane.Env
	width   int
	height  int
	focused bool

	runs     []runRef // of the board, to go through with n
	run      string
	bytes    int64           // of its traces on disk; 0: not known
	followed string          // run of the experiment that was last selected
	demand   bool            // the user came to see traces, and did not stop the reading
	analysis *model.Analysis // nil: not read
	err      error

	part   int // of parts, the one with the cursor
	tables []widget.Table
	kernel []int // of the summary's kernels, those the filter lets through
	filter pane.Filter
	typing *widget.Input // filter being typed; nil: none
	rank   int           // of the summary's ranks, whose timeline is drawn
	view   span          // part of the timeline in sight

	reader *reading.Reader
}

// runRef is a run that can be gone to.
type runRef struct {
	name     string
	bytes    int64
	analysis *model.Analysis // in full, as the board found it; nil: not read
}

// New makes the pane.
func New(env pane.Env) *Pane {
	p := &Pane{env: env, reader: reading.New(env), view: whole}
	for _, part := range parts {
		p.tables = append(p.tables, widget.Table{Columns: part.columns, Column: -1})
	}
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
	for i := range p.tables {
		p.tables[i].Focused = on && i == p.part
	}
}

// Capturing reports a filter being typed.
func (p *Pane) Capturing() bool { return p.typing != nil }

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
	}
	cmd, ended, err := p.reader.Update(msg)
	if ended && err != nil && p.reader.Run() == p.run {
		p.err = err
		return p, pane.Fail(err)
	}
	return p, cmd
}

// gotBoard takes the runs there are; the first one is shown while nothing else was
// asked for. A run whose files changed is to be read again.
func (p *Pane) gotBoard(rows []lab.Row) tea.Cmd {
	known := p.runs
	p.runs = nil
	for _, r := range rows {
		if r.Run == nil {
			continue
		}
		ref := runRef{name: r.Run.Name, bytes: traceBytes(*r.Run), analysis: r.Analysis}
		if ref.analysis != nil && ref.analysis.Trace == nil && ref.bytes > 0 {
			ref.analysis = nil
		}
		if old := slices.IndexFunc(known, func(k runRef) bool { return k.name == ref.name && k.bytes == ref.bytes }); old >= 0 && ref.analysis == nil {
			ref.analysis = known[old].analysis
		}
		p.runs = append(p.runs, ref)
	}
	switch i := p.at(); {
	case p.run == "" && len(p.runs) > 0:
		p.show(p.runs[0])
	case i >= 0 && (p.analysis == nil || p.runs[i].bytes != p.bytes):
		p.show(p.runs[i])
	}
	return p.readModest()
}

func traceBytes(r model.Run) (sum int64) {
	for _, f := range r.Files {
		if f.Kind == model.FileKineto {
			sum += f.Size
		}
	}
	return sum
}

// at is the place of the run shown among those of the board; -1: it is not there.
func (p *Pane) at() int {
	return slices.IndexFunc(p.runs, func(r runRef) bool { return r.name == p.run })
}

// open shows a run, and reads it when this is where it was to be opened.
func (p *Pane) open(msg pane.OpenMsg) tea.Cmd {
	if msg.Run == "" {
		return nil
	}
	p.goTo(msg.Run)
	if msg.To != pane.Traces {
		return nil
	}
	p.demand = true
	return p.readModest()
}

// follow shows the run of the experiment that another pane is at, or that was selected
// when this pane was entered; coming back leaves it at the run that n went to.
func (p *Pane) follow(msg pane.SelectMsg) tea.Cmd {
	entered := msg.Entered == pane.Traces
	if !msg.Reaches(pane.Traces, p.focused) || p.reader.Busy() && !entered {
		return nil
	}
	run := msg.Run()
	if run != "" && run != p.followed {
		p.followed = run
		p.goTo(run)
	}
	if !entered {
		return nil
	}
	p.demand = true
	if run == "" && p.run != "" {
		return tea.Batch(pane.Say(msg.Row.Experiment.ID+" has no run yet: these are the traces of "+p.run), p.readModest())
	}
	return p.readModest()
}

// readModest reads what the user came to see, unless it is more than a login node should.
func (p *Pane) readModest() tea.Cmd {
	if !p.demand || !p.focused || p.err != nil || !reading.Modest(p.env, p.bytes) {
		return nil
	}
	return p.read()
}

func (p *Pane) goTo(run string) {
	if run == p.run {
		return
	}
	ref := runRef{name: run}
	if i := slices.IndexFunc(p.runs, func(r runRef) bool { return r.name == run }); i >= 0 {
		ref = p.runs[i]
	}
	p.show(ref)
}

// show takes another run; what belonged to the one before goes.
func (p *Pane) show(ref runRef) {
	if ref.name != p.run {
		p.reader.Stop()
		p.view, p.rank = whole, 0
	}
	p.run, p.bytes, p.analysis, p.err = ref.name, ref.bytes, ref.analysis, nil
	p.fill()
}

// analysed takes the analysis of the run shown, whoever asked for it.
func (p *Pane) analysed(a *model.Analysis) {
	for i := range p.runs {
		if p.runs[i].name == a.Run {
			p.runs[i].analysis = a
		}
	}
	if a.Run == p.run {
		p.analysis, p.err = a, nil
		p.fill()
	}
}

// read has the run shown read, unless it is or is being.
func (p *Pane) read() tea.Cmd {
	if p.run == "" || p.analysis != nil || p.reader.Busy() && p.reader.Run() == p.run {
		return nil
	}
	p.err = nil
	return p.reader.Start(p.run, pool.Wanted)
}

// trace is the picture of the run shown; nil: there is none.
func (p *Pane) trace() *model.TraceSummary {
	if p.analysis == nil {
		return nil
	}
	return p.analysis.Trace
}

// Title names the run and its window, and how far a reading is.
func (p *Pane) Title() (left, right string) {
	left = "Traces"
	if p.run != "" {
		left += " · " + p.run
	}
	if t := p.trace(); t != nil {
		left += " · window " + widget.Millis(t.WindowNS) + " · " + widget.Plural(len(t.Ranks), "rank")
		right = widget.Bytes(t.Bytes)
	}
	if p.analysis != nil && p.analysis.Replay {
		left += " · replay"
	}
	switch {
	case p.reader.Busy():
		right = p.reader.Words()
	case !p.filter.Empty():
		right = matchWords(len(p.kernel)) + p.filter.Text
	}
	return left, right
}

func matchWords(n int) string {
	if n == 1 {
		return "1 kernel matches "
	}
	return widget.Int(n) + " kernels match "
}

// Message names the straggler, or says that there is none, then what was cut or lost.
func (p *Pane) Message() pane.Note {
	switch {
	case p.reader.Busy():
		return pane.Note{Text: p.reader.Words() + " · esc stops it", Tone: theme.Busy}
	case p.err != nil:
		return pane.FailNote(p.err)
	case p.trace() == nil:
		return pane.Note{}
	}
	a := p.analysis
	note := pane.Note{Text: stragglerWords(a.Metric("straggler"))}
	if a.Metric("straggler").Value != nil {
		note.Tone = theme.Warn
	}
	if cut := skewWords(a.Trace.Ranks); cut != "" {
		note.Text += " · " + cut
	}
	if a.Damaged {
		note.Tone = theme.Bad
		note.Text = "input was damaged, these are its sound parts: " + slices.Concat(a.Warnings, []string{"no more is known"})[0]
	}
	return note
}

// stragglerWords are the straggler with what proves it, or why none is named.
func stragglerWords(m model.Metric) string {
	switch {
	case m.Value == nil && m.Reason == "none" && m.Note != "":
		return "no straggler · " + m.Note
	case m.Value == nil && m.Reason == "none":
		return "no straggler"
	case m.Value == nil:
		return "no straggler: " + m.Reason
	}
	text := "straggler: rank " + widget.Number(*m.Value, 0)
	if late, ok := m.By["lateness_ms"]; ok {
		text += ", " + widget.Number(late, 0) + " ms late"
	}
	if m.Cause != "" {
		text += ", by its " + m.Cause
	}
	return text
}

// skewWords are the longest start that was cut because profilers did not start together.
func skewWords(ranks []model.RankSplit) string {
	most := model.RankSplit{}
	for _, r := range ranks {
		if r.SkewNS > most.SkewNS {
			most = r
		}
	}
	if most.SkewNS <= 0 {
		return ""
	}
	return widget.Millis(most.SkewNS) + " of start cut on rank " + widget.Int(most.Rank)
}
