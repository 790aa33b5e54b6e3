package experiments

import (
	"context"
	"reflect"
	"slices"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/lab"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// copyPlan is one experiment that would be made from one that is marked.
type copyPlan struct {
	from    lab.Row
	id      string
	row     lab.Row
	refused string // why it will not be made; empty: it will
}

// askCloneMarked asks what is to differ in copies of several; then shows what would be made.
func (p *Pane) askCloneMarked(ids []string, text string) tea.Cmd {
	p.typing = widget.NewInput("clone "+strconv.Itoa(len(ids))+" marked, each with ", text)
	p.typed = func(text string) tea.Cmd {
		edits, err := editsOf(strings.Fields(text))
		if err != nil {
			p.askCloneMarked(ids, text)
			return pane.Fail(err)
		}
		plans, l, known := p.plansOf(ids), p.env.Lab, p.known()
		return p.plan.Start(p.env.Ctx, func(ctx context.Context) (planned, error) {
			for i := range plans {
				known = plans[i].judge(l, edits, known)
			}
			return planned{plans, edits}, ctx.Err()
		}, p.gotPlans)
	}
	return nil
}

// planned are the copies with what is to differ in them.
type planned struct {
	plans []copyPlan
	edits []model.Edit
}

// plansOf gives each experiment the next id that is free, the plans before it counted.
func (p *Pane) plansOf(ids []string) []copyPlan {
	taken := p.taken()
	var plans []copyPlan
	for _, r := range p.rows {
		if p.marked[r.Experiment.ID] && len(plans) < len(ids) {
			next := p.freeID(r.Experiment.ID, taken)
			taken[next] = true
			plans = append(plans, copyPlan{from: r, id: next})
		}
	}
	return plans
}

// known are the experiments there are.
func (p *Pane) known() []model.Experiment {
	var out []model.Experiment
	for _, r := range p.rows {
		if r.Problem == "" {
			out = append(out, r.Experiment)
		}
	}
	return out
}

// judge finds out what a copy would be, and why it must not be made; it returns those
// known with this one. Without edits a copy is to be the same again.
func (c *copyPlan) judge(l pane.Lab, edits []model.Edit, known []model.Experiment) []model.Experiment {
	row, err := l.PlanClone(c.from.Experiment.ID, c.id, edits...)
	c.row = row
	at := slices.IndexFunc(known, func(e model.Experiment) bool { return twin(e, row.Experiment) })
	switch {
	case err != nil:
		c.refused = strings.ReplaceAll(err.Error(), "\n", " ")
	case !row.Verdict.OK():
		f, _ := row.Verdict.Worst()
		c.refused = f.Fault
	case len(edits) > 0 && at >= 0:
		c.refused = "that is " + known[at].ID
	default:
		known = append(known, row.Experiment)
	}
	return known
}

// twin tells whether two experiments differ in nothing but their names.
func twin(a, b model.Experiment) bool {
	a.ID, a.Description, a.OutputDir = b.ID, b.Description, b.OutputDir
	return reflect.DeepEqual(a, b)
}

// gotPlans asks before anything is written: what would be made, what not and why.
func (p *Pane) gotPlans(all planned, err error) tea.Cmd {
	if err != nil {
		return pane.Fail(err)
	}
	var body []string
	var good []copyPlan
	total := 0.0
	for _, c := range all.plans {
		body = append(body, p.planLine(c))
		if c.refused == "" {
			good = append(good, c)
			total += nodeHours(c.row)
		}
	}
	if len(good) == 0 {
		p.flow.Ask = &pane.Ask{Popup: widget.Show("None can be made", body)}
		return nil
	}
	body = append(body, "", "They get configs and scripts, and the marks; nothing is submitted.")
	if total > 0 {
		body = append(body, "Submitted, they would cost at most "+unit.Number(total, 2)+" node-hours together.")
	}
	title := "Make " + unit.Plural(len(good), "experiment") + "?"
	popup := &widget.Popup{Title: title, Body: body, Buttons: []string{"Make", "Leave"}}
	p.flow.Ask = &pane.Ask{Popup: popup, Yes: func() tea.Cmd { return p.makeAll(good, all.edits) }}
	return nil
}

func nodeHours(r lab.Row) float64 {
	if r.Verdict.Price == nil {
		return 0
	}
	return r.Verdict.Price.NodeHours
}

// planLine is a copy in one line: "E1.4 from E1.1  TP4 · 4 × A100-40GB on 1 node".
func (p *Pane) planLine(c copyPlan) string {
	from := c.from.Experiment.ID
	if c.refused != "" {
		return p.env.Theme.Paint(theme.Bad, "not of "+from+": "+c.refused)
	}
	e := c.row.Experiment
	words := []string{e.Layout.Short(), apart(e, traitsOf(c.from.Experiment)), present.Placement(c.row.Verdict.Placement)}
	return c.id + " from " + from + "  " + pane.Joined(200, words...)
}

// makeAll writes the copies, as far as it goes.
func (p *Pane) makeAll(plans []copyPlan, edits []model.Edit) tea.Cmd {
	l := p.env.Lab
	return p.make.Start(p.env.Ctx, func(ctx context.Context) ([]lab.Row, error) {
		var made []lab.Row
		for _, c := range plans {
			row, err := l.Clone(c.from.Experiment.ID, c.id, edits...)
			if err != nil {
				return made, err
			}
			made = append(made, row)
		}
		return made, ctx.Err()
	}, p.madeAll)
}

// madeAll marks what was made, so that s submits it.
func (p *Pane) madeAll(made []lab.Row, err error) tea.Cmd {
	clear(p.marked)
	for _, r := range made {
		p.marked[r.Experiment.ID] = true
	}
	p.setRows(append(p.rows, made...))
	if len(made) > 0 {
		p.filter = pane.Filter{}
	}
	p.fill()
	if len(made) > 0 {
		p.goTo(made[0].Experiment.ID)
	}
	if err != nil {
		return tea.Sequence(p.load(), pane.Fail(err))
	}
	note := unit.Plural(len(made), "experiment") + " made and marked · s submits them"
	return tea.Sequence(p.load(), pane.Send(pane.Note{Text: note, Tone: theme.Good}))
}
