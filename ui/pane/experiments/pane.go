// Package experiments is the first pane: one row an experiment, joining its layout, the
// state of its job and the key figures of its newest run, with details of the row under the
// cursor below. It reads the board for the whole program and sends it to the other panes.
package experiments

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/sweep"
	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/pane/submission"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Backend is what the pane of experiments asks of the use cases.
type Backend interface {
	submission.SweepBackend
	SuggestBackend
	LifeBackend
	Workspace() string
	Site() model.Site
	Account() string
	ReadOnly() bool
	Board(ctx context.Context) ([]board.Row, error)
	SweepIDs() []string
	PlanSweep(ctx context.Context, id string) (sweep.Plan, error)
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

	list    *list.List[row]
	marks   marks
	content content
	rows    rows
	flow    *submission.Flow
	sweeps  *submission.Sweeps
	clones  *cloning
	life    *life

	suggests *suggesting
	err      error
	loaded   bool
	waits    pane.Name // pane that was entered before there was anything to show it
	board    pane.Task[content]
	plans    pane.Task[[]*scan]
}

const restTime = 150 * time.Millisecond // of the cursor, before other panes follow it

// New makes the pane.
func New(e pane.Env, b Backend) *Pane {
	env := env{e, b}
	p := &Pane{env: env, rows: rows{env: env, open: map[string]bool{}, seen: map[string]string{}}}
	p.list = list.New(e, list.Of[row]{
		One: "experiment", ID: idOf, Columns: columns, Cells: p.rows.cells, Fit: worthOf, Fields: p.rows.fields,
		Example: []pane.Key{pane.Hint("↑↓", "typed before"), pane.Hint("ep:2", "state:failed model:~70b !word")},
		Orders:  func(c widget.Column) bool { return c.Title != "" },
		Away:    func(r row) string { return map[bool]string{true: "archived"}[r.Archived] },
		Under:   under, Folded: func(id string) bool { return !p.rows.open[id] },
		Marked: func(r row) bool { return p.marks.has(r) },
		Rest:   restTime, Rested: p.announce})
	p.marks = marks{p.list}
	p.flow = submission.New(e, b, &p.Dialog, func() { clear(p.list.Marks) }) // spent; No keeps them
	p.sweeps = submission.NewSweeps(e, b)
	p.suggests = &suggesting{env: env}
	p.clones = &cloning{env: env, list: p.list, dialog: &p.Dialog, add: p.add}
	p.life = &life{env: env, list: p.list, marks: p.marks, dialog: &p.Dialog,
		state: func(r row) string { return p.rows.experiment(r).Cells[stateColumn].Text }}
	return p
}

// idOf is what the list knows a row by: an experiment's id, or the file of one that has none.
func idOf(r row) string {
	if r.sweep != nil {
		return r.sweep.key()
	}
	return cmp.Or(r.Experiment.ID, r.File)
}

// under is what the list knows the sweep of a point by.
func under(r row) string {
	if r.of == nil {
		return ""
	}
	return r.of.key()
}

// Init reads the board.
func (p *Pane) Init() tea.Cmd { return p.load() }

func (p *Pane) load() tea.Cmd { return p.board.Start(p.env.Ctx, p.env.read, p.gotBoard) }

// SetFocus brightens the cursor.
func (p *Pane) SetFocus(on bool) { p.list.Table.Focused = on }

// Update takes a message.
func (p *Pane) Update(msg tea.Msg) (pane.Pane, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return p, pane.Press(p, &p.Base, p.table(), p.list.Move, msg)
	case pane.ClickMsg:
		return p, p.list.Click(msg.X, msg.Line)
	case pane.ReloadMsg:
		return p, p.load()
	case pane.JobsMsg:
		return p, p.joinJobs(msg)
	case pane.OpenMsg:
		if p.reveal(msg.Experiment); msg.Sweep != "" && msg.To == pane.Experiments {
			p.list.Want(sweepKey(msg.Sweep)) // it may just have been made
		}
	case pane.SeenMsg:
		maps.Copy(p.rows.seen, msg.Titles)
	case pane.AnalysedMsg:
		for i, r := range p.content.rows {
			if r.Run != nil && r.Run.Name == msg.Analysis.Run {
				p.content.rows[i].Analysis = msg.Analysis
			}
		}
		p.refold()
	case pane.EnterMsg:
		p.waits = msg.To
		return p, p.announce()
	}
	return p, nil
}

func (p *Pane) gotBoard(c content, err error) tea.Cmd {
	p.err, p.loaded = err, true
	if err != nil {
		return pane.Fail(err)
	}
	p.content = c
	p.refold()
	p.list.Want("") // what is not there now was not kept
	sweeps := model.Each(c.scans, func(s *scan) string { return s.Sweep.ID })
	return tea.Batch(pane.Send(pane.BoardMsg{Rows: c.inSight(), Sweeps: sweeps}), p.list.Settle())
}

// refold shows the lines anew, after something of the board or of its sweeps has changed.
func (p *Pane) refold() {
	all := p.content.folded()
	p.rows.compare(all)
	p.list.SetRows(all)
}

// reveal goes to an experiment, or to the line that a sweep has; the sweep of a point opens.
func (p *Pane) reveal(id string) {
	if r, ok := p.list.ByID(id); ok && r.of != nil && !p.rows.open[r.of.key()] {
		p.rows.open[r.of.key()] = true
		p.list.Refold(r.of.key())
	}
	p.list.GoTo(id)
}

// add shows experiments that were just made, and reads the board again.
func (p *Pane) add(made ...board.Row) tea.Cmd {
	p.content.rows = append(p.content.rows, made...)
	p.refold()
	if len(made) > 0 {
		p.list.SetFilter("")
		p.list.GoTo(idOf(row{Row: made[0]}))
	}
	return p.load()
}

