// Package submission is the way from "submit" to a job, the same wherever it starts:
// what would be submitted, a question with price and warnings whose default is No, or
// what is wrong and the way to the form, then the submission itself.
package submission

import (
	"context"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// Backend is what a submission asks of the use cases.
type Backend interface {
	SchedulerName() string

	// Preview is what Submit would submit.
	Preview(ctx context.Context, id string, nsys bool) (jobs.Preview, error)
	// Starts asks when jobs would begin; what is not known has a note.
	Starts(ctx context.Context, previews []jobs.Preview) []jobs.Start
	// Submit checks, records and submits.
	Submit(ctx context.Context, id string, o jobs.SubmitOptions) (model.Submission, error)
}

// Flow is one pane's submissions; its questions lie over that pane.
type Flow struct {
	env     pane.Env
	backend Backend
	dialog  *pane.Dialog
	preview pane.Task[[]jobs.Preview]
	start   pane.Task[[]jobs.Start]
	submit  pane.Task[[]model.Submission]
	spent   func() // after a submission, whatever came of it
}

// New makes a flow that asks nothing yet; spent is called after each submission.
func New(e pane.Env, b Backend, dialog *pane.Dialog, spent func()) *Flow {
	return &Flow{env: e, backend: b, dialog: dialog, spent: spent}
}

// Busy reports whether a submission is on its way.
func (f *Flow) Busy() bool { return f.submit.Busy() }

// Start finds out what submitting some experiments would be, and then asks.
func (f *Flow) Start(ids []string) tea.Cmd {
	return f.preview.Start(f.env.Ctx, each(ids, f.backend.Preview), f.previewed)
}

// each does something to experiments one after another, without options, up to the first error.
func each[T, O any](ids []string, do func(ctx context.Context, id string, options O) (T, error)) func(context.Context) ([]T, error) {
	return func(ctx context.Context) ([]T, error) {
		var all []T
		var none O
		for _, id := range ids {
			one, err := do(ctx, id, none)
			if err != nil {
				return all, err
			}
			all = append(all, one)
		}
		return all, nil
	}
}

// previewed asks for confirmation, with price and warnings, or says why not.
func (f *Flow) previewed(all []jobs.Preview, err error) tea.Cmd {
	if err != nil {
		return pane.Fail(err)
	}
	for _, v := range all {
		if !v.Row.OK() {
			f.refuse(v.Row, len(all)-1)
			return nil
		}
	}
	if len(all) == 0 {
		return nil
	}
	question := f.confirm(all)
	ask := func(ctx context.Context) ([]jobs.Start, error) { return f.backend.Starts(ctx, all), nil }
	return f.start.Start(f.env.Ctx, ask, func(starts []jobs.Start, _ error) tea.Cmd {
		question.Body = f.body(all, starts)
		return nil
	})
}

func (f *Flow) answered() tea.Cmd {
	f.start.Stop()
	return pane.Say("nothing was submitted")
}

// refuse shows what is wrong; Open goes to the form, where the fix is at a key.
func (f *Flow) refuse(r board.Row, others int) {
	body := Findings(check.SeverityError, r)
	if others > 0 {
		body = append(body, "", "Nor are the others yet: take its mark off with space, or put it right.")
	}
	body = append(body, "", "Open it in the form to put it right?")
	popup := &widget.Popup{Title: r.Experiment.ID + " cannot be submitted", Body: body, Buttons: []string{"Open", "Leave"}}
	f.dialog.Ask(&pane.Ask{Popup: popup, No: f.answered, Yes: func() tea.Cmd {
		return pane.Send(pane.OpenMsg{To: pane.Config, Experiment: r.Experiment.ID})
	}})
}

// confirm asks at once; when the jobs would start comes into the question later.
func (f *Flow) confirm(all []jobs.Preview) *widget.Popup {
	var ids []string
	for _, v := range all {
		ids = append(ids, v.Row.Experiment.ID)
	}
	title := "Submit " + ids[0] + "?"
	if len(ids) > 1 {
		title = "Submit " + unit.Plural(len(ids), "experiment") + "?"
	}
	question := widget.Confirm(title, f.body(all, nil)...)
	f.dialog.Ask(&pane.Ask{Popup: question, No: f.answered, Yes: func() tea.Cmd {
		f.start.Stop()
		return f.submit.Start(f.env.Ctx, each(ids, f.backend.Submit), f.submitted)
	}})
	return question
}

// submitted says what was, the error last, so that it is what stays on the screen.
func (f *Flow) submitted(all []model.Submission, err error) tea.Cmd {
	f.spent()
	n := len(all)
	done := pane.Send(pane.Note{Text: unit.Plural(n, "job") + " submitted · 3 follows them", Tone: theme.Good})
	switch {
	case err != nil:
		done = pane.Fail(err)
	case n == 1:
		done = pane.Send(pane.Note{Text: all[0].Experiment.ID + " submitted as job " + all[0].JobID + " · 3 follows it", Tone: theme.Good})
	}
	after := []tea.Cmd{pane.Send(pane.ReloadMsg{}), pane.Send(pane.RefreshJobsMsg{}), done}
	if n > 0 {
		after = slices.Insert(after, 0, pane.Send(pane.SubmittedMsg{Job: all[n-1].JobID}))
	}
	return tea.Sequence(after...)
}
