package config

import (
	"context"
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/ui/pane"
)

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

// made is what an edit led to.
type made struct {
	judged *judged
	note   pane.Note
}

// after does something when the edits before it are made: at once if there are none.
func (q *queue) after(do func() tea.Cmd) tea.Cmd { return q.add(op{do: do}) }

// set changes keys of a file, all or none.
func (q *queue) set(f *file, note pane.Note, edits ...model.Edit) tea.Cmd {
	return q.change(f, edits, func() (pane.Note, error) { return note, f.set(edits...) })
}

// change does something to the draft of a file in a command, and has it judged there; edits
// are what is shown until then.
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

// value of a key as it is shown.
func (q *queue) value(f *file, path string) string {
	value := f.values[path]
	for _, e := range q.edits(f) {
		if e.Path == path {
			value = e.Value
		}
	}
	return value
}
