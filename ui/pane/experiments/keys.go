package experiments

import (
	"cmp"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model/present"
	"shardeck/model/sweep"
	"shardeck/ui/pane"
	"shardeck/ui/pane/submission"
)

func keys() pane.Table[*Pane] {
	return append(pane.Table[*Pane]{
		{Key: pane.Foot("enter", "↵", "open", "open its metrics; of one that failed or runs, its job; of one that never ran, its config"),
			Do: (*Pane).open, Why: needRow},
		{Key: pane.Foot("e", "e", "edit", "edit its config in the form"), Do: (*Pane).edit, Why: needRow},
		{Key: pane.Foot("c", "c", "clone", "make a new experiment from this one, E1.9 tp=4 changes that at once; with marks, one from each"),
			Do: func(p *Pane) tea.Cmd { return p.clones.ask() }, Why: mayWrite},
		{Key: pane.Foot("s", "s", "submit", "submit it, or all that are marked, after showing the price"),
			Do: (*Pane).submit, Why: maySubmit},
		{Key: pane.Foot("space", "space", "mark", "mark it, for submit, clone and compare"),
			Do: func(p *Pane) tea.Cmd { return p.list.Mark() }, Why: mayMark},
		{Key: pane.Foot("/", "/", "filter", "show only some: tp:4 state:failed model:~70b, ! for the opposite"),
			Do: func(p *Pane) tea.Cmd { return p.list.AskFilter(&p.Dialog) }},
		{Key: pane.On(">", "> <", "next order", "order the list by the next column in sight, or the one before"),
			Do: func(p *Pane) tea.Cmd { return p.list.NextOrder(1) }},
		{Key: pane.On("<", "<", "sort back", ""), Do: func(p *Pane) tea.Cmd { return p.list.NextOrder(-1) }},
		{Key: pane.On("o", "o", "sort…", "choose by name what the list is ordered by; the same again turns it round"),
			Do: func(p *Pane) tea.Cmd { return p.list.AskOrder(&p.Dialog) }},
		{Key: pane.On("y", "y", "copy", "copy the command that submits it, or all that are marked, again (OSC 52; it is shown as well)"),
			Do: func(p *Pane) tea.Cmd { return submission.Copy(p.env.Backend, "submit", p.marks.chosen()...) }, Why: needRow},
		{Key: pane.On("t", "t", "traces", "open the traces of its newest run"), Why: needRun, Do: func(p *Pane) tea.Cmd {
			r, _ := p.list.Current()
			return pane.Send(pane.OpenMsg{To: pane.Traces, Experiment: r.Experiment.ID, Run: r.Run.Name})
		}},
		{Key: pane.On("b", "b", "best layout", "suggest the best layouts for its model and workload, and the runs that would settle it"),
			Do: (*Pane).best, Why: needRow},
		{Key: pane.On("r", "r", "refresh", "read the files and ask the scheduler again"),
			Do: func(p *Pane) tea.Cmd { return tea.Batch(p.load(), pane.Send(pane.RefreshJobsMsg{})) }},
		{Key: pane.On("esc", "esc", "back", "drop the filter, then the marks, then the order"),
			Do: func(p *Pane) tea.Cmd { p.list.Back(); return nil }},
	}, lifeKeys()...)
}

// sweepKeys are what the keys of an experiment do on the line of a sweep instead.
func sweepKeys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("enter right left", "↵", "points", "show the points of the sweep, or fold them away (→ and ← do one of these)"),
			Do: func(p *Pane) tea.Cmd { return p.fold(!p.rows.open[p.here().key()]) }},
		{Key: pane.Foot("v", "v", "results", "tables, frontier and points of the sweep"), Do: func(p *Pane) tea.Cmd {
			return pane.Send(pane.OpenMsg{To: pane.Sweep, Sweep: p.here().Sweep.ID})
		}},
		{Key: pane.Foot("s", "s", "submit", "submit its points that are not done, after showing jobs and price"),
			Do: func(p *Pane) tea.Cmd { return p.sweeps.Start(p.here().Sweep.ID) }, Why: mayRun},
		{Key: pane.Foot("x", "x", "stop…", "cancel its jobs, after asking; what is measured stays"),
			Do: func(p *Pane) tea.Cmd { return p.sweeps.Stop(p.here().Sweep.ID) }, Why: mayStop},
		{Key: pane.Foot("e", "e", "$EDITOR", "open its file in $VISUAL, $EDITOR or vi"), Do: func(p *Pane) tea.Cmd {
			return pane.Send(pane.EditMsg{Path: p.env.Workspace() + "/" + p.here().File})
		}},
		{Key: pane.On("c", "c", "clone", ""), Do: func(p *Pane) tea.Cmd { return nil }, Why: func(p *Pane) string {
			return "a sweep is made in the form: e on " + p.here().Sweep.Base + ", and values such as 1,2,4 in a field"
		}},
		{Key: pane.On("space", "space", "mark", "mark its points that are experiments already"), Do: func(p *Pane) tea.Cmd { p.marks.turn(p.here()); return nil }, Why: mayMarkAll},
		{Key: pane.On("y", "y", "copy", "copy the command that submits it (OSC 52; it is shown as well)"), Do: func(p *Pane) tea.Cmd {
			return submission.Copy(p.env.Backend, "sweep submit", p.here().Sweep.ID)
		}},
	}
}

