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
	"shardeck/model/sweep"
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
	planned pane.Task[[]copyPlan]
	several pane.Task[[]board.Row]
}

// ask asks for the new id, proposing the next that is free; with marks, what is to differ in all.
func (c *cloning) ask() tea.Cmd {
	if len(c.list.Marks) > 0 {
		return c.askMarked("")
	}
	r, _ := c.list.Current()
	return c.askOne(r.Experiment.ID, freeID(r.Experiment.ID, taken(c.list)))
}

// askOne asks with a text to begin with: one that was refused is typed again.
func (c *cloning) askOne(id, text string) tea.Cmd {
	return c.dialog.Type(pane.Field{Prompt: "clone " + id + " as ", Text: text,
		Keys: []pane.Key{pane.Hint("E1.9 tp=4", "changes it; tp=1,2,4: three")},
		Take: func(text string) tea.Cmd {
			words := strings.Fields(text)
			if len(words) == 0 {
				return nil
			}
			if strings.ContainsAny(strings.Join(words[1:], ""), ",*") || strings.Contains(text, "..") {
				r, _ := c.list.ByID(id)
				return c.plan([]row{r}, words[0], words[1:], func() { c.askOne(id, text) })
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

// short are keys of a config by words of filters that they do not end in.
var short = map[string]string{
	"dp": "parallelism.dp_replicate", "batch": "data.batch_size", "seq": "data.seq_len", "out": "data.max_tokens", "model": "model.name",
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

func taken(l *list.List[row]) map[string]bool {
	taken := map[string]bool{}
	for _, r := range l.Rows() {
		taken[r.Experiment.ID] = true
	}
	return taken
}

// everyOf are the edits with every combination of the values that they have: tp=1,2 is two.
func everyOf(edits []model.Edit) ([][]model.Edit, error) {
	all := [][]model.Edit{nil}
	for _, e := range edits {
		values, err := sweep.Values(e.Value)
		if err != nil {
			return nil, err
		}
		var next [][]model.Edit
		for _, one := range all {
			for _, v := range values {
				next = append(next, append(slices.Clone(one), model.Edit{Path: e.Path, Value: v}))
			}
		}
		if all = next; len(all) > mostCopies {
			return nil, model.Invalid("that is more than "+unit.Int(mostCopies)+" experiments", "a sweep holds them: e, and the values in a field")
		}
	}
	return all, nil
}

// mostCopies are made at once.
const mostCopies = 32

// freeID counts the last number of an id up until nobody has it; what has no number begins at 1.
func freeID(id string, taken map[string]bool) string {
	stem := strings.TrimRight(id, "0123456789")
	last, _ := strconv.ParseUint(id[len(stem):], 10, 32)
	if stem == id {
		stem += "."
	}
	for n := int(last) + 1; ; n++ {
		if next := stem + strconv.Itoa(n); !taken[next] {
			return next
		}
	}
}

// copyPlan is one experiment that would be made from one that is marked.
type copyPlan struct {
	from    board.Row
	id      string
	edits   []model.Edit
	row     board.Row
	refused string // why it will not be made; empty: it will
}

// askMarked asks what is to differ in copies of those marked, then shows what would be made.
func (c *cloning) askMarked(text string) tea.Cmd {
	return c.dialog.Type(pane.Field{Prompt: "clone " + unit.Int(len(c.list.Chosen())) + " marked, each with ", Text: text,
		Keys: []pane.Key{pane.Hint("tp=4 batch=8", "what is to differ; nothing: the same again")},
		Take: func(text string) tea.Cmd {
			return c.plan(c.list.Chosen(), "", strings.Fields(text), func() { c.askMarked(text) })
		}})
}

// plan finds out what copies would be made of some rows, with every value of the changes, and shows it.
func (c *cloning) plan(of []row, first string, words []string, again func()) tea.Cmd {
	edits, err := editsOf(words)
	every, wrong := everyOf(edits)
	if err = cmp.Or(err, wrong); err != nil {
		again()
		return pane.Fail(err)
	}
	copies, known := copiesOf(of, first, every, taken(c.list)), c.known()
	return c.planned.Start(c.env.Ctx, func(ctx context.Context) ([]copyPlan, error) {
		for i := range copies {
			known = copies[i].judge(c.env.Backend, known)
		}
		return copies, ctx.Err()
	}, pane.Got(c.confirm))
}

// copiesOf gives each copy the next id that is free, those before it counted; the very first may be named.
func copiesOf(of []row, first string, every [][]model.Edit, taken map[string]bool) (out []copyPlan) {
	for _, r := range of {
		for _, edits := range every {
			next := cmp.Or(first, r.Experiment.ID)
			if first == "" || taken[first] {
				next = freeID(next, taken)
			}
			taken[next] = true
			out = append(out, copyPlan{from: r.Row, id: next, edits: edits})
		}
	}
	return out
}

func (c *cloning) known() []model.Experiment {
	sound := slices.DeleteFunc(slices.Clone(c.list.Rows()), func(r row) bool { return r.Problem != "" || r.sweep != nil })
	return model.Each(sound, func(r row) model.Experiment { return r.Experiment })
}

// judge finds out what a copy would be, and why it must not be made; it returns those known
// with this one. Without edits a copy is to be the same again.
func (c *copyPlan) judge(l Backend, known []model.Experiment) []model.Experiment {
	row, err := l.PlanClone(c.from.Experiment.ID, c.id, c.edits...)
	c.row = row
	at := slices.IndexFunc(known, func(e model.Experiment) bool { return twin(e, row.Experiment) })
	switch {
	case err != nil:
		c.refused = strings.ReplaceAll(err.Error(), "\n", " ")
	case !row.OK():
		f, _ := row.Verdict.Worst()
		c.refused = f.Fault
	case len(c.edits) > 0 && at >= 0:
		c.refused = known[at].ID + " is that already"
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
func (c *cloning) confirm(all []copyPlan) tea.Cmd {
	var body []string
	var good []copyPlan
	total := 0.0
	for _, one := range all {
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
	return c.dialog.Ask(&pane.Ask{Popup: popup, Yes: func() tea.Cmd { return c.make(good) },
		No: func() tea.Cmd { return pane.Say("nothing was made") }})
}

// line is a copy in one line: "E1.4 from E1.1  TP4 · 4 × A100-40GB on 1 node".
func (c *cloning) line(of copyPlan) string {
	from := of.from.Experiment.ID
	if of.refused != "" {
		return c.env.Theme.Paint(theme.Bad, "not of "+strings.TrimSpace(from+" "+present.Fields(of.edits))+": "+of.refused)
	}
	e := of.row.Experiment
	words := []string{e.Layout.Short(), unlike(traitsOf(e), traitsOf(of.from.Experiment)), present.Placement(of.row.Verdict.Placement)}
	return of.id + " from " + from + "  " + pane.Joined(200, words...)
}

func (c *cloning) make(copies []copyPlan) tea.Cmd {
	return c.several.Start(c.env.Ctx, func(ctx context.Context) ([]board.Row, error) {
		made, err := model.Through(copies, func(one copyPlan) (board.Row, error) {
			return c.env.Clone(one.from.Experiment.ID, one.id, one.edits...)
		})
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
