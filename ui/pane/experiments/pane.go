// Package experiments is the first pane: one row an experiment, joining its layout, the
// state of its job and the key figures of its newest run, with details of the row under the
// cursor below. It reads the board for the whole program and sends it to the other panes.
package experiments

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/pane/submission"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Backend is what the pane of experiments asks of the use cases.
type Backend interface {
	submission.Backend
	Workspace() string
	Site() model.Site
	Account() string
	ReadOnly() bool
	Board(ctx context.Context) ([]board.Row, error)
	Clone(id, newID string, edits ...model.Edit) (board.Row, error)
	PlanClone(id, newID string, edits ...model.Edit) (board.Row, error)
}

type env struct {
	pane.Env
	Backend
}

// Pane is the experiments pane.
type Pane struct {
	pane.Base
	env env

	list   *list.List[board.Row]
	rows   rows
	flow   *submission.Flow
	clones *cloning
	err    error
	loaded bool
	waits  pane.Name // pane that was entered before there was anything to show it
	board  pane.Task[[]board.Row]
}

const restTime = 150 * time.Millisecond // of the cursor, before other panes follow it

// New makes the pane.
func New(e pane.Env, b Backend) *Pane {
	env := env{e, b}
	p := &Pane{env: env, rows: rows{env: env, seen: map[string]string{}}}
	p.list = list.New(e, list.Of[board.Row]{
		One: "experiment", ID: idOf, Columns: columns, Cells: p.rows.cells, Fit: worthOf, Fields: p.rows.fields,
		Example: []pane.Key{pane.Hint("↑↓", "typed before"), pane.Hint("ep:2", "state:failed model:~70b !word")},
		Orders:  func(c widget.Column) bool { return c.Title != "" },
		Rest:    restTime, Rested: p.announce})
	p.flow = submission.New(e, b, &p.Dialog, func() { clear(p.list.Marks) }) // spent; No keeps them
	p.clones = &cloning{env: env, list: p.list, dialog: &p.Dialog, add: p.add}
	return p
}

// idOf is what the list knows a row by: an experiment's id, or the file of one that has none.
func idOf(r board.Row) string { return cmp.Or(r.Experiment.ID, r.File) }

// Init reads the board.
func (p *Pane) Init() tea.Cmd { return p.load() }

func (p *Pane) load() tea.Cmd { return p.board.Start(p.env.Ctx, p.env.Board, p.gotBoard) }

// SetFocus brightens the cursor.
func (p *Pane) SetFocus(on bool) { p.list.Table.Focused = on }

// Update takes a message.
func (p *Pane) Update(msg tea.Msg) (pane.Pane, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return p, pane.Press(p, &p.Base, keys(), p.list.Move, msg)
	case pane.ClickMsg:
		return p, p.list.Click(msg.X, msg.Line)
	case pane.ReloadMsg:
		return p, p.load()
	case pane.JobsMsg:
		return p, p.joinJobs(msg)
	case pane.OpenMsg:
		p.list.GoTo(msg.Experiment)
	case pane.SeenMsg:
		maps.Copy(p.rows.seen, msg.Titles)
	case pane.AnalysedMsg:
		for i, r := range p.list.Rows() {
			if r.Run != nil && r.Run.Name == msg.Analysis.Run {
				p.list.Rows()[i].Analysis = msg.Analysis
			}
		}
		p.list.SetRows(p.list.Rows())
	case pane.EnterMsg:
		p.waits = msg.To
		return p, p.announce()
	}
	return p, nil
}

func (p *Pane) gotBoard(rows []board.Row, err error) tea.Cmd {
	p.err, p.loaded = err, true
	if err != nil {
		return pane.Fail(err)
	}
	p.setRows(rows)
	p.list.Want("") // what is not there now was not kept
	return tea.Batch(pane.Send(pane.BoardMsg{Rows: rows}), p.list.Settle())
}

func (p *Pane) setRows(rows []board.Row) {
	p.rows.compare(rows)
	p.list.SetRows(rows)
}

// add shows experiments that were just made, and reads the board again.
func (p *Pane) add(made ...board.Row) tea.Cmd {
	p.setRows(append(p.list.Rows(), made...))
	if len(made) > 0 {
		p.list.SetFilter("")
		p.list.GoTo(idOf(made[0]))
	}
	return p.load()
}

