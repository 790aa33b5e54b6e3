// Package submission is the way from "submit" to a job, the same wherever it starts: what would be submitted, a question with
// price and warnings whose default is No, or what is wrong and the way to the form, then the submission itself.
package submission

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/shell"
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
	return f.preview.Start(f.env.Ctx, func(ctx context.Context) ([]jobs.Preview, error) {
		return model.Through(ids, func(id string) (jobs.Preview, error) { return f.backend.Preview(ctx, id, false) })
	}, pane.Got(f.previewed))
}

// previewed asks for confirmation, with price and warnings, or says why not.
func (f *Flow) previewed(all []jobs.Preview) tea.Cmd {
	fine := slices.DeleteFunc(slices.Clone(all), func(v jobs.Preview) bool { return !v.Row.OK() })
	if bad := model.First(all, func(v jobs.Preview) bool { return !v.Row.OK() }); bad != nil {
		return f.refuse(bad.Row, fine)
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

// refuse shows what is wrong, and goes to the form, where the fix is at a key, or on with those that are fine.
func (f *Flow) refuse(r board.Row, fine []jobs.Preview) tea.Cmd {
	question, button := "Open it in the form to put it right?", "Open"
	yes := func() tea.Cmd { return pane.Send(pane.OpenMsg{To: pane.Config, Experiment: r.Experiment.ID}) }
	if n := len(fine); n > 0 {
		question = "Go on with the " + unit.Plural(n, "experiment") + " that can be? Or take its mark off with space, or put it right."
		button = "Go on"
		yes = func() tea.Cmd { return f.previewed(fine) }
	}
	popup := &widget.Popup{Title: r.Experiment.ID + " cannot be submitted", Buttons: []string{button, "Leave"},
		Body: append(Findings(check.SeverityError, r), "", question)}
	return f.dialog.Ask(&pane.Ask{Popup: popup, No: f.answered, Yes: yes})
}

// confirm asks at once; when the jobs would start comes into the question later.
func (f *Flow) confirm(all []jobs.Preview) *widget.Popup {
	ids := model.Each(all, func(v jobs.Preview) string { return v.Row.Experiment.ID })
	title := "Submit " + ids[0] + "?"
	if len(ids) > 1 {
		title = "Submit " + unit.Plural(len(ids), "experiment") + "?"
	}
	question := widget.Confirm(title, f.body(all, nil)...)
	f.dialog.Ask(&pane.Ask{Popup: question, No: f.answered, Yes: func() tea.Cmd {
		f.start.Stop()
		return f.submit.Start(f.env.Ctx, func(ctx context.Context) ([]model.Submission, error) {
			return model.Through(all, func(v jobs.Preview) (model.Submission, error) {
				return f.backend.Submit(ctx, v.Row.Experiment.ID, jobs.SubmitOptions{Seen: v.Seal()})
			})
		}, func(done []model.Submission, err error) tea.Cmd {
			return f.submitted(ids, done, err)
		})
	}})
	return question
}

// submitted says what was; what was refused stays until it was seen, and what changed since the question is asked about again.
func (f *Flow) submitted(ids []string, all []model.Submission, err error) tea.Cmd {
	f.spent()
	n := len(all)
	done := pane.Send(pane.Note{Text: unit.Plural(n, "job") + " submitted · 3 follows them", Tone: theme.Good})
	switch {
	case errors.Is(err, jobs.ErrChanged):
		done = tea.Batch(pane.Warn(err.Error()), f.Start(ids[n:]))
	case err != nil:
		done = pane.Refused(&model.Fault{Text: ids[n] + " was not submitted", Cause: err, ToDo: model.FixOf(err)})
	case n == 1:
		done = pane.Send(pane.Note{Text: all[0].Experiment.ID + " submitted as job " + all[0].JobID + " · 3 follows it", Tone: theme.Good})
	}
	after := []tea.Cmd{pane.Send(pane.ReloadMsg{}), pane.Send(pane.RefreshJobsMsg{}), done}
	if n > 0 {
		after = slices.Insert(after, 0, pane.Send(pane.SubmittedMsg{Job: all[n-1].JobID}))
	}
	return tea.Sequence(after...)
}

// body is the text of the question; starts are nil until they are known.
func (f *Flow) body(all []jobs.Preview, starts []jobs.Start) []string {
	words := make([]string, len(all))
	for i := range starts {
		words[i] = present.WouldStart(starts[i].At, starts[i].Note, f.env.Now())
	}
	if len(all) > 1 {
		return append(Here(f.backend, f.env.Theme), several(all, words)...)
	}
	body := append(Here(f.backend, f.env.Theme), Lines(all[0], words[0])...)
	if diff := all[0].Diff; diff != "" {
		body = append(body, "", "what differs from the script submitted last:")
		for _, line := range Changed(diff) {
			body = append(body, "  "+f.env.Theme.Paint(DiffTone(line), line))
		}
	}
	return body
}

// Here says first that a job is started here: on a login node where Slurm was not found that is not what was meant.
func Here(b Backend, th *theme.Theme) []string {
	if b.SchedulerName() != "local" {
		return nil
	}
	return []string{th.Paint(theme.Warn, "It is started here, on this machine: there is no Slurm."), ""}
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
	return map[string]theme.Tone{"+": theme.Good, "-": theme.Bad, "@": theme.Dim}[line[:min(1, len(line))]]
}

// Lines are what to know of one job before it is paid for; start is when it would, empty: not known.
func Lines(v jobs.Preview, start string) []string {
	r := v.Row
	out := []string{r.Experiment.ID + "  " + r.Experiment.Description}
	for _, words := range []string{present.Placement(r.Verdict.Placement), present.Price(r.Verdict.Price), present.Plays(r.Verdict), start,
		present.KeptResult(v.KeptAs, r.Marks()), already(r)} {
		if words != "" {
			out = append(out, "  "+words)
		}
	}
	return append(out, Findings("", r)...)
}

// already says that a job of an experiment waits or runs; empty: none does.
func already(r board.Row) string {
	if r.Job == nil || !r.Job.State.Active() {
		return ""
	}
	return "job " + r.Job.ID + " of it is " + r.Job.State.Words() + " already"
}

// several is the question about more than one job: what they cost together, a line each, then what was found, each thing once.
func several(all []jobs.Preview, starts []string) []string {
	total, ids, results := 0.0, 0, 0
	rows := make([]board.Row, len(all))
	for i, v := range all {
		rows[i] = v.Row
		if v.KeptAs != "" {
			results++
		}
		ids = max(ids, widget.Width(v.Row.Experiment.ID))
		total += NodeHours(v.Row)
	}
	body := []string{"none of them is charged to an account", ""} // what is no machine's allocation has no price
	if total > 0 {
		body[0] = "together at most " + present.NodeHours(total)
	}
	if results > 0 {
		body[1] = unit.Plural(results, "earlier result") + " will be kept, as NAME@JOB, once the new ones are whole"
		body = append(body, "")
	}
	for i, r := range rows {
		body = append(body, widget.Fit(r.Experiment.ID, ids)+"  "+briefly(r, starts[i]))
	}
	if found := Findings("", rows...); len(found) > 0 {
		body = append(append(body, ""), found...)
	}
	return body
}

// NodeHours is the most that a job of an experiment may cost; 0: it has no price.
func NodeHours(r board.Row) float64 {
	if r.Verdict.Price == nil {
		return 0
	}
	return r.Verdict.Price.NodeHours
}

func briefly(r board.Row, start string) string {
	nodes := unit.Plural(r.Verdict.Placement.Nodes, "node")
	if q := r.Verdict.Placement.QOS; q != "" && q != "auto" {
		nodes += ", " + q
	}
	plays := ""
	if p := r.Verdict.Plays; p != nil && p.From > 0 {
		plays = "plays a " + model.ForecastWord
	}
	return pane.Joined(200, r.Experiment.Layout.Short(), nodes, plays, present.Cost(r.Verdict.Price), cmp.Or(already(r), start))
}

// fewIDs are named one by one where something is said of several experiments.
const fewIDs = 4

// Findings are those on experiments, of a severity or all: each once, with its fix and those of several that it is about.
func Findings(only check.Severity, all ...board.Row) []string {
	type found struct {
		check.Finding
		id string
	}
	var every []found
	for _, r := range all {
		for _, f := range r.Verdict.Findings {
			if only == "" || f.Severity == only {
				every = append(every, found{f, r.Experiment.ID})
			}
		}
	}
	slices.SortStableFunc(every, func(a, b found) int { return a.Severity.Compare(b.Severity) })
	var out []string
	for _, g := range model.Grouped(every, func(f found) string { return f.Fault }) {
		f, who := g.All[0], ", all "+unit.Int(len(all))
		if len(all) == 1 {
			who = ""
		} else if n := len(g.All); n > fewIDs && n < len(all) {
			who = ", " + unit.Int(n) + " of them"
		} else if n < len(all) {
			who = ", " + strings.Join(model.Each(g.All, func(f found) string { return f.id }), " ")
		}
		out = append(out, string(f.Severity)+who+": "+f.Fault)
		if f.Fix != "" {
			out = append(out, "  "+f.Fix)
		}
	}
	return out
}

// FindingNote is a finding as a note.
func FindingNote(f check.Finding) pane.Note {
	tone := map[check.Severity]theme.Tone{check.SeverityError: theme.Bad, check.SeverityWarning: theme.Warn}[f.Severity]
	text := f.Fault
	if f.Fix != "" {
		text += ". " + f.Fix
	}
	return pane.Note{Text: text, Tone: tone, Brief: f.Fault}
}

// Copy puts the command that submits experiments, or a sweep, from any folder into the clipboard.
func Copy(l interface{ Workspace() string }, verb string, ids ...string) tea.Cmd {
	return pane.Send(pane.CopyMsg{Text: "shardeck -C " + shell.Quote(l.Workspace()) + " " + verb + " " + strings.Join(ids, " ")})
}
