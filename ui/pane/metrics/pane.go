// Package metrics is the pane of what was measured: one row a run, one column a metric (rows.go), and behind every cell where
// its value comes from (view.go). The table shows what the board holds of each run and asks for the rest, one run at a time
// (readings.go); a run opens into all its metrics, each with its ranks and its parts (detail.go).
//
// Nothing is computed here: differences from a baseline and which run is the best are asked for (compare.go).
package metrics

import (
	"context"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/compare"
	"shardeck/model/metric"
	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// Backend is what the pane of metrics asks of the use cases.
type Backend interface {
	pane.Analyser
	pane.Finder

	// Runs lists trace directories, newest first.
	Runs(ctx context.Context) ([]model.Run, error)
	// Differences sets runs beside a base in the metrics that are sampled, by run and metric.
	Differences(ctx context.Context, base string, runs []string) (map[string]map[string]compare.Cell, error)
	// Ties says of contests for the best value between which runs chance decides.
	Ties(ctx context.Context, contests []compare.Contest) ([]compare.Tie, error)
}

type env struct {
	pane.Env
	Backend
}

// Pane is the metrics pane.
type Pane struct {
	pane.Base
	env     env
	focused bool

	list     *list.List[model.Run] // newest first
	known    *known
	readings *readings
	columns  *columns
	base     *baseline
	best     *best
	judged   string                        // filter of the rows among which the best are marked
	replays  bool                          // all runs are replays
	detail   *detail                       // one run opened; nil: the table
	chooser  *list.List[metric.Definition] // the columns being chosen; nil: they are not

	runs     pane.Task[[]model.Run]
	opener   pane.Opener
	guests   guests
	want     string // run to read as soon as it is listed
	followed string // run of the experiment that was last selected
	err      error
	loaded   bool
}

// New makes the pane.
func New(e pane.Env, b Backend) *Pane {
	env := env{e, b}
	p := &Pane{env: env, known: newKnown(), columns: &columns{defs: metric.Definitions}}
	p.base = &baseline{env: env, known: p.known, run: func(name string) (model.Run, bool) { return p.list.ByID(name) }, changed: p.refresh}
	p.best = &best{env: env, known: p.known, judged: p.refresh}
	p.readings = newReadings(env, p.known, p.refresh)
	p.opener = pane.Opener{Env: e, By: b, Dialog: &p.Dialog, To: pane.Metrics}
	p.list = list.New(e, list.Of[model.Run]{
		One: "run", ID: func(r model.Run) string { return r.Name }, Cells: func(r model.Run) []widget.Cell { return cells(p, r) }, Fields: fields,
		Fit:    func([][]widget.Cell) []widget.Column { return header(p) },
		Marked: func(r model.Run) bool { return r.Name == p.base.name },
		Rest:   restTime, Rested: p.rested})
	p.list.Table.Columns, p.list.Table.Column, p.list.Table.Freeze = header(p), 1, 1
	return p
}

// Init lists the runs.
func (p *Pane) Init() tea.Cmd { return p.load() }

func (p *Pane) load() tea.Cmd { return p.runs.Start(p.env.Ctx, p.env.Runs, p.gotRuns) }

// SetFocus brightens the cursor.
func (p *Pane) SetFocus(on bool) {
	p.focused, p.list.Table.Focused = on, on
	if p.detail != nil {
		p.detail.table.Focused = on
	}
	if p.chooser != nil {
		p.chooser.Table.Focused = on
	}
}

// Update takes a message.
func (p *Pane) Update(msg tea.Msg) (pane.Pane, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return p, p.key(msg)
	case pane.ClickMsg:
		return p, p.clicked(msg)
	case pane.BoardMsg:
		p.known.addBoard(msg.Rows)
		return p, tea.Batch(p.refresh(), p.load())
	case pane.ReloadMsg:
		return p, p.load()
	case pane.OpenMsg:
		return p, p.open(msg)
	case pane.SelectMsg:
		return p, p.follow(msg)
	case pane.AnalysedMsg:
		p.known.set(msg.Analysis.Run, msg.Analysis)
		return p, p.refresh()
	}
	return p, nil
}

