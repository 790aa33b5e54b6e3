package experiments

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// keys is everything the pane answers to, but for moving.
func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Key{Keys: []string{"enter"}, Label: "↵", Verb: "open", Help: "open its metrics; of one that failed or runs, its job; of one that never ran, its config", Foot: true}, Do: (*Pane).open, Why: needRow},
		{Key: pane.Key{Keys: []string{"e"}, Label: "e", Verb: "edit", Help: "edit its config in the form", Foot: true}, Do: (*Pane).edit, Why: needRow},
		{Key: pane.Key{Keys: []string{"c"}, Label: "c", Verb: "clone", Help: "make a new experiment from this one, E1.9 tp=4 changes that at once; with marks, one from each", Foot: true}, Do: (*Pane).askClone, Why: mayWrite},
		{Key: pane.Key{Keys: []string{"s"}, Label: "s", Verb: "submit", Help: "submit it, or all that are marked, after showing the price", Foot: true}, Do: (*Pane).submit, Why: mayWrite},
		{Key: pane.Key{Keys: []string{" "}, Label: "space", Verb: "mark", Help: "mark it, for submit, clone and compare", Foot: true}, Do: (*Pane).mark, Why: mayMark},
		{Key: pane.Key{Keys: []string{"/"}, Label: "/", Verb: "filter", Help: "show only some: tp:4 state:failed model:~70b, ! for the opposite", Foot: true}, Do: (*Pane).askFilter},
		{Key: pane.Key{Keys: []string{">", "<"}, Label: "> <", Verb: "sort", Help: "order the list by the next column in sight, or the one before"}},
		{Key: pane.Key{Keys: []string{"o"}, Label: "o", Verb: "order", Help: "turn the order round: least or greatest first"}, Do: (*Pane).turnOrder, Why: needSort},
		{Key: pane.Key{Keys: []string{"y"}, Label: "y", Verb: "copy", Help: "copy the command that submits it, or all that are marked, again (OSC 52; it is shown as well)"}, Do: (*Pane).copyCommand, Why: needRow},
		{Key: pane.Key{Keys: []string{"t"}, Label: "t", Verb: "traces", Help: "open the traces of its newest run"}, Do: (*Pane).traces, Why: needRun},
		{Key: pane.Key{Keys: []string{"r"}, Label: "r", Verb: "refresh", Help: "read the files and ask the scheduler again"}, Do: (*Pane).refresh},
		{Key: pane.Key{Keys: []string{"esc"}, Label: "esc", Verb: "back", Help: "drop the filter, then the marks, then the order"}, Do: (*Pane).back},
	}
}

// Keys lists what the pane answers to now.
func (p *Pane) Keys() []pane.Key {
	switch {
	case p.flow.Ask != nil:
		return pane.FromHints(p.flow.Ask.Popup.Hints())
	case p.typing != nil:
		return p.typingKeys()
	}
	all := keys().Keys()
	if len(p.rows) > 0 {
		all = keys().KeysFor(p)
	}
	if p.loaded && len(p.rows) == 0 {
		pane.OnlyFoot(all, "r")
	}
	return append(all, pane.MoveKeys()...)
}

// typingKeys are those of the text field, and what may stand in it.
func (p *Pane) typingKeys() []pane.Key {
	keys := []pane.Key{{Label: "↵", Verb: "take", Foot: true}, {Label: "esc", Verb: "leave", Foot: true}}
	if p.typing.Prompt == filterPrompt {
		return append(keys, pane.Key{Label: "↑↓", Verb: "typed before", Foot: true}, pane.Key{Label: "ep:2", Verb: "state:failed model:~70b !word", Foot: true})
	}
	if strings.Contains(p.typing.Prompt, " marked") {
		return append(keys, pane.Key{Label: "tp=4 batch=8", Verb: "what is to differ; nothing: the same again", Foot: true})
	}
	return append(keys, pane.Key{Label: "E1.9", Verb: "tp=4 batch=8 changes that at once", Foot: true})
}

func (p *Pane) key(key tea.KeyMsg) tea.Cmd {
	switch {
	case p.flow.Ask != nil:
		return p.flow.Key(key.String())
	case p.typing != nil:
		return p.typeKey(key)
	}
	if p.table.MoveKey(key.String(), len(p.shown), p.tableRows()) {
		return p.moved()
	}
	if k := key.String(); k == ">" || k == "<" {
		p.sortBy(k == ">")
		return nil
	}
	cmd, _ := keys().Dispatch(p, key.String())
	return cmd
}

