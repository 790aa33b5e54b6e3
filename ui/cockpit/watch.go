package cockpit

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/jobs"
	"shardeck/model"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
)

// schedulerWatch asks the scheduler for all panes: one question at a time, and none while nobody needs an answer.
type schedulerWatch struct {
	env     pane.Env
	backend Backend
	refresh time.Duration
	looked  func() bool               // the jobs themselves are looked at
	news    func([]model.Job) tea.Cmd // told of jobs that have changed

	task pane.Task[jobs.JobList]
	list jobs.JobList
	away bool       // the terminal is not looked at
	poll pane.Timer // the wait for the next question
}

// ask asks for the jobs: its cached answer, or with refresh a new one, as far as its floor allows.
func (w *schedulerWatch) ask(refresh bool) tea.Cmd {
	if w.task.Busy() {
		return nil
	}
	refresh = refresh || w.list.AsOf.IsZero() // at first all is asked for, as by a key
	return w.task.Start(w.env.Ctx, func(ctx context.Context) (jobs.JobList, error) { return w.backend.ListJobs(ctx, refresh) }, w.answered)
}

// answered passes the jobs on, and waits for the next question while anybody needs one.
func (w *schedulerWatch) answered(list jobs.JobList, err error) tea.Cmd {
	var news tea.Cmd
	if err == nil {
		news = w.news(changes(w.list.Jobs, list.Jobs))
		w.list = list
	}
	msg := tea.Batch(pane.Send(pane.JobsMsg{List: list, Err: err}), news)
	w.poll.Stop()
	if !w.watching() {
		return msg
	}
	return tea.Batch(msg, w.poll.Start(w.env, w.pause(list), func() tea.Cmd {
		if !w.watching() {
			return nil
		}
		return w.ask(cheap(w.list))
	}))
}

// watching: the scheduler has yet to answer, a job can still change, or the jobs are looked at, on a terminal that is.
func (w *schedulerWatch) watching() bool {
	active := slices.ContainsFunc(w.list.Jobs, func(j model.Job) bool { return j.State.Active() })
	return !w.away && (active || w.looked() || w.list.AsOf.IsZero() || w.list.Stale != "")
}

// pause is how long to leave the scheduler in peace: until the backend asks it by itself, or little where that is free.
func (w *schedulerWatch) pause(list jobs.JobList) time.Duration {
	if cheap(list) {
		return closely
	}
	wait := w.refresh
	if !list.Due.IsZero() {
		wait = max(list.Due.Sub(w.env.Now()), time.Second)
	}
	return max(wait, list.Next.Sub(w.env.Now()))
}

// cheap: the scheduler is this machine's own, which the length of its floor tells.
func cheap(list jobs.JobList) bool {
	floor := list.Next.Sub(list.AsOf)
	return floor > 0 && floor <= closely
}

// closely is the time between two questions that cost nobody anything.
const closely = 2 * time.Second

// age is the time of the last answer, marked when it is stale.
func (w *schedulerWatch) age() string {
	th := w.env.Theme
	switch {
	case w.list.AsOf.IsZero():
		return ""
	case w.list.Stale != "":
		return th.Paint(theme.Warn, "stale "+w.list.AsOf.Format("15:04"))
	}
	return th.Paint(theme.Dim, "as of "+w.list.AsOf.Format("15:04"))
}

// changes are the jobs of which the scheduler says something else than before; of the first answer nothing is news.
func changes(before, now []model.Job) []model.Job {
	states := map[string]model.JobState{}
	for _, j := range before {
		states[j.ID] = j.State
	}
	var changed []model.Job
	for _, j := range now {
		if old, known := states[j.ID]; known && old.Words() != j.State.Words() {
			changed = append(changed, j)
		}
	}
	return changed
}

// announce tells of changed jobs on the message line, by the bell, the title and the desktop where the terminal can.
func (m *Model) announce(changed []model.Job) tea.Cmd {
	if len(changed) == 0 {
		return nil
	}
	words := make([]string, len(changed))
	tone := theme.Plain
	for i, j := range changed {
		words[i] = changeWords(j)
		switch {
		case j.State.Failed():
			tone = theme.Bad
		case j.State == model.JobCompleted && tone == theme.Plain:
			tone = theme.Good
		}
	}
	text := strings.Join(slices.Compact(words), " · ") // jobs of one sweep have one name
	note := pane.Note{Text: text + " · 3 shows it", Brief: text, Tone: tone}
	if m.focus == pane.Jobs {
		note.Text = text
	}
	m.say(note)
	return m.term.ring(text)
}

// changeWords are one job's news: "E1.3 is running", "E1.6 failed after 1:52".
func changeWords(j model.Job) string {
	who := cmp.Or(j.Experiment, "job "+j.ID)
	switch {
	case j.State.Active():
		return who + " is " + j.State.Words()
	case j.Elapsed > 0:
		return who + " " + j.State.Words() + " after " + unit.Clock(j.Elapsed)
	}
	return who + " " + j.State.Words()
}
