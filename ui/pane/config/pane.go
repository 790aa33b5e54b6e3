// Package config is the form in which an experiment is made: its fields, and below them what they mean: layout on GPUs, memory,
// price, faults. A key changes what is shown at once (fields.go); a command then changes the draft and judges it (draft.go),
// which is kept until it is saved (draft.go). Files are written by w alone, after showing what changes (keys.go).
package config

import (
	"context"
	"maps"
	"slices"
	"sync/atomic"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/experiments"
	laws "shardeck/backend/forecast"
	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/forecast"
	"shardeck/model/present"
	"shardeck/model/sweep"
	"shardeck/ui/pane"
	"shardeck/ui/pane/submission"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Backend is what the form asks of the use cases.
type Backend interface {
	submission.SweepBackend
	Workspace() string
	Chooser
	Check(e model.Experiment) check.Verdict
	// WhyNot is why another value of a key is not legal; empty: it is.
	WhyNot(e model.Experiment, path, value string) string
	Draft(id string) (*experiments.Draft, error)
	// PreviewOf is what would be submitted if an experiment were saved as it stands in the form.
	PreviewOf(ctx context.Context, e model.Experiment, nsys bool) (jobs.Preview, error)
	Unsaved() ([]model.Unsaved, error)
	KeepUnsaved(u model.Unsaved) error // without edits: drops what was kept

	SweepIDs() []string
	// DraftSweep works a sweep out that is not saved, and says how its file would read; CreateSweep writes that.
	DraftSweep(ctx context.Context, d sweep.Sweep) (sweep.Plan, []byte, error)
	CreateSweep(ctx context.Context, d sweep.Sweep) (sweep.Plan, error)

	// KnownLaws are fitted to what is known of the runs without reading a trace; Foretell says at once what a draft is to take by them.
	KnownLaws(ctx context.Context) (*laws.Fitted, error)
	Foretell(l *laws.Fitted, e model.Experiment, v check.Verdict) forecast.Forecast
}

// draft is the text of an experiment, as *experiments.Draft edits it. Its methods parse or wait: they are for commands.
type draft interface {
	Experiment() model.Experiment
	Err() error // what is wrong with the text itself, one fault a line; nil: nothing
	Get(path string) string
	SetAll(edits ...model.Edit) error // all or none
	Choices(path string) []string     // words the key takes; nil: any text or number
	Undo() bool
	Redo() bool
	Modified() bool
	Diff() string
	Save() error
	Path() string
	Line() int // of the first fault; 0: none
	Given(path string) bool
}

type env struct {
	pane.Env
	Backend
	laws *atomic.Pointer[laws.Fitted] // that forecasts are by; none yet: there are no forecasts
}

// Pane is the config pane.
type Pane struct {
	pane.Base
	env     env
	focused bool

	id       string           // experiment shown; empty: none yet
	file     *file            // shown; nil: none
	err      error            // why there is none
	files    map[string]*file // changed or shown, by id
	edits    *queue
	unsaved  *unsaved
	form     widget.Form
	formRows int // fields in sight when last drawn
	flow     *submission.Flow
	sweeps   *submission.Sweeps

	sweep   pane.Task[drafted]
	open    pane.Task[*file]
	diff    pane.Task[string]
	save    pane.Task[*judged]
	preview pane.Task[jobs.Preview]
	learn   pane.Task[forecast.Forecast]
}

// New makes the pane; it shows nothing until it is told what.
func New(e pane.Env, b Backend) *Pane {
	env := env{e, b, new(atomic.Pointer[laws.Fitted])}
	p := &Pane{env: env, files: map[string]*file{}, edits: &queue{env: env}}
	p.unsaved = &unsaved{env: env, files: p.files, edits: p.edits, changed: map[string]bool{},
		kept: map[string]model.Unsaved{}, pending: map[string]model.Unsaved{}}
	p.edits.made = p.unsaved.keepSoon
	p.flow, p.sweeps = submission.New(e, b, &p.Dialog, func() {}), submission.NewSweeps(e, b)
	return p
}

// Init looks for edits that an earlier session did not save.
func (p *Pane) Init() tea.Cmd { return p.unsaved.find() }

// SetFocus brightens the cursor.
func (p *Pane) SetFocus(on bool) { p.focused, p.form.Focused = on, on }

// Capturing reports a question or a field being typed into.
func (p *Pane) Capturing() bool { return p.Dialog.Open() || p.form.Input != nil }

// Unsaved lists the experiments whose edits are not saved.
func (p *Pane) Unsaved() (ids []string) {
	for _, id := range slices.Sorted(maps.Keys(p.files)) {
		if p.edits.changes(p.files[id]) {
			ids = append(ids, id)
		}
	}
	return ids
}

// KeepNow keeps the edits at once: the program ends.
func (p *Pane) KeepNow() error { return p.unsaved.store(p.unsaved.toKeep()...) }

// Update takes a message.
func (p *Pane) Update(msg tea.Msg) (pane.Pane, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyMsg:
		return p, p.key(msg)
	case pane.OpenMsg:
		if msg.To == pane.Config && msg.Experiment != "" {
			return p, p.show(msg.Experiment, msg.Edits...)
		}
	case pane.SelectMsg:
		if msg.Reaches(pane.Config, p.focused && p.id != "") && !p.Capturing() {
			return p, p.show(msg.Row.Experiment.ID)
		}
	case pane.ClickMsg:
		if at := p.form.First + msg.Line; msg.Line >= 0 && msg.Line < p.formRows && at < len(fields) {
			p.form.Cursor = at
		}
	case pane.EditedMsg:
		return p, p.edited(msg)
	}
	return p, nil
}

