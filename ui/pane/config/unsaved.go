package config

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// Edits outlive the session: a moment after each they are kept in the workspace, until
// they are saved or dropped. The next session offers them again, and makes none of its own
// accord.

// keepTime is how long edits are gathered before they are kept.
const keepTime = 500 * time.Millisecond

// unsaved is what is kept in the workspace, and how to get it there.
type unsaved struct {
	wait    pane.Timer                   // before the edits are kept
	before  map[string]map[string]string // by experiment and key: the value before the first edit
	kept    map[string]model.Unsaved     // as last written
	pending map[string]model.Unsaved     // of an earlier session, not yet decided on
	found   pane.Task[[]model.Unsaved]
	writing pane.Task[struct{}]
}

// newUnsaved holds nothing yet.
func newUnsaved() unsaved {
	return unsaved{before: map[string]map[string]string{}, kept: map[string]model.Unsaved{}, pending: map[string]model.Unsaved{}}
}

// write sets keys of the draft, and notes what they were.
func (p *Pane) write(edits ...model.Edit) error {
	for _, e := range edits {
		was := p.draft().Get(e.Path)
		if err := p.draft().Set(e.Path, e.Value); err != nil {
			return err
		}
		if p.unsaved.before[p.id] == nil {
			p.unsaved.before[p.id] = map[string]string{}
		}
		if _, known := p.unsaved.before[p.id][e.Path]; !known {
			p.unsaved.before[p.id][e.Path] = was
		}
	}
	return nil
}

// editsOf are those of a draft that differ from its file.
func (p *Pane) editsOf(id string) []model.Edit {
	d := p.drafts[id]
	if d == nil || !d.Modified() {
		return nil
	}
	var edits []model.Edit
	for path, was := range p.unsaved.before[id] {
		if now := d.Get(path); now != was {
			edits = append(edits, model.Edit{Path: path, Value: now})
		}
	}
	slices.SortFunc(edits, func(a, b model.Edit) int { return strings.Compare(a.Path, b.Path) })
	return edits
}

// toKeep are the records that differ from what is kept.
func (p *Pane) toKeep() []model.Unsaved {
	if p.busy() {
		return nil // a command has the draft
	}
	var all []model.Unsaved
	for id := range p.unsaved.before {
		u := model.Unsaved{Experiment: id, At: p.env.Now(), Edits: p.editsOf(id)}
		if !slices.Equal(u.Edits, p.unsaved.kept[id].Edits) {
			all = append(all, u)
		}
	}
	return all
}

// keepSoon keeps the edits in a moment.
func (p *Pane) keepSoon() tea.Cmd {
	if len(p.toKeep()) == 0 {
		return nil
	}
	return p.unsaved.wait.Start(p.env.Env, keepTime, p.keep)
}

func (p *Pane) keep() tea.Cmd {
	all := p.toKeep()
	if len(all) == 0 {
		return nil
	}
	for _, u := range all {
		p.unsaved.kept[u.Experiment] = u // whatever comes of it: it is tried once
	}
	return p.store(all)
}

func (p *Pane) store(all []model.Unsaved) tea.Cmd {
	l := p.env.Lab
	return p.unsaved.writing.Start(p.env.Ctx, func(context.Context) (struct{}, error) { return struct{}{}, storeAll(l, all) }, failed)
}

func failed(_ struct{}, err error) tea.Cmd {
	if err != nil {
		return pane.Fail(err)
	}
	return nil
}

func storeAll(l Backend, all []model.Unsaved) error {
	for _, u := range all {
		if err := l.KeepUnsaved(u); err != nil {
			return fmt.Errorf("the unsaved changes to %s are only on this screen: %w", u.Experiment, err)
		}
	}
	return nil
}

// KeepNow keeps the edits at once: the program ends.
func (p *Pane) KeepNow() error { return storeAll(p.env.Lab, p.toKeep()) }

// isFile forgets what the keys of a draft were: it is its file again.
func (p *Pane) isFile(id string) {
	if p.unsaved.before[id] != nil {
		p.unsaved.before[id] = map[string]string{}
	}
}

// gotUnsaved takes what an earlier session left, and offers the first.
func (p *Pane) gotUnsaved(all []model.Unsaved, err error) tea.Cmd {
	if p.env.Lab.ReadOnly() {
		return nil // neither to go on with nor to drop
	}
	for _, u := range all {
		p.unsaved.pending[u.Experiment], p.unsaved.kept[u.Experiment] = u, u
	}
	if err != nil {
		return tea.Batch(pane.Fail(err), p.offer())
	}
	return p.offer()
}

// offer asks what is to become of the edits of an earlier session, one experiment at a time.
func (p *Pane) offer() tea.Cmd {
	for _, id := range slices.Sorted(maps.Keys(p.unsaved.pending)) {
		return p.question(p.unsaved.pending[id])
	}
	return nil
}

// undecided asks before the form is changed of which an earlier session left edits: they
// would be lost. It is nil where nothing is to be asked.
func (p *Pane) undecided() tea.Cmd {
	if u, ok := p.unsaved.pending[p.id]; ok {
		return p.question(u)
	}
	return nil
}

func (p *Pane) question(u model.Unsaved) tea.Cmd {
	var body []string
	for _, e := range u.Edits {
		body = append(body, "  "+e.Path+": "+e.Value)
	}
	title := "Unsaved changes to " + u.Experiment + " from " + clockOf(u.At, p.env.Now())
	popup := &widget.Popup{Title: title, Body: body, Buttons: []string{"Continue", "Drop", "Later"}, Width: 40}
	return pane.Send(pane.AskMsg{Ask: &pane.Ask{Popup: popup, Do: func(answer int) tea.Cmd { return p.decided(u, answer == 0) }}})
}

// clockOf is a time as one says it: the day only if it is another.
func clockOf(t, now time.Time) string {
	t = t.In(now.Location())
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format("15:04")
	}
	return t.Format("2 Jan 15:04")
}

// decided goes on with edits, in the form and not saved, or drops them.
func (p *Pane) decided(u model.Unsaved, on bool) tea.Cmd {
	delete(p.unsaved.pending, u.Experiment)
	if on {
		return tea.Sequence(pane.Send(pane.OpenMsg{To: pane.Config, Experiment: u.Experiment, Edits: u.Edits}), p.offer())
	}
	none := model.Unsaved{Experiment: u.Experiment}
	p.unsaved.kept[u.Experiment] = none
	return tea.Sequence(p.store([]model.Unsaved{none}), pane.Say("the unsaved changes to "+u.Experiment+" are dropped"), p.offer())
}
