package jobs

import (
	"context"
	"strconv"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model/present/unit"
	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// keys is everything the pane answers to, but for moving.
func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Key{Keys: []string{"enter"}, Label: "↵", Verb: "log", Help: "move in the log of the job under the cursor; esc comes back", Foot: true}, Do: (*Pane).enterLog, Why: needJob},
		{Key: pane.Key{Keys: []string{"/"}, Label: "/", Verb: "filter", Help: "show only some jobs: state:failed exp:E1.3; in the log, search", Foot: true}, Do: (*Pane).askText},
		{Key: pane.Key{Keys: []string{"n"}, Label: "n N", Verb: "next", Help: "the next line that matches the search, or the one before"}, Do: func(p *Pane) tea.Cmd { return p.find(false) }, Why: needLog},
		{Key: pane.Key{Keys: []string{"N"}, Label: "N", Verb: "before"}, Do: func(p *Pane) tea.Cmd { return p.find(true) }, Why: needLog},
		{Key: pane.Key{Keys: []string{"E"}, Label: "E", Verb: "error", Help: "go to the first error in the log", Foot: true}, Do: (*Pane).toError, Why: needLog},
		{Key: pane.Key{Keys: []string{"w"}, Label: "w", Verb: "wrap", Help: "wrap long lines of the log, or cut them"}, Do: (*Pane).wrap, Why: needLog},
		{Key: pane.Key{Keys: []string{"f"}, Label: "f", Verb: "fix…", Help: "take a fix of a failed job into its config, to be looked at before it is saved", Foot: true}, Do: (*Pane).askFix, Why: needFix},
		{Key: pane.Key{Keys: []string{"m"}, Label: "m", Verb: "metrics", Help: "open the metrics of the run that the job wrote", Foot: true}, Do: func(p *Pane) tea.Cmd { return p.openRun(pane.Metrics) }, Why: needRun},
		{Key: pane.Key{Keys: []string{"t"}, Label: "t", Verb: "traces", Help: "open the traces of the run that the job wrote"}, Do: func(p *Pane) tea.Cmd { return p.openRun(pane.Traces) }, Why: needRun},
		{Key: pane.Key{Keys: []string{"x"}, Label: "x", Verb: "cancel…", Help: "cancel the job, after asking", Foot: true}, Do: (*Pane).askCancel, Why: mayCancel},
		{Key: pane.Key{Keys: []string{"r"}, Label: "r", Verb: "refresh", Help: "ask the scheduler again, as far as its floor allows", Foot: true}, Do: (*Pane).refresh},
		{Key: pane.Key{Keys: []string{"y"}, Label: "y", Verb: "copy id", Help: "copy the job's id (OSC 52; it is shown as well)", Foot: true}, Do: (*Pane).copyID, Why: needJob},
		{Key: pane.Key{Keys: []string{"esc"}, Label: "esc", Verb: "back", Help: "leave the log, then drop the filter"}, Do: (*Pane).back},
	}
}

// Keys lists what the pane answers to now.
func (p *Pane) Keys() []pane.Key {
	switch {
	case p.ask != nil && p.ask.Do != nil:
		n := strconv.Itoa(len(p.ask.Popup.Buttons) - 1)
		return []pane.Key{{Label: "1–" + n, Verb: "take it into the form", Foot: true}, {Label: "←→ ↵", Verb: "choose", Foot: true}, {Label: "esc", Verb: "leave", Foot: true}}
	case p.ask != nil:
		return pane.FromHints(p.ask.Popup.Hints())
	case p.typing != nil:
		return []pane.Key{{Label: "↵", Verb: "take", Foot: true}, {Label: "esc", Verb: "leave", Foot: true}}
	}
	all := keys().Keys()
	if p.env.Lab != nil {
		all = keys().KeysFor(p)
	}
	if len(p.list.Jobs) == 0 {
		pane.OnlyFoot(all, "r")
	}
	return append(all, pane.MoveKeys()...)
}

func (p *Pane) key(key tea.KeyMsg) tea.Cmd {
	k := key.String()
	switch {
	case p.ask != nil:
		cmd, done := p.ask.Key(k)
		if done {
			p.ask = nil
		}
		return cmd
	case p.typing != nil:
		return p.typeKey(key)
	case p.inLog && (k == "G" || k == "end"):
		return p.toEnd()
	case p.inLog && p.log.MoveKey(k, len(p.log.Lines), p.logRows()):
		return nil
	case !p.inLog && p.table.MoveKey(k, len(p.shown), p.listRows()):
		return p.moved()
	}
	cmd, _ := keys().Dispatch(p, k)
	return cmd
}

func needJob(p *Pane) string {
	if _, ok := p.current(); !ok {
		return "there is no job under the cursor"
	}
	return ""
}

func needLog(p *Pane) string {
	if len(p.log.Lines) == 0 {
		return "there is no log yet"
	}
	return ""
}