// pointKeys are what a point of a sweep answers to besides.
func pointKeys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.On("left", "←", "fold", "back to the line of its sweep, which folds"), Do: func(p *Pane) tea.Cmd { return p.fold(false) }},
		{Key: pane.Foot("v", "v", "results", "the results of its sweep"), Do: func(p *Pane) tea.Cmd {
			return pane.Send(pane.OpenMsg{To: pane.Sweep, Sweep: p.here().Sweep.ID})
		}},
	}
}

// table is the keys as the line under the cursor has them.
func (p *Pane) table() pane.Table[*Pane] {
	own := pointKeys()
	switch r, _ := p.list.Current(); {
	case p.loaded && len(p.list.Rows()) == 0:
		own = emptyKeys()
	case r.sweep != nil:
		own = sweepKeys()
	case r.of == nil:
		return keys()
	}
	return append(own, slices.DeleteFunc(keys(), func(b pane.Bind[*Pane]) bool {
		return slices.ContainsFunc(own, func(o pane.Bind[*Pane]) bool { return o.Keys[0] == b.Keys[0] })
	})...)
}

// Keys lists what the pane answers to now.
func (p *Pane) Keys() []pane.Key {
	switch {
	case p.Dialog.Open():
		return p.Dialog.Keys()
	case len(p.list.Rows()) > 0:
		return append(p.table().KeysFor(p), pane.MoveKeys()...)
	case p.loaded && p.err == nil:
		return append(p.table().OnlyFoot("enter", "n", "r"), pane.MoveKeys()...)
	}
	return append(append(keys().Keys(), sweepKeys().Within("on a sweep")...), pane.MoveKeys()...)
}

// here is the sweep under the cursor, or that of the point there.
func (p *Pane) here() *scan {
	r, _ := p.list.Current()
	return cmp.Or(r.sweep, r.of)
}

// fold shows or hides the points of the sweep under the cursor, which goes to its line.
func (p *Pane) fold(open bool) tea.Cmd {
	key := p.here().key()
	if delete(p.rows.open, key); open {
		p.rows.open[key] = true
	}
	p.list.GoTo(key)
	p.list.Refold(key)
	return nil
}

func mayMarkAll(p *Pane) string {
	return pane.WhyNot(len(p.here().written()) == 0, "its points get their configs when it is submitted: s submits all of them")
}

func mayRun(p *Pane) string {
	return pane.WhyNot(p.here().err != nil, "its file must be put right first: e opens it")
}

func mayStop(p *Pane) string {
	return cmp.Or(pane.Locked(p.env.Backend, "cancel jobs"), pane.WhyNot(!p.here().live, "no job of it waits or runs"))
}

func needRow(p *Pane) string { return p.list.Missing() }

func mayMark(p *Pane) string {
	r, ok := p.list.Current()
	if why := r.pending(); why != "" {
		return why
	} else if ok && r.Problem != "" {
		return present.ExperimentName(r.Row) + " cannot be used until its file is put right: e opens it"
	}
	return p.list.Missing()
}

func needRun(p *Pane) string {
	if r, ok := p.list.Current(); !ok || r.Run == nil {
		return "it has no run yet: s submits it"
	}
	return ""
}

func mayWrite(p *Pane) string {
	if len(p.list.Marks) > 0 {
		return cmp.Or(pane.Locked(p.env.Backend, "change or submit anything"), p.list.Missing())
	}
	return cmp.Or(pane.Locked(p.env.Backend, "change or submit anything"), mayMark(p))
}

// submit submits what is marked, else what is under the cursor: of a point that is no experiment yet, its sweep.
func (p *Pane) submit() tea.Cmd {
	if r, _ := p.list.Current(); len(p.list.Marks) == 0 && r.pending() != "" {
		return p.sweeps.Start(r.of.Sweep.ID)
	}
	return p.flow.Start(p.marks.chosen())
}

func maySubmit(p *Pane) string {
	if r, _ := p.list.Current(); r.pending() != "" && r.point.State != sweep.Impossible {
		return pane.Locked(p.env.Backend, "change or submit anything")
	}
	return mayWrite(p)
}

func (p *Pane) open() tea.Cmd {
	r, _ := p.list.Current()
	if why := r.pending(); why != "" {
		return pane.Warn(why)
	}
	if r.Experiment.ID == "" || r.NoForm && r.Job == nil {
		return p.edit()
	}
	msg := pane.OpenMsg{Experiment: r.Experiment.ID}
	if r.Run != nil {
		msg.Run = r.Run.Name
	}
	if r.Job != nil {
		msg.Job = r.Job.ID
	}
	switch {
	case r.Job != nil && (r.Job.State.Failed() || r.Job.State.Active()):
		msg.To = pane.Jobs
	case r.Run != nil:
		msg.To = pane.Metrics
	default:
		msg.To = pane.Config
	}
	return pane.Send(msg)
}

// edit opens the form; a file that has none, or no id, goes to the editor, at its first fault.
func (p *Pane) edit() tea.Cmd {
	r, _ := p.list.Current()
	if why := r.pending(); why != "" {
		return pane.Warn(why)
	}
	if r.Experiment.ID == "" || r.NoForm {
		return pane.Send(pane.EditMsg{Path: p.env.Workspace() + "/" + r.File, Line: r.Line})
	}
	return pane.Send(pane.OpenMsg{To: pane.Config, Experiment: r.Experiment.ID})
}
