package sweep

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
)

func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("v", "v", "view", "frontier, table or points (V: the one before)"),
			Do: func(p *Pane) tea.Cmd { return p.turn(1) }, Why: needSweep},
		{Key: pane.On("V", "V", "before", ""), Do: func(p *Pane) tea.Cmd { return p.turn(-1) }, Why: needSweep},
		{Key: pane.Foot("y", "y", "metric", "another metric in the table (Y: the one before)"),
			Do: func(p *Pane) tea.Cmd { return p.metric(1) }, Why: needSweep},
		{Key: pane.On("Y", "Y", "before", ""), Do: func(p *Pane) tea.Cmd { return p.metric(-1) }, Why: needSweep},
		{Key: pane.Foot("x", "x", "fields", "other fields as rows and columns of the table (X: those before)"),
			Do: func(p *Pane) tea.Cmd { return p.fields(1) }, Why: needSweep},
		{Key: pane.On("X", "X", "before", ""), Do: func(p *Pane) tea.Cmd { return p.fields(-1) }, Why: needSweep},
		{Key: pane.Foot("enter", "↵", "metrics", "open the metrics of the point under the cursor"), Do: (*Pane).open, Why: needPoint},
		{Key: pane.Foot("s", "s", "submit", "submit its points that are not done, after showing jobs and price"),
			Do: func(p *Pane) tea.Cmd { return p.sweeps.Start(p.wish.id) }, Why: needSweep},
		{Key: pane.Hint("P", "export")},
		{Key: pane.On("n", "n", "next", "the next sweep"), Do: (*Pane).next, Why: needAnother},
		{Key: pane.Foot("/", "/", "filter", "show only some rows"),
			Do: func(p *Pane) tea.Cmd { return p.list.AskFilter(&p.Dialog) }, Why: needSweep},
		{Key: pane.On(">", "> <", "next order", "order the table by the next column in sight, or the one before"),
			Do: func(p *Pane) tea.Cmd { return p.list.NextOrder(1) }},
		{Key: pane.On("<", "<", "sort back", ""), Do: func(p *Pane) tea.Cmd { return p.list.NextOrder(-1) }},
		{Key: pane.On("o", "o", "sort…", "choose by name what the table is ordered by; the same again turns it round"),
			Do: func(p *Pane) tea.Cmd { return p.list.AskOrder(&p.Dialog) }},
		{Key: pane.On("r", "r", "refresh", "work the sweep out again, and ask the scheduler"), Do: func(p *Pane) tea.Cmd {
			return tea.Batch(p.again(), pane.Send(pane.RefreshJobsMsg{}))
		}},
		{Key: pane.Foot("esc", "esc", "back", "drop the filter, then the order; then to its line on the board"), Do: (*Pane).back},
	}
}

// Keys lists what the pane answers to now.
func (p *Pane) Keys() []pane.Key {
	switch {
	case p.Dialog.Open():
		return p.Dialog.Keys()
	case p.shown == nil && p.env.Backend != nil:
		return append(keys().OnlyFoot("esc"), pane.MoveKeys()...)
	case p.env.Backend != nil:
		return append(keys().KeysFor(p), pane.MoveKeys()...)
	}
	return append(keys().Keys(), pane.MoveKeys()...)
}

func needSweep(p *Pane) string {
	return pane.WhyNot(p.shown == nil, "no sweep is shown: go to the line of one in 1, and press v")
}

func needAnother(p *Pane) string {
	return pane.WhyNot(len(p.all) < 2, "there is no other sweep")
}

// needPoint: a row of several points has none that could be opened.
func needPoint(p *Pane) string {
	r, ok := p.list.Current()
	switch {
	case !ok:
		return p.list.Missing()
	case r.Full == "":
		return "this row is of several points: v goes to the list of them"
	}
	return ""
}

func (p *Pane) turn(by int) tea.Cmd {
	p.view, p.turned = (p.view+by+len(views))%len(views), true
	p.draw()
	return nil
}

// inTable goes to the table, and there to another wish.
func (p *Pane) inTable(w wish) tea.Cmd {
	if views[p.view].name != "table" {
		p.view, p.turned = slices.IndexFunc(views, func(v view) bool { return v.name == "table" }), true
		p.draw()
		return nil
	}
	return p.wants(w)
}

func (p *Pane) metric(by int) tea.Cmd {
	all := p.shown.metrics
	at := slices.Index(all, p.wish.metric)
	return p.inTable(wish{p.wish.id, all[(at+by+len(all))%len(all)], p.wish.by})
}

func (p *Pane) fields(by int) tea.Cmd {
	all := p.shown.pairs
	at := slices.IndexFunc(all, func(pair []string) bool { return slices.Equal(pair, p.wish.by) })
	return p.inTable(wish{p.wish.id, p.wish.metric, all[(at+by+len(all))%len(all)]})
}

// open opens the metrics of a point that is measured, else the job or the config of the point.
func (p *Pane) open() tea.Cmd {
	r, _ := p.list.Current()
	for _, x := range p.shown.plan.Points {
		switch {
		case x.ID != r.Full:
		case x.Run != nil:
			return pane.Send(pane.OpenMsg{To: pane.Metrics, Experiment: x.ID, Run: x.Run.Name})
		case x.Job != nil:
			return pane.Send(pane.OpenMsg{To: pane.Jobs, Experiment: x.ID, Job: x.Job.ID})
		case x.File != "":
			return pane.Send(pane.OpenMsg{To: pane.Config, Experiment: x.ID})
		case x.Reason != "":
			return pane.Warn(x.ID + " is " + string(x.State) + ": " + x.Reason)
		}
	}
	return pane.Say("nothing of it yet: s submits the sweep")
}

func (p *Pane) next() tea.Cmd {
	return p.show(p.all[(slices.Index(p.all, p.wish.id)+1)%len(p.all)])
}

func (p *Pane) back() tea.Cmd {
	if p.list.Back() {
		return nil
	}
	return pane.Send(pane.OpenMsg{To: pane.Experiments, Sweep: p.wish.id})
}