func needFix(p *Pane) string {
	j, ok := p.current()
	switch {
	case !ok:
		return needJob(p)
	case !j.State.Failed():
		return "job " + j.ID + " has not failed: there is nothing to mend"
	case p.env.Lab.ReadOnly():
		return pane.Locked("change anything")
	case p.detail.id != j.ID:
		return "wait: its log is being read"
	case len(p.detail.cause.Remedies) == 0:
		return "no change of the config mends this: see what to try below the log"
	}
	return ""
}

// askFix offers the changes that may mend the job; the form shows what one does.
func (p *Pane) askFix() tea.Cmd {
	c, j := p.detail.cause, p.detail.id
	popup := &widget.Popup{Title: "Mend " + p.experiment(j) + "?", Body: []string{c.Title, ""}}
	for i, r := range c.Remedies[:min(len(c.Remedies), 9)] {
		number := strconv.Itoa(i + 1)
		popup.Body = append(popup.Body, number+"  "+r.Text)
		popup.Buttons = append(popup.Buttons, number)
	}
	popup.Body = append(popup.Body, "", "It goes into the form; nothing is saved or submitted yet.")
	popup.Buttons = append(popup.Buttons, "Leave")
	popup.Choice = len(popup.Buttons) - 1
	p.ask = &pane.Ask{Popup: popup, Do: func(i int) tea.Cmd {
		return pane.Send(pane.OpenMsg{To: pane.Config, Experiment: p.experiment(j), Edits: c.Remedies[i].Edits})
	}}
	return nil
}

// experiment is the id that a job is of.
func (p *Pane) experiment(job string) string {
	for _, j := range p.list.Jobs {
		if j.ID == job {
			return j.Experiment
		}
	}
	return ""
}

func needRun(p *Pane) string {
	switch j, ok := p.current(); {
	case !ok:
		return needJob(p)
	case j.State.Active():
		return "job " + j.ID + " has not ended: its run is not there yet"
	case p.runs[j.ID] == "":
		return "no run of job " + j.ID + " is on the board: 4 lists all runs"
	}
	return ""
}

func (p *Pane) openRun(to pane.Name) tea.Cmd {
	j, _ := p.current()
	return pane.Send(pane.OpenMsg{To: to, Experiment: j.Experiment, Run: p.runs[j.ID]})
}

func mayCancel(p *Pane) string {
	j, ok := p.current()
	switch {
	case !ok:
		return needJob(p)
	case p.env.Lab.ReadOnly():
		return pane.Locked("cancel anything")
	case !j.State.Active():
		return "job " + j.ID + " has ended: there is nothing to cancel"
	}
	return ""
}

func (p *Pane) enterLog() tea.Cmd {
	p.inLog = true
	p.bright()
	return p.read()
}

func (p *Pane) back() tea.Cmd {
	switch {
	case p.inLog:
		p.inLog = false
		p.bright()
	case !p.filter.Empty():
		p.filter = list.Filter{}
		p.fill()
		return p.read()
	}
	return nil
}

func (p *Pane) askText() tea.Cmd {
	text := p.filter.Text
	if p.inLog {
		text = ""
	}
	p.typing = widget.NewInput("/ ", text)
	return nil
}

// typeKey edits the filter of the list, which works while typed, or the search in the log.
func (p *Pane) typeKey(key tea.KeyMsg) tea.Cmd {
	in := p.typing
	switch key.String() {
	case "enter":
		p.typing = nil
		if p.inLog {
			p.search = in.Value()
			return p.find(false)
		}
		p.env.Filters.Add(in.Value())
		return p.moved()
	case "esc":
		p.typing = nil
		in.Set("")
	default:
		if text, ok := p.env.Filters.Key(key.String()); ok {
			in.Set(text)
		}
		in.Key(key)
	}
	if !p.inLog {
		p.filter = list.ParseFilter(in.Value())
		p.fill()
		return p.moved()
	}
	return nil
}

func (p *Pane) wrap() tea.Cmd {
	p.log.Wrap = !p.log.Wrap
	return nil
}

func (p *Pane) refresh() tea.Cmd { return tea.Batch(p.read(), pane.Send(pane.RefreshJobsMsg{})) }

func (p *Pane) copyID() tea.Cmd { return pane.Send(pane.CopyMsg{Text: p.currentID()}) }

// askCancel names the job, its state and how long it has been at it.
func (p *Pane) askCancel() tea.Cmd {
	j, _ := p.current()
	what := "job " + j.ID
	if j.Experiment != "" {
		what += " of " + j.Experiment
	}
	state := "it is " + j.State.Words()
	if j.Elapsed > 0 {
		state += " and has run for " + unit.Clock(j.Elapsed)
	} else if !j.Submit.IsZero() {
		state += ", submitted " + unit.Ago(j.Submit, p.env.Now())
	}
	popup := widget.Confirm("Cancel "+what+"?", state, "What it has not written by then is lost.")
	p.ask = &pane.Ask{Popup: popup, Yes: func() tea.Cmd {
		return p.cancel.Start(p.env.Ctx, func(ctx context.Context) (string, error) { return j.ID, p.env.Lab.Cancel(ctx, j.ID) }, cancelled)
	}}
	return nil
}
