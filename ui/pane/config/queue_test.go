package config

import (
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/app"
	"shardeck/backend/experiments"
	"shardeck/model"
	"shardeck/model/check"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

// watch notes what is parsed or judged, and fails the test if the event loop does it.
type watch struct {
	t     *testing.T
	loop  bool // in Update or View
	edits int  // texts parsed for edits
	// opened counts the drafts opened, each of which parses its text once.
	opened int
}

func (w *watch) saw(what string) {
	w.t.Helper()
	if w.loop {
		w.t.Errorf("%s in the event loop", what)
	}
}

// watchedBackend is the use cases that open a draft and judge it.
type watchedBackend struct {
	*app.App
	*watch
}

func (b watchedBackend) Check(e model.Experiment) check.Verdict {
	b.saw("Check")
	return b.App.Check(e)
}

func (b watchedBackend) Legal(e model.Experiment, path string) []int {
	b.saw("Legal")
	return b.App.Legal(e, path)
}

func (b watchedBackend) Draft(id string) (*experiments.Draft, error) {
	b.saw("Draft")
	b.opened++
	return b.App.Draft(id)
}

// watchedDraft is a draft whose every method is for commands.
type watchedDraft struct {
	draft
	*watch
}

func (d watchedDraft) SetAll(edits ...model.Edit) error {
	d.saw("SetAll")
	d.edits++
	return d.draft.SetAll(edits...)
}

func (d watchedDraft) Undo() bool                { d.saw("Undo"); return d.draft.Undo() }
func (d watchedDraft) Redo() bool                { d.saw("Redo"); return d.draft.Redo() }
func (d watchedDraft) Get(path string) string    { d.saw("Get"); return d.draft.Get(path) }
func (d watchedDraft) Choices(p string) []string { d.saw("Choices"); return d.draft.Choices(p) }
func (d watchedDraft) Diff() string              { d.saw("Diff"); return d.draft.Diff() }
func (d watchedDraft) Save() error               { d.saw("Save"); return d.draft.Save() }

// watchedPane tells the watch when the event loop runs.
type watchedPane struct {
	*Pane
	*watch
}

func (p watchedPane) Update(msg tea.Msg) tea.Cmd {
	p.loop = true
	defer func() { p.loop = false }()
	if reply, ok := msg.(pane.Reply); ok {
		return reply.Deliver()
	}
	_, cmd := p.Pane.Update(msg)
	return cmd
}

func (p watchedPane) View() string {
	p.loop = true
	defer func() { p.loop = false }()
	p.Title()
	p.Message()
	p.Keys()
	return p.Pane.View()
}

// watched opens an experiment of a workspace under watch.
func watched(t *testing.T, ws *panetest.Workspace, id string) (*panetest.Driver, *Pane, *watch) {
	w := &watch{t: t}
	env, backend := ws.Env()
	p := New(env, watchedBackend{backend, w})
	p.SetFocus(true)
	d := panetest.Drive(t, watchedPane{p, w}, 80, 24).Send(pane.OpenMsg{To: pane.Config, Experiment: id})
	p.file.draft = watchedDraft{p.file.draft, w}
	return d, p, w
}

// TestEventLoopParsesNothing: every key that has to do with the draft leaves it to a command,
// and an edit parses once.
func TestEventLoopParsesNothing(t *testing.T) {
	d, _, w := watched(t, panetest.Open(t), "E1.1")
	d.Press("right", "down", "right", "left", "z", "Z", "z", "z", "f", "esc", "p", "esc", "w", "n", "enter", "esc", "e", "y")
	if w.edits != 3 || w.opened != 1 {
		t.Errorf("%d edits parsed, not 3, in a draft opened %d times, not once", w.edits, w.opened)
	}
	d.Press("up", "enter", "backspace").Type("3").Press("enter", "ctrl+f").Expect("◂ 4 ▸")
	if w.edits != 5 {
		t.Errorf("%d edits parsed, not 5", w.edits)
	}
	d.Press("w", "s").Absent("modified")
}

// TestKeysTypedFast come before any reply: the first edits are shown at once, and all are
// made in their order, those to other fields, undo and save too.
func TestKeysTypedFast(t *testing.T) {
	ws := panetest.Open(t)
	d, p, w := watched(t, ws, "E1.1")
	d.Park = true
	d.Press("right", "right").Expect("◂ 4 ▸")
	if ids := p.Unsaved(); len(ids) != 1 || len(p.unsaved.toKeep()) != 1 || p.unsaved.toKeep()[0].Edits[0].Value != "4" {
		t.Errorf("not made, and lost if the program ended now: %v", ids)
	}
	d.Press("down", "right", "right", "z", "down", "down", "down", "enter", "backspace").Type("64").Press("enter", "right", "right", "z", "w")
	if w.edits != 0 {
		t.Error("edited before a command ran")
	}
	d.Release()
	d.Expect("+  tp: 4", "+  pp: 2", "+  batch_size: 128").Press("s")
	e := ws.Row("E1.1").Experiment
	if e.Layout.TP != 4 || e.Layout.PP != 2 || e.Data.BatchSize != 128 || w.edits != 7 {
		t.Errorf("after %d edits %+v %+v", w.edits, e.Layout, e.Data)
	}
}

// TestKeysAreAsGoodFastAsSlowly: what is typed while the others wait is as if they did not.
func TestKeysAreAsGoodFastAsSlowly(t *testing.T) {
	keys := []string{"right", "right", "down", "right", "down", "right", "z", "right", "right", "up", "left", "Z", "down", "down",
		"right", "left"}
	values := map[bool]string{}
	for _, fast := range []bool{false, true} {
		d, p, _ := watched(t, panetest.Open(t), "E1.1")
		d.Park = fast
		d.Press(keys...).Release()
		values[fast] = string(p.file.experiment.Layout.Short())
		if !p.file.modified {
			t.Error("nothing was edited")
		}
	}
	if values[true] != values[false] {
		t.Errorf("typed fast %s, slowly %s", values[true], values[false])
	}
}

// TestEditsThatComeTogether are parsed once and taken back together.
func TestEditsThatComeTogether(t *testing.T) {
	d, p, w := watched(t, panetest.Open(t), "E1.1")
	d.Press("right").Send(pane.OpenMsg{To: pane.Config, Experiment: "E1.1", Edits: []model.Edit{
		{Path: "parallelism.tp", Value: "4"}, {Path: "data.batch_size", Value: "32"}}})
	if e := p.file.experiment; w.edits != 2 || e.Layout.TP != 4 || e.Data.BatchSize != 32 {
		t.Errorf("after %d edits %+v %+v", w.edits, e.Layout, e.Data)
	}
	d.Press("z").Expect("◂ 2 ▸", "Batch            4")
}
