package config

import (
	"context"
	"errors"
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

// fix applies the edits of the finding in the message line.
func fix(p *Pane, f *file) tea.Cmd {
	found, ok := f.finding(p.field().path)
	if !ok || len(found.Edits) == 0 {
		return pane.Say("nothing that a key can put right")
	}
	return p.set(f, pane.Note{Text: "done: " + found.Fix, Tone: theme.Good}, found.Edits...)
}

func undo(p *Pane, f *file) tea.Cmd { return stepBack(p, f, f.draft.Undo, "nothing to undo") }

func redo(p *Pane, f *file) tea.Cmd { return stepBack(p, f, f.draft.Redo, "nothing to redo") }

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
	if !f.modified {
		return pane.Say("nothing to save")
	}
	work := func(context.Context) (string, error) { return f.draft.Diff(), nil }
	return p.diff.Start(p.env.Ctx, work, func(diff string, err error) tea.Cmd {
		if err != nil {
			return pane.Fail(err)
		}
		popup := &widget.Popup{Title: "Save " + f.id + "?", Body: strings.Split(strings.TrimRight(diff, "\n"), "\n"),
			Buttons: []string{"Save", "Not yet"}, Tones: submission.DiffTone, Width: 50}
		p.Dialog.Ask(&pane.Ask{Popup: popup, Yes: func() tea.Cmd {
			return p.edits.after(func() tea.Cmd { return save(p, f, then) })
		}})
		return nil
	})
}

func save(p *Pane, f *file, then func() tea.Cmd) tea.Cmd {
	work := func(context.Context) (*judged, error) { return f.save(p.env.Backend) }
	return p.save.Start(p.env.Ctx, work, func(j *judged, err error) tea.Cmd {
		switch {
		case errors.Is(err, model.ErrRefused):
			askMerge(p, f)
			return nil
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
func askMerge(p *Pane, f *file) {
	body := append([]string{"The file is no longer the one that you began with. Your changes:"}, editLines(f.edits)...)
	body = append(body, "", "Merge makes them anew in the file as it is now; w then shows and saves it.")
	popup := &widget.Popup{Title: f.id + " was changed outside", Body: body, Buttons: []string{"Merge", "Drop mine", "Leave"}, Choice: 2}
	p.Dialog.Ask(&pane.Ask{Popup: popup, Do: func(answer int) tea.Cmd {
		delete(p.files, f.id)
		edits := [][]model.Edit{f.edits, nil}[answer]
		return tea.Batch(p.show(f.id, edits...), pane.Send(pane.ReloadMsg{}))
	}})
}

func submit(p *Pane, f *file) tea.Cmd {
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
	}, func(v jobs.Preview, err error) tea.Cmd {
		if err != nil {
			return pane.Fail(err)
		}
		popup := &widget.Popup{Title: v.Path, Body: scriptLines(v, j.modified), Buttons: []string{"Close"}, Tones: scriptTone}
		p.Dialog.Ask(&pane.Ask{Popup: popup})
		return nil
	})
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
	p.Dialog.Ask(&pane.Ask{Popup: widget.Show("Findings on "+f.id, submission.Findings("", board.Row{Verdict: f.verdict}))})
	return nil
}
