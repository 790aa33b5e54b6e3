// Package submission is the way from "submit" to a job, the same wherever it starts:
// what would be submitted, a question with price and warnings whose default is No, or
// what is wrong and the way to the form, then the submission itself.
package submission

import (
	"context"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/present"
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

// env is the surroundings, with what may be asked.
type env struct {
	pane.Env
	Backend
}

// Flow is one pane's submissions; its questions lie over that pane.
type Flow struct {
	env     env
	dialog  *pane.Dialog
	preview pane.Task[[]jobs.Preview]
	start   pane.Task[[]jobs.Start]
	submit  pane.Task[[]model.Submission]
	asked   []jobs.Preview // what the question is about
	spent   func()         // after a submission, whatever came of it; nil: nothing follows
}

// New makes a flow that asks nothing yet; spent is called after each submission, and may be nil.
func New(e pane.Env, b Backend, dialog *pane.Dialog, spent func()) *Flow {
	return &Flow{env: env{e, b}, dialog: dialog, spent: spent}
}

// Busy reports whether a submission is on its way.
func (f *Flow) Busy() bool { return f.submit.Busy() }

// Start finds out what submitting some experiments would be, and then asks.
func (f *Flow) Start(ids []string) tea.Cmd {
	return f.preview.Start(f.env.Ctx, each(ids, f.env.Preview), f.previewed)
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
	ask := func(ctx context.Context) ([]jobs.Start, error) { return f.env.Starts(ctx, all), nil }
	return f.start.Start(f.env.Ctx, ask, func(starts []jobs.Start, _ error) tea.Cmd {
		question.Body = f.body(starts)
		return nil
	})
}

// answered is the end of a question whose answer was no.
func (f *Flow) answered() tea.Cmd {
	f.start.Stop()
	return pane.Say("nothing was submitted")
}

// refuse shows what is wrong; Open goes to the form, where the fix is at a key.
func (f *Flow) refuse(r board.Row, others int) {
	body := Findings(r.Verdict.Findings, check.SeverityError)
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
	f.asked = all
	var ids []string
	for _, v := range all {
		ids = append(ids, v.Row.Experiment.ID)
	}
	title := "Submit " + ids[0] + "?"
	if len(ids) > 1 {
		title = "Submit " + unit.Plural(len(ids), "experiment") + "?"
	}
	question := widget.Confirm(title, f.body(nil)...)
	f.dialog.Ask(&pane.Ask{Popup: question, No: f.answered, Yes: func() tea.Cmd {
		f.start.Stop()
		return f.submit.Start(f.env.Ctx, each(ids, f.env.Submit), f.submitted)
	}})
	return question
}

// body is the text of the question; starts are nil until they are known.
func (f *Flow) body(starts []jobs.Start) []string {
	words := make([]string, len(f.asked))
	for i := range starts {
		words[i] = present.WouldStart(starts[i].At, starts[i].Note, f.env.Now())
	}
	if len(f.asked) > 1 {
		return append(f.where(), several(f.asked, words)...)
	}
	body := append(f.where(), lines(f.asked[0], words[0])...)
	if diff := f.asked[0].Diff; diff != "" {
		body = append(body, "", "what differs from the script submitted last:")
		for _, line := range Changed(diff) {
			body = append(body, "  "+f.env.Theme.Paint(DiffTone(line), line))
		}
	}
	return body
}

// where says, before what it would take on a cluster, that a job is started here: on a
// login node where Slurm was not found that is not what was meant.
func (f *Flow) where() []string {
	if f.env.SchedulerName() != "local" {
		return nil
	}
	return []string{f.env.Theme.Paint(theme.Warn, "It is started here, on this machine: there is no Slurm."), ""}
}

// Changed are the lines of a unified diff that differ.
func Changed(diff string) []string {
	return slices.DeleteFunc(strings.Split(diff, "\n"), func(line string) bool {
		tone := DiffTone(line)
		return tone != theme.Good && tone != theme.Bad || strings.HasPrefix(line, "---") || strings.HasPrefix(line, "+++")
	})
}

// DiffTone is the colour of a line of a unified diff, beside its sign.
func DiffTone(line string) theme.Tone {
	if line == "" {
		return theme.Plain
	}
	return map[byte]theme.Tone{'+': theme.Good, '-': theme.Bad, '@': theme.Dim}[line[0]]
}

// lines are what to know of one job before it is paid for.
func lines(v jobs.Preview, start string) []string {
	r := v.Row
	out := []string{r.Experiment.ID + "  " + r.Experiment.Description}
	cost := []string{present.Placement(r.Verdict.Placement), present.Price(r.Verdict.Price), start, present.KeptResult(v.KeptAs)}
	for _, words := range cost {
		if words != "" {
			out = append(out, "  "+words)
		}
	}
	if r.Job != nil && r.Job.State.Active() {
		out = append(out, "  job "+r.Job.ID+" of it is "+r.Job.State.Words()+" already")
	}
	return append(out, Findings(r.Verdict.Findings, "")...)
}

// Findings are those of a severity, or all, each with its fix.
func Findings(all []check.Finding, only check.Severity) []string {
	return findings([]jobs.Preview{{Row: board.Row{Verdict: check.Verdict{Findings: all}}}}, only)
}

// findings are those on some experiments: each once, with those of several that it is about.
func findings(all []jobs.Preview, only check.Severity) []string {
	var order []check.Finding
	about := map[string][]string{}
	for _, v := range all {
		for _, f := range v.Row.Verdict.Findings {
			if only != "" && f.Severity != only {
				continue
			}
			if about[f.Fault] == nil {
				order = append(order, f)
			}
			about[f.Fault] = append(about[f.Fault], v.Row.Experiment.ID)
		}
	}
	var out []string
	for _, f := range order {
		who := ", all"
		if len(all) == 1 {
			who = ""
		} else if len(about[f.Fault]) < len(all) {
			who = ", " + strings.Join(about[f.Fault], " ")
		}
		out = append(out, string(f.Severity)+who+": "+f.Fault)
		if f.Fix != "" {
			out = append(out, "  "+f.Fix)
		}
	}
	return out
}

// submitted says what was, the error last, so that it is what stays on the screen.
func (f *Flow) submitted(all []model.Submission, err error) tea.Cmd {
	if f.spent != nil {
		f.spent()
	}
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
