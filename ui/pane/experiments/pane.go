// Package experiments is the first pane: one row an experiment, joining its layout,
// the state of its job and the key figures of its newest run, with what more there
// is to say about the row under the cursor below.
//
// It reads the board for the whole program and sends it to the other panes.
package experiments

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/lab"
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/pane/submission"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Pane is the experiments pane.
type Pane struct {
	env    pane.Env
	width  int
	height int

	rows   []lab.Row // all
	shown  []int     // of rows, those the filter lets through
	table  widget.Table
	marked map[string]bool // by id
	filter pane.Filter
	sort   pane.Sort
	seen   map[string]string // what the logs of jobs say, by job
	also   map[string]string // by file: what tells it apart besides its layout
	err    error
	loaded bool

	typing *widget.Input // filter or new name being typed; nil: none
	typed  func(text string) tea.Cmd

	cloning func() // asks again what was refused
	flow    *submission.Flow
	rest    pane.Timer
	below   string    // file that the details are of: they follow when the cursor rests
	want    string    // id to go to when the board is there
	waits   pane.Name // pane that was entered before there was anything to show it

	board pane.Task[[]lab.Row]
	clone pane.Task[lab.Row]
	plan  pane.Task[planned]
	make  pane.Task[[]lab.Row]
}

// restTime is how long a cursor stays before other panes follow it.
const restTime = 150 * time.Millisecond

// New makes the pane.
func New(env pane.Env) *Pane {
	p := &Pane{env: env, marked: map[string]bool{}, seen: map[string]string{}}
	p.flow = submission.New(env, func() { clear(p.marked) }) // spent; No keeps them
	p.table = widget.Table{Columns: columns, Column: -1, Focused: true, Marked: p.isMarked}
	return p
}

// Init reads the board.
func (p *Pane) Init() tea.Cmd { return p.load() }

func (p *Pane) load() tea.Cmd { return p.board.Start(p.env.Ctx, p.env.Lab.Board, p.gotBoard) }

// SetSize gives the pane its room.
func (p *Pane) SetSize(width, height int) { p.width, p.height = width, height }

// SetFocus brightens the cursor.
func (p *Pane) SetFocus(on bool) { p.table.Focused = on }

// Capturing reports a question or a text field.
func (p *Pane) Capturing() bool { return p.typing != nil || p.flow.Ask != nil }

// Update takes a message.
func (p *Pane) Update(msg tea.Msg) (pane.Pane, tea.Cmd) {
	if key, ok := msg.(tea.KeyMsg); ok {
		return p, p.key(key)
	}
	switch msg := msg.(type) {
	case pane.ReloadMsg:
		return p, p.load()
	case pane.JobsMsg:
		return p, p.joinJobs(msg)
	case pane.OpenMsg:
		p.goTo(msg.Experiment)
	case pane.SeenMsg:
		maps.Copy(p.seen, msg.Titles)
	case pane.AnalysedMsg:
		p.joinAnalysis(msg.Analysis)
	case pane.EnterMsg:
		p.waits = msg.To
		return p, p.announce()
	case pane.ClickMsg:
		return p, p.clicked(msg)
	}
	return p, nil
}

func (p *Pane) gotBoard(rows []lab.Row, err error) tea.Cmd {
	p.err, p.loaded = err, true
	if err != nil {
		return pane.Fail(err)
	}
	id := cmp.Or(p.want, p.currentID())
	p.want = ""
	p.setRows(rows)
	p.fill()
	p.goTo(id)
	if r, ok := p.current(); ok {
		p.below = r.File
	}
	return tea.Batch(pane.Send(pane.BoardMsg{Rows: p.rows}), p.moved())
}

// joinJobs brings the newest state into the rows; when a job ended, its run is read.
func (p *Pane) joinJobs(msg pane.JobsMsg) tea.Cmd {
	if msg.Err != nil {
		return nil
	}
	newest := map[string]*model.Job{}
	for i := range msg.List.Jobs {
		if job := &msg.List.Jobs[i]; newest[job.Experiment] == nil {
			newest[job.Experiment] = job
		}
	}
	ended := false
	for i := range p.rows {
		job := newest[p.rows[i].Experiment.ID]
		if job == nil {
			continue
		}
		before := p.rows[i].Job
		ended = ended || before != nil && before.State.Active() && !job.State.Active()
		p.rows[i].Job = job
	}
	p.fill()
	if ended {
		return p.load()
	}
	return nil
}

// joinAnalysis brings what another pane had read into the rows of that run.
func (p *Pane) joinAnalysis(a *metric.Analysis) {
	for i := range p.rows {
		if r := p.rows[i].Run; r != nil && r.Name == a.Run {
			p.rows[i].Analysis = a
		}
	}
	p.fill()
}

// fill puts the rows that pass the filter into the table, the cursor staying on its row.
func (p *Pane) fill() {
	id := p.currentID()
	p.shown = p.shown[:0]
	all := make([][]widget.Cell, len(p.rows))
	var cells [][]widget.Cell
	for i, r := range p.rows {
		all[i] = p.cells(r)
		if p.filter.Empty() || p.filter.Match(p.fields(r)) {
			p.shown = append(p.shown, i)
			cells = append(cells, all[i])
		}
	}
	p.table.Columns = worthOf(all)
	cells, p.shown = p.sort.Apply(cells, p.shown)
	p.table.SetRows(cells)
	p.goTo(id)
}

