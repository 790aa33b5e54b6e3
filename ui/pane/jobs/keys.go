package jobs

import (
	"context"
	"strconv"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

func keys() pane.Table[*Pane] {
	return pane.Table[*Pane]{
		{Key: pane.Foot("enter", "↵", "log", "move in the log of the job under the cursor; esc comes back"),
			Do: (*Pane).enterLog, Why: needJob},
		{Key: pane.Foot("/", "/", "filter", "show only some jobs: state:failed exp:E1.3; in the log, search"), Do: (*Pane).askText},
		{Key: pane.On("n", "n N", "next", "the next line that matches the search, or the one before"),
			Do: func(p *Pane) tea.Cmd { return p.log.find(false) }, Why: needLog},
		{Key: pane.On("N", "N", "before", ""), Do: func(p *Pane) tea.Cmd { return p.log.find(true) }, Why: needLog},
		{Key: pane.Foot("E", "E", "error", "go to the first error in the log"), Do: (*Pane).toError, Why: needLog},
		{Key: pane.On("w", "w", "wrap", "wrap long lines of the log, or cut them"),
			Do: func(p *Pane) tea.Cmd { p.log.pager.Wrap = !p.log.pager.Wrap; return nil }, Why: needLog},
		{Key: pane.Foot("f", "f", "fix…", "take a fix of a failed job into its config, to be looked at before it is saved"),
			Do: (*Pane).askFix, Why: needFix},
		{Key: pane.Foot("m", "m", "metrics", "open the metrics of the run that the job wrote"),
			Do: func(p *Pane) tea.Cmd { return p.openRun(pane.Metrics) }, Why: needRun},
		{Key: pane.On("t", "t", "traces", "open the traces of the run that the job wrote"),
			Do: func(p *Pane) tea.Cmd { return p.openRun(pane.Traces) }, Why: needRun},
		{Key: pane.On("u", "u", "GPU use", "see once what its GPUs do now (nvidia-smi, a step of the job)"), Do: (*Pane).lookAtGPUs, Why: needRunning},
		{Key: pane.Foot("x", "x", "cancel…", "cancel the job, after asking"), Do: (*Pane).askCancel, Why: mayCancel},
		{Key: pane.Foot("r", "r", "refresh", "ask the scheduler again, as far as its floor allows"),
			Do: func(p *Pane) tea.Cmd { return tea.Batch(p.log.read(), pane.Send(pane.RefreshJobsMsg{})) }},
		{Key: pane.Foot("y", "y", "copy id", "copy the job's id (OSC 52; it is shown as well)"),
			Do: func(p *Pane) tea.Cmd { return pane.Send(pane.CopyMsg{Text: p.list.CurrentID()}) }, Why: needJob},
		{Key: pane.On("esc", "esc", "back", "leave the log, then drop the filter"), Do: (*Pane).back},
	}
}

// Keys lists what the pane answers to now.
func (p *Pane) Keys() []pane.Key {
	if p.Dialog.Open() {
		return p.Dialog.Keys()
	}
	all := keys().Keys()
	switch {
	case len(p.list.Rows()) == 0:
		all = keys().OnlyFoot("r")
	case p.env.Backend != nil:
		all = keys().KeysFor(p)
	}
	return append(all, pane.MoveKeys()...)
}

func needJob(p *Pane) string { return p.list.Missing() }

func needLog(p *Pane) string { return pane.WhyNot(len(p.log.pager.Lines) == 0, "there is no log yet") }

func needFix(p *Pane) string {
	j, ok := p.list.Current()
	switch {
	case !ok:
		return p.list.Missing()
	case !j.State.Failed() && j.State != model.JobPending:
		return "job " + j.ID + " has not failed: there is nothing to mend"
	case p.env.ReadOnly():
		return pane.Locked(p.env.Backend, "change anything")
	case p.log.detail.id != j.ID:
		return "wait: its log is being read"
	case len(p.log.detail.cause.Remedies) == 0:
		return "no change of the config mends this: see what to try below the log"
	}
	return ""
}

// askFix offers the changes that may mend the job; the form shows what one does.
func (p *Pane) askFix() tea.Cmd {
	j, _ := p.list.Current()
	c := p.log.causeOf(j)
	popup := &widget.Popup{Title: "Mend " + j.Experiment + "?", Body: []string{c.Title, ""}}
	for i, r := range c.Remedies[:min(len(c.Remedies), 9)] {
		number := strconv.Itoa(i + 1)
		popup.Body = append(popup.Body, number+"  "+r.Text)
		popup.Buttons = append(popup.Buttons, number)
	}
	popup.Body = append(popup.Body, "", "It goes into the form; nothing is saved or submitted yet.")
	popup.Buttons = append(popup.Buttons, "Leave")
	popup.Choice = len(popup.Buttons) - 1
	last := strconv.Itoa(len(popup.Buttons) - 1)
	return p.Dialog.Ask(&pane.Ask{Popup: popup,
		Keys: []pane.Key{pane.Hint("1–"+last, "take it into the form"), pane.Hint("←→ ↵", "choose"), pane.Hint("esc", "leave")},
		Do: func(i int) tea.Cmd {
			return pane.Send(pane.OpenMsg{To: pane.Config, Experiment: j.Experiment, Edits: c.Remedies[i].Edits})
		}})
}

func needRun(p *Pane) string {
	switch j, ok := p.list.Current(); {
	case !ok:
		return p.list.Missing()
	case j.State.Active():
		return "job " + j.ID + " has not ended: its run is not there yet"
	case p.runs[j.ID] == "":
		return "no run of job " + j.ID + " is there: 4 lists all runs"
	}
	return ""
}

func (p *Pane) openRun(to pane.Name) tea.Cmd {
	j, _ := p.list.Current()
	return pane.Send(pane.OpenMsg{To: to, Experiment: j.Experiment, Run: p.runs[j.ID]})
}

func needRunning(p *Pane) string {
	j, ok := p.list.Current()
	if !ok {
		return p.list.Missing()
	}
	return pane.WhyNot(j.State != model.JobRunning, "job "+j.ID+" does not run: it is "+j.State.Words())
}

// lookAtGPUs asks once: it starts a step on the nodes of the job, which no timer may do.
func (p *Pane) lookAtGPUs() tea.Cmd {
	j, _ := p.list.Current()
	return p.looking.Start(p.env.Ctx, func(ctx context.Context) (jobs.GPULook, error) { return p.env.GPUs(ctx, j) },
		pane.Got(func(look jobs.GPULook) tea.Cmd {
			p.log.gpus, p.log.gpusOf = look, j.ID
			return nil
		}))
}

func mayCancel(p *Pane) string {
	j, ok := p.list.Current()
	switch {
	case !ok:
		return p.list.Missing()
	case p.env.ReadOnly():
		return pane.Locked(p.env.Backend, "cancel anything")
	case !j.State.Active():
		return "job " + j.ID + " has ended: there is nothing to cancel"
	}
	return ""
}

func (p *Pane) enterLog() tea.Cmd {
	p.moveIn(true)
	return p.log.read()
}

func (p *Pane) toError() tea.Cmd {
	p.moveIn(true)
	return tea.Sequence(looking, p.log.firstError())
}

func (p *Pane) back() tea.Cmd {
	switch {
	case p.inLog:
		p.moveIn(false)
	case p.list.Back():
		return p.log.read()
	}
	return nil
}

// askText has the filter of the list typed, or what to look for in the log.
func (p *Pane) askText() tea.Cmd {
	if !p.inLog {
		return p.list.AskFilter(&p.Dialog)
	}
	return p.Dialog.Type(pane.Field{Prompt: "/ ", History: p.env.Filters, Take: func(text string) tea.Cmd {
		p.log.search = text
		return p.log.find(false)
	}})
}

// askCancel names the job, its state and how long it has been at it.
func (p *Pane) askCancel() tea.Cmd {
	j, _ := p.list.Current()
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
	if len(j.Parts) > 0 {
		state += "; this " + present.Ends(j)
	}
	popup := widget.Confirm("Cancel "+what+"?", state, "What it has not written by then is lost.")
	return p.Dialog.Ask(&pane.Ask{Popup: popup, Yes: func() tea.Cmd {
		return p.cancel.Start(p.env.Ctx, func(ctx context.Context) (string, error) { return j.ID, p.env.Cancel(ctx, j.ID) }, cancelled)
	}})
}

func cancelled(job string, err error) tea.Cmd {
	if err != nil {
		return pane.Refused(err)
	}
	return tea.Batch(pane.Say("job "+job+" was asked to end"), pane.Send(pane.RefreshJobsMsg{}))
}
