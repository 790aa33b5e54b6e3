package charts

import (
	"context"
	"strings"
	"testing"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/explain"
	"shardeck/model/metric"
	"shardeck/model/scaling"
	"shardeck/ui/canvas"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

// TestSeveral: quantities side by side under one crosshair, whose values stand over each; and back.
func TestSeveral(t *testing.T) {
	w := two(t)
	d := drive(t, w, 140, 39).Press("down", "v")
	d.Golden("several-140x39")
	d.Resize(80, 18)
	d.Golden("several-80x18")
	d.Expect("● 61.2").Press("v").Absent("TTFT")
	panetest.Sizes(d.Press("v"))
}

// TestAnyMetricOverAnyField: every metric that a run has and every number that varies can be found and drawn.
func TestAnyMetricOverAnyField(t *testing.T) {
	w := two(t)
	for _, n := range []string{"16", "32"} {
		w.Measure("long-"+n, "E1.2", panetest.Timing{TTFT: 62, TPOT: 6.5}, "max_tokens: 64", "max_tokens: "+n)
	}
	d := drive(t, w, 140, 39).Press("m").Expect("Draw any metric over any field")
	d.Type("over max").Press("enter")
	has(t, title(d), "throughput against max tokens")
	d.Expect("long-16", "long-32", "llama-8b-tp2").Press("m").Type("output tok").Press("enter")
	has(t, title(d), "output tokens sec against max tokens")
	d.Press("y").Press("x")
	has(t, title(d), "throughput against GPUs")
	d.Press("m", "esc", "m").Type("no such thing").Press("enter").Absent("no such thing")
}

// foretelling has forecasts of experiments that were not run.
type foretelling struct {
	Backend
	w *panetest.Workspace
}

func (f foretelling) Foretold(context.Context, []board.Row) ([]scaling.Measured, error) {
	e := f.w.Row("E1.3").Experiment
	e.ID, e.Layout.TP = "E1.8", 8
	v := 40000.0
	return []scaling.Measured{{Run: model.Run{Name: e.ID, Experiment: &e}, GPU: "A100-40GB",
		Foretold: map[string][2]float64{"throughput_tokens_sec": {35000, 46000}},
		Analysis: &metric.Analysis{Metrics: []metric.Metric{{Name: "throughput_tokens_sec", Value: &v}}}}}, nil
}

// TestForecastsAreHollow: what was not run is drawn among the runs and marked, opens no run, and is no base of anything.
func TestForecastsAreHollow(t *testing.T) {
	w := two(t)
	env, _ := w.Env()
	d := panetest.Drive(t, panetest.OfPane(New(env, foretelling{w.App, w})), 140, 39)
	d.Absent("○").Send(pane.BoardMsg{Rows: []board.Row{w.Row("E1.3")}})
	d.Expect("○ forecast", "○ Llama-3.1-8B", "≈40 000", "E1.8, forecast").Press("home", "right", "right", "right")
	has(t, d.Pane().Message().Text, "E1.8 was not run · GPUs 8: ○ 40 000 tok/s · forecast, 35 000 to 46 000")
	for _, key := range []string{"enter", "w", "e", "t"} {
		d.Press(key)
		if note, _ := panetest.Last[pane.Note](d); !strings.HasPrefix(note.Text, "E1.8 was not run") {
			t.Errorf("%s said %q", key, note.Text)
		}
	}
}

// TestWaterfall: where the time went, part by part; a key leads on to the traces, another back.
func TestWaterfall(t *testing.T) {
	env, b := two(t).Env()
	p := New(env, b)
	d := panetest.Drive(t, panetest.OfPane(p), 80, 18).Press("down")
	d.Press("e")
	if note, _ := panetest.Last[pane.Note](d); note.Text == "" && p.fall == nil {
		t.Error("neither a waterfall nor why there is none")
	}
	parts := []explain.Part{{Name: "gate_up", Group: explain.Operator, Before: 5, After: 3},
		{Name: "all_reduce", Group: explain.Transfer, After: 0.5}}
	p.fall = &fall{Waterfall: explain.Waterfall{Before: explain.Side{Run: "one"}, After: explain.Side{Run: "two"},
		Metrics: []explain.Metric{{Name: "tpot", Unit: "ms", Before: 5, After: 3.5, Parts: parts},
			{Name: "ttft", Unit: "ms", Before: 9, After: 8}}}}
	d.Resize(80, 18)
	d.Golden("waterfall-80x18")
	has(t, title(d), "one → two · tpot 5.000 → 3.500 ms, -30.0 %")
	d.Press("y", "w")
	has(t, title(d), "ttft 9.000")
	if got, _ := panetest.Last[pane.OpenMsg](d); got.Run != "two" || got.Base != "one" {
		t.Errorf("opened %+v", got)
	}
	d.Press("esc").Expect("17 618")
}

// TestImageSaysItsBytes before it sends any; a terminal that is not known to show images is sent none.
func TestImageSaysItsBytes(t *testing.T) {
	env, b := two(t).Env()
	d := panetest.Drive(t, panetest.OfPane(New(env, b)), 80, 18).Press("I")
	if note, _ := panetest.Last[pane.Note](d); !strings.Contains(note.Text, "not known to show images") {
		t.Errorf("said %q", note.Text)
	}
	env.Images = canvas.Kitty
	d = panetest.Drive(t, panetest.OfPane(New(env, b)), 80, 18).Press("I").
		Expect("Show as an image?", "kB to this terminal, as kitty graphics")
	if _, sent := panetest.Last[pane.ImageMsg](d); sent {
		t.Error("sent before it was asked")
	}
	if got, _ := panetest.Last[pane.ImageMsg](d.Press("left", "enter")); !strings.HasPrefix(got.Text, "\x1b_Ga=T,f=100,q=2") {
		t.Errorf("sent %.30q", got.Text)
	}
}