// refresh shows what has changed of the runs, and has the best of those in sight judged.
func (p *Pane) refresh() tea.Cmd {
	p.judged = p.list.FilterText()
	p.best.find(p.list.Shown(), p.columns.defs, p.base.name == "")
	p.replays = len(p.list.Rows()) > 0 && !slices.ContainsFunc(p.list.Rows(), func(r model.Run) bool { return !r.Replay })
	p.list.SetRows(p.list.Rows())
	if p.detail != nil {
		p.detail.show()
	}
	return p.best.judge()
}

func (p *Pane) gotRuns(runs []model.Run, err error) tea.Cmd {
	p.err, p.loaded = err, true
	if err != nil {
		return pane.Fail(err)
	}
	runs = p.guests.beside(runs)
	if p.known.forget(p.list.Rows(), runs) {
		p.best.forget() // their samples are others
	}
	same := slices.EqualFunc(p.list.Rows(), runs, sameRun)
	p.list.SetRows(runs)
	cmds := []tea.Cmd{p.refresh(), p.readings.timings(runs), p.readWanted()}
	if !same || p.base.diffs == nil {
		cmds = append(cmds, p.base.test(runs))
	}
	return tea.Batch(cmds...)
}

// open goes to a run, and reads it if the pane is where it was to be opened.
func (p *Pane) open(msg pane.OpenMsg) tea.Cmd {
	if msg.Run == "" {
		return nil
	}
	p.Dialog.Close()
	p.list.SetFilter("")
	p.chooser = nil
	if msg.To == pane.Metrics {
		p.detail = nil
		p.want = msg.Run
	}
	if !p.list.GoTo(msg.Run) && msg.To == pane.Metrics {
		return tea.Batch(p.refresh(), p.guests.invite(p.env, msg.Run, p.load))
	}
	return tea.Batch(p.refresh(), p.readWanted())
}

// readWanted reads the run that was asked for, once it is listed.
func (p *Pane) readWanted() tea.Cmd {
	if p.want == "" || !p.list.GoTo(p.want) {
		return nil
	}
	p.want = ""
	return p.readings.current(p.list, pool.Wanted)
}

// follow keeps the cursor on the experiment that another pane is at. Coming back to the
// pane leaves its own cursor alone while the experiment is the same.
func (p *Pane) follow(msg pane.SelectMsg) tea.Cmd {
	if !msg.Reaches(pane.Metrics, p.focused) || p.detail != nil {
		return nil
	}
	if run := msg.Run(); run != "" && run != p.followed {
		p.followed = run
		if !p.list.GoTo(run) && p.focused {
			p.want = run
		}
	}
	return p.list.Settle()
}

// rested follows the cursor; the best of the rows are others where the filter shows others.
func (p *Pane) rested() tea.Cmd {
	var refresh tea.Cmd
	if p.judged != p.list.FilterText() {
		refresh = p.refresh()
	}
	if !p.focused {
		return refresh
	}
	return tea.Batch(refresh, p.readings.current(p.list, pool.Visible))
}

// Keep is what is found again at the next start.
func (p *Pane) Keep() map[string]string {
	kept := p.list.Keep("run")
	kept["followed"], kept["metric"], kept["baseline"], kept["columns"] = p.followed, p.metricName(), p.base.name, p.columns.text()
	return kept
}

// Restore takes what was kept; the cursor goes to its run when the runs are listed.
func (p *Pane) Restore(kept map[string]string) {
	p.setColumns(strings.Fields(kept["columns"]))
	p.followed, p.base.name = kept["followed"], kept["baseline"]
	p.list.Restore("run", kept)
	if at := p.columns.of(kept["metric"]); at > 0 {
		p.list.Table.Column = at
	}
}

// metricName is the metric under the cursor; empty: none.
func (p *Pane) metricName() string {
	if p.detail != nil {
		return p.detail.metric()
	}
	return p.columns.name(p.list.Table.Column)
}

// runName is the run opened, else the one under the cursor; empty: none.
func (p *Pane) runName() string {
	if p.detail != nil {
		return p.detail.run
	}
	return p.list.CurrentID()
}