// busy reports that a draft is being saved: it must not be touched meanwhile.
func (p *Pane) busy() bool { return p.diff.Busy() || p.save.Busy() || p.sweep.Busy() }

func (p *Pane) field() field { return fields[p.form.Cursor] }

// firstField is where the cursor stands in a form just opened: tensor parallelism.
const firstField = 2

// show opens an experiment when the edits before it are made, and makes others to it. A file
// with unsaved edits is kept as it is; any other is read again, since it may have changed.
func (p *Pane) show(id string, edits ...model.Edit) tea.Cmd {
	return p.edits.after(func() tea.Cmd {
		if id == "" || p.busy() {
			return nil
		}
		if f := p.files[id]; f != nil && f.modified {
			p.id, p.file = id, f
			return p.take(edits)
		}
		return p.open.Start(p.env.Ctx, func(context.Context) (*file, error) { return openFile(p.env, id) },
			func(f *file, err error) tea.Cmd { return p.opened(id, f, err, edits) })
	})
}

func (p *Pane) opened(id string, f *file, err error, edits []model.Edit) tea.Cmd {
	p.err = err
	if old := p.file; old != nil && !p.edits.changes(old) {
		delete(p.files, old.id)
	}
	if id != p.id {
		p.form.Cursor, p.form.First = firstField, 0
	}
	if p.files[id] == nil && err == nil {
		p.files[id] = f
	}
	p.id, p.file = id, p.files[id]
	return tea.Batch(p.take(edits), p.foretell(p.file))
}

// foretell learns the laws of the runs, meanwhile, and shows what they say of a file as it stands; each edit asks them anew.
func (p *Pane) foretell(f *file) tea.Cmd {
	if f == nil || len(f.faults) > 0 {
		return nil
	}
	asked := f.judged
	return p.learn.Start(p.env.Ctx, func(ctx context.Context) (out forecast.Forecast, err error) {
		known, err := p.env.KnownLaws(ctx)
		if err == nil {
			p.env.laws.Store(known)
			out = p.env.Foretell(known, asked.experiment, asked.verdict)
		}
		return out, err
	}, func(said forecast.Forecast, err error) tea.Cmd {
		if err == nil && f.judged == asked { // else the edit after it has asked
			now := *asked
			now.forecast = said
			f.judged = &now
		}
		return nil // what is no forecast is no fault of the form
	})
}

// take makes the changes that came with the wish to open the file, the cursor on the first.
func (p *Pane) take(edits []model.Edit) tea.Cmd {
	f := p.file
	if len(edits) == 0 || f == nil {
		return nil
	}
	if ask := p.unsaved.undecided(f.id); ask != nil {
		return ask
	}
	if at := slices.IndexFunc(fields, func(k field) bool { return k.path == edits[0].Path }); at >= 0 {
		p.form.Cursor = at
	}
	return p.edits.change(f, edits, func() (pane.Note, error) {
		return pane.Note{Text: "changed, not saved: z takes it back, s saves and submits"}, f.setEach(edits...)
	})
}

func (p *Pane) edited(msg pane.EditedMsg) tea.Cmd {
	if msg.Err == nil {
		return tea.Batch(p.show(p.id), pane.Send(pane.ReloadMsg{}))
	}
	fault := &model.Fault{Text: "the editor ended with an error", Cause: msg.Err, ToDo: "$VISUAL or $EDITOR names the editor"}
	return tea.Sequence(p.show(p.id), pane.Fail(fault))
}

// Title names the experiment and says whether it is saved.
func (p *Pane) Title() (left, right string) {
	switch {
	case p.id == "":
		return "Config", ""
	case p.file == nil:
		return "Config · " + p.id, ""
	case p.save.Busy():
		right = "saving …"
	case len(p.file.varying) > 0:
		right = "a sweep, not saved"
	case p.edits.changes(p.file):
		right = "modified"
	case p.env.ReadOnly():
		right = "read-only"
	}
	return "Config · " + present.Joined(p.id, p.file.experiment.Description), right
}

// Message is the finding on the field under the cursor, else the worst there is.
func (p *Pane) Message() pane.Note {
	switch f := p.file; {
	case p.flow.Busy():
		return pane.Note{Text: "submitting …", Tone: theme.Busy}
	case f == nil:
		return pane.Note{}
	case len(f.faults) > 0:
		return pane.Note{Text: f.faults[0] + " · e opens the file there", Brief: f.faults[0], Tone: theme.Bad}
	}
	f, ok := p.file.finding(p.field().path)
	if len(p.file.varying) > 0 {
		return sweepNote(p.file.judged)
	} else if !ok {
		return pane.Note{Text: "↵ types a value; several, such as 1,2,4 or 1..64*2, make a sweep", Tone: theme.Dim}
	}
	note := submission.FindingNote(f)
	if len(f.Edits) > 0 {
		note.Text, note.Brief = f.Fault+". ctrl+f: "+f.Fix, f.Fault+". ctrl+f mends it"
	}
	return note
}
