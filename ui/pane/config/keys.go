package config

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/ui/pane"
	"shardeck/ui/pane/submission"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("left right h l", "←→", "change", "go to the next legal value; numbers double and halve")},
		{Key: pane.Foot("up down k j", "↑↓", "field", "go to the field above or below")},
		{Key: pane.Foot("enter", "↵", "type", "type a value; several, as 1,2,4 or 1..64*2, make a sweep"), Do: typeValue, Why: mayEdit},
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
			func(p *Pane, f *file) tea.Cmd { return submission.Copy(p.env.Backend, "submit", f.id) }),
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
		return []pane.Key{pane.Hint("↵", "take"), pane.Hint("esc", "leave as it was"), pane.Hint("1,2,4", "several values: a sweep"),
			pane.Hint("1..64*2", "1 2 4 … 64")}
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
		if len(f.varying[k.path]) > 0 {
			return pane.Say(k.label + " has several values: ↵ types others, one alone ends the sweep over it")
		}
		value, ok := k.next(f.choices[k.path], p.edits.value(f, k.path), by)
		if !ok {
			return stops(p, f, k, by)
		}
		return p.set(f, pane.Note{}, model.Edit{Path: k.path, Value: value})
	}
	if mayEdit(p) == "" && p.edits.only(p.file, k.path) {
		return do(p, p.file)
	}
	return p.inTurn(mayEdit, do)
}

// stops says why ← or → goes no further: of a layout what would be wrong with the next value.
func stops(p *Pane, f *file, k field, by int) tea.Cmd {
	said, values, e := f.noFurther(k), f.choices[k.path], f.experiment
	if !k.legal || len(values) == 0 || by < 0 || f.off(k) != "" {
		return pane.Say(said)
	}
	last, _ := strconv.Atoi(values[len(values)-1])
	next := strconv.Itoa(2 * last)
	return func() tea.Msg {
		if why := p.env.WhyNot(e, k.path, next); why != "" {
			said = k.label + " stops at " + values[len(values)-1] + ": " + why
		}
		return pane.Note{Text: said, Brief: said}
	}
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

// fix applies the edits of the finding in the message line.
func fix(p *Pane, f *file) tea.Cmd {
	found, ok := f.finding(p.field().path)
	if !ok || len(found.Edits) == 0 {
		return pane.Say("nothing that a key can put right")
	}
	return p.set(f, pane.Note{Text: "done: " + found.Fix, Tone: theme.Good}, found.Edits...)
}

func undo(p *Pane, f *file) tea.Cmd { return stepBack(p, f, f.undo, "nothing to undo") }

func redo(p *Pane, f *file) tea.Cmd { return stepBack(p, f, f.redo, "nothing to redo") }

func stepBack(p *Pane, f *file, back func() bool, none string) tea.Cmd {
	return p.edits.change(f, nil, func() (pane.Note, error) {
		if back() {
			return pane.Note{}, nil
		}
		return pane.Note{Text: none}, nil
	})
}

// askSave works out what would change, and then asks; nil: nothing follows a save.
func askSave(p *Pane, f *file, then func() tea.Cmd) tea.Cmd {
	switch {
	case !f.modified:
		return pane.Say("nothing to save")
	case len(f.varying) > 0:
		return askSweep(p, f, f.sweepID, nil)
	}
	work := func(context.Context) (string, error) { return f.draft.Diff(), nil }
	return p.diff.Start(p.env.Ctx, work, pane.Got(func(diff string) tea.Cmd {
		popup := &widget.Popup{Title: "Save " + f.id + "?", Body: strings.Split(strings.TrimRight(diff, "\n"), "\n"),
			Buttons: []string{"Save", "Not yet"}, Tones: submission.DiffTone, Width: 50}
		return p.Dialog.Ask(&pane.Ask{Popup: popup, Yes: func() tea.Cmd {
			return p.edits.after(func() tea.Cmd { return save(p, f, then) })
		}})
	}))
}

func save(p *Pane, f *file, then func() tea.Cmd) tea.Cmd {
	work := func(context.Context) (*judged, error) { return f.save(p.env) }
	return p.save.Start(p.env.Ctx, work, func(j *judged, err error) tea.Cmd {
		switch {
		case errors.Is(err, model.ErrRefused):
			return askMerge(p, f)
		case err != nil:
			return pane.Fail(err)
		}
		f.judged = j
		done := pane.Note{Text: f.id + " saved · s submits it", Brief: f.id + " saved", Tone: theme.Good}
		after := []tea.Cmd{p.unsaved.keepSoon(), pane.Send(pane.ReloadMsg{}), pane.Send(done)}
		if then != nil {
			after = append(after, then())
		}
		return tea.Sequence(after...)
	})
}

// askMerge asks what is to become of edits whose file was changed outside meanwhile.
func askMerge(p *Pane, f *file) tea.Cmd {
	body := append([]string{"The file is no longer the one that you began with. Your changes:"}, editLines(f.edits)...)
	body = append(body, "", "Merge makes them anew in the file as it is now; w then shows and saves it.")
	popup := &widget.Popup{Title: f.id + " was changed outside", Body: body, Buttons: []string{"Merge", "Drop mine", "Leave"}, Choice: 2}
	return p.Dialog.Ask(&pane.Ask{Popup: popup, Do: func(answer int) tea.Cmd {
		delete(p.files, f.id)
		edits := [][]model.Edit{f.edits, nil}[answer]
		return tea.Batch(p.show(f.id, edits...), pane.Send(pane.ReloadMsg{}))
	}})
}

func submit(p *Pane, f *file) tea.Cmd {
	if len(f.varying) > 0 {
		return askSweep(p, f, f.sweepID, p.sweeps.Start)
	}
	ask := func() tea.Cmd { return p.flow.Start([]string{f.id}) }
	if !f.modified {
		return ask()
	}
	return askSave(p, f, ask)
}

func script(p *Pane, f *file) tea.Cmd {
	j := f.judged
	return p.preview.Start(p.env.Ctx, func(ctx context.Context) (jobs.Preview, error) {
		if j.modified {
			return p.env.PreviewOf(ctx, j.experiment, false)
		}
		return p.env.Preview(ctx, f.id, false)
	}, pane.Got(func(v jobs.Preview) tea.Cmd {
		popup := &widget.Popup{Title: v.Path, Body: scriptLines(v, j.modified), Buttons: []string{"Close"}, Tones: scriptTone}
		return p.Dialog.Ask(&pane.Ask{Popup: popup})
	}))
}

// scriptLines are a job script, what it differs in before it.
func scriptLines(v jobs.Preview, modified bool) []string {
	var body []string
	if modified {
		body = []string{"# with your changes, which are not saved yet", ""}
	}
	if changed := submission.Changed(v.Diff); len(changed) > 0 {
		body = append(body, "# what differs from the script submitted last:")
		body = append(append(body, changed...), "", "# the whole script:")
	}
	return append(body, strings.Split(strings.TrimRight(v.Script, "\n"), "\n")...)
}

func scriptTone(line string) theme.Tone {
	switch {
	case strings.HasPrefix(line, "#SBATCH"):
		return theme.Plain
	case strings.HasPrefix(line, "#"):
		return theme.Dim
	}
	return submission.DiffTone(line)
}

func showFindings(p *Pane, f *file) tea.Cmd {
	if len(f.verdict.Findings) == 0 {
		return pane.Say("the checks have nothing to say against it")
	}
	return p.Dialog.Ask(&pane.Ask{Popup: widget.Show("Findings on "+f.id, submission.Findings("", board.Row{Verdict: f.verdict}))})
}
