package experiments

import (
	"testing"

	"shardeck/ui/panetest"
)

// TestCloneMarkedShowsBeforeItWrites: one field changed in all, what is illegal refused
// with the reason, and nothing written before the question is answered.
func TestCloneMarkedShowsBeforeItWrites(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 100, 24).Press("space", "space", "space")
	d.Press("c").Expect("clone 3 marked, each with").Type("tp=2 batch=8").Press("enter")
	d.Expect("Make 1 experiment?", "E1.4 from E1.1  TP2 · batch 8", "not of E1.2: that is E1.4", "not of E1.3: that is E1.4", "▌ Make", "0.25 node-hours")
	if l.Called("Clone") != 0 {
		t.Fatalf("written before it was asked: %v", l.Calls)
	}
	d.Press("esc").Absent("E1.4")
	d.Press("c").Type("batch=8").Press("enter", "m").Expect("▌•E1.4", "•E1.5", "•E1.7").Absent("•E1.1")
	if l.Called("Clone E1.1 E1.4") != 1 || l.Called("Clone E1.2 E1.5") != 1 || l.Called("Clone ") != 3 {
		t.Errorf("calls: %v", l.Calls)
	}
}

func TestCloneMarkedRefusesWhatIsIllegal(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 100, 24).Press("space", "space", "c").Type("tp=3").Press("enter")
	d.Expect("None can be made", "not of E1.1: TP=3 is not possible: 32 heads do not divide by 3", "not of E1.2").Press("esc")
	d.Press("c").Type("tp").Press("enter").Expect("marked, each with tp▌")
	if l.Called("Clone ") != 0 {
		t.Errorf("calls: %v", l.Calls)
	}
}
