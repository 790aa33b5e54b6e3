package traces

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"shardeck/ui/pane"
	"shardeck/ui/panetest"
	"shardeck/ui/theme"
)

// compared is llama-8b-tp2 beside deepseek-v2-lite-ep2, the base.
func compared(t *testing.T, w *panetest.Workspace, width, height int) *panetest.Driver {
	t.Helper()
	return opened(t, w, "llama-8b-tp2", width, height).Press("d", "down", "enter")
}

func TestComparisonFrames(t *testing.T) {
	opened(t, panetest.Open(t), "llama-8b-tp2", 80, 18).Press("d").Golden("pick-80x18")
	compared(t, panetest.Open(t), 80, 18).Golden("compare-80x18")
	compared(t, panetest.Open(t), 80, 18).Press("tab", "tab").Golden("compare-kernels-80x18")
	compared(t, panetest.Open(t), 140, 39).Golden("compare-140x39")
}

func TestComparisonSizes(t *testing.T) {
	panetest.Sizes(compared(t, panetest.Open(t), 80, 18))
	panetest.Sizes(opened(t, panetest.Open(t), "llama-8b-tp2", 80, 18).Press("d"))
}

func TestCompareFromTheListOfRuns(t *testing.T) {
	d, l := listen(t, panetest.Open(t))
	d.Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2"}).Press("d")
	d.Expect("llama-8b-tp1", "deepseek-v2-lite-ep2", "EP2").Absent("tp1-b1-s512")
	has(t, title(d), "compare llama-8b-tp2 with")
	d.Press("/").Type("model:~deep").Press("enter").Absent("llama-8b-tp1").Press("esc").Expect("llama-8b-tp1").Press("down", "enter")
	has(t, title(d), "deepseek-v2-lite-ep2 → llama-8b-tp2")
	d.Expect("base", "other", "▌window", "wait", "-154.63")
	if !slices.Equal(l.comparisons, []string{"deepseek-v2-lite-ep2 llama-8b-tp2"}) {
		t.Errorf("compared %v", l.comparisons)
	}
	d.Press("tab").Expect("▌classes").Press("tab").Expect("▌kernels", "rms_norm_kernel", "gone")
	d.Press("/").Type("change:new").Press("enter").Expect("triton_red", "new").Absent("flash_fwd")
	has(t, message(d), ": only llama-8b-tp2 has it")
	has(t, title(d), "3 of 7 match change:new")
	d.Press("esc").Expect("flash_fwd").Press("tab").Expect("▌collectives", "all_to_all", "gone")
	d.Press("y")
	if got, _ := panetest.Last[pane.CopyMsg](d); got.Text != "shardeck trace deepseek-v2-lite-ep2 llama-8b-tp2" {
		t.Errorf("copied %q", got.Text)
	}
	d.Press("x")
	has(t, title(d), "llama-8b-tp2 → deepseek-v2-lite-ep2")
	d.Expect("▌collectives", "+20.45").Press("esc").Expect("▌kernels", "nvjet_tst", "decode × 16")
	has(t, title(d), "Traces · llama-8b-tp2 · window")
}

func TestComparisonWarns(t *testing.T) {
	d := compared(t, panetest.Open(t), 80, 18)
	has(t, message(d), "llama-8b-tp2 is not comparable with deepseek-v2-lite-ep2: model differs")
	if d.Pane().Message().Tone != theme.Warn {
		t.Error("such a comparison must warn")
	}
}

// again is llama-8b-tp2 beside another run of the same experiment, with other traces.
func again(t *testing.T, change func(*panetest.Trace)) *panetest.Driver {
	t.Helper()
	w := panetest.Open(t)
	other := panetest.LlamaTP2
	change(&other)
	w.Measure("again", "E1.2", panetest.Timing{TTFT: 61, TPOT: 6.6})
	w.Trace("again", other)
	return opened(t, w, "llama-8b-tp2", 80, 18).Press("d").Expect("▌ again").Press("enter")
}

func TestComparisonSaysWhatChanged(t *testing.T) {
	d := again(t, func(other *panetest.Trace) { other.Decode += time.Millisecond })
	has(t, message(d), "window -15.07 ms, compute -12.80 ms, transfer -1.44 ms")
	has(t, title(d), "the window of a rank")
}

func TestComparisonPerStepSaysSo(t *testing.T) {
	d := again(t, func(other *panetest.Trace) { other.Decodes = 8 })
	has(t, title(d), "a step of a rank")
	has(t, message(d), "times are of one forward step: again has 9, llama-8b-tp2 17")
}

func TestComparisonCanBeStopped(t *testing.T) {
	d := opened(t, panetest.Open(t), "llama-8b-tp2", 80, 18).Press("d", "down")
	d.Park = true
	d.Press("enter").Expect("reading the traces of deepseek-v2-lite-ep2 and llama-8b-tp2", "esc stops it")
	d.Press("esc").Expect("nvjet_tst").Release().Expect("nvjet_tst", "decode × 16").Absent("base")
}

func TestComparisonThatFails(t *testing.T) {
	w := panetest.Open(t)
	d := opened(t, w, "llama-8b-tp2", 80, 18).Press("d")
	w.Remove("trace_collection/llama-8b-tp1")
	d.Press("enter").Expect(`no comparison: no run "llama-8b-tp1"`, "d chooses another run", "esc goes back").Press("esc")
	w.Block("trace_collection")
	d.Press("d").Expect("the runs cannot be listed").Press("enter").Press("esc").Expect("nvjet_tst")
}

func TestAnotherRunEndsTheComparison(t *testing.T) {
	w := panetest.Open(t)
	d := drive(t, w, 80, 18)
	d.Press("d")
	has(t, said(d), "no run is shown")
	d = compared(t, w, 80, 18).Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2"}).Expect("decode × 16")
	d.Press("d").Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp4-old"}).Expect("llama-8b-tp4-old has no traces")
}

func TestTheComparisonStaysWhileAnotherPaneIsUsed(t *testing.T) {
	w := panetest.Open(t)
	d := compared(t, w, 80, 18)
	d.Pane().SetFocus(false)
	d.Send(pane.SelectMsg{Row: w.Row("E1.1")}).Expect("window", "-154.63")
	d.Pane().SetFocus(true)
	d.Send(pane.SelectMsg{Row: w.Row("E1.2"), Entered: pane.Traces}).Expect("-154.63")
	d.Send(pane.SelectMsg{Row: w.Row("E1.1"), Entered: pane.Traces}).Absent("-154.63")
}

func TestManualHoldsTheKeysOfTheComparison(t *testing.T) {
	p := New(pane.Env{Ctx: context.Background()}, nil)
	found := false
	for _, k := range p.Keys() {
		found = found || strings.HasPrefix(k.Help, "in a comparison: the other run is the base")
	}
	if !found {
		t.Error("the manual lacks them")
	}
}

// Another pane asks why a run is slow: both traces side by side at once, and what more
// ranks did not bring in a sentence.
func TestWhyComparesAtOnce(t *testing.T) {
	d := drive(t, panetest.Open(t), 80, 18).Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2", Base: "llama-8b-tp1"})
	has(t, title(d), "llama-8b-tp1 → llama-8b-tp2")
	d.Expect("ideal ").Expect("base ").Expect("other ")
	has(t, message(d), "of ideal in the traces: ")
	d.Press("esc").Expect("▌kernels")
	has(t, title(d), "Traces · llama-8b-tp2 · window")
	d.Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2", Base: "llama-8b-tp2"}).Expect("▌kernels")
}
