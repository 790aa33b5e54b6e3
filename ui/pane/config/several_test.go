package config

import (
	"slices"
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

// typeInto types a value into the field under the cursor.
func typeInto(d *panetest.Driver, value string) *panetest.Driver {
	return d.Press("enter", "ctrl+u").Type(value).Press("enter")
}

// TestSeveralValuesMakeASweep: the panel shows points, price and what is impossible; saving writes the sweep and nothing else.
func TestSeveralValuesMakeASweep(t *testing.T) {
	w := panetest.Open(t)
	before := w.Digest()
	d := drive(t, w, "E1.1", 100, 30)
	typeInto(d, "1,2,3").Expect("1,2,3", "sweep over 1 2 3").
		Expect("2 of 3 points · 1 impossible · at most 0.38 node-hours", "32 heads do not divide by 3")
	d.Press("left").Expect("1,2,3")
	d.Press("down", "down", "down", "down", "down", "right").Expect("4 096", "in turn · ≤ 1.50 GPU hours")
	d.Press("w").Expect("save as the sweep scan1").Press("enter")
	ask, ok := panetest.Last[*pane.Ask](d)
	if !ok || ask.Popup.Title != "Write experiments/sweeps/scan1.yaml?" {
		t.Fatalf("asked %+v", ask)
	}
	d.Send(ask.Yes()())
	changed := slices.DeleteFunc(w.Changed(before), func(p string) bool { return strings.HasPrefix(p, ".shardeck/") })
	if !slices.Equal(changed, []string{"experiments/sweeps/scan1.yaml"}) {
		t.Errorf("wrote %v", changed)
	}
	if got := w.Read("experiments/sweeps/scan1.yaml"); got != "base: E1.1\nvary:\n  parallelism.tp: [1, 2, 3]\n  data.seq_len: [4096]\n" {
		t.Errorf("the sweep is %q", got)
	}
	if open, _ := panetest.Last[pane.OpenMsg](d); open.To != pane.Experiments || open.Sweep != "scan1" {
		t.Errorf("then %+v", open)
	}
	d.Absent("1,2,3").Expect("2 048")
}

// TestSeveralValuesAreUndone: an edit of several values is taken back, made again, and ended by one value; what is wrong is said.
func TestSeveralValuesAreUndone(t *testing.T) {
	d := drive(t, panetest.Open(t), "E1.1", 100, 30)
	typeInto(d, "1,2").Expect("2 of 2 points")
	d.Press("z").Absent("1,2 ", "points").Press("Z").Expect("2 of 2 points")
	typeInto(d, "2").Absent("points").Expect("◂ 2 ▸").Press("z").Expect("2 of 2 points").Press("z").Absent("points")
	typeInto(d, "1,,2").Absent("points")
	if got := said(d); !strings.Contains(got, "a value is missing between the commas") {
		t.Errorf("said %q", got)
	}
	typeInto(d, "1,x").Expect("1,x", "Sweep")
	if m := message(d); !strings.Contains(m.Text, "parallelism.tp") {
		t.Errorf("message %q", m.Text)
	}
}

// TestSeveralValuesOutliveTheSession: they are kept as other edits are, and offered again.
func TestSeveralValuesOutliveTheSession(t *testing.T) {
	w := panetest.Open(t)
	typeInto(drive(t, w, "E1.1", 100, 30), "1,2")
	left, err := w.Unsaved()
	if want := []model.Edit{{Path: "parallelism.tp", Value: "1,2"}}; err != nil || len(left) != 1 || !slices.Equal(left[0].Edits, want) {
		t.Fatalf("kept %+v, %v", left, err)
	}
	d := panetest.Drive(t, panetest.OfPane(New(w.Env())), 100, 30)
	ask, ok := panetest.Last[*pane.Ask](d)
	if !ok {
		t.Fatal("not offered again")
	}
	ask.Do(0) // goes on with them
	d.Absent("points").Send(pane.OpenMsg{To: pane.Config, Experiment: "E1.1", Edits: left[0].Edits}).Expect("1,2", "2 of 2 points")
}
