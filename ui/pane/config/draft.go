package config

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/check"
	"shardeck/model/forecast"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/model/sweep"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// file is a config being edited. Commands alone touch the draft, one at a time (see
// queue); the event loop reads what the last one found.
type file struct {
	id    string
	draft draft
	first map[string]string // by key: the value before its first edit
	several
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
	forecast   forecast.Forecast   // without metrics: nothing tells, or it is not known yet

	varying map[string]string // values of the keys that have several
	sweepID string            // of the sweep that they make: one that is free
	plan    sweep.Plan
	planErr error // why it cannot be worked out
}

func openFile(e env, id string) (*file, error) {
	d, err := e.Draft(id)
	if err != nil {
		return nil, err
	}
	f := &file{id: id, draft: d, first: map[string]string{}}
	f.judged = f.judge(e)
	return f, nil
}

func (f *file) judge(b env) *judged {
	e := f.draft.Experiment()
	j := &judged{experiment: e, verdict: b.Check(e), faults: faultsOf(f.draft), modified: f.draft.Modified() || len(f.varied) > 0,
		values: map[string]string{}, choices: map[string][]string{}}
	j.shape = j.verdict.Shape
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
		now := cmp.Or(f.varied[path], f.draft.Get(path))
		if j.modified && now != was {
			j.edits = append(j.edits, model.Edit{Path: path, Value: now})
		}
	}
	slices.SortFunc(j.edits, func(a, b model.Edit) int { return strings.Compare(a.Path, b.Path) })
	if known := b.laws.Load(); known != nil && len(j.faults) == 0 {
		j.forecast = b.Foretell(known, e, j.verdict)
	}
	j.work(b, f)
	return j
}

func faultsOf(d draft) []string {
	err := d.Err()
	if err == nil {
		return nil
	}
	_, path, _ := strings.Cut(d.Path(), "/experiments/")
	return present.Problems("experiments/"+path, err.Error())
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

func (f *file) save(b env) (*judged, error) {
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
			return made{f.judge(q.env), note}, err
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

const keepTime = 500 * time.Millisecond // for edits to be gathered before they are kept

// unsaved keeps edits in the workspace until they are saved or dropped, so that they outlive
// the session; the next one offers them again, and makes none of its own accord.
type unsaved struct {
	env     env
	files   map[string]*file // those of the pane
	edits   *queue
	changed map[string]bool          // experiments of which there were edits in this session
	kept    map[string]model.Unsaved // as last written
	pending map[string]model.Unsaved // of an earlier session, not yet decided on

	wait    pane.Timer
	found   pane.Task[[]model.Unsaved]
	writing pane.Task[struct{}]
}

// toKeep are the records that differ from what is kept.
func (u *unsaved) toKeep() []model.Unsaved {
	now := map[string][]model.Edit{}
	for id, f := range u.files {
		now[id] = slices.Clone(f.edits)
		for _, e := range u.edits.edits(f) {
			now[id] = slices.DeleteFunc(now[id], func(old model.Edit) bool { return old.Path == e.Path })
			now[id] = append(now[id], e)
		}
		u.changed[id] = u.changed[id] || len(now[id]) > 0
	}
	var all []model.Unsaved
	for id, changed := range u.changed {
		if changed && !slices.Equal(now[id], u.kept[id].Edits) {
			all = append(all, model.Unsaved{Experiment: id, At: u.env.Now(), Edits: now[id]})
		}
	}
	return all
}

func (u *unsaved) keepSoon() tea.Cmd {
	if len(u.toKeep()) == 0 {
		return nil
	}
	return u.wait.Start(u.env.Env, keepTime, func() tea.Cmd { return u.keep(u.toKeep()...) })
}

// keep writes records; whatever comes of it, it is tried once.
func (u *unsaved) keep(all ...model.Unsaved) tea.Cmd {
	if len(all) == 0 {
		return nil
	}
	for _, one := range all {
		u.kept[one.Experiment] = one
	}
	return u.writing.Start(u.env.Ctx, func(context.Context) (struct{}, error) { return struct{}{}, u.store(all...) },
		func(_ struct{}, err error) tea.Cmd { return pane.Fail(err) })
}

func (u *unsaved) store(all ...model.Unsaved) error {
	for _, one := range all {
		if err := u.env.KeepUnsaved(one); err != nil {
			return fmt.Errorf("the unsaved changes to %s are only on this screen: %w", one.Experiment, err)
		}
	}
	return nil
}

// find reads what an earlier session left, and offers the first. A read-only session can neither go on with it nor drop it.
func (u *unsaved) find() tea.Cmd {
	work := func(context.Context) ([]model.Unsaved, error) { return u.env.Unsaved() }
	return u.found.Start(u.env.Ctx, work, func(all []model.Unsaved, err error) tea.Cmd {
		if u.env.ReadOnly() {
			return nil
		}
		for _, one := range all {
			u.pending[one.Experiment], u.kept[one.Experiment] = one, one
		}
		return tea.Batch(pane.Fail(err), u.offer())
	})
}

// offer asks what is to become of the edits of an earlier session, one experiment at a time.
func (u *unsaved) offer() tea.Cmd {
	for _, id := range slices.Sorted(maps.Keys(u.pending)) {
		return u.undecided(id)
	}
	return nil
}

// undecided asks before the form is changed of which an earlier session left edits: they
// would be lost. It is nil where nothing is to be asked.
func (u *unsaved) undecided(id string) tea.Cmd {
	left, ok := u.pending[id]
	if !ok {
		return nil
	}
	title := "Unsaved changes to " + id + " from " + unit.Moment(left.At, u.env.Now())
	popup := &widget.Popup{Title: title, Body: editLines(left.Edits), Buttons: []string{"Continue", "Drop", "Later"}, Width: 40}
	return pane.Send(&pane.Ask{Popup: popup, Do: func(answer int) tea.Cmd { return u.decided(left, answer == 0) }})
}

func editLines(edits []model.Edit) []string {
	return model.Each(edits, func(e model.Edit) string { return "  " + e.Path + ": " + e.Value })
}

// decided goes on with edits, in the form and not saved, or drops them.
func (u *unsaved) decided(left model.Unsaved, on bool) tea.Cmd {
	id := left.Experiment
	delete(u.pending, id)
	if on {
		return tea.Sequence(pane.Send(pane.OpenMsg{To: pane.Config, Experiment: id, Edits: left.Edits}), u.offer())
	}
	return tea.Sequence(u.keep(model.Unsaved{Experiment: id}), pane.Say("the unsaved changes to "+id+" are dropped"), u.offer())
}
