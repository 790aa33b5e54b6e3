package config

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

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
