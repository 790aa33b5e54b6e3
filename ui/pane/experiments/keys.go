package experiments

import (
	"cmp"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model/present"
	"shardeck/ui/pane"
	"shardeck/ui/pane/submission"
)

func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("enter", "↵", "open", "open its metrics; of one that failed or runs, its job; of one that never ran, its config"),
			Do: (*Pane).open, Why: needRow},
		{Key: pane.Foot("e", "e", "edit", "edit its config in the form"), Do: (*Pane).edit, Why: needRow},
		{Key: pane.Foot("c", "c", "clone", "make a new experiment from this one, E1.9 tp=4 changes that at once; with marks, one from each"),
			Do: func(p *Pane) tea.Cmd { return p.clones.ask() }, Why: mayWrite},
		{Key: pane.Foot("s", "s", "submit", "submit it, or all that are marked, after showing the price"),
			Do: func(p *Pane) tea.Cmd { return p.flow.Start(p.chosen()) }, Why: mayWrite},
		{Key: pane.Foot("space", "space", "mark", "mark it, for submit, clone and compare"),
			Do: func(p *Pane) tea.Cmd { return p.list.Mark() }, Why: mayMark},
		{Key: pane.Foot("/", "/", "filter", "show only some: tp:4 state:failed model:~70b, ! for the opposite"),
			Do: func(p *Pane) tea.Cmd { return p.list.AskFilter(&p.Dialog) }},
		{Key: pane.On(">", "> <", "sort", "order the list by the next column in sight, or the one before"),
			Do: func(p *Pane) tea.Cmd { return p.list.NextOrder(1) }},
		{Key: pane.On("<", "<", "sort back", ""), Do: func(p *Pane) tea.Cmd { return p.list.NextOrder(-1) }},
		{Key: pane.On("o", "o", "order", "turn the order round: least or greatest first"),
			Do: func(p *Pane) tea.Cmd { return p.list.Turn() }, Why: needSort},
		{Key: pane.On("y", "y", "copy", "copy the command that submits it, or all that are marked, again (OSC 52; it is shown as well)"),
			Do: func(p *Pane) tea.Cmd { return submission.Copy(p.env.Backend, p.chosen()...) }, Why: needRow},
		{Key: pane.On("t", "t", "traces", "open the traces of its newest run"), Why: needRun, Do: func(p *Pane) tea.Cmd {
			r, _ := p.list.Current()
			return pane.Send(pane.OpenMsg{To: pane.Traces, Experiment: r.Experiment.ID, Run: r.Run.Name})
		}},
		{Key: pane.On("r", "r", "refresh", "read the files and ask the scheduler again"),
			Do: func(p *Pane) tea.Cmd { return tea.Batch(p.load(), pane.Send(pane.RefreshJobsMsg{})) }},
		{Key: pane.On("esc", "esc", "back", "drop the filter, then the marks, then the order"),
			Do: func(p *Pane) tea.Cmd { p.list.Back(); return nil }},
	}
}

// Keys lists what the pane answers to now.
func (p *Pane) Keys() []pane.Key {
	switch {
	case p.Dialog.Open():
		return p.Dialog.Keys()
	case len(p.list.Rows()) > 0:
		return append(keys().KeysFor(p), pane.MoveKeys()...)
	case p.loaded:
		return append(keys().OnlyFoot("r"), pane.MoveKeys()...)
	}
	return append(keys().Keys(), pane.MoveKeys()...)
}

func needSort(p *Pane) string {
	return pane.WhyNot(p.list.Ordered() == "", "the list is in the order of the files: > orders it by a column")
}

func needRow(p *Pane) string { return p.list.Missing() }

func mayMark(p *Pane) string {
	if r, ok := p.list.Current(); ok && r.Problem != "" {
		return present.ExperimentName(r) + " cannot be used until its file is put right: e opens it"
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

func (p *Pane) open() tea.Cmd {
	r, _ := p.list.Current()
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
	if r.Experiment.ID == "" || r.NoForm {
		return pane.Send(pane.EditMsg{Path: p.env.Workspace() + "/" + r.File, Line: r.Line})
	}
	return pane.Send(pane.OpenMsg{To: pane.Config, Experiment: r.Experiment.ID})
}

// chosen are the experiments that a command is for: those marked, else the one under the cursor.
func (p *Pane) chosen() (ids []string) {
	for _, r := range p.list.Chosen() {
		if r.Experiment.ID != "" {
			ids = append(ids, r.Experiment.ID)
		}
	}
	return ids
}
