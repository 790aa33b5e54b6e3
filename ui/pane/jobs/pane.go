// Package jobs is the pane of the scheduler's jobs: state and reason in words, times, and below the log of the one under the
// cursor and, when it failed, the cause and what to do. The cockpit asks the scheduler, once for all panes. That log is read
// again while its job runs and is looked at; at those of other jobs the pane glances when the scheduler has answered.
package jobs

import (
	"context"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/progress"
	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Backend is what the pane of jobs asks of the use cases.
type Backend interface {
	SchedulerName() string
	ReadOnly() bool
	Cancel(ctx context.Context, jobID string) error
	Log(ctx context.Context, j model.Job, lines int) (jobs.LogPart, error) // the last lines
	LogFind(ctx context.Context, j model.Job, look jobs.LogLook) (part jobs.LogPart, at int, found bool, err error)
	Why(ctx context.Context, j model.Job) (jobs.Cause, error)
	GPUs(ctx context.Context, j model.Job) (jobs.GPULook, error)            // of one that runs; looks seldom
	Progress(ctx context.Context, j model.Job, p jobs.LogPart) progress.Run // by its log and by earlier runs
}

type env struct {
	pane.Env
	Backend
}

// Pane is the jobs pane.
type Pane struct {
	pane.Base
	env           env
	focused, away bool
	inLog         bool // keys move in the log

	list *list.List[model.Job]
	rows rows
	log  *jobLog

	answer jobs.JobList
	err    error
	loaded bool
	runs   map[string]string // runs that jobs wrote, by job

	cancel   pane.Task[string]
	looking  pane.Task[jobs.GPULook]
	glancing pane.Task[map[string]string]
}

const restTime = 150 * time.Millisecond // of the cursor, before the log of its job is read

// New makes the pane.
func New(e pane.Env, b Backend) *Pane {
	env := env{e, b}
	p := &Pane{env: env, rows: rows{env: env, titles: map[string]string{}, ran: map[string]bool{}}, runs: map[string]string{}}
	p.log = &jobLog{env: env, pager: widget.Pager{Tone: logTone}, told: p.told,
		job: func() (model.Job, bool) { return p.list.Current() }, watched: func() bool { return p.focused && !p.away }}
	p.list = list.New(e, list.Of[model.Job]{One: "job", ID: func(j model.Job) string { return j.ID },
		Columns: columns, Cells: p.rows.cells, Fields: fields,
		Rest: restTime, Rested: p.log.read})
	p.SetFocus(false)
	return p
}

// Init has nothing to do: the cockpit brings the jobs.
func (p *Pane) Init() tea.Cmd { return nil }

// SetFocus brightens the cursor of the list or of the log.
func (p *Pane) SetFocus(on bool) {
	p.focused = on
	p.list.Table.Focused, p.log.pager.Focused = on && !p.inLog, on && p.inLog
}

func (p *Pane) moveIn(log bool) {
	p.inLog = log
	p.SetFocus(p.focused)
}

// Update takes a message.
func (p *Pane) Update(msg tea.Msg) (pane.Pane, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		move := p.list.Move
		if p.inLog {
			move = p.log.move
		}
		return p, pane.Press(p, &p.Base, keys(), move, msg)
	case pane.ClickMsg:
		p.moveIn(false)
		return p, p.list.Click(msg.X, msg.Line)
	case pane.JobsMsg:
		return p, p.got(msg)
	case pane.BoardMsg:
		for _, r := range msg.Rows {
			for _, run := range r.Runs() {
				if run.JobID != "" {
					p.runs[run.JobID] = run.Name
				}
			}
		}
	case pane.OpenMsg:
		return p, p.open(msg)
	case pane.SubmittedMsg:
		p.list.Want(msg.Job)
	case tea.BlurMsg:
		p.away = true
	case tea.FocusMsg:
		p.away = false
		return p, p.log.read()
	}
	return p, nil
}

// got takes the scheduler's answer, the cursor staying on its job.
func (p *Pane) got(msg pane.JobsMsg) tea.Cmd {
	p.err, p.loaded = msg.Err, true
	if msg.Err != nil {
		return nil
	}
	p.answer = msg.List
	p.list.SetRows(msg.List.Jobs)
	return tea.Batch(p.log.read(), p.glance())
}

func (p *Pane) open(msg pane.OpenMsg) tea.Cmd {
	if msg.To != pane.Jobs {
		return nil
	}
	if msg.Job == "" && msg.Experiment != "" {
		if i := slices.IndexFunc(p.list.Rows(), func(j model.Job) bool { return j.Runs(msg.Experiment) }); i >= 0 {
			msg.Job = p.list.Rows()[i].ID
		}
	}
	p.list.Want(msg.Job)
	p.list.SetFilter("")
	return p.log.read()
}

// told brings what was seen of jobs into their lines, and to the other panes.
func (p *Pane) told(titles map[string]string) tea.Cmd {
	for _, j := range p.list.Rows() {
		if title, ok := titles[j.ID]; ok {
			p.rows.titles[j.ID], p.rows.ran[j.ID] = title, j.State.Active()
		}
	}
	p.list.SetRows(p.list.Rows())
	return pane.Send(pane.SeenMsg{Titles: titles})
}

// Keep is what is found again at the next start.
func (p *Pane) Keep() map[string]string { return p.list.Keep("job") }

// Restore takes what was kept.
func (p *Pane) Restore(kept map[string]string) { p.list.Restore("job", kept) }

