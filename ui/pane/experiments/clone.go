package experiments

import (
	"cmp"
	"context"
	"reflect"
	"slices"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/list"
	"shardeck/ui/pane"
	"shardeck/ui/pane/submission"
	"shardeck/ui/theme"
	"shardeck/ui/widget"
)

// cloning makes an experiment from the one under the cursor, or one from each that is marked.
type cloning struct {
	env    env
	list   *list.List[row]
	dialog *pane.Dialog
	add    func(made ...board.Row) tea.Cmd // shows what was made

	single  pane.Task[board.Row]
	planned pane.Task[plan]
	several pane.Task[[]board.Row]
}

// ask asks for the new id, proposing the next that is free; with marks, what is to differ in all.
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
			return c.single.Start(c.env.Ctx, func(context.Context) (board.Row, error) {
				edits, err := editsOf(words[1:])
				if err != nil {
					return board.Row{}, err
				}
				return c.env.Clone(id, words[0], edits...)
			}, func(made board.Row, err error) tea.Cmd {
				if err != nil {
					c.askOne(id, text)
					return pane.Fail(err)
				}
				return tea.Sequence(pane.Say(made.Experiment.ID+" made · change what is to differ · s submits it"), c.add(made),
					pane.Send(pane.OpenMsg{To: pane.Config, Experiment: made.Experiment.ID}))
			})
		}})
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

// copyPlan is one experiment that would be made from one that is marked.
type copyPlan struct {
	from    board.Row
	id      string
	row     board.Row
	refused string // why it will not be made; empty: it will
}

type plan struct {
	copies []copyPlan
	edits  []model.Edit
}

// askMarked asks what is to differ in copies of those marked, then shows what would be made.
func (c *cloning) askMarked(text string) tea.Cmd {
	return c.dialog.Type(pane.Field{Prompt: "clone " + unit.Int(len(c.list.Chosen())) + " marked, each with ", Text: text,
		Keys: []pane.Key{pane.Hint("tp=4 batch=8", "what is to differ; nothing: the same again")},
		Take: func(text string) tea.Cmd {
			edits, err := editsOf(strings.Fields(text))
			if err != nil {
				c.askMarked(text)
				return pane.Fail(err)
			}
			copies, known := c.copies(), c.known()
			return c.planned.Start(c.env.Ctx, func(ctx context.Context) (plan, error) {
				for i := range copies {
					known = copies[i].judge(c.env.Backend, edits, known)
				}
				return plan{copies, edits}, ctx.Err()
			}, pane.Got(c.confirm))
		}})
}

// copies gives each experiment that is marked the next id that is free, those before it counted.
func (c *cloning) copies() []copyPlan {
	taken := c.taken()
	var out []copyPlan
	for _, r := range c.list.Chosen() {
		next := freeID(r.Experiment.ID, taken)
		taken[next] = true
		out = append(out, copyPlan{from: r.Row, id: next})
	}
	return out
}

func (c *cloning) known() []model.Experiment {
	sound := slices.DeleteFunc(slices.Clone(c.list.Rows()), func(r row) bool { return r.Problem != "" || r.sweep != nil })
	return model.Each(sound, func(r row) model.Experiment { return r.Experiment })
}

// judge finds out what a copy would be, and why it must not be made; it returns those known
// with this one. Without edits a copy is to be the same again.
func (c *copyPlan) judge(l Backend, edits []model.Edit, known []model.Experiment) []model.Experiment {
	row, err := l.PlanClone(c.from.Experiment.ID, c.id, edits...)
	c.row = row
	at := slices.IndexFunc(known, func(e model.Experiment) bool { return twin(e, row.Experiment) })
	switch {
	case err != nil:
		c.refused = strings.ReplaceAll(err.Error(), "\n", " ")
	case !row.OK():
		f, _ := row.Verdict.Worst()
		c.refused = f.Fault
	case len(edits) > 0 && at >= 0:
		c.refused = "that is " + known[at].ID
	default:
		known = append(known, row.Experiment)
	}
	return known
}

// twin tells whether two experiments differ in nothing but their names.
func twin(a, b model.Experiment) bool {
	a.ID, a.Description, a.OutputDir = b.ID, b.Description, b.OutputDir
	return reflect.DeepEqual(a, b)
}

// confirm asks before anything is written: what would be made, what not and why.
func (c *cloning) confirm(p plan) tea.Cmd {
	var body []string
	var good []copyPlan
	total := 0.0
	for _, one := range p.copies {
		body = append(body, c.line(one))
		if one.refused == "" {
			good = append(good, one)
			total += submission.NodeHours(one.row)
		}
	}
	if len(good) == 0 {
		return c.dialog.Ask(&pane.Ask{Popup: widget.Show("None can be made", body)})
	}
	body = append(body, "", "They get configs and scripts, and the marks; nothing is submitted.")
	if total > 0 {
		body = append(body, "Submitted, they would cost at most "+unit.Number(total, 2)+" node-hours together.")
	}
	popup := &widget.Popup{Title: "Make " + unit.Plural(len(good), "experiment") + "?", Body: body, Buttons: []string{"Make", "Leave"}}
	return c.dialog.Ask(&pane.Ask{Popup: popup, Yes: func() tea.Cmd { return c.make(good, p.edits) },
		No: func() tea.Cmd { return pane.Say("nothing was made") }})
}

// line is a copy in one line: "E1.4 from E1.1  TP4 · 4 × A100-40GB on 1 node".
func (c *cloning) line(of copyPlan) string {
	from := of.from.Experiment.ID
	if of.refused != "" {
		return c.env.Theme.Paint(theme.Bad, "not of "+from+": "+of.refused)
	}
	e := of.row.Experiment
	words := []string{e.Layout.Short(), unlike(traitsOf(e), traitsOf(of.from.Experiment)), present.Placement(of.row.Verdict.Placement)}
	return of.id + " from " + from + "  " + pane.Joined(200, words...)
}

func (c *cloning) make(copies []copyPlan, edits []model.Edit) tea.Cmd {
	return c.several.Start(c.env.Ctx, func(ctx context.Context) ([]board.Row, error) {
		made, err := model.Through(copies, func(one copyPlan) (board.Row, error) { return c.env.Clone(one.from.Experiment.ID, one.id, edits...) })
		return made, cmp.Or(err, ctx.Err())
	}, c.made)
}

// made marks what was made, so that s submits it.
func (c *cloning) made(rows []board.Row, err error) tea.Cmd {
	clear(c.list.Marks)
	for _, r := range rows {
		c.list.Marks[r.Experiment.ID] = true
	}
	said := pane.Send(pane.Note{Text: unit.Plural(len(rows), "experiment") + " made and marked · s submits them", Tone: theme.Good})
	if err != nil {
		said = pane.Fail(err)
	}
	return tea.Sequence(c.add(rows...), said)
}
