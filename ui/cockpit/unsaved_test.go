package cockpit

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
	"shardeck/ui/panetest"
)

// left is a workspace in which an earlier session left E1.3 with TP=2 unsaved.
func left(t *testing.T, options ...panetest.Option) *panetest.Workspace {
	t.Helper()
	w := panetest.Open(t, options...)
	w.Write(".shardeck/drafts/E1.3.json",
		`{"experiment": "E1.3", "at": "2026-11-23T12:02:11Z", "edits": [{"path": "parallelism.tp", "value": "2"}]}`)
	return w
}

// kept are the edits on disk.
func kept(t *testing.T, w *panetest.Workspace) []model.Unsaved {
	t.Helper()
	all, err := w.Unsaved()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestUnsavedChangesAreKeptAsTheyAreMade(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 80, 24).Press("e", "right", "right")
	want := []model.Unsaved{{Experiment: "E1.1", At: panetest.Now, Edits: []model.Edit{{Path: "parallelism.tp", Value: "4"}}}}
	if diff := cmp.Diff(want, kept(t, w)); diff != "" {
		t.Fatal(diff)
	}
	d.Press("z", "z")
	if u := kept(t, w); len(u) != 0 {
		t.Errorf("kept %v, though all was taken back", u)
	}
	d.Press("right", "w", "s")
	if u := kept(t, w); len(u) != 0 || w.Row("E1.1").Experiment.Layout.TP != 2 {
		t.Errorf("kept %v, though all was saved", u)
	}
}

func TestUnsavedChangesAreOfferedAgain(t *testing.T) {
	w := left(t)
	d := start(t, w, 80, 24).Expect("Unsaved changes to E1.3 from 12:02", "parallelism.tp: 2", "▌ Continue").Press("enter")
	d.Expect("▌Config · E1.3", "◂ 2 ▸", "modified", "changed, not saved")
	if len(kept(t, w)) != 1 || w.Row("E1.3").Experiment.Layout.TP != 4 {
		t.Fatalf("saved without being asked, or dropped: %v", kept(t, w))
	}
	d.Press("w", "s").Expect("E1.3 saved")
	if len(kept(t, w)) != 0 {
		t.Error("still kept though saved")
	}
}

func TestUnsavedChangesAreDroppedWhenToldSo(t *testing.T) {
	w := left(t)
	start(t, w, 80, 24).Press("d").Expect("the unsaved changes to E1.3 are dropped").Press("2").Absent("modified")
	if len(kept(t, w)) != 0 {
		t.Error("still kept")
	}
	start(t, w, 80, 24).Absent("Unsaved")
}

// TestUnsavedChangesWaitForADecision puts it off, and then edits the same experiment.
func TestUnsavedChangesWaitForADecision(t *testing.T) {
	w := left(t)
	d := start(t, w, 80, 24).Press("esc").Absent("Unsaved").Press("down", "down", "e", "right").Expect("Unsaved changes to E1.3").Press("l")
	d.Expect("▌Config · E1.3", "◂ 4 ▸").Absent("modified")
	if len(kept(t, w)) != 1 {
		t.Fatal("lost")
	}
	d.Press("right", "c").Expect("◂ 2 ▸", "modified")
}

func TestUnsavedChangesAreWrittenAtTheEnd(t *testing.T) {
	w := panetest.Open(t)
	o := testOptions(w)
	m := New(context.Background(), w.App, o)
	d := panetest.Drive(t, whole{m}, 80, 24).Press("e")
	d.Park = true // no timer runs out any more
	d.Press("right")
	if len(kept(t, w)) != 0 {
		t.Fatal("kept too early to tell")
	}
	if err := m.state.now(); err != nil || len(kept(t, w)) != 1 {
		t.Errorf("%v, kept %v", err, kept(t, w))
	}
}

func TestReadOnlyOffersNoDecision(t *testing.T) {
	w := left(t, panetest.ReadOnly)
	start(t, w, 80, 24).Absent("Unsaved changes")
	if len(kept(t, w)) != 1 {
		t.Error("a read-only session dropped changes")
	}
}
