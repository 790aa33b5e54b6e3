package cockpit

import (
	"testing"

	"shardeck/ui/panetest"
	"shardeck/ui/widget"
)

func TestHelpComesFromTheTables(t *testing.T) {
	d := start(t, panetest.Open(t), 100, 60)
	d.Press("?").Expect("Keys", "make a new experiment from this one").Absent("the wheel scrolls")
	d.Type("everywhere").Expect("go to a pane by its number")
	d.Press("esc", "?").Type("shell").Expect("back to the shell; fg returns").Absent("clone").Press("esc").Absent("Keys")
	d.Press("?").Type("rank that the others").Expect("! ", "wait for").Press("esc") // the signs are told of, too
	d.Press("?").Type("bottleneck").Expect("nothing like it").Press("enter").Expect("nothing is called bottleneck")
	d.Press("M").Expect("the mouse is on").Press("?").Type("wheel").Expect("the wheel scrolls").Press("esc")
	d.Press("M").Expect("the mouse is off")
	d.Press("?").Type("give this pane").Press("enter").Expect("nothing to zoom") // what is chosen is done
}

// TestHelpSaysNothingTwice: every pane moves by the same keys, and help says so once.
func TestHelpSaysNothingTwice(t *testing.T) {
	w, seen := panetest.Open(t), map[widget.Findable]bool{}
	_, m := cockpitOf(t, w, w.App, &lent{})
	help(m)
	for _, item := range m.finder.Items() {
		if item.Group = ""; seen[item] {
			t.Errorf("twice: %+v", item)
		}
		seen[item] = true
	}
}

func TestPalette(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 80, 24)
	d.Press(":").Type("jo").Expect("jobs").Press("enter").Expect("▌Jobs")
	d.Press(":").Type("export").Press("enter").Expect("written: experiments/results_summary.csv and experiments/scaling_analysis.png")
	d.Press(":").Type("zzz").Press("enter").Expect("nothing is called zzz")
	d.Press(":").Type("e3.2").Press("enter").Expect("▌ E3.2", "▌Experiments")     // an experiment
	d.Press(":").Type("lite-ep2").Press("enter").Expect("▌ deepseek-v2-lite-ep2") // a run
	d.Press(":").Expect("Recent", "deepseek-v2-lite-ep2", "E3.2").Press("esc")    // where one has been comes first
	d.Press(":").Type("tpot").Press("enter").Expect("TPOT against GPUs", "tpot (ms): Time per output token", "! in full")
	d.Press(":").Type("gooput").Press("enter").Expect("No run has goodput yet") // a metric that no run has
	d.Press(":").Type("tok/s/GPU").Expect("tokens_sec_per_gpu").Press("esc")    // by the title of its column
	d.Press(":").Type("hf_home").Press("enter").Expect("In full", "hf_home: ").Press("esc")
	d.Press(":").Type("mess").Press("enter").Expect("Messages", "written: ").Press("esc")
	d.Press(":").Type("quit").Press("enter")
	if !d.Quit {
		t.Error(":quit did not quit")
	}
}

func TestManualHoldsEveryKey(t *testing.T) {
	groups := Manual()
	if len(groups) < 4 {
		t.Fatalf("%d groups", len(groups))
	}
	for _, g := range groups {
		for _, h := range g.Hints {
			if h.Label == "" || h.Verb == "" || h.Help == "" {
				t.Errorf("%s: a key without words: %+v", g.Title, h)
			}
		}
	}
}

func TestHelpOfAFieldStaysWhileItIsTyped(t *testing.T) {
	start(t, panetest.Open(t), 80, 24).Press("e", "enter").Expect("▌ Tensor (TP)      1▌", "1 2 4 8", "splits heads and MLP")
}

// TestPaletteKnowsTheKeysOfThePane does by name what a key does, in each pane its own.
func TestPaletteKnowsTheKeysOfThePane(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 80, 24).Press(":").Type("clone").Expect("make a new experiment from this one").Press("enter").Expect("clone E1.1 as")
	d.Press("esc", "e", "right", ":").Type("undo").Press("enter").Expect("◂ 1 ▸")
	d.Press("3", ":").Type("cancel").Press("enter").Expect("Cancel job 3141592 of E1.3?", "▌ No").Press("esc")
}

// TestNothingHappensWithoutAWord presses keys that cannot act, and expects to be told why.
func TestNothingHappensWithoutAWord(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 80, 24).Press("u").Expect("u does nothing here · ? shows the keys").Press("j").Absent("does nothing")
	d.Press("e", "right", "right", "right", "right", "right", "right").
		Expect("Tensor (TP) stops at 32: TP=64 is not possible: 32 heads do not divide by 64")
	d.Press("1", "up", "s", "enter").Expect("nothing was submitted")
}

// TestFooterShowsWhatCanBeDone goes over jobs that wait, fail and are done.
func TestFooterShowsWhatCanBeDone(t *testing.T) {
	d := start(t, panetest.Open(t), 80, 24).Press("3").Expect("x cancel…").Absent("f fix…")
	d.Press("down", "down").Expect("f fix…").Absent("x cancel…")
	w := panetest.Open(t, panetest.ReadOnly)
	start(t, w, 80, 24).Expect("read-only").Absent("s submit", "c clone").Press("3").Absent("x cancel…")
}
