package traces

import (
	"context"
	"errors"
	"strings"
	"testing"

	"shardeck/model/metric"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
	"shardeck/ui/theme"
)

// compared is llama-8b-tp2 beside deepseek-v2-lite-ep2, the base.
func compared(t *testing.T, l *panetest.Lab, w, h int) *panetest.Driver {
	t.Helper()
	return opened(t, l, "llama-8b-tp2", w, h).Press("d", "down", "enter")
}

func TestComparisonFrames(t *testing.T) {
	opened(t, panetest.New(), "llama-8b-tp2", 80, 18).Press("d").Golden("pick-80x18")
	compared(t, panetest.New(), 80, 18).Golden("compare-80x18")
	compared(t, panetest.New(), 80, 18).Press("tab", "tab").Golden("compare-kernels-80x18")
	compared(t, panetest.New(), 140, 39).Golden("compare-140x39")
}

func TestComparisonSizes(t *testing.T) {
	panetest.Sizes(compared(t, panetest.New(), 80, 18))
	panetest.Sizes(opened(t, panetest.New(), "llama-8b-tp2", 80, 18).Press("d"))
}

func TestCompareFromTheListOfRuns(t *testing.T) {
	l := panetest.New()
	d := opened(t, l, "llama-8b-tp2", 80, 18).Press("d").Expect("llama-8b-tp1", "deepseek-v2-lite-ep2", "EP2").Absent("tp1-b1-s512")
	has(t, title(d), "compare llama-8b-tp2 with")
	d.Press("/").Type("model:~deep").Press("enter").Absent("llama-8b-tp1").Press("esc").Expect("llama-8b-tp1").Press("down", "enter")
	has(t, title(d), "deepseek-v2-lite-ep2 → llama-8b-tp2")
	d.Expect("base", "other", "▌window", "wait", "-90.00")
	has(t, message(d), "window -150.00 ms, wait -90.00 ms, compute -60.00 ms")
	if l.Called("CompareTraces deepseek-v2-lite-ep2 llama-8b-tp2") != 1 {
		t.Errorf("calls: %v", l.Calls)
	}
	d.Press("tab").Expect("▌classes").Press("tab").Expect("▌kernels", "flash_fwd", "gone")
	d.Press("/").Type("change:new").Press("enter").Expect("triton_red", "new").Absent("flash_fwd")
	has(t, message(d), "triton_red_fused_add_rms_norm: only llama-8b-tp2 has it")
	has(t, title(d), "1 kernel matches change:new")
	d.Press("esc").Expect("flash_fwd").Press("tab").Expect("▌collectives", "all_to_all", "gone")
	d.Press("y")
	if got, _ := panetest.Last[pane.CopyMsg](d); got.Text != "shardeck trace deepseek-v2-lite-ep2 llama-8b-tp2" {
		t.Errorf("copied %q", got.Text)
	}
	d.Press("x")
	has(t, title(d), "llama-8b-tp2 → deepseek-v2-lite-ep2")
	d.Expect("▌collectives", "+180.00").Press("esc").Expect("▌kernels", "nvjet_tst", "decode × 63")
	has(t, title(d), "Traces · llama-8b-tp2 · window")
}

func TestComparisonWarns(t *testing.T) {
	l := panetest.New()
	l.Unlike = []string{"llama-8b-tp2 is not comparable with deepseek-v2-lite-ep2: model"}
	d := compared(t, l, 80, 18)
	if note := d.Pane().Message(); note.Tone != theme.Warn || !strings.Contains(note.Text, "not comparable") {
		t.Errorf("message %+v", note)
	}
}

func TestComparisonPerStepSaysSo(t *testing.T) {
	l := panetest.New()
	s := l.Analyses["deepseek-v2-lite-ep2"].Trace
	s.Phases = []metric.Phase{{Rank: 0, Name: "decode", Steps: 32}}
	d := compared(t, l, 80, 18)
	has(t, title(d), "a step of a rank")
	has(t, message(d), "times are of one forward step: deepseek-v2-lite-ep2 has 32, llama-8b-tp2 64")
}

func TestComparisonCanBeStopped(t *testing.T) {
	l := panetest.New()
	d := opened(t, l, "llama-8b-tp2", 80, 18).Press("d", "down")
	d.Park = true
	d.Press("enter").Expect("reading the traces of deepseek-v2-lite-ep2 and llama-8b-tp2", "esc stops it")
	d.Press("esc").Expect("nvjet_tst").Release().Expect("nvjet_tst", "decode × 63").Absent("base")
}

func TestComparisonThatFails(t *testing.T) {
	l := panetest.New()
	l.Err["CompareTraces"] = errors.New("llama-8b-tp1 has no traces to compare")
	d := opened(t, l, "llama-8b-tp2", 80, 18).Press("d", "enter").Expect("no comparison: llama-8b-tp1 has no traces", "d chooses another run", "esc goes back").Press("esc")
	l.Err["Runs"] = errors.New("trace_collection: permission denied")
	d.Press("d").Expect("the runs cannot be listed").Press("enter").Press("esc").Expect("nvjet_tst")
}

func TestAnotherRunEndsTheComparison(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 80, 18)
	d.Press("d")
	has(t, said(d), "no run is shown")
	d = compared(t, l, 80, 18).Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2"}).Expect("decode × 63")
	d.Press("d").Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp1"}).Expect("llama-8b-tp1 has no traces")
}

func TestTheComparisonStaysWhileAnotherPaneIsUsed(t *testing.T) {
	l := panetest.New()
	d := compared(t, l, 80, 18)
	d.Pane().SetFocus(false)
	d.Send(pane.SelectMsg{Row: l.Rows[0]}).Expect("window", "-90.00")
	d.Pane().SetFocus(true)
	d.Send(pane.SelectMsg{Row: l.Rows[1], Entered: pane.Traces}).Expect("-90.00")
	d.Send(pane.SelectMsg{Row: l.Rows[0], Entered: pane.Traces}).Absent("-90.00")
}

func TestManualHoldsTheKeysOfTheComparison(t *testing.T) {
	p := New(pane.Env{Ctx: context.Background()})
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
	l := panetest.New()
	base := *l.Analyses["llama-8b-tp2"].Trace
	one := base
	one.Ranks = base.Ranks[:1]
	a := *l.Analyses["llama-8b-tp2"]
	a.Run, a.Trace = "llama-8b-tp1", &one
	l.Analyses["llama-8b-tp1"] = &a
	d := drive(t, l, 80, 18).Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2", Base: "llama-8b-tp1"})
	has(t, title(d), "llama-8b-tp1 → llama-8b-tp2")
	d.Expect("ideal ").Expect("base ").Expect("other ")
	has(t, message(d), "of ideal in the traces: ")
	d.Press("esc").Expect("▌kernels")
	has(t, title(d), "Traces · llama-8b-tp2 · window")
	d.Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2", Base: "llama-8b-tp2"}).Expect("▌kernels")
}
