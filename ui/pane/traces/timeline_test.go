package traces

import (
	"errors"
	"strings"
	"testing"

	tl "shardeck/model/timeline"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

// looking is the pane with a run in it and the cursor on its timeline.
func looking(t *testing.T, run string) (*panetest.Driver, *asked) {
	t.Helper()
	d, l := listen(t, panetest.Open(t))
	return d.Send(pane.OpenMsg{To: pane.Traces, Run: run}).Press("shift+tab").Expect("▌timeline"), l
}

func TestTimelineFrames(t *testing.T) {
	d, _ := looking(t, "llama-8b-tp2")
	d.Golden("timeline-80x18")
	d.Press("J").Type("decode 14").Press("enter").Golden("step-80x18")
	d.Press("c", "+", "+").Golden("call-80x18")
	d.Resize(140, 39)
	d.Golden("call-140x39")
	d.Resize(200, 54)
	d.Press("esc").Golden("timeline-200x54")
	panetest.Sizes(d.Press("+", "+", "+"))
}

// TestZoomIsOfAllRanks: from the whole window to single kernels, which the backend is asked for once, and back.
func TestZoomIsOfAllRanks(t *testing.T) {
	d, l := listen(t, panetest.Open(t))
	d.Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2"}).Press("right")
	has(t, said(d), "the whole window is in sight")
	if len(l.lanes) != 0 {
		t.Error("kernels read before anybody looks closer")
	}
	d.Press("shift+tab", "+").Expect("74.0 ms, 50.0 % of the window", "rank 0", "rank 1")
	d.Press("left", "left", "left", "left").Expect("prefill", "│0 ms")
	for range 6 {
		d.Press("+")
	}
	d.Expect("nvjet_tst_64x8_64x16_4x1_v_bz_TNT 9.46 ms", "layer 3")
	for range 60 {
		d.Press("right")
	}
	d.Absent("prefill")
	for range 9 {
		d.Press("-")
	}
	d.Expect("the whole window, 148 ms")
	if len(l.lanes) != 1 {
		t.Errorf("asked for %v", l.lanes)
	}
}

// TestLeavingGivesMemoryBack: what is drawn stays; who comes back has the kernels read again.
func TestLeavingGivesMemoryBack(t *testing.T) {
	d, l := looking(t, "llama-8b-tp2")
	d.Press("+", "+", "+", "+", "+")
	p := d.Pane().(*Pane)
	before := d.Frame()
	p.SetFocus(false)
	if p.timeline.sides[0].lanes != nil {
		t.Error("the kernels are still there")
	}
	below := func(frame string) string { _, rest, _ := strings.Cut(frame, "\n"); return rest }
	if got := below(d.Frame()); got != below(before) {
		t.Errorf("the picture changed:\n%s\n%s", before, got)
	}
	p.SetFocus(true)
	d.Send(pane.SelectMsg{Entered: pane.Traces})
	if p.timeline.sides[0].lanes == nil || len(l.lanes) != 2 {
		t.Errorf("asked for %v", l.lanes)
	}
}

func TestCallsTieRanksTogether(t *testing.T) {
	d, _ := looking(t, "llama-8b-tp2")
	d.Press("J").Type("call 57").Press("enter")
	has(t, message(d), "all_reduce ")
	d.Press("c").Expect("before the last came")
	first := message(d)
	d.Press("c", "C")
	if message(d) != first {
		t.Errorf("there and back: %q, %q", first, message(d))
	}
	d.Press("esc", "shift+tab", "shift+tab", "shift+tab").Expect("▌skew").Press("enter")
	has(t, message(d), "all_reduce 57 of ≈32 KiB: rank 0 was last, 1.00 ms after rank 1")
	d.Expect("    last", "−1.00 ms", "decode 14")
}

func TestJumps(t *testing.T) {
	d, _ := looking(t, "llama-8b-tp2")
	for _, step := range []struct{ keys, typed, said string }{
		{"i", "", "rank 0 has its longest gap in sight, 1.07 ms, at 129 ms, in decode 14, layer 1"}, {"w", "", "rank 0 waits"},
		{"w", "", "rank 0 waits"}, {"W", "", "rank 0 waits"},
		{"]", "", ""}, {"W", "", "rank 1 waits 52.0 µs, at 132 ms"}, {"W", "", "rank 1 waits 1.00 ms, at 129 ms, in decode 14"},
		{"/", "flash", "rank 1 runs flash_fwd_splitkv_kernel for 214 µs, at 132 ms"},
		{".", "", "for 214 µs, at 133 ms, in decode 14, layer 3"},
		{",", "", "rank 1 runs flash_fwd_splitkv_kernel for 214 µs, at 132 ms"},
		{"J", "decode 3 layer 2", "decode 3, layer 2 of rank 1 takes"}, {"J", "step 1", "step 1 of rank 1 takes"},
		{"J", "12.5 ms", "12.5 ms"},
	} {
		d.Press(step.keys)
		if step.typed != "" {
			d.Type(step.typed).Press("enter")
		}
		has(t, message(d), step.said)
	}
	for typed, why := range map[string]string{"call 9999": "rank 1 of llama-8b-tp2 has no call 9999",
		"nonsense":          `"nonsense" names no place: call 57`,
		"decode 1 layer 99": "that the x-ray tells"} {
		d.Press("J").Type(typed).Press("enter")
		has(t, said(d), why)
	}
	d.Press("/").Type("no such kernel").Press("enter")
	has(t, said(d), `no later kernel with "no such kernel" in its name`)
}

func TestKernelsThatCannotBeRead(t *testing.T) {
	d, l := listen(t, panetest.Open(t))
	l.err = errors.New("kineto_trace_0.json: permission denied")
	d.Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2"}).Press("shift+tab")
	has(t, said(d), "permission denied")
	d.Press("+", "+").Expect("decode", "25.0 % of the window")
	if len(l.lanes) != 1 {
		t.Errorf("asked again and again: %v", l.lanes)
	}
	d.Send(pane.Note{}).Press("c")
	if len(l.lanes) != 2 {
		t.Errorf("not tried again for a call: %v", l.lanes)
	}
	has(t, said(d), "permission denied")
	l.err = nil
	d.Press("c")
	has(t, message(d), "all_reduce ")
}

func TestReadingKernelsCanBeStopped(t *testing.T) {
	d, l := listen(t, panetest.Open(t))
	d.Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2"})
	d.Park = true
	d.Press("c")
	has(t, message(d), "reading the kernels of llama-8b-tp2")
	d.Press("esc").Release()
	if p := d.Pane().(*Pane); p.timeline.sides[0].lanes != nil || p.timeline.call != nil || len(l.lanes) != 1 {
		t.Error("the kernels came though nobody wants them")
	}
}

// TestTwoRunsUnderOneZoom: what a text names stands in both at the same place, though it came at another time.
func TestTwoRunsUnderOneZoom(t *testing.T) {
	d, l := listen(t, panetest.Open(t))
	d.Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2", Base: "llama-8b-tp1"}).Resize(100, 30)
	d.Press("shift+tab").Expect("▌timeline", "base     llama-8b-tp1", "other    llama-8b-tp2", "rank 1")
	d.Press("J").Type("decode 3").Press("enter").Golden("both-100x30")
	has(t, message(d), "decode 3 of rank 0 takes")
	p := d.Pane().(*Pane)
	if p.diff.timeline.sides[1].shift >= 0 || len(l.lanes) != 2 {
		t.Errorf("the other run is %d ns later, asked for %v", p.diff.timeline.sides[1].shift, l.lanes)
	}
	panetest.Sizes(d)
	d.Resize(100, 30)
	d.Press("]", "c")
	has(t, message(d), "all_reduce ")
	d.Press("esc").Expect("the whole window").Press("esc").Expect("kernels").Absent("other    llama")
}

// TestOtherPartsOfATimelineAreBrought: of a run with too many kernels a part is read, and another one where that is gone to.
func TestOtherPartsOfATimelineAreBrought(t *testing.T) {
	d, l := looking(t, "llama-8b-tp2")
	run := *d.Pane().(*Pane).timeline.sides[0].lanes
	run.Kernels = tl.View{From: 20_000_000, To: 40_000_000}
	d.Pane().(*Pane).timeline.sides[0].lanes = &run
	d.Press("+", "+")
	if len(l.lanes) != 1 {
		t.Errorf("asked for %v where no kernel is seen", l.lanes)
	}
	d.Press("+", "+", "+")
	if len(l.lanes) != 2 {
		t.Errorf("asked for %v", l.lanes)
	}
}

// TestManyRanksAreFoldedByNode, and unfolded at a key.
func TestManyRanksAreFoldedByNode(t *testing.T) {
	w := panetest.Open(t)
	w.Replace("trace_collection/llama-8b-tp2/config.yaml", "tp: 2", "tp: 16")
	w.Remove("trace_collection/llama-8b-tp2/run.json")
	sixteen := panetest.LlamaTP2
	sixteen.Ranks, sixteen.Layers, sixteen.Decodes, sixteen.Elements, sixteen.Late = 16, 1, 2, 0, nil
	w.Trace("llama-8b-tp2", sixteen)
	d := opened(t, w, "llama-8b-tp2", 80, 24).Press("shift+tab")
	d.Expect("node 0", "node 3", "node 1").Absent("rank 5")
	d.Press("down", "f").Expect("▸ rank 4", "rank 5").Absent("node 1").Press("down").Expect("▸ rank 5")
	d.Press("enter").Expect("▸ node 1")
}
