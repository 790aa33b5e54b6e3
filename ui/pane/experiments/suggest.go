package experiments

import (
	"context"
	"fmt"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/suggest"
	"shardeck/model/sweep"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// SuggestBackend is what suggestions ask of the use cases.
type SuggestBackend interface {
	// Suggest answers which layouts are best for an experiment's model and workload; it may read traces.
	Suggest(ctx context.Context, id string, q suggest.Question) (suggest.Answer, error)
	// SettlingSweep is the sweep of the runs that would settle an answer; CreateSweep writes it.
	SettlingSweep(id, base string, a suggest.Answer) (sweep.Sweep, error)
	CreateSweep(ctx context.Context, d sweep.Sweep) (sweep.Plan, error)
}

// suggesting shows the best layouts for the experiment under the cursor, and makes a sweep of the runs that would settle it.
type suggesting struct {
	env   env
	task  pane.Task[suggest.Answer]
	write pane.Task[sweep.Plan]
}

// best asks for the best layout of the experiment under the cursor.
func (p *Pane) best() tea.Cmd {
	r, _ := p.list.Current()
	return p.suggests.ask(r.Experiment, suggest.Latency)
}

func (s *suggesting) ask(e model.Experiment, goal suggest.Goal) tea.Cmd {
	work := func(ctx context.Context) (suggest.Answer, error) {
		return s.env.Suggest(ctx, e.ID, suggest.Question{Goal: goal, Keep: !s.env.ReadOnly()})
	}
	return tea.Batch(pane.Send(pane.Note{Text: "fitting the laws to the runs here …"}),
		s.task.Start(s.env.Ctx, work, pane.Got(func(a suggest.Answer) tea.Cmd { return s.show(e, a) })))
}

// show shows an answer; its buttons ask for the other goals, and make the sweep.
func (s *suggesting) show(e model.Experiment, a suggest.Answer) tea.Cmd {
	const width = 70
	wrapped := func(texts ...string) (lines []string) {
		for _, text := range slices.DeleteFunc(texts, func(t string) bool { return t == "" }) {
			lines = append(lines, widget.Wrap(text, width)...)
		}
		return lines
	}
	rows, _ := pane.Drawn(s.env.Theme, present.Suggestions(a)).Text(s.env.Theme, width)
	body := wrapped(present.SuggestWords(a, "")...)
	if len(a.Candidates) > 0 {
		body = slices.Concat(body, []string{""}, rows)
	}
	var buttons []string
	var do []func() tea.Cmd
	for _, goal := range suggest.Goals {
		if goal != a.Question.Goal {
			buttons, do = append(buttons, string(goal)), append(do, func() tea.Cmd { return s.ask(e, goal) })
		}
	}
	if len(a.Runs) > 0 && !s.env.ReadOnly() {
		buttons, do = append(buttons, "sweep"), append(do, func() tea.Cmd { return s.settle(e, a) })
	}
	popup := &widget.Popup{Title: "Best layout by " + string(a.Question.Goal) + ", for the workload of " + e.ID, Body: body,
		Buttons: append(buttons, "Close"), Choice: len(buttons)}
	return tea.Batch(pane.Send(pane.Note{}), pane.Send(&pane.Ask{Popup: popup, Do: func(answer int) tea.Cmd { return do[answer]() }}))
}

// settle writes a sweep of the runs, and goes to its line.
func (s *suggesting) settle(e model.Experiment, a suggest.Answer) tea.Cmd {
	id := "settle"
	for n := 2; slices.Contains(s.env.SweepIDs(), id); n++ {
		id = fmt.Sprintf("settle%d", n)
	}
	return s.write.Start(s.env.Ctx, func(ctx context.Context) (sweep.Plan, error) {
		d, err := s.env.SettlingSweep(id, e.ID, a)
		if err != nil {
			return sweep.Plan{}, err
		}
		return s.env.CreateSweep(ctx, d)
	}, pane.Got(func(p sweep.Plan) tea.Cmd {
		return tea.Sequence(pane.Send(pane.ReloadMsg{}), pane.Send(pane.OpenMsg{To: pane.Experiments, Sweep: id}),
			pane.Send(pane.Note{Text: "wrote " + p.File + ": s submits it, after showing jobs and price", Tone: theme.Good}))
	}))
}