// sortBy orders by the next column in sight, around; numbers begin with the greatest.
func (p *Pane) sortBy(next bool) {
	var sight []int
	for _, c := range p.table.Shown(p.width) {
		if p.table.Columns[c].Title != "" {
			sight = append(sight, c)
		}
	}
	if len(sight) == 0 {
		return
	}
	at := 0
	if i := slices.Index(sight, p.sort.Column); p.sort.On && next {
		at = (i + 1) % len(sight)
	} else if p.sort.On {
		at = (max(i, 0) + len(sight) - 1) % len(sight)
	}
	p.sort = pane.Sort{On: true, Column: sight[at], Down: columns[sight[at]].Right}
	p.fill()
}

func (p *Pane) turnOrder() tea.Cmd {
	p.sort.Down = !p.sort.Down
	p.fill()
	return nil
}

func needSort(p *Pane) string {
	if !p.sort.On {
		return "the list is in the order of the files: > orders it by a column"
	}
	return ""
}

// copyCommand copies what submits the experiments from any folder.
func (p *Pane) copyCommand() tea.Cmd {
	return pane.Send(pane.CopyMsg{Text: pane.SubmitCommand(p.env.Lab, p.chosen()...)})
}

// typeKey edits the text field; a filter works while it is typed.
func (p *Pane) typeKey(key tea.KeyMsg) tea.Cmd {
	in := p.typing
	switch key.String() {
	case "enter":
		p.typing = nil
		if in.Prompt == filterPrompt {
			p.env.Filters.Add(in.Value())
		}
		return p.typed(in.Value())
	case "esc":
		p.typing = nil
		return p.dropTyped()
	}
	if text, ok := p.env.Filters.Key(key.String()); ok && in.Prompt == filterPrompt {
		in.Set(text)
	}
	in.Key(key)
	if in.Prompt == filterPrompt {
		p.setFilter(in.Value())
		return p.moved()
	}
	return nil
}

const filterPrompt = "/ "

// dropTyped is Esc in a text field: a filter goes.
func (p *Pane) dropTyped() tea.Cmd {
	p.setFilter("")
	return p.moved()
}

func (p *Pane) setFilter(text string) {
	p.filter = pane.ParseFilter(text)
	p.fill()
}

func needRow(p *Pane) string {
	if _, ok := p.current(); !ok {
		return "there is no experiment under the cursor"
	}
	return ""
}

func mayMark(p *Pane) string {
	if r, ok := p.current(); ok && r.Problem != "" {
		return name(r) + " cannot be used until its file is put right: e opens it"
	}
	return needRow(p)
}

func needRun(p *Pane) string {
	if r, ok := p.current(); !ok || r.Run == nil {
		return "it has no run yet: s submits it"
	}
	return ""
}

func mayWrite(p *Pane) string {
	if p.env.Lab.ReadOnly() {
		return pane.Locked("change or submit anything")
	}
	if r, ok := p.current(); ok && r.Problem != "" && len(p.marked) == 0 {
		return name(r) + " cannot be used until its file is put right: e opens it"
	}
	return needRow(p)
}

// open goes to what is most worth seeing of an experiment.
func (p *Pane) open() tea.Cmd {
	r, _ := p.current()
	if r.Experiment.ID == "" {
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

// edit opens the form; a file that has no id goes to the editor.
func (p *Pane) edit() tea.Cmd {
	if r, _ := p.current(); r.Experiment.ID == "" {
		return pane.Send(pane.EditMsg{Path: p.env.Lab.Workspace() + "/" + r.File})
	}
	return pane.Send(pane.OpenMsg{To: pane.Config, Experiment: p.currentID()})
}

func (p *Pane) traces() tea.Cmd {
	r, _ := p.current()
	return pane.Send(pane.OpenMsg{To: pane.Traces, Experiment: r.Experiment.ID, Run: r.Run.Name})
}

func (p *Pane) mark() tea.Cmd {
	id := p.currentID()
	if p.marked[id] {
		delete(p.marked, id)
	} else {
		p.marked[id] = true
	}
	p.table.Move(1, len(p.shown))
	return p.moved()
}

// submit asks about those marked, or the one under the cursor.
func (p *Pane) submit() tea.Cmd { return p.flow.Start(p.chosen()) }

func (p *Pane) refresh() tea.Cmd { return tea.Batch(p.load(), pane.Send(pane.RefreshJobsMsg{})) }

func (p *Pane) back() tea.Cmd {
	if !p.filter.Empty() {
		p.setFilter("")
		return nil
	}
	if len(p.marked) == 0 && p.sort.On {
		p.sort = pane.Sort{}
		p.fill()
	}
	clear(p.marked)
	return nil
}

func (p *Pane) askFilter() tea.Cmd {
	p.env.Filters.Rest()
	p.typing = widget.NewInput(filterPrompt, p.filter.Text)
	p.typed = func(text string) tea.Cmd { p.setFilter(text); return nil }
	return nil
}
