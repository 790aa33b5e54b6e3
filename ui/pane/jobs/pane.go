// Package jobs is the pane of the scheduler's jobs, joined to experiments: state and
// reason in words, times, and below the log of the one under the cursor and, when it
// failed, the cause and what to do.
//
// It never asks the scheduler itself: the cockpit does, once for all panes. It reads the
// log of one job, the one under the cursor, again while that job runs and is looked at; at
// those of other jobs it glances when the scheduler has answered.
package jobs

import (
	"context"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/lab"
	"shardeck/model"
	"shardeck/model/present/unit"
	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Pane is the jobs pane.
type Pane struct {
	env           pane.Env
	width, height int
	focused, away bool

	list   lab.JobList
	err    error
	loaded bool
	shown  []int // of list.Jobs, those the filter lets through
	table  widget.Table
	filter list.Filter
	want   string // id to go to when the list has it

	detail  detail            // of the job under the cursor
	titles  map[string]string // causes and stages seen, by job
	ran     map[string]bool   // the title is of when the job still ran
	runs    map[string]string // runs that jobs wrote, by job
	log     widget.Pager
	inLog   bool // keys move in the log
	search  string
	line    int  // number of the log's first line in hand; 0: not counted
	held    bool // the log shows a place that was looked for, not its end
	typing  *widget.Input
	ask     *pane.Ask
	rest    pane.Timer
	next    pane.Timer // until the log is read again
	reading pane.Task[detail]
	cancel  pane.Task[string]

	glancing pane.Task[map[string]string]
	seeking  pane.Task[sought]
}

// detail is what is known of one job beyond the scheduler's line.
type detail struct {
	id     string
	part   lab.LogPart
	logErr error
	cause  lab.Cause
	whyErr error
}

const (
	restTime   = 150 * time.Millisecond
	followTime = 4 * time.Second
	logLines   = 1000 // last lines read of a log
)

// New makes the pane.
func New(env pane.Env) *Pane {
	p := &Pane{env: env, titles: map[string]string{}, ran: map[string]bool{}, runs: map[string]string{}, table: widget.Table{Columns: columns, Column: -1}}
	p.log.Tone = logTone
	return p
}

// Init has nothing to do: the cockpit brings the jobs.
func (p *Pane) Init() tea.Cmd { return nil }

// SetSize gives the pane its room.
func (p *Pane) SetSize(width, height int) { p.width, p.height = width, height }

// SetFocus brightens the cursor of the list or of the log.
func (p *Pane) SetFocus(on bool) {
	p.focused = on
	p.bright()
}

func (p *Pane) bright() {
	p.table.Focused, p.log.Focused = p.focused && !p.inLog, p.focused && p.inLog
}

// Capturing reports a question or a text field.
func (p *Pane) Capturing() bool { return p.typing != nil || p.ask != nil }

// Update takes a message.
func (p *Pane) Update(msg tea.Msg) (pane.Pane, tea.Cmd) {
	if key, ok := msg.(tea.KeyMsg); ok {
		return p, p.key(key)
	}
	switch msg := msg.(type) {
	case pane.JobsMsg:
		return p, p.got(msg)
	case pane.BoardMsg:
		p.gotBoard(msg.Rows)
	case pane.OpenMsg:
		return p, p.open(msg)
	case pane.SubmittedMsg:
		p.want = msg.Job
	case pane.ClickMsg:
		return p, p.clicked(msg)
	case tea.BlurMsg:
		p.away = true
	case tea.FocusMsg:
		p.away = false
		return p, p.read()
	}
	return p, nil
}

func cancelled(job string, err error) tea.Cmd {
	if err != nil {
		return pane.Fail(err)
	}
	return tea.Batch(pane.Say("job "+job+" was asked to end"), pane.Send(pane.RefreshJobsMsg{}))
}

// got takes the scheduler's answer, the cursor staying on its job.
func (p *Pane) got(msg pane.JobsMsg) tea.Cmd {
	p.err, p.loaded = msg.Err, true
	if msg.Err != nil {
		return nil
	}
	if p.want == "" {
		p.want = p.currentID()
	}
	p.list = msg.List
	p.fill()
	return tea.Batch(p.read(), p.glance())
}

// gotBoard remembers which job wrote which run.
func (p *Pane) gotBoard(rows []lab.Row) {
	for _, r := range rows {
		if r.Run != nil && r.Run.JobID != "" {
			p.runs[r.Run.JobID] = r.Run.Name
		}
	}
}

func (p *Pane) open(msg pane.OpenMsg) tea.Cmd {
	if msg.To != pane.Jobs {
		return nil
	}
	if p.want = msg.Job; p.want == "" {
		p.want = p.newestOf(msg.Experiment)
	}
	p.filter = list.Filter{}
	p.fill()
	return p.read()
}

func (p *Pane) newestOf(experiment string) string {
	for _, j := range p.list.Jobs {
		if j.Experiment == experiment && experiment != "" {
			return j.ID
		}
	}
	return ""
}

// fill puts the jobs that pass the filter into the table.
func (p *Pane) fill() {
	id := p.currentID()
	if p.want != "" {
		id = p.want
	}
	p.shown = p.shown[:0]
	var cells [][]widget.Cell
	for i, j := range p.list.Jobs {
		if p.filter.Match(fields(j)) {
			p.shown = append(p.shown, i)
			cells = append(cells, p.cells(j))
		}
	}
	p.table.SetRows(cells)
	if i := slices.IndexFunc(p.shown, func(i int) bool { return p.list.Jobs[i].ID == id }); i >= 0 {
		p.table.Cursor = i
		p.want = ""
	}
}

func (p *Pane) current() (model.Job, bool) {
	if p.table.Cursor < 0 || p.table.Cursor >= len(p.shown) {
		return model.Job{}, false
	}
	return p.list.Jobs[p.shown[p.table.Cursor]], true
}

func (p *Pane) currentID() string {
	j, _ := p.current()
	return j.ID
}

// clicked goes to a job in sight, from wherever the keys were.
func (p *Pane) clicked(msg pane.ClickMsg) tea.Cmd {
	p.inLog = false
	if spot, ok := p.table.At(msg.X, msg.Line); ok && spot.Row >= 0 {
		p.table.Cursor = spot.Row
		return p.moved()
	}
	return nil
}

// moved waits for the cursor to rest before the log is read.
func (p *Pane) moved() tea.Cmd {
	return p.rest.Start(p.env, restTime, p.read)
}

// read reads the log of the job under the cursor, and why it failed.
func (p *Pane) read() tea.Cmd {
	j, ok := p.current()
	if !ok {
		p.reading.Stop()
		return nil
	}
	l := p.env.Lab
	return p.reading.Start(p.env.Ctx, func(ctx context.Context) (detail, error) {
		d := detail{id: j.ID}
		d.part, d.logErr = l.Log(ctx, j, logLines)
		if j.State.Failed() {
			d.cause, d.whyErr = l.Why(ctx, j)
		}
		return d, ctx.Err()
	}, p.gotDetail)
}

// gotDetail shows the log: its end, unless the user stands somewhere in it.
func (p *Pane) gotDetail(d detail, err error) tea.Cmd {
	if err != nil {
		return pane.Fail(err)
	}
	same := d.id == p.detail.id
	p.detail = d
	j, _ := p.current()
	p.titles[d.id], p.ran[d.id] = titleOf(d), j.State.Active()
	if !same || !p.held {
		p.showEnd(same)
	}
	p.fill()
	after := []tea.Cmd{p.follow(), pane.Send(pane.SeenMsg{Titles: map[string]string{d.id: p.titles[d.id]}})}
	if !same && d.cause.Line != "" {
		after = append(after, p.firstError())
	}
	return tea.Batch(after...)
}

// showEnd puts the lines read into the log. The cursor of one that stands at the end goes
// with it; any other stays on its line.
func (p *Pane) showEnd(same bool) {
	part := p.detail.part
	atEnd := p.log.Cursor >= len(p.log.Lines)-1
	if on := p.line + p.log.Cursor - part.Line; same && !atEnd && p.line > 0 && on >= 0 {
		p.log.First += on - p.log.Cursor
		p.log.Cursor = on
	}
	p.log.Lines, p.line, p.held = part.Lines, part.Line, false
	if !same || atEnd {
		p.log.Cursor = max(len(p.log.Lines)-1, 0)
	}
}

// follow reads the log again after a while, as long as the job runs and is looked at.
func (p *Pane) follow() tea.Cmd {
	if j, ok := p.current(); ok && j.State.Active() && p.focused && !p.away {
		return p.next.Start(p.env, followTime, func() tea.Cmd {
			if j.ID == p.currentID() && p.focused && !p.away {
				return p.read()
			}
			return nil
		})
	}
	return nil
}

// titleOf is the few words that a job's line shows of its log.
func titleOf(d detail) string {
	if d.cause.Title != "" {
		return d.cause.Title
	}
	return stageWords(d.part.Stage, d.part.Done, d.part.Total)
}

// Title says which scheduler, and how old its answer is.
func (p *Pane) Title() (left, right string) {
	left = "Jobs · " + p.env.Lab.SchedulerName()
	if !p.filter.Empty() {
		left += " · " + unit.Int(len(p.shown)) + " of " + unit.Int(len(p.list.Jobs)) + " match " + p.filter.Text
	}
	if p.loaded && !p.list.AsOf.IsZero() {
		right = "as of " + p.list.AsOf.Format("15:04:05")
		if p.list.Stale != "" {
			right += ", stale"
		}
	}
	return left, right
}

// Message is why the answer is stale, or what there is to know of the job.
func (p *Pane) Message() pane.Note {
	j, ok := p.current()
	switch {
	case p.cancel.Busy():
		return pane.Note{Text: "cancelling …", Tone: theme.Busy}
	case p.err != nil:
		return pane.FailNote(p.err)
	case p.list.Stale != "":
		return pane.Note{Text: "the scheduler did not answer: " + p.list.Stale, Tone: theme.Warn}
	case !ok:
		return pane.Note{}
	case p.detail.id == j.ID && p.detail.cause.Title != "":
		return pane.Note{Text: j.Experiment + " failed after " + unit.Clock(j.Elapsed) + ": " + p.detail.cause.Title, Tone: theme.Bad}
	}
	if j.State == model.JobCompleted && p.runs[j.ID] != "" {
		return pane.Note{Text: j.Experiment + " is done: m opens its metrics, t its traces", Tone: theme.Good}
	}
	if r := model.ReasonOf(j.Reason); j.State == model.JobPending && r.Forever {
		return pane.Note{Text: "it will not start: " + r.Words + ". x cancels it", Tone: theme.Warn}
	}
	if len(p.list.Warnings) > 0 {
		return pane.Note{Text: p.list.Warnings[0], Tone: theme.Warn}
	}
	return pane.Note{}
}
