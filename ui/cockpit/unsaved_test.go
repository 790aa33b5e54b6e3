package cockpit

import (
	"context"
	"testing"
	"time"

	"shardeck/model"
	"shardeck/ui/panetest"
)

// left is a lab in which an earlier session left E1.3 with TP=2 unsaved.
func left() *panetest.Lab {
	l := panetest.New()
	l.Kept = map[string]model.Unsaved{"E1.3": {Experiment: "E1.3", At: panetest.Now.Add(-2 * time.Hour),
		Edits: []model.Edit{{Path: "parallelism.tp", Value: "2"}}}}
	return l
}

func TestUnsavedChangesAreKeptAsTheyAreMade(t *testing.T) {
	l := panetest.New()
	d := start(t, l, 80, 24).Press("e", "right", "right")
	if u := l.Kept["E1.1"]; len(u.Edits) != 1 || u.Edits[0] != (model.Edit{Path: "parallelism.tp", Value: "4"}) || !u.At.Equal(panetest.Now) {
		t.Fatalf("kept %+v", u)
	}
	d.Press("z", "z")
	if len(l.Kept) != 0 {
		t.Errorf("kept %v, though all was taken back", l.Kept)
	}
	d.Press("right", "w", "s")
	if len(l.Kept) != 0 || l.Called("Save E1.1") != 1 {
		t.Errorf("kept %v, though all was saved: %v", l.Kept, l.Calls)
	}
}

func TestUnsavedChangesAreOfferedAgain(t *testing.T) {
	l := left()
	d := start(t, l, 80, 24).Expect("Unsaved changes to E1.3 from 12:02", "parallelism.tp: 2", "▌ Continue").Press("enter")
	d.Expect("▌Config · E1.3", "◂ 2 ▸", "modified", "changed, not saved")
	if l.Called("Save ") != 0 || len(l.Kept) != 1 {
		t.Fatalf("saved without being asked, or dropped: %v", l.Kept)
	}
	d.Press("w", "s").Expect("E1.3 saved")
	if len(l.Kept) != 0 {
		t.Error("still kept though saved")
	}
}

func TestUnsavedChangesAreDroppedWhenToldSo(t *testing.T) {
	l := left()
	start(t, l, 80, 24).Press("d").Expect("the unsaved changes to E1.3 are dropped").Press("2").Absent("modified")
	if len(l.Kept) != 0 {
		t.Error("still kept")
	}
	start(t, l, 80, 24).Absent("Unsaved")
}

// TestUnsavedChangesWaitForADecision puts it off, and then edits the same experiment.
func TestUnsavedChangesWaitForADecision(t *testing.T) {
	l := left()
	d := start(t, l, 80, 24).Press("esc").Absent("Unsaved").Press("down", "down", "e", "right").Expect("Unsaved changes to E1.3").Press("l")
	d.Expect("▌Config · E1.3", "◂ 4 ▸").Absent("modified")
	if len(l.Kept) != 1 {
		t.Fatal("lost")
	}
	d.Press("right", "c").Expect("◂ 2 ▸", "modified")
}

func TestUnsavedChangesAreWrittenAtTheEnd(t *testing.T) {
	l := panetest.New()
	o := testOptions(l)
	m := New(context.Background(), l, o)
	d := panetest.Drive(t, whole{m}, 80, 24).Press("e")
	d.Park = true // no timer runs out any more
	d.Press("right")
	if len(l.Kept) != 0 {
		t.Fatal("kept too early to tell")
	}
	if err := m.state.now(); err != nil || len(l.Kept) != 1 {
		t.Errorf("%v, kept %v", err, l.Kept)
	}
}

func TestReadOnlyOffersNoDecision(t *testing.T) {
	l := left()
	l.Locked = true
	start(t, l, 80, 24).Absent("Unsaved changes")
	if len(l.Kept) != 1 {
		t.Error("a read-only session dropped changes")
	}
}
