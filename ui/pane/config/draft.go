package config

import (
	"context"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/present"
	"shardeck/ui/pane"
)

// file is a config being edited. Commands alone touch the draft, one at a time (see
// queue); the event loop reads what the last one found.
type file struct {
	id    string
	draft draft
	first map[string]string // by key: the value before its first edit
	*judged
}

// judged is a draft after its last edit, and what follows from it. It is not changed.
type judged struct {
	experiment model.Experiment
	verdict    check.Verdict
	faults     []string            // of the file itself, by their lines; none: it can be read
	values     map[string]string   // by key, as the file has them
	choices    map[string][]string // by key: what ←→ go through; nil: numbers that step, or text
	shape      *model.Shape        // of the model; nil: not known
	modified   bool                // not as on disk
	edits      []model.Edit        // that differ from the file on disk
}

func openFile(b Backend, id string) (*file, error) {
	d, err := b.Draft(id)
	if err != nil {
		return nil, err
	}
	f := &file{id: id, draft: d, first: map[string]string{}}
	f.judged = f.judge(b)
	return f, nil
}

func (f *file) judge(b Backend) *judged {
	e := f.draft.Experiment()
	j := &judged{experiment: e, verdict: b.Check(e), faults: faultsOf(f.draft), modified: f.draft.Modified(),
		shape: check.World{Shapes: b.Shapes()}.Shape(e.Model.Name), values: map[string]string{}, choices: map[string][]string{}}
	for _, k := range fields {
		j.values[k.path], j.choices[k.path] = f.draft.Get(k.path), choices(b, f.draft, e, k)
		if len(j.faults) > 0 && !f.draft.Given(k.path) {
			j.values[k.path] = "" // a default would be invented
		}
	}
	if len(j.faults) > 0 { // nothing follows from what cannot be read
		j.verdict = check.Verdict{}
	}
	for path, was := range f.first {
		if now := f.draft.Get(path); j.modified && now != was {
			j.edits = append(j.edits, model.Edit{Path: path, Value: now})
		}
	}
	slices.SortFunc(j.edits, func(a, b model.Edit) int { return strings.Compare(a.Path, b.Path) })
	return j
}

// faultsOf are those of a draft's text, by their lines.
func faultsOf(d draft) []string {
	err := d.Err()
	if err == nil {
		return nil
	}
	_, path, _ := strings.Cut(d.Path(), "/experiments/")
	return present.Problems("experiments/"+path, err.Error())
}

// set changes keys of the draft, all or none, and notes what they were.
func (f *file) set(edits ...model.Edit) error {
	was := map[string]string{}
	for _, e := range edits {
		was[e.Path] = f.draft.Get(e.Path)
	}
	if err := f.draft.SetAll(edits...); err != nil {
		return err
	}
	for path, value := range was {
		if _, known := f.first[path]; !known {
			f.first[path] = value
		}
	}
	return nil
}

// setEach changes as many keys as can be; the error is the first there was.
func (f *file) setEach(edits ...model.Edit) error {
	err := f.set(edits...)
	if err == nil || len(edits) < 2 {
		return err
	}
	for _, e := range edits {
		_ = f.set(e) // the error says what could not be changed
	}
	return err
}

func (f *file) save(b Backend) (*judged, error) {
	if err := f.draft.Save(); err != nil {
		return nil, err
	}
	f.first = map[string]string{}
	return f.judge(b), nil
}

// queue makes edits in commands, one after another in the order of the keys: the event loop
// neither parses nor judges, and no key is lost. What an edit sets is shown at once.
type queue struct {
	env     env
	task    pane.Task[made]
	now     op   // being made
	waiting []op // until it is
	made    func() tea.Cmd
}

// op is something to do when the edits before it are made.
type op struct {
	file  *file        // that it changes; nil: none
	edits []model.Edit // of file, shown already
	do    func() tea.Cmd
}

type made struct {
	judged *judged
	note   pane.Note
}

// after does something when the edits before it are made: at once if there are none.
func (q *queue) after(do func() tea.Cmd) tea.Cmd { return q.add(op{do: do}) }

// change does something to the draft of a file in a command, and has it judged there; edits are what is shown until then.
func (q *queue) change(f *file, edits []model.Edit, change func() (pane.Note, error)) tea.Cmd {
	o := op{file: f, edits: edits}
	o.do = func() tea.Cmd {
		q.now = o
		return q.task.Start(q.env.Ctx, func(context.Context) (made, error) {
			note, err := change()
			return made{f.judge(q.env.Backend), note}, err
		}, func(m made, err error) tea.Cmd { return q.changed(f, m, err) })
	}
	return q.add(o)
}

func (q *queue) changed(f *file, m made, err error) tea.Cmd {
	q.now = op{}
	if m.judged != nil {
		f.judged = m.judged
	}
	say := pane.Send(m.note)
	if err != nil {
		say = pane.Fail(err)
	}
	return tea.Batch(q.made(), tea.Sequence(say, q.run()))
}

func (q *queue) add(o op) tea.Cmd {
	q.waiting = append(q.waiting, o)
	return q.run()
}

// run does what waits, up to the next edit. What that adds comes before the rest.
func (q *queue) run() tea.Cmd {
	var cmds []tea.Cmd
	for len(q.waiting) > 0 && !q.task.Busy() {
		next, rest := q.waiting[0], q.waiting[1:]
		q.waiting = nil
		cmds = append(cmds, next.do())
		q.waiting = append(q.waiting, rest...)
	}
	return tea.Batch(cmds...)
}

// ops are what is not done yet.
func (q *queue) ops() []op {
	if !q.task.Busy() {
		return nil
	}
	return append([]op{q.now}, q.waiting...)
}

// changes reports whether a file differs from the one on disk, or will.
func (q *queue) changes(f *file) bool {
	return f.modified || slices.ContainsFunc(q.ops(), func(o op) bool { return o.file == f })
}

// only reports whether nothing waits but edits of one key: its choices are still the same.
func (q *queue) only(f *file, path string) bool {
	return !slices.ContainsFunc(q.ops(), func(o op) bool { return o.file != f || len(o.edits) != 1 || o.edits[0].Path != path })
}

// edits are those of a file that are shown but not made.
func (q *queue) edits(f *file) []model.Edit {
	var all []model.Edit
	for _, o := range q.ops() {
		if o.file == f {
			all = append(all, o.edits...)
		}
	}
	return all
}

func (q *queue) value(f *file, path string) string {
	value := f.values[path]
	for _, e := range q.edits(f) {
		if e.Path == path {
			value = e.Value
		}
	}
	return value
}