// Title says which scheduler, and how old its answer is.
func (p *Pane) Title() (left, right string) {
	left = "Jobs · " + p.env.SchedulerName()
	if some := p.list.Filtered(); some != "" {
		left += " · " + some
	}
	if p.loaded && !p.answer.AsOf.IsZero() {
		right = "as of " + p.answer.AsOf.Format("15:04:05")
		if p.answer.Stale != "" {
			right += ", stale"
		}
	}
	return left, right
}

// Message is why the answer is stale, or what there is to know of the job.
func (p *Pane) Message() pane.Note {
	j, ok := p.list.Current()
	switch cause := p.log.causeOf(j); {
	case p.looking.Busy():
		return pane.Note{Text: "a step of job " + j.ID + " looks at its GPUs …", Tone: theme.Busy}
	case p.cancel.Busy():
		return pane.Note{Text: "cancelling …", Tone: theme.Busy}
	case p.err != nil:
		return pane.FailNote(p.err)
	case p.answer.Stale != "":
		return pane.Note{Text: "the scheduler did not answer: " + p.answer.Stale, Tone: theme.Warn}
	case !ok:
		return pane.Note{}
	case cause.Title != "" && !j.State.Failed():
		return pane.Note{Text: cause.Title, Tone: theme.Warn}
	case cause.Title != "":
		return pane.Note{Text: j.Experiment + " failed after " + unit.Clock(j.Elapsed) + ": " + cause.Title, Tone: theme.Bad}
	case j.State == model.JobCompleted && p.runs[j.ID] != "":
		return pane.Note{Text: j.Experiment + " is done: m opens its metrics, t its traces", Tone: theme.Good}
	case j.State == model.JobPending && j.Meaning.Forever:
		return pane.Note{Text: "it will not start: " + j.Meaning.Words + ". x cancels it", Tone: theme.Warn}
	case len(p.answer.Warnings) > 0:
		return pane.Note{Text: p.answer.Warnings[0], Tone: theme.Warn}
	}
	return pane.Note{}
}

// listRows is the room of the list: a third of the pane, or what the jobs need.
func (p *Pane) listRows() int { return max(min(p.list.Table.Rows(), p.Height*2/5-1), 1) }

// View draws the list, the log and the cause, and what is open over them.
func (p *Pane) View() string { return p.Frame(p.env.Theme, p.body) }

func (p *Pane) body() []string {
	j, ok := p.list.Current()
	if !ok {
		return p.empty()
	}
	lines := p.list.View(p.Width, p.listRows()+1)
	cause := p.log.causeLines(j, p.Width)
	room := p.Height - len(lines) - len(cause)
	if room < 4 {
		cause, room = nil, p.Height-len(lines)
	}
	return append(append(lines, widget.Filled(p.log.lines(j, p.Width, room), room)...), cause...)
}

func (p *Pane) empty() []string {
	switch {
	case p.err != nil:
		why := widget.Paragraph(p.env.Theme, theme.Bad, pane.FailNote(p.err).Text, 0, p.Width-6)
		return pane.Notice(slices.Concat([]string{"The scheduler cannot be asked.", ""}, why, []string{"", "r tries again"})...)
	case !p.loaded:
		return pane.Notice("asking the scheduler …")
	case p.list.Filtered() != "":
		return p.list.NoMatch(p.Width)
	}
	return pane.Notice("No jobs. Submit an experiment in 1 with s.")
}

// columns are those of jobs; some are as wide whatever is in them, so that nothing jumps.
var columns = func() []widget.Column {
	all := pane.Columns(present.Jobs(nil, nil, time.Time{}))
	all[2].Keep, all[3].Keep = len("cancelled"), 24
	return all
}()

type rows struct {
	env    env
	titles map[string]string // causes and stages seen, by job
	ran    map[string]bool   // the title is of when the job still ran
}

func (p *rows) cells(j model.Job) []widget.Cell {
	return pane.Cells(p.env.Theme, present.Job(j, p.titles[j.ID], p.env.Now()))
}

func fields(j model.Job) map[string]string { return present.Job(j, "", time.Time{}).Fields }

// glances is how many logs are looked at when the scheduler has answered: of jobs that run,
// for their stage, and of those that failed, once, for the cause.
const glances = 12

// glance finds out in a few words what the jobs are doing, or why they failed, without the cursor being on each.
func (p *Pane) glance() tea.Cmd {
	some := p.rows.toGlance(p.list.Shown())
	if len(some) == 0 {
		return nil
	}
	return p.glancing.Start(p.env.Ctx, func(ctx context.Context) (map[string]string, error) {
		titles := map[string]string{}
		for _, j := range some {
			titles[j.ID] = p.seen(ctx, j)
		}
		return titles, ctx.Err()
	}, func(titles map[string]string, err error) tea.Cmd {
		if err != nil {
			return nil
		}
		return p.told(titles)
	})
}

// toGlance are the newest jobs whose line may have something new to say.
func (p *rows) toGlance(shown []model.Job) []model.Job {
	var out []model.Job
	for _, j := range shown {
		_, known := p.titles[j.ID]
		failed := j.State.Failed() && j.State != model.JobCancelled // of a cancelled one all is said
		if len(out) < glances && (j.State == model.JobRunning || failed && (!known || p.ran[j.ID])) {
			out = append(out, j)
		}
	}
	return out
}

// seen is empty where nothing can be read.
func (p *Pane) seen(ctx context.Context, j model.Job) string {
	var d detail
	if j.State.Failed() {
		d.cause, _ = p.env.Why(ctx, j)
	} else {
		d.part, _ = p.env.Log(ctx, j, 1)
	}
	return titleOf(d)
}