func (p *Pane) goTo(id string) {
	if i := slices.IndexFunc(p.shown, func(i int) bool { return p.rows[i].Experiment.ID == id }); i >= 0 && id != "" {
		p.table.Cursor = i
	}
}

// current is the row under the cursor.
func (p *Pane) current() (lab.Row, bool) {
	if p.table.Cursor < 0 || p.table.Cursor >= len(p.shown) {
		return lab.Row{}, false
	}
	return p.rows[p.shown[p.table.Cursor]], true
}

func (p *Pane) byFile(file string) (lab.Row, bool) {
	for _, r := range p.rows {
		if r.File == file {
			return r, true
		}
	}
	return lab.Row{}, false
}

func (p *Pane) currentID() string {
	r, _ := p.current()
	return r.Experiment.ID
}

// chosen are the ids that a command is for: those marked, else the one under the cursor.
func (p *Pane) chosen() []string {
	var ids []string
	for _, r := range p.rows {
		if p.marked[r.Experiment.ID] {
			ids = append(ids, r.Experiment.ID)
		}
	}
	if id := p.currentID(); len(ids) == 0 && id != "" {
		ids = []string{id}
	}
	return ids
}

func (p *Pane) isMarked(row int) bool { return p.marked[p.rows[p.shown[row]].Experiment.ID] }

// Keep is what is found again at the next start.
func (p *Pane) Keep() map[string]string {
	id := p.currentID()
	if id == "" {
		id = p.want
	}
	return map[string]string{"experiment": id, "filter": p.filter.Text, "sort": p.sort.Text(), "marked": strings.Join(p.markedIDs(), " ")}
}

// Restore takes what was kept; the cursor goes to its experiment when the board is there.
func (p *Pane) Restore(kept map[string]string) {
	p.want, p.filter, p.sort = kept["experiment"], pane.ParseFilter(kept["filter"]), pane.ParseSort(kept["sort"], len(columns))
	for _, id := range strings.Fields(kept["marked"]) {
		p.marked[id] = true
	}
}

func (p *Pane) markedIDs() []string { return slices.Sorted(maps.Keys(p.marked)) }

// clicked goes to a row in sight, or orders by the title of a column.
func (p *Pane) clicked(msg pane.ClickMsg) tea.Cmd {
	spot, ok := p.table.At(msg.X, msg.Line)
	switch {
	case !ok:
		return nil
	case spot.Row < 0 && spot.Column >= 0:
		p.sort = p.sort.Next(spot.Column, columns[spot.Column].Right)
		p.fill()
	case spot.Row >= 0:
		p.table.Cursor = spot.Row
	}
	return p.moved()
}

// moved starts the wait after which the other panes follow the cursor.
func (p *Pane) moved() tea.Cmd {
	return p.rest.Start(p.env, restTime, p.announce)
}

// announce tells the other panes what the cursor is on.
func (p *Pane) announce() tea.Cmd {
	r, ok := p.current()
	if !ok {
		return nil
	}
	p.below = r.File
	if r.Experiment.ID == "" && p.waits == pane.Config {
		p.waits = ""
		return pane.Warn(name(r) + " cannot be shown in the form: go back to 1 and press e")
	}
	msg := pane.SelectMsg{Row: r, Entered: p.waits}
	p.waits = ""
	return pane.Send(msg)
}

// Title names the place: site, account, what the filter lets through.
func (p *Pane) Title() (left, right string) {
	left = "Experiments · " + p.env.Lab.Site().Name
	if a := p.env.Lab.Account(); a != "" {
		left += " · " + a
	}
	switch {
	case !p.filter.Empty():
		right = unit.Int(len(p.shown)) + " of " + unit.Int(len(p.rows)) + " match " + p.filter.Text
	case len(p.marked) > 0:
		right = unit.Int(len(p.marked)) + " marked"
	case p.loaded:
		right = unit.Plural(len(p.rows), "experiment")
	}
	if p.sort.On {
		right += ", " + p.sort.Words(columns)
	}
	return left, right
}

// Message says what is wrong with the row under the cursor, or with the board.
func (p *Pane) Message() pane.Note {
	r, ok := p.current()
	switch {
	case p.flow.Busy():
		return pane.Note{Text: "submitting …", Tone: theme.Busy}
	case p.err != nil:
		return pane.FailNote(p.err)
	case !ok:
		return pane.Note{}
	case r.Problem != "":
		fault := name(r) + ", " + present.Problems(r.File, r.Problem)[0]
		return pane.Note{Text: fault + " · e opens it", Brief: fault, Tone: theme.Bad}
	}
	if n := len(p.marked); n > 0 {
		return pane.Note{Text: unit.Int(n) + " marked: s submits them · c clones them · y copies the command · esc drops the marks"}
	}
	return p.rowNote(r)
}

// rowNote is the worst there is to say about a row.
func (p *Pane) rowNote(r lab.Row) pane.Note {
	if r.Job != nil && r.Job.State.Failed() && r.Job.State != model.JobCancelled {
		text := r.Experiment.ID + " " + r.Job.State.Words() + " after " + unit.Clock(r.Job.Elapsed)
		if why := cmp.Or(p.seen[r.Job.ID], model.ReasonOf(r.Job.Reason).Words); why != "" {
			text += ": " + why
		}
		return pane.Note{Text: text + ". ↵ shows its log and the cause", Tone: theme.Bad}
	}
	if f, ok := r.Verdict.Worst(); ok {
		return pane.FindingNote(f)
	}
	return pane.Note{}
}
