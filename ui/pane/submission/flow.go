// Package submission is the way from "submit" to a job, the same wherever it starts:
// what would be submitted, a question with price and warnings whose default is No, or
// what is wrong and the way to the form, then the submission itself.
package submission

import (
	"context"
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
	return f.preview.Start(f.env.Ctx, func(ctx context.Context) ([]jobs.Preview, error) {
		var all []jobs.Preview
		for _, id := range ids {
			one, err := f.env.Lab.Preview(ctx, id, false)
			if err != nil {
				return nil, err
			}
			all = append(all, one)
		}
		return all, nil
	}, f.previewed)
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
	ask := func(ctx context.Context) ([]jobs.Start, error) { return f.env.Lab.Starts(ctx, all), nil }
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
	body := findings(r.Verdict.Findings, check.SeverityError)
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
		return f.do(ids)
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
		body = append(body, f.diff(diff)...)
	}
	return body
}

// where says, before what it would take on a cluster, that a job is started here: on a
// login node where Slurm was not found that is not what was meant.
func (f *Flow) where() []string {
	if f.env.Lab.SchedulerName() != "local" {
		return nil
	}
	return []string{f.env.Theme.Paint(theme.Warn, "It is started here, on this machine: there is no Slurm."), ""}
}

// together is the price of several jobs; what is no machine's allocation has none.
func together(nodeHours float64) string {
	if nodeHours == 0 {
		return "none of them is charged to an account"
	}
	return "together at most " + present.NodeHours(nodeHours)
}

// diff is the changed lines of a unified diff, coloured as well as signed.
func (f *Flow) diff(text string) []string {
	tones := map[byte]theme.Tone{'+': theme.Good, '-': theme.Bad}
	var out []string
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		if line == "" || strings.HasPrefix(line, "---") || strings.HasPrefix(line, "+++") || tones[line[0]] == theme.Plain {
			continue
		}
		out = append(out, "  "+f.env.Theme.Paint(tones[line[0]], line))
	}
	return out
}

// lines are what to know of one job before it is paid for.
func lines(v jobs.Preview, start string) []string {
	r := v.Row
	out := []string{r.Experiment.ID + "  " + r.Experiment.Description}
	cost := []string{present.Placement(r.Verdict.Placement), present.Price(r.Verdict.Price), start, present.KeptResult(v.Keeps)}
	for _, words := range cost {
		if words != "" {
			out = append(out, "  "+words)
		}
	}
	if r.Job != nil && r.Job.State.Active() {
		out = append(out, "  job "+r.Job.ID+" of it is "+r.Job.State.Words()+" already")
	}
	return append(out, findings(r.Verdict.Findings, "")...)
}

// findings are those of a severity, or all, each with its fix.
func findings(all []check.Finding, only check.Severity) []string {
	var out []string
	for _, f := range all {
		if only != "" && f.Severity != only {
			continue
		}
		out = append(out, string(f.Severity)+": "+f.Fault)
		if f.Fix != "" {
			out = append(out, "  "+f.Fix)
		}
	}
	return out
}

func (f *Flow) do(ids []string) tea.Cmd {
	return f.submit.Start(f.env.Ctx, func(ctx context.Context) ([]model.Submission, error) {
		var all []model.Submission
		for _, id := range ids {
			one, err := f.env.Lab.Submit(ctx, id, jobs.SubmitOptions{})
			if err != nil {
				return all, err
			}
			all = append(all, one)
		}
		return all, nil
	}, f.submitted)
}

// submitted says what was, the error last, so that it is what stays on the screen.
func (f *Flow) submitted(all []model.Submission, err error) tea.Cmd {
	if f.spent != nil {
		f.spent()
	}
	var after []tea.Cmd
	if n := len(all); n > 0 {
		after = append(after, pane.Send(pane.SubmittedMsg{Job: all[n-1].JobID}))
	}
	after = append(after, pane.Send(pane.ReloadMsg{}), pane.Send(pane.RefreshJobsMsg{}))
	switch {
	case err != nil:
		after = append(after, pane.Fail(err))
	case len(all) == 1:
		s := all[0]
		after = append(after, pane.Send(pane.Note{Text: s.Experiment.ID + " submitted as job " + s.JobID + " · 3 follows it", Tone: theme.Good}))
	default:
		after = append(after, pane.Send(pane.Note{Text: unit.Plural(len(all), "job") + " submitted · 3 follows them", Tone: theme.Good}))
	}
	return tea.Sequence(after...)
}
