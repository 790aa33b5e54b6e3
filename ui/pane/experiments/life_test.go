package experiments

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"shardeck/ui/panetest"
)

// TestLife: an experiment is renamed, noted on, hidden, deleted and had back by keys alone, also by the next session.
func TestLife(t *testing.T) {
	w := panetest.Open(t)
	before := w.Digest()
	d := drive(t, w, 100, 30).Press("down", "R").Expect("rename E1.2 to E1.2").Press("ctrl+u").Type("two").Press("enter")
	d.Expect("▌ two").Absent("E1.2 ")
	d.Press("#").Expect("tags of llama-8b-tp2:").Type("ref paper").Press("enter").Expect("#paper #ref")
	d.Press("N").Type("old driver").Press("enter").Expect("#paper #ref · old driver")
	d.Press("/").Type("tag:ref").Press("enter").Expect("▌ two").Absent("E1.1", "E3.1").Press("esc")
	d.Press("/").Type("tp>1 note:~driver").Press("enter").Expect("▌ two").Absent("E1.3").Press("esc")
	d.Press("#", "ctrl+u", "enter", "N", "ctrl+u", "enter").Absent("#ref", "old driver")
	d.Press("a").Absent("two").Press("/").Type("archived:yes").Press("enter").Expect("two").Absent("E1.1").Press("a", "esc").
		Expect("two", "E1.1")

	d.Press("home", "down", "D")
	d.Expect("Delete E1.3?", "▌ Leave").Press("esc").Expect("E1.3")
	if d.Press("R").Type("x").Press("enter"); w.Row("E1.3").Experiment.ID != "E1.3" {
		t.Error("an experiment whose job runs was renamed")
	}
	d.Press("/").Type("id:two").Press("enter", "D").Expect("Delete two?", "With results").Press("w")
	if _, err := os.Stat(filepath.Join(w.Dir, "trace_collection/llama-8b-tp2")); err == nil {
		t.Error("the results are still there")
	}
	d.Press("esc").Absent("two ")
	w.Reopen()
	drive(t, w, 100, 30).Press("z").Expect("two").Press("/").Type("id:two").Press("enter", "R", "ctrl+u").Type("E1.2").Press("enter")
	if changed := slices.DeleteFunc(w.Changed(before), func(path string) bool {
		return filepath.Dir(path) != "experiments/configs" && filepath.Dir(path) != "trace_collection/llama-8b-tp2" ||
			filepath.Ext(path) == ".json"
	}); len(changed) > 0 {
		t.Errorf("there and back left %v", changed)
	}
}

// TestFirstExperiments: an empty workspace is filled at a key.
func TestFirstExperiments(t *testing.T) {
	w := panetest.Empty(t)
	d := drive(t, w, 80, 24).Expect("There are no experiments", "↵   writes the first three").Press("enter").Expect("E1.1", "E1.2", "E1.3")
	d.Press("n").Expect("new experiment E1.4").Press("ctrl+u").Type("E9.1 from=E1.2 batch=8").Press("enter").Expect("▌ E9.1")
	if got := w.Row("E9.1").Experiment; got.Data.BatchSize != 8 || got.Layout.TP != 2 {
		t.Errorf("made %+v", got)
	}
	d.Press("c", "ctrl+u").Type("E9.2 tp=1,2,4 batch=16,32").Press("enter").
		Expect("Make 6 experiments?", "E9.2 from E9.1", "E9.7 from E9.1").Press("m")
	d.Expect("•E9.2", "•E9.7").Press("D").Expect("Delete 6 experiments?").Press("d").Absent("E9.2")
	drive(t, w, 80, 24).Press("z").Expect("E9.2", "E9.7")
}