// joinJobs brings the newest state into the rows; when a job ended, its run is read, and while points of sweeps wait or run,
// how far these are.
func (p *Pane) joinJobs(msg pane.JobsMsg) tea.Cmd {
	if msg.Err != nil {
		return nil
	}
	newest := map[string]*model.Job{}
	for i, job := range slices.Backward(msg.List.Jobs) { // which has the newest first
		for _, id := range append([]string{job.Experiment}, job.Points...) {
			newest[id] = &msg.List.Jobs[i]
		}
	}
	ended := false
	for i, r := range p.content.rows {
		if job := newest[r.Experiment.ID]; job != nil {
			ended = ended || r.Job != nil && r.Job.State.Active() && !job.State.Active()
			p.content.rows[i].Job = job
		}
	}
	p.refold()
	if ended {
		return p.load()
	}
	return p.replan()
}

// replan works out again the sweeps of which something waits or runs.
func (p *Pane) replan() tea.Cmd {
	all := p.content.scans
	if p.board.Busy() || !slices.ContainsFunc(all, func(s *scan) bool { return s.live }) {
		return nil
	}
	return p.plans.Start(p.env.Ctx, func(ctx context.Context) ([]*scan, error) {
		return model.Each(all, func(s *scan) *scan {
			if s.live {
				return p.env.scan(ctx, s.Sweep.ID)
			}
			return s
		}), ctx.Err()
	}, pane.Got(func(now []*scan) tea.Cmd {
		done := func(all []*scan) (n int) {
			for _, s := range all {
				n += s.Count(sweep.Done)
			}
			return n
		}
		if done(now) != done(all) { // a point was measured: its run is read
			return p.load()
		}
		p.content.scans = now
		p.refold()
		return nil
	}))
}

// stands is what other panes show of a sweep, and of a point that is not written: its base, with the run of its leading point.
func (p *Pane) stands(s *scan) board.Row {
	shown := s.Base
	if base, ok := p.list.ByID(shown.Experiment.ID); ok {
		shown = base.Row
	}
	if best := s.Leader(); best != nil {
		shown.Run = best.Run
	}
	return shown
}

func (p *Pane) announce() tea.Cmd {
	r, ok := p.list.Current()
	if !ok {
		return nil
	}
	to := p.waits
	p.waits = ""
	if r.sweep != nil {
		return pane.Send(pane.SelectMsg{Row: p.stands(r.sweep), Sweep: r.sweep.Sweep.ID, Entered: to})
	} else if r.pending() != "" {
		return pane.Send(pane.SelectMsg{Row: p.stands(r.of), Sweep: r.of.Sweep.ID, Entered: to})
	}
	if (r.Experiment.ID == "" || r.NoForm) && to == pane.Config {
		why := present.Problems(r.File, r.Problem)[0]
		return pane.Warn(present.ExperimentName(r.Row) + " cannot be shown in the form, " + why + ": go back to 1 and press e")
	}
	msg := pane.SelectMsg{Row: r.Row, Entered: to}
	if r.of != nil {
		msg.Sweep = r.of.Sweep.ID
	}
	return pane.Send(msg)
}

// Keep is what is found again at the next start.
func (p *Pane) Keep() map[string]string {
	kept := p.list.Keep("experiment")
	kept["open"] = strings.Join(slices.Sorted(maps.Keys(p.rows.open)), " ")
	return kept
}

// Restore takes what was kept; the cursor goes to its experiment when the board is there.
func (p *Pane) Restore(kept map[string]string) {
	p.list.Restore("experiment", kept)
	for _, key := range strings.Fields(kept["open"]) {
		p.rows.open[key] = true
	}
}

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
		away := len(p.content.rows) - len(p.content.inSight())
		right = p.list.Place() + unit.Plural(len(p.content.rows)-away, "experiment")
		if away > 0 {
			right += ", " + unit.Int(away) + " archived"
		}
		if n := len(p.content.scans); n > 0 {
			right += ", " + unit.Plural(n, "sweep")
		}
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
	case p.flow.Busy() || p.sweeps.Busy():
		return pane.Note{Text: "submitting …", Tone: theme.Busy}
	case p.err != nil:
		return pane.FailNote(p.err)
	case !ok:
		return pane.Note{}
	case r.Problem != "":
		fault := present.ExperimentName(r.Row) + ", " + present.Problems(r.File, r.Problem)[0]
		return pane.Note{Text: fault + " · e opens it", Brief: fault, Tone: theme.Bad}
	}
	if n := len(p.list.Marks); n > 0 {
		return pane.Note{Text: unit.Int(n) + " marked: s submits · c clones · y copies · esc drops them"}
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
		lines = append(lines, model.Each(details[:min(len(details), below-1)], func(d string) string { return "   " + d })...)
	}
	return lines
}

func (p *Pane) empty() []string {
	switch {
	case !p.loaded:
		return pane.Notice("reading experiments …")
	case p.err != nil:
		return pane.Unreadable(p.env.Theme, "the experiments cannot be read", p.err, p.Width)
	case len(p.list.Rows()) > 0 && p.list.FilterText() != "":
		return p.list.NoMatch(p.Width)
	case len(p.list.Rows()) > 0:
		return pane.Notice("all experiments here are archived", "", "/ archived:yes shows them, a has them back")
	}
	return pane.Notice("There are no experiments in "+p.env.Workspace()+" yet.", "",
		"↵   writes the first three, E1.1 to E1.3 (shardeck generate)",
		"n   makes one: E9.1 tp=4 (shardeck new)", "z   has back what was deleted last", "", "r reads again")
}
