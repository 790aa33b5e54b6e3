package config

import (
	"context"
	"errors"
	"testing"

	"shardeck/backend/lab"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

func drive(t *testing.T, l *panetest.Lab, id string, w, h int) *panetest.Driver {
	t.Helper()
	d := panetest.Drive(t, panetest.OfPane(New(l.Env(context.Background()))), w, h)
	return d.Send(pane.OpenMsg{To: pane.Config, Experiment: id})
}

func TestFrames(t *testing.T) {
	drive(t, panetest.New(), "E1.3", 80, 18).Golden("80x18")
	drive(t, panetest.New(), "E1.3", 93, 26).Press("left", "down", "right", "right").Golden("93x26")
}

func TestSizes(t *testing.T) {
	panetest.Sizes(drive(t, panetest.New(), "E1.3", 80, 18))
	panetest.Sizes(panetest.Drive(t, panetest.OfPane(New(panetest.New().Env(context.Background()))), 80, 18))
}

func TestEditTPAndSave(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, "E1.1", 80, 20)
	d.Expect("◂ 1 ▸").Press("right", "right").Expect("◂ 4 ▸", "[0 1 2 3]", "0.50 node-hours")
	d.Press("w").Expect("Save E1.1?", "-parallelism.tp: 1", "+parallelism.tp: 4").Press("s")
	if l.Called("Save E1.1") != 1 || l.Rows[0].Experiment.Layout.TP != 4 {
		t.Fatalf("not saved: %v", l.Calls)
	}
	if note, _ := panetest.Last[pane.Note](d); note.Text != "E1.1 saved · s submits it" {
		t.Errorf("said %q", note.Text)
	}
}

func TestIllegalValueIsFixedAtAKey(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, "E1.3", 80, 20)
	d.Press("enter", "backspace").Type("3").Press("enter").Expect("3")
	if m := message(d); m.Text != "TP=3 is not possible: 32 heads do not divide by 3. ctrl+f: set parallelism.tp to 4" {
		t.Errorf("message %q", m.Text)
	}
	d.Press("ctrl+f").Expect("◂ 4 ▸")
	if m := message(d); m.Text != "" {
		t.Errorf("still says %q", m.Text)
	}
}

func TestSteppersLeaveIllegalValues(t *testing.T) {
	d := drive(t, panetest.New(), "E1.3", 80, 20)
	d.Press("enter", "backspace").Type("3").Press("enter", "right").Expect("◂ 4 ▸")
	d.Press("enter", "backspace").Type("3").Press("enter", "left").Expect("◂ 2 ▸")
}

func TestUndoRedo(t *testing.T) {
	d := drive(t, panetest.New(), "E1.1", 80, 20)
	d.Press("right", "right").Expect("◂ 4 ▸").Press("z").Expect("◂ 2 ▸").Press("z").Expect("◂ 1 ▸").Press("z").Expect("◂ 1 ▸")
	d.Press("Z", "Z").Expect("◂ 4 ▸")
}

func TestSubmitSavesFirst(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, "E1.1", 80, 20)
	d.Press("right", "s").Expect("Save E1.1?").Press("s").Expect("Submit E1.1?", "0.25 node-hours", "▌ No").Press("y")
	if l.Called("Submit E1.1") != 1 {
		t.Errorf("calls: %v", l.Calls)
	}
}

func TestSaveErrorIsShownAndNothingLost(t *testing.T) {
	l := panetest.New()
	l.Err["Save"] = errors.New("E1.1.yaml changed on disk since it was opened")
	d := drive(t, l, "E1.1", 80, 20)
	d.Press("right", "w", "s").Expect("◂ 2 ▸")
	if note, _ := panetest.Last[pane.Note](d); note.Text != "E1.1.yaml changed on disk since it was opened" {
		t.Errorf("said %q", note.Text)
	}
}

// TestFileChangedOutside: it is never written over, and the edits find their way into it.
func TestFileChangedOutside(t *testing.T) {
	l := panetest.New()
	l.Err["Save"] = &lab.Fault{Text: "E1.1.yaml: changed on disk", Kind: lab.ErrChanged}
	d := drive(t, l, "E1.1", 80, 24)
	d.Press("right", "right", "w", "s").Expect("E1.1 was changed outside", "parallelism.tp: 4", "▌ Leave").Press("enter").Expect("◂ 4 ▸")
	l.Rows[0].Experiment.Data.BatchSize = 16
	d.Press("w", "s", "m").Expect("◂ 4 ▸", "Batch            16")
	delete(l.Err, "Save")
	d.Press("w").Expect("+parallelism.tp: 4").Absent("batch").Press("s")
	if e := l.Rows[0].Experiment; e.Layout.TP != 4 || e.Data.BatchSize != 16 {
		t.Errorf("saved %+v", e)
	}
	l.Err["Save"] = lab.ErrChanged
	d.Press("left", "w", "s", "d").Expect("◂ 4 ▸").Absent("changed outside")
}

func TestScriptIsOfWhatIsInTheForm(t *testing.T) {
	drive(t, panetest.New(), "E1.1", 100, 30).Press("right", "right", "p").Expect("with your changes, which are not saved yet", "--gpus-per-node=4")
}

func TestChangesOutliveAnotherExperiment(t *testing.T) {
	d := drive(t, panetest.New(), "E1.1", 80, 20)
	d.Press("right").Send(pane.OpenMsg{To: pane.Config, Experiment: "E1.2"}).Expect("◂ 2 ▸").Press("right").Expect("◂ 4 ▸")
	d.Send(pane.OpenMsg{To: pane.Config, Experiment: "E1.1"}).Expect("◂ 2 ▸")
	if u := d.Pane().(*Pane); len(u.Unsaved()) != 2 {
		t.Errorf("unsaved: %v", u.Unsaved())
	}
}

func TestEditorNeedsSavedFile(t *testing.T) {
	d := drive(t, panetest.New(), "E1.1", 80, 20)
	d.Press("e")
	if got, ok := panetest.Last[pane.EditMsg](d); !ok || got.Path == "" {
		t.Error("no file to edit")
	}
	before := len(d.Seen)
	d.Press("right", "e")
	for _, m := range d.Seen[before:] {
		if _, ok := m.(pane.EditMsg); ok {
			t.Error("the editor was opened over unsaved changes")
		}
	}
}

func TestUnreadableFile(t *testing.T) {
	drive(t, panetest.New(), "E9.9", 80, 20).Expect("cannot be read")
}

func TestScriptPreview(t *testing.T) {
	drive(t, panetest.New(), "E1.2", 80, 20).Press("p").Expect("run_E1.2.sh", "#SBATCH --qos=shared").Press("esc").Absent("#SBATCH")
}

func TestReadOnly(t *testing.T) {
	l := panetest.New()
	l.Locked = true
	drive(t, l, "E1.1", 80, 20).Press("right").Expect("◂ 1 ▸")
}

func message(d *panetest.Driver) pane.Note {
	return d.Pane().Message()
}
