package submission

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/jobs"
	backend "shardeck/backend/sweep"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/sweep"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// SweepBackend is what the submission of a sweep asks of the use cases.
type SweepBackend interface {
	Backend
	ReadOnly() bool

	// ListJobs asks the scheduler: what runs must not be submitted again.
	ListJobs(ctx context.Context, refresh bool) (jobs.JobList, error)
	DueSweep(ctx context.Context, id string, o backend.SubmitOptions) (sweep.Plan, error)
	Orders(p sweep.Plan) ([]sweep.Order, error)
	PointStarts(ctx context.Context, orders []sweep.Order) []jobs.Start
	SubmitSweep(ctx context.Context, p sweep.Plan) ([]model.Submission, error)
	StopSweep(ctx context.Context, id string) ([]string, error)
}

// Sweeps is one pane's submissions of sweeps; its questions lie over all panes: a narrow one would cut the list of jobs.
type Sweeps struct {
	env     pane.Env
	backend SweepBackend
	due     pane.Task[[2]sweep.Plan] // what is ready, and that with what failed
	start   pane.Task[[]jobs.Start]
	submit  pane.Task[[]model.Submission]
	stop    pane.Task[[]string]
}

// NewSweeps makes a flow that asks nothing yet.
func NewSweeps(e pane.Env, b SweepBackend) *Sweeps {
	return &Sweeps{env: e, backend: b}
}

// Busy reports whether jobs are being submitted or cancelled.
func (f *Sweeps) Busy() bool { return f.submit.Busy() || f.stop.Busy() }

// Start finds out what of a sweep would be submitted, and asks: its points that are ready, and on demand those that failed.
func (f *Sweeps) Start(id string) tea.Cmd {
	if why := pane.Locked(f.backend, "submit anything"); why != "" {
		return pane.Warn(why)
	}
	return f.due.Start(f.env.Ctx, func(ctx context.Context) (both [2]sweep.Plan, err error) {
		if _, err = f.backend.ListJobs(ctx, false); err != nil {
			return both, err
		}
		ready, err := f.backend.DueSweep(ctx, id, backend.SubmitOptions{})
		if err != nil || ready.Count(sweep.Failed) == 0 {
			return [2]sweep.Plan{ready, ready}, err
		}
		again, err := f.backend.DueSweep(ctx, id, backend.SubmitOptions{Failed: true})
		return [2]sweep.Plan{ready, again}, err
	}, pane.Got(f.ask))
}

// ask shows points, jobs, price and time before anything is submitted; when the jobs would start comes into the question later.
func (f *Sweeps) ask(both [2]sweep.Plan) tea.Cmd {
	ready, again := both[0], both[1]
	failed := again.Count(sweep.Failed)
	buttons, plans, verb := []string{"Yes", "No"}, []sweep.Plan{ready}, "Submit "
	switch {
	case len(again.Jobs) == 0:
		return pane.Say("nothing to submit: " + present.SweepTotal(ready))
	case len(ready.Jobs) == 0:
		plans, verb = []sweep.Plan{again}, "Try again "
	case failed > 0:
		buttons, plans = []string{"Yes", "Failed too", "No"}, []sweep.Plan{ready, again}
	}
	question := &widget.Popup{Title: verb + unit.Plural(len(plans[0].Jobs), "job") + " of " + ready.Sweep.ID + "?", Buttons: buttons,
		Choice: len(buttons) - 1, Body: f.body(plans[0], "")}
	ask := &pane.Ask{Popup: question, Do: func(i int) tea.Cmd { return f.send(plans[i]) }, No: func() tea.Cmd {
		f.start.Stop()
		return pane.Say("nothing was submitted")
	}}
	return tea.Batch(pane.Send(ask), f.start.Start(f.env.Ctx, func(ctx context.Context) ([]jobs.Start, error) {
		orders, err := f.backend.Orders(plans[0])
		return f.backend.PointStarts(ctx, orders[:min(len(orders), 1)]), err
	}, func(starts []jobs.Start, _ error) tea.Cmd {
		if len(starts) > 0 {
			question.Body = f.body(plans[0], present.WouldStart(starts[0].At, starts[0].Note, f.env.Now()))
		}
		return nil
	}))
}

// body is the text of the question; start is empty until it is known.
func (f *Sweeps) body(p sweep.Plan, start string) []string {
	const width = 70 // of a question on the narrowest screen in use
	th := f.env.Theme
	lines := append(Here(f.backend, th), present.SweepTotal(p), present.SweepTime(p))
	if start != "" {
		lines = append(lines, "the first "+start)
	}
	if text := present.SweepChain(p); text != "" {
		lines = append(lines, text)
	}
	table, _ := pane.Drawn(th, present.SweepJobs(p)).Text(th, width)
	lines = append(append(lines, ""), table...)
	for _, text := range append(present.SweepRefused(p), present.Neighbours(p), present.SweepEdited(p), present.SweepForecasts(p)) {
		if text != "" {
			lines = append(lines, "")
			lines = append(lines, widget.Paragraph(th, theme.Warn, text, 0, width)...)
		}
	}
	return lines
}

func (f *Sweeps) send(p sweep.Plan) tea.Cmd {
	f.start.Stop()
	return f.submit.Start(f.env.Ctx, func(ctx context.Context) ([]model.Submission, error) { return f.backend.SubmitSweep(ctx, p) },
		func(all []model.Submission, err error) tea.Cmd {
			done := unit.Plural(len(all), "job") + " of " + p.Sweep.ID + " submitted"
			said := pane.Send(pane.Note{Text: done + " · v watches it fill · 3 follows the jobs", Tone: theme.Good})
			if err != nil {
				said = pane.Refused(&model.Fault{Text: "not all of " + p.Sweep.ID + " was submitted", Cause: err, ToDo: model.FixOf(err)})
			}
			return tea.Sequence(pane.Send(pane.ReloadMsg{}), pane.Send(pane.RefreshJobsMsg{}), said)
		})
}

// Stop asks, and cancels the jobs of a sweep.
func (f *Sweeps) Stop(id string) tea.Cmd {
	question := widget.Confirm("Cancel the jobs of "+id+"?", "Points that are measured stay; s submits the others again.")
	return pane.Send(&pane.Ask{Popup: question, Yes: func() tea.Cmd {
		return f.stop.Start(f.env.Ctx, func(ctx context.Context) ([]string, error) { return f.backend.StopSweep(ctx, id) },
			pane.Got(func(ids []string) tea.Cmd {
				return tea.Sequence(pane.Send(pane.ReloadMsg{}), pane.Send(pane.RefreshJobsMsg{}),
					pane.Say("cancelled "+unit.Plural(len(ids), "job")+" of "+id+" · s submits what is left"))
			}))
	}})
}
