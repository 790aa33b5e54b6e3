package config

import (
	"cmp"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/pane/submission"
	"shardeck/ui/widget"
)

func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("left right h l", "←→", "change", "go to the next legal value; numbers double and halve")},
		{Key: pane.Foot("up down k j", "↑↓", "field", "go to the field above or below")},
		{Key: pane.Foot("enter", "↵", "type", "type a value"), Do: typeValue, Why: mayEdit},
		inTurn(pane.Foot("w ctrl+s", "w", "save", "save, after showing what changes"), mayEdit, func(p *Pane, f *file) tea.Cmd {
			return askSave(p, f, nil)
		}),
		inTurn(pane.Foot("s", "s", "submit", "save if needed, show the price, and submit"), mayEdit, submit),
		inTurn(pane.On("ctrl+f", "ctrl+f", "fix", "take the fix offered in the message line"), mayEdit, fix),
		inTurn(pane.Foot("z", "z", "undo", "take back the last change (Z brings it again)"), mayEdit, undo),
		inTurn(pane.On("Z", "Z", "redo", ""), mayEdit, redo),
		inTurn(pane.Foot("p", "p", "script", "show the job script, and how it differs from the one submitted last"), needFile, script),
		inTurn(pane.On("f", "f", "findings", "list everything the checks found"), needFile, showFindings),
		inTurn(pane.Foot("e", "e", "$EDITOR", "open the file in $VISUAL, $EDITOR or vi"), mayOpenEditor, func(_ *Pane, f *file) tea.Cmd {
			return pane.Send(pane.EditMsg{Path: f.draft.Path(), Line: f.draft.Line()})
		}),
		inTurn(pane.On("y", "y", "copy", "copy the command that submits it (OSC 52; it is shown as well)"), needFile,
			func(p *Pane, f *file) tea.Cmd { return submission.Copy(p.env.Backend, f.id) }),
		{Key: pane.On("esc", "esc", "back", "back to the experiments; changes are kept until saved"), Do: func(*Pane) tea.Cmd {
			return pane.Send(pane.OpenMsg{To: pane.Experiments})
		}},
	}
}

// inTurn is an entry for what waits until the edits before it are made.
func inTurn(key pane.Key, why func(*Pane) string, do func(*Pane, *file) tea.Cmd) pane.Bind[*Pane] {
	return pane.Bind[*Pane]{Key: key, Why: why, Do: func(p *Pane) tea.Cmd { return p.inTurn(why, do) }}
}

// inTurn does something to the file now shown when the edits before it are made, if it may still.
func (p *Pane) inTurn(why func(*Pane) string, do func(*Pane, *file) tea.Cmd) tea.Cmd {
	f := p.file
	return p.edits.after(func() tea.Cmd {
		if text := why(p); text != "" {
			return pane.Warn(text)
		}
		return do(p, f)
	})
}

// Keys lists what the pane answers to now.
func (p *Pane) Keys() []pane.Key {
	switch {
	case p.Dialog.Open():
		return p.Dialog.Keys()
	case p.form.Input != nil:
		return []pane.Key{pane.Hint("↵", "take"), pane.Hint("esc", "leave as it was")}
	case p.file == nil && p.env.Backend != nil:
		return keys().OnlyFoot("esc")
	}
	return keys().Keys()
}

func (p *Pane) key(key tea.KeyMsg) tea.Cmd {
	if p.form.Input != nil && !p.Dialog.Open() {
		return typed(p, key)
	}
	return pane.Press(p, &p.Base, keys(), p.move, key)
}

func (p *Pane) move(key string) (tea.Cmd, bool) {
	switch key {
	case "left", "h":
		return step(p, -1), true
	case "right", "l":
		return step(p, 1), true
	case "up", "k":
		p.form.Move(-1, len(fields))
	case "down", "j":
		p.form.Move(1, len(fields))
	}
	return nil, false
}

func needFile(p *Pane) string {
	if p.file == nil {
		return "no experiment is open: choose one in 1"
	}
	return ""
}

func mayEdit(p *Pane) string {
	why := needFile(p)
	if p.busy() {
		why = "wait: the draft is being saved"
	}
	return cmp.Or(pane.Locked(p.env.Backend, "change or submit anything"), why)
}

func mayOpenEditor(p *Pane) string {
	if p.file == nil {
		return needFile(p)
	}
	if why := mayEdit(p); why != "" || !p.file.modified {
		return why
	}
	return "save with w first: the editor would not see your changes"
}

// step goes to the next value of the field under the cursor. Its choices do not depend on
// itself, so only edits of other fields are waited for.
func step(p *Pane, by int) tea.Cmd {
	k := p.field()
	do := func(p *Pane, f *file) tea.Cmd {
		value, ok := k.next(f.choices[k.path], p.edits.value(f, k.path), by)
		if !ok {
			return pane.Say(f.noFurther(k))
		}
		return p.set(f, pane.Note{}, model.Edit{Path: k.path, Value: value})
	}
	if mayEdit(p) == "" && p.edits.only(p.file, k.path) {
		return do(p, p.file)
	}
	return p.inTurn(mayEdit, do)
}

// set changes keys of a file, once it is decided on edits that an earlier session left.
func (p *Pane) set(f *file, note pane.Note, edits ...model.Edit) tea.Cmd {
	if ask := p.unsaved.undecided(f.id); ask != nil {
		return ask
	}
	return p.edits.change(f, edits, func() (pane.Note, error) { return note, f.set(edits...) })
}

func typeValue(p *Pane) tea.Cmd {
	p.form.Input = widget.NewInput("", p.edits.value(p.file, p.field().path))
	return nil
}

func typed(p *Pane, key tea.KeyMsg) tea.Cmd {
	in, path := p.form.Input, p.field().path
	switch key.String() {
	case "esc":
		p.form.Input = nil
	case "enter":
		p.form.Input = nil
		edit := model.Edit{Path: path, Value: strings.TrimSpace(in.Value())}
		return p.inTurn(mayEdit, func(p *Pane, f *file) tea.Cmd {
			if edit.Value == f.values[path] {
				return nil
			}
			return p.set(f, pane.Note{}, edit)
		})
	default:
		in.Key(key)
	}
	return nil
}