// joinJobs brings the newest state into the rows; when a job ended, its run is read.
func (p *Pane) joinJobs(msg pane.JobsMsg) tea.Cmd {
	if msg.Err != nil {
		return nil
	}
	newest := map[string]*model.Job{}
	for i, job := range slices.Backward(msg.List.Jobs) { // which has the newest first
		newest[job.Experiment] = &msg.List.Jobs[i]
	}
	ended := false
	for i, r := range p.list.Rows() {
		if job := newest[r.Experiment.ID]; job != nil {
			ended = ended || r.Job != nil && r.Job.State.Active() && !job.State.Active()
			p.list.Rows()[i].Job = job
		}
	}
	p.list.SetRows(p.list.Rows())
	if ended {
		return p.load()
	}
	return nil
}

func (p *Pane) announce() tea.Cmd {
	r, ok := p.list.Current()
	if !ok {
		return nil
	}
	to := p.waits
	p.waits = ""
	if (r.Experiment.ID == "" || r.NoForm) && to == pane.Config {
		why := present.Problems(r.File, r.Problem)[0]
		return pane.Warn(present.ExperimentName(r) + " cannot be shown in the form, " + why + ": go back to 1 and press e")
	}
	return pane.Send(pane.SelectMsg{Row: r, Entered: to})
}

// Keep is what is found again at the next start.
func (p *Pane) Keep() map[string]string { return p.list.Keep("experiment") }

// Restore takes what was kept; the cursor goes to its experiment when the board is there.
func (p *Pane) Restore(kept map[string]string) { p.list.Restore("experiment", kept) }

// Title names the place: site, account, what the filter lets through.
func (p *Pane) Title() (left, right string) {
	left = "Experiments · " + p.env.Site().Name
	if a := p.env.Account(); a != "" {
		left += " · " + a
	}
	right = p.list.Filtered()
	switch n := len(p.list.Marks); {
	case right != "":
	case n > 0:
		right = unit.Int(n) + " marked"
	case p.loaded:
		right = unit.Plural(len(p.list.Rows()), "experiment")
	}
	if by := p.list.Ordered(); by != "" {
		right += ", " + by
	}
	return left, right
}

// Message says what is wrong with the row under the cursor, or with the board.
func (p *Pane) Message() pane.Note {
	r, ok := p.list.Current()
	switch {
	case p.flow.Busy():
		return pane.Note{Text: "submitting …", Tone: theme.Busy}
	case p.err != nil:
		return pane.FailNote(p.err)
	case !ok:
		return pane.Note{}
	case r.Problem != "":
		fault := present.ExperimentName(r) + ", " + present.Problems(r.File, r.Problem)[0]
		return pane.Note{Text: fault + " · e opens it", Brief: fault, Tone: theme.Bad}
	}
	if n := len(p.list.Marks); n > 0 {
		return pane.Note{Text: unit.Int(n) + " marked: s submits them · c clones them · y copies the command · esc drops the marks"}
	}
	return p.rows.note(r)
}

// View draws the table, the details, and what is open over them.
func (p *Pane) View() string { return p.Frame(p.env.Theme, p.body) }

func (p *Pane) body() []string {
	if _, ok := p.list.Current(); !ok {
		return p.empty()
	}
	below := detailRows(p.Width, p.Height)
	lines := widget.Filled(p.list.View(p.Width, p.Height-below), p.Height-below)
	if r, ok := p.list.Rested(); ok && below > 0 {
		lines = append(lines, "")
		details := p.rows.details(r, p.Width-4, below > usualDetails)
		for _, d := range details[:min(len(details), below-1)] {
			lines = append(lines, "   "+d)
		}
	}
	return lines
}

func (p *Pane) empty() []string {
	switch {
	case !p.loaded:
		return pane.Notice("reading experiments …")
	case p.err != nil:
		return pane.Unreadable(p.env.Theme, "the experiments cannot be read", p.err, p.Width)
	case len(p.list.Rows()) > 0:
		return p.list.NoMatch(p.Width)
	}
	return pane.Notice("There are no experiments in "+p.env.Workspace()+" yet.", "",
		"shardeck generate   writes the first three, E1.1 to E1.3",
		"shardeck new        asks a few questions and writes one", "", "r reads again")
}
