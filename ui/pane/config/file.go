package config

import (
	"context"
	"errors"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// show opens an experiment. A draft with unsaved edits is kept as it is; any other is
// read again, since the file may have changed.
func (p *Pane) show(id string) tea.Cmd {
	if id == "" || p.busy() {
		p.edits = nil
		return nil
	}
	if d := p.drafts[id]; d != nil && d.Modified() {
		p.id = id
		p.judge()
		return p.takeEdits()
	}
	return p.open.Start(p.env.Ctx, func(context.Context) (opened, error) {
		d, err := p.env.Lab.Draft(id)
		return opened{id, d}, err
	}, p.gotDraft)
}

func (p *Pane) gotDraft(got opened, err error) tea.Cmd {
	p.err = err
	if old := p.draft(); old != nil && !old.Modified() {
		delete(p.drafts, p.id)
	}
	if got.id != p.id {
		p.form.Cursor, p.form.First = firstField, 0
	}
	p.id = got.id
	if err == nil {
		p.drafts[p.id] = got.draft
		p.isFile(p.id)
		p.judge()
		return p.takeEdits()
	}
	return nil
}

// takeEdits makes the changes that came with the wish to open the draft, and puts the
// cursor on the first.
func (p *Pane) takeEdits() tea.Cmd {
	edits := p.edits
	p.edits = nil
	if len(edits) == 0 {
		return nil
	}
	if ask := p.undecided(); ask != nil {
		return ask
	}
	for i, e := range edits {
		if err := p.write(e); err != nil {
			p.judge()
			return pane.Fail(err)
		}
		if at := slices.IndexFunc(fields, func(f field) bool { return f.path == e.Path }); at >= 0 && i == 0 {
			p.form.Cursor = at
		}
	}
	p.judge()
	return tea.Batch(p.keepSoon(), pane.Say("changed, not saved: z takes it back, s saves and submits"))
}

// firstField is where the cursor stands in a form just opened: tensor parallelism, what is
// changed most.
const firstField = 2

// askSave works out what would change, and then asks.
func (p *Pane) askSave() tea.Cmd {
	d := p.draft()
	p.then = nil
	if !d.Modified() {
		return pane.Say("nothing to save")
	}
	return p.diff.Start(p.env.Ctx, func(context.Context) (string, error) { return d.Diff(), nil }, p.gotDiff)
}

func (p *Pane) gotDiff(diff string, err error) tea.Cmd {
	if err != nil {
		return pane.Fail(err)
	}
	body := strings.Split(strings.TrimRight(diff, "\n"), "\n")
	popup := &widget.Popup{Title: "Save " + p.id + "?", Body: body, Buttons: []string{"Save", "Not yet"}, Tones: diffTone, Width: 50}
	p.Dialog.Ask(&pane.Ask{Popup: popup, Yes: p.doSave})
	return nil
}

// diffTone colours a unified diff.
func diffTone(line string) theme.Tone {
	switch {
	case strings.HasPrefix(line, "+"):
		return theme.Good
	case strings.HasPrefix(line, "-"):
		return theme.Bad
	case strings.HasPrefix(line, "@"):
		return theme.Dim
	}
	return theme.Plain
}

func (p *Pane) doSave() tea.Cmd {
	d, id := p.draft(), p.id
	return p.save.Start(p.env.Ctx, func(context.Context) (string, error) { return id, d.Save() }, p.saved)
}

func (p *Pane) saved(id string, err error) tea.Cmd {
	if errors.Is(err, model.ErrRefused) {
		p.then = nil
		return p.askMerge(id)
	}
	if err != nil {
		return pane.Fail(err)
	}
	p.isFile(id)
	p.judge()
	after := []tea.Cmd{p.keepSoon(), pane.Send(pane.ReloadMsg{}), pane.Send(pane.Note{Text: id + " saved · s submits it", Brief: id + " saved", Tone: theme.Good})}
	if p.then != nil {
		after = append(after, p.then())
		p.then = nil
	}
	return tea.Sequence(after...)
}

func (p *Pane) gotPreview(v jobs.Preview, err error) tea.Cmd {
	if err != nil {
		return pane.Fail(err)
	}
	var body []string
	if p.draft() != nil && p.draft().Modified() {
		body = append(body, "# with your changes, which are not saved yet", "")
	}
	if changed := changedLines(v.Diff); len(changed) > 0 {
		body = append(body, "# what differs from the script submitted last:")
		body = append(append(body, changed...), "", "# the whole script:")
	}
	body = append(body, strings.Split(strings.TrimRight(v.Script, "\n"), "\n")...)
	p.Dialog.Ask(&pane.Ask{Popup: &widget.Popup{Title: v.Path, Body: body, Buttons: []string{"Close"}, Tones: scriptTone}})
	return nil
}

// changedLines are those of a unified diff that differ.
func changedLines(diff string) []string {
	var out []string
	for _, l := range strings.Split(diff, "\n") {
		if tone := diffTone(l); tone != theme.Good && tone != theme.Bad || strings.HasPrefix(l, "---") || strings.HasPrefix(l, "+++") {
			continue
		}
		out = append(out, l)
	}
	return out
}

func scriptTone(line string) theme.Tone {
	switch {
	case strings.HasPrefix(line, "#SBATCH"):
		return theme.Plain
	case strings.HasPrefix(line, "#"):
		return theme.Dim
	}
	return diffTone(line)
}

// edited reads the file again after the editor.
func (p *Pane) edited(msg pane.EditedMsg) tea.Cmd {
	if msg.Err != nil {
		again := pane.Fail(&model.Fault{Text: "the editor ended with an error", Cause: msg.Err, ToDo: "$VISUAL or $EDITOR names the editor"})
		return tea.Sequence(p.show(p.id), again)
	}
	if p.id == "" {
		return pane.Send(pane.ReloadMsg{})
	}
	return tea.Batch(p.show(p.id), pane.Send(pane.ReloadMsg{}))
}
