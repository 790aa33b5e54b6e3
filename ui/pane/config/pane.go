// Package config is the form in which an experiment is made: every edit is judged at
// once, and the layout on GPUs, the memory of each, the price and what is wrong stand
// beside the fields.
//
// A draft that was changed is kept until it is saved, whatever else is looked at
// meanwhile; files are written by w alone, after showing what changes.
package config

import (
	"context"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/experiments"
	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/present"
	"shardeck/ui/pane"
	"shardeck/ui/pane/submission"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Pane is the config pane.
type Pane struct {
	pane.Base
	env     env
	focused bool

	id       string                        // experiment shown; empty: none yet
	drafts   map[string]*experiments.Draft // changed or shown, by id
	experim  model.Experiment              // what the draft means now
	verdict  check.Verdict
	problem  string // what is wrong with the file itself; empty: nothing
	form     widget.Form
	formRows int   // fields in sight when last drawn
	err      error // why there is no draft

	flow  *submission.Flow
	edits []model.Edit   // to make to the draft as soon as it is open
	then  func() tea.Cmd // what follows a save; nil: nothing

	open    pane.Task[opened]
	diff    pane.Task[string]
	save    pane.Task[string]
	preview pane.Task[jobs.Preview]

	unsaved unsaved
}

// opened is a draft with the experiment it is of.
type opened struct {
	id    string
	draft *experiments.Draft
}

// New makes the pane; it shows nothing until it is told what.
func New(e pane.Env, b Backend) *Pane {
	env := env{e, b}
	p := &Pane{env: env, drafts: map[string]*experiments.Draft{}, unsaved: newUnsaved()}
	p.flow = submission.New(e, b, &p.Dialog, nil)
	return p
}

// Init looks for edits that an earlier session did not save.
func (p *Pane) Init() tea.Cmd {
	l := p.env.Lab
	return p.unsaved.found.Start(p.env.Ctx, func(context.Context) ([]model.Unsaved, error) { return l.Unsaved() }, p.gotUnsaved)
}

// SetFocus brightens the cursor.
func (p *Pane) SetFocus(on bool) { p.focused, p.form.Focused = on, on }

// Capturing reports a question or a field being typed into.
func (p *Pane) Capturing() bool {
	return p.Dialog.Open() || p.form.Input != nil
}

// Unsaved lists the experiments whose edits are not saved.
func (p *Pane) Unsaved() []string {
	var ids []string
	for id, d := range p.drafts {
		if d.Modified() {
			ids = append(ids, id)
		}
	}
	return ids
}

// Update takes a message.
func (p *Pane) Update(msg tea.Msg) (pane.Pane, tea.Cmd) {
	if key, ok := msg.(tea.KeyMsg); ok {
		return p, tea.Batch(p.key(key), p.keepSoon())
	}
	switch msg := msg.(type) {
	case pane.OpenMsg:
		if msg.To == pane.Config && msg.Experiment != "" {
			p.edits = msg.Edits
			return p, p.show(msg.Experiment)
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

// busy reports that a command has the draft: it must not be touched meanwhile.
func (p *Pane) busy() bool { return p.diff.Busy() || p.save.Busy() }

func (p *Pane) draft() *experiments.Draft { return p.drafts[p.id] }

// judge reads the draft again after a change, and has it checked.
func (p *Pane) judge() {
	if d := p.draft(); d != nil {
		p.experim = d.Experiment()
		p.verdict = p.env.Lab.Check(p.experim)
		p.problem = problemOf(d)
		p.fill()
	}
}

// problemOf is the first fault of a draft's text, by its line.
func problemOf(d *experiments.Draft) string {
	if d.Problem() == "" {
		return ""
	}
	file := d.Path()
	if i := strings.Index(file, "experiments/"); i >= 0 {
		file = file[i:]
	}
	return present.Problems(file, d.Problem())[0]
}

// Title names the experiment and says whether it is saved.
func (p *Pane) Title() (left, right string) {
	d := p.draft()
	switch {
	case p.id == "":
		return "Config", ""
	case d == nil:
		return "Config · " + p.id, ""
	}
	left = "Config · " + p.id + "  " + p.experim.Description
	switch {
	case p.save.Busy():
		right = "saving …"
	case d.Modified():
		right = "modified"
	case p.env.Lab.ReadOnly():
		right = "read-only"
	}
	return left, right
}

// Message is the finding on the field under the cursor, else the worst there is.
func (p *Pane) Message() pane.Note {
	switch {
	case p.flow.Busy():
		return pane.Note{Text: "submitting …", Tone: theme.Busy}
	case p.draft() == nil:
		return pane.Note{}
	}
	if p.problem != "" {
		return pane.Note{Text: p.problem + " · e opens the file", Brief: p.problem, Tone: theme.Bad}
	}
	f, ok := p.finding()
	if !ok {
		return pane.Note{}
	}
	note := pane.FindingNote(f)
	if len(f.Edits) > 0 {
		note.Text, note.Brief = f.Fault+". ctrl+f: "+f.Fix, f.Fault+". ctrl+f mends it"
	}
	return note
}

// finding is the one on the field under the cursor, else the worst.
func (p *Pane) finding() (check.Finding, bool) {
	path := p.field().path
	for _, f := range p.verdict.Findings {
		if f.Field == path && path != "" {
			return f, true
		}
	}
	return p.verdict.Worst()
}
