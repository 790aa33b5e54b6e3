package experiments

import (
	"context"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/lab"
	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// askClone asks for the new id, and proposes the next one that is free; with marks it asks
// what is to differ in all of them.
func (p *Pane) askClone() tea.Cmd {
	if len(p.markedIDs()) > 0 {
		return p.askCloneMarked(p.chosen(), "")
	}
	return p.askCloneOf(p.currentID(), p.freeID(p.currentID(), p.taken()))
}

// askCloneOf asks with a text to begin with: one that was refused is typed again.
func (p *Pane) askCloneOf(id, text string) tea.Cmd {
	p.typing = widget.NewInput("clone "+id+" as ", text)
	p.typed = func(text string) tea.Cmd {
		words := strings.Fields(text)
		if len(words) == 0 {
			return nil
		}
		edits, err := editsOf(words[1:])
		if err != nil {
			p.askCloneOf(id, text)
			return pane.Fail(err)
		}
		p.cloning = func() { p.askCloneOf(id, text) }
		return p.clone.Start(p.env.Ctx, func(context.Context) (lab.Row, error) { return p.env.Lab.Clone(id, words[0], edits...) }, p.cloned)
	}
	return nil
}

// short are the keys of a config by the words that filters know them by.
var short = map[string]string{
	"tp": "parallelism.tp", "pp": "parallelism.pp", "dp": "parallelism.dp_replicate", "ep": "parallelism.ep",
	"batch": "data.batch_size", "seq": "data.seq_len", "out": "data.max_tokens", "model": "model.name", "engine": "engine",
}

// editsOf reads changes as they are typed behind a new id: tp=4 data.batch_size=8.
func editsOf(words []string) ([]model.Edit, error) {
	var edits []model.Edit
	for _, word := range words {
		key, value, ok := strings.Cut(word, "=")
		if !ok || key == "" || value == "" {
			return nil, &lab.Fault{Text: "\"" + word + "\" is no change", ToDo: "write key=value, as in tp=4 or data.batch_size=8"}
		}
		if path, known := short[key]; known {
			key = path
		}
		edits = append(edits, model.Edit{Path: key, Value: value})
	}
	return edits, nil
}

// taken are the ids that somebody has.
func (p *Pane) taken() map[string]bool {
	taken := map[string]bool{}
	for _, r := range p.rows {
		taken[r.Experiment.ID] = true
	}
	return taken
}

// freeID counts the last number of an id up until nobody has it.
func (p *Pane) freeID(id string, taken map[string]bool) string {
	stem := strings.TrimRight(id, "0123456789")
	if stem == id {
		stem += "."
	}
	for n := 1; ; n++ {
		if next := stem + strconv.Itoa(n); !taken[next] {
			return next
		}
	}
}

func (p *Pane) cloned(row lab.Row, err error) tea.Cmd {
	if err != nil {
		p.cloning()
		return pane.Fail(err)
	}
	id := row.Experiment.ID
	p.filter = pane.Filter{}
	p.setRows(append(p.rows, row))
	p.fill()
	p.goTo(id)
	return tea.Sequence(pane.Say(id+" made · change what is to differ · s submits it"), p.load(), pane.Send(pane.OpenMsg{To: pane.Config, Experiment: id}))
}
