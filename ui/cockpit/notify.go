package cockpit

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/theme"
)

// changes are the jobs of which the scheduler says something else than before; of the
// first answer nothing is news.
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

// announce says on the message line, by the bell, the title and, where the terminal
// shows those, a notification of the desktop that jobs have changed.
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
	text := strings.Join(words, " · ")
	note := pane.Note{Text: text + " · 3 shows it", Brief: text, Tone: tone}
	if m.focus == pane.Jobs {
		note.Text = text
	}
	m.say(note)
	return m.term.ring(text)
}

// changeWords are one job's news: "E1.3 is running", "E1.6 failed after 1:52".
func changeWords(j model.Job) string {
	who := j.Experiment
	if who == "" {
		who = "job " + j.ID
	}
	if j.State.Active() {
		return who + " is " + j.State.Words()
	}
	if text := who + " " + j.State.Words(); j.Elapsed > 0 {
		return text + " after " + unit.Clock(j.Elapsed)
	}
	return who + " " + j.State.Words()
}
