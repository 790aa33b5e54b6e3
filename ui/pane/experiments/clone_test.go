package experiments

import (
	"slices"
	"testing"

	"shardeck/ui/panetest"
)

// TestCloneMarkedShowsBeforeItWrites: one field changed in all, what is illegal refused
// with the reason, and nothing written before the question is answered.
func TestCloneMarkedShowsBeforeItWrites(t *testing.T) {
	w := panetest.Open(t)
	before := w.Digest()
	d := drive(t, w, 100, 24).Press("space", "space", "space")
	d.Press("c").Expect("clone 3 marked, each with").Type("tp=2 batch=8").Press("enter")
	d.Expect("Make 1 experiment?", "E1.4 from E1.1  TP2 · batch 8", "▌ Make", "0.25 node-hours")
	d.Expect("not of E1.2 tp 2 · batch_size 8: E1.4 is that already", "not of E1.3 tp 2")
	if changed := w.Changed(before); len(changed) > 0 {
		t.Fatalf("written before it was asked: %v", changed)
	}
	d.Press("esc").Absent("E1.4")
	d.Press("c").Type("batch=8").Press("enter", "m").Expect("▌•E1.4", "•E1.5", "•E1.7").Absent("•E1.1")
	if made, want := configs(w.Changed(before)), []string{w.Config("E1.4"), w.Config("E1.5"), w.Config("E1.7")}; !slices.Equal(made, want) {
		t.Errorf("made %v, want %v", made, want)
	}
}

func TestCloneMarkedRefusesWhatIsIllegal(t *testing.T) {
	w := panetest.Open(t)
	before := w.Digest()
	d := drive(t, w, 100, 24).Press("space", "space", "c").Type("tp=3").Press("enter")
	d.Expect("None can be made", "not of E1.1 tp 3: TP=3 is not possible: 32 heads do not divide by 3", "not of E1.2").Press("esc")
	d.Press("c").Type("tp").Press("enter").Expect("marked, each with tp▌")
	if changed := w.Changed(before); len(changed) > 0 {
		t.Errorf("written: %v", changed)
	}
}

func TestFreeID(t *testing.T) {
	taken := map[string]bool{"E1.1": true, "E1.2": true, "E9": true, "scan": true, "scan.1": true}
	for id, want := range map[string]string{"E1.1": "E1.3", "E1.0": "E1.3", "E9": "E10", "E10": "E11", "F1.4": "F1.5", "scan": "scan.2", "base": "base.1"} {
		if got := freeID(id, taken); got != want {
			t.Errorf("after %s comes %s, want %s", id, got, want)
		}
	}
}

// TestCloneCountsFromTheNameGiven: the second copy is the number after the first.
func TestCloneCountsFromTheNameGiven(t *testing.T) {
	d := drive(t, panetest.Open(t), 100, 24).Press("c", "ctrl+u").Type("E9 batch_size=8,16").Press("enter")
	d.Expect("E9 from E1.1", "E10 from E1.1")
}
