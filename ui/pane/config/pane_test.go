package config

import (
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func drive(t *testing.T, w *panetest.Workspace, id string, width, height int) *panetest.Driver {
	t.Helper()
	d := panetest.Drive(t, panetest.OfPane(New(w.Env())), width, height)
	return d.Send(pane.OpenMsg{To: pane.Config, Experiment: id})
}

var said = panetest.Said

func TestFrames(t *testing.T) {
	drive(t, panetest.Open(t), "E1.3", 80, 18).Golden("80x18")
	drive(t, panetest.Open(t), "E1.3", 93, 26).Press("left", "down", "right", "right").Golden("93x26")
}

func TestSizes(t *testing.T) {
	panetest.Sizes(drive(t, panetest.Open(t), "E1.3", 80, 18))
	panetest.Sizes(panetest.Drive(t, panetest.OfPane(New(panetest.Open(t).Env())), 80, 18))
}

func TestEditTPAndSave(t *testing.T) {
	w := panetest.Open(t)
	before := w.Digest()
	d := drive(t, w, "E1.1", 80, 20)
	d.Expect("◂ 1 ▸").Press("right", "right").Expect("◂ 4 ▸", "[0 1 2 3]", "0.50 node-hours")
	if changed := w.Changed(before); len(changed) != 1 || changed[0] != ".shardeck/drafts/E1.1.json" {
		t.Fatalf("written before it was saved: %v", changed)
	}
	d.Press("w").Expect("Save E1.1?", "-  tp: 1", "+  tp: 4").Press("s")
	if changed := w.Changed(before); len(changed) != 1 || changed[0] != w.Config("E1.1") || w.Row("E1.1").Experiment.Layout.TP != 4 {
		t.Fatalf("saved: %v", changed)
	}
	if got := said(d); got != "E1.1 saved · s submits it" {
		t.Errorf("said %q", got)
	}
}

func TestIllegalValueIsFixedAtAKey(t *testing.T) {
	d := drive(t, panetest.Open(t), "E1.3", 80, 20)
	d.Press("enter", "backspace").Type("3").Press("enter").Expect("3")
	if m := message(d); m.Text != "TP=3 is not possible: 32 heads do not divide by 3. ctrl+f: set parallelism.tp to 4" {
		t.Errorf("message %q", m.Text)
	}
	d.Press("ctrl+f").Expect("◂ 4 ▸")
	if m := message(d); strings.Contains(m.Text, "not possible") {
		t.Errorf("still says %q", m.Text)
	}
}

func TestSteppersLeaveIllegalValues(t *testing.T) {
	d := drive(t, panetest.Open(t), "E1.3", 80, 20)
	d.Press("enter", "backspace").Type("3").Press("enter", "right").Expect("◂ 4 ▸")
	d.Press("enter", "backspace").Type("3").Press("enter", "left").Expect("◂ 2 ▸")
}

func TestUndoRedo(t *testing.T) {
	d := drive(t, panetest.Open(t), "E1.1", 80, 20)
	d.Press("right", "right").Expect("◂ 4 ▸").Press("z").Expect("◂ 2 ▸").Press("z").Expect("◂ 1 ▸").Press("z").Expect("◂ 1 ▸")
	d.Press("Z", "Z").Expect("◂ 4 ▸")
}

func TestSubmitSavesFirst(t *testing.T) {
	w := panetest.Open(t)
	d := drive(t, w, "E1.1", 80, 30)
	d.Press("right", "s").Expect("Save E1.1?").Press("s").Expect("Submit E1.1?", "0.25 node-hours", "▌ No").Press("y")
	if got := w.Scheduler.Did("submit"); len(got) != 1 || got[0] != "E1.1" || w.Row("E1.1").Experiment.Layout.TP != 2 {
		t.Errorf("submitted %v", got)
	}
}

func TestSaveErrorIsShownAndNothingLost(t *testing.T) {
	w := panetest.Open(t)
	d := drive(t, w, "E1.1", 80, 20).Press("right")
	if err := os.Chmod(w.Path(w.Config("E1.1")), 0o444); err != nil {
		t.Fatal(err)
	}
	d.Press("w", "s").Expect("◂ 2 ▸")
	if got := said(d); !strings.Contains(got, "permission denied") {
		t.Errorf("said %q", got)
	}
}

// TestFileChangedOutside: it is never written over, and the edits find their way into it.
func TestFileChangedOutside(t *testing.T) {
	w := panetest.Open(t)
	d := drive(t, w, "E1.1", 80, 24).Press("right", "right")
	w.Replace(w.Config("E1.1"), "batch_size: 4", "batch_size: 16")
	d.Press("w", "s").Expect("E1.1 was changed outside", "parallelism.tp: 4", "▌ Leave").Press("enter").Expect("◂ 4 ▸")
	d.Press("w", "s", "m").Expect("◂ 4 ▸", "Batch            16")
	d.Press("w").Expect("+  tp: 4").Absent("batch").Press("s")
	if e := w.Row("E1.1").Experiment; e.Layout.TP != 4 || e.Data.BatchSize != 16 {
		t.Errorf("saved %+v", e)
	}
	d.Press("left")
	w.Replace(w.Config("E1.1"), "batch_size: 16", "batch_size: 8")
	d.Press("w", "s", "d").Expect("◂ 4 ▸", "Batch            8").Absent("changed outside")
}

func TestScriptIsOfWhatIsInTheForm(t *testing.T) {
	d := drive(t, panetest.Open(t), "E1.1", 100, 40).Press("right", "right", "p")
	d.Expect("with your changes, which are not saved yet", "--gpus-per-node=4")
}

func TestChangesOutliveAnotherExperiment(t *testing.T) {
	d := drive(t, panetest.Open(t), "E1.1", 80, 20)
	d.Press("right").Send(pane.OpenMsg{To: pane.Config, Experiment: "E1.2"}).Expect("◂ 2 ▸").Press("right").Expect("◂ 4 ▸")
	d.Send(pane.OpenMsg{To: pane.Config, Experiment: "E1.1"}).Expect("◂ 2 ▸")
	if u := d.Pane().(*Pane); len(u.Unsaved()) != 2 {
		t.Errorf("unsaved: %v", u.Unsaved())
	}
}

func TestEditorNeedsSavedFile(t *testing.T) {
	w := panetest.Open(t)
	d := drive(t, w, "E1.1", 80, 20)
	d.Press("e")
	if got, ok := panetest.Last[pane.EditMsg](d); !ok || got.Path != w.Path(w.Config("E1.1")) {
		t.Errorf("edits %q", got.Path)
	}
	before := len(d.Seen)
	d.Press("right", "e")
	for _, m := range d.Seen[before:] {
		if _, ok := m.(pane.EditMsg); ok {
			t.Error("the editor was opened over unsaved changes")
		}
	}
}

func TestFileWithAFault(t *testing.T) {
	w := panetest.Open(t)
	d := drive(t, w, "E9.9", 80, 20).Expect("Tensor (TP)")
	if m := message(d); m.Text != `line 4: unknown key "parallelsim"; did you mean parallelism? · e opens the file there` {
		t.Errorf("message %q", m.Text)
	}
	w.Remove(w.Config("E9.9"))
	drive(t, w, "E9.9", 80, 20).Expect(`no experiment "E9.9" in experiments/configs`)
}

func TestScriptPreview(t *testing.T) {
	drive(t, panetest.Open(t), "E1.2", 80, 30).Press("p").Expect("run_E1.2.sh", "#SBATCH -q shared").Press("esc").Absent("#SBATCH")
}

func TestReadOnly(t *testing.T) {
	drive(t, panetest.Open(t, panetest.ReadOnly), "E1.1", 80, 20).Press("right").Expect("◂ 1 ▸")
}

func message(d *panetest.Driver) pane.Note {
	return d.Pane().Message()
}

// TestFaultyFileShowsNothingInvented: of a file that cannot be read the form has what stands in it, faulty or not, and
// nothing that would follow from defaults; its editor opens at the first fault.
func TestFaultyFileShowsNothingInvented(t *testing.T) {
	for name, c := range map[string]struct {
		old, new string
		line     int
		want     []string
	}{
		"a group mistyped": {"parallelism:", "parallelsim:", 4, []string{"Tensor (TP)    ◂ –", "Batch            4", "unknown key"}},
		"no number":        {"tp: 2", "tp: two", 5, []string{"Tensor (TP)    ◂ two", "Pipeline (PP)    1", "is not a whole number"}},
		"a word for keys": {"data:\n  batch_size: 4\n  seq_len: 2048\n  max_tokens: 64", "data: much", 10,
			[]string{"Batch            –", "Prompt           –"}},
	} {
		w := panetest.Open(t)
		w.Replace(w.Config("E1.2"), c.old, c.new)
		d := drive(t, w, "E1.2", 80, 30).Expect(c.want...).Expect("Not read").Absent("GiB", "node-hours", "Ranks", "A100")
		d.Press("e")
		if msg, _ := panetest.Last[pane.EditMsg](d); msg.Line != c.line {
			t.Errorf("%s: the editor opens at line %d, want %d", name, msg.Line, c.line)
		}
	}
}
