package experiments

import (
	"context"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/ui/list"
	"shardeck/ui/pane"
)

// cloning makes experiments from others: one from the one under the cursor, or one from
// each that is marked.
type cloning struct {
	env    env
	list   *list.List[board.Row]
	dialog *pane.Dialog
	add    func(made ...board.Row) tea.Cmd // shows what was made

	single  pane.Task[board.Row]
	planned pane.Task[plan]
	several pane.Task[[]board.Row]
}

// ask asks for the new id, and proposes the next one that is free; with marks it asks what
// is to differ in all of them.
func (c *cloning) ask() tea.Cmd {
	if len(c.list.Marks) > 0 {
		return c.askMarked("")
	}
	r, _ := c.list.Current()
	return c.askOne(r.Experiment.ID, freeID(r.Experiment.ID, c.taken()))
}

// askOne asks with a text to begin with: one that was refused is typed again.
func (c *cloning) askOne(id, text string) tea.Cmd {
	return c.dialog.Type(pane.Field{Prompt: "clone " + id + " as ", Text: text,
		Keys: []pane.Key{pane.Hint("E1.9", "tp=4 batch=8 changes that at once")},
		Take: func(text string) tea.Cmd {
			words := strings.Fields(text)
			if len(words) == 0 {
				return nil
			}
			edits, err := editsOf(words[1:])
			done := func(made board.Row, err error) tea.Cmd {
				if err != nil {
					c.askOne(id, text)
					return pane.Fail(err)
				}
				return c.cloned(made)
			}
			if err != nil {
				return done(board.Row{}, err)
			}
			return c.single.Start(c.env.Ctx, func(context.Context) (board.Row, error) { return c.env.Clone(id, words[0], edits...) }, done)
		}})
}

func (c *cloning) cloned(made board.Row) tea.Cmd {
	id := made.Experiment.ID
	return tea.Sequence(pane.Say(id+" made · change what is to differ · s submits it"), c.add(made),
		pane.Send(pane.OpenMsg{To: pane.Config, Experiment: id}))
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
			return nil, &model.Fault{Text: "\"" + word + "\" is no change", ToDo: "write key=value, as in tp=4 or data.batch_size=8"}
		}
		if path, known := short[key]; known {
			key = path
		}
		edits = append(edits, model.Edit{Path: key, Value: value})
	}
	return edits, nil
}

// taken are the ids that somebody has.
func (c *cloning) taken() map[string]bool {
	taken := map[string]bool{}
	for _, r := range c.list.Rows() {
		taken[r.Experiment.ID] = true
	}
	return taken
}

// freeID counts the last number of an id up until nobody has it.
func freeID(id string, taken map[string]bool) string {
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
