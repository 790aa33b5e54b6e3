package charts

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/measure"
	"shardeck/model/scaling"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func drive(t *testing.T, w *panetest.Workspace, width, height int) *panetest.Driver {
	t.Helper()
	return panetest.Drive(t, panetest.OfPane(New(w.Env())), width, height)
}

// two is a workspace whose runs make two series: Llama on 1, 2 and 4 GPUs, and DeepSeek.
func two(t *testing.T, options ...panetest.Option) *panetest.Workspace {
	t.Helper()
	w := panetest.Analysed(t, options...)
	w.Remove("trace_collection/tp1-b1-s512")
	return w
}

// asked notes what is asked of the backend for charts.
type asked struct {
	Backend
	series []string
	chart  scaling.Chart // as last exported
}

func (l *asked) Scaling(ctx context.Context, x scaling.Axis, y string, foretold ...scaling.Measured) ([]scaling.Series, error) {
	l.series = append(l.series, string(x)+" "+y)
	return l.Backend.Scaling(ctx, x, y, foretold...)
}

func (l *asked) ExportChart(ctx context.Context, c scaling.Chart, f measure.Format) (string, error) {
	l.chart = c
	return l.Backend.ExportChart(ctx, c, f)
}

// listen is drive with what is asked noted.
func listen(t *testing.T, w *panetest.Workspace, width, height int) (*panetest.Driver, *asked) {
	t.Helper()
	env, _ := w.Env()
	l := &asked{Backend: w.App}
	return panetest.Drive(t, panetest.OfPane(New(env, l)), width, height), l
}

var title, has = panetest.Title, panetest.Has

func TestFrames(t *testing.T) {
	drive(t, two(t), 80, 18).Press("down").Golden("80x18")
	drive(t, two(t), 140, 39).Golden("140x39")
	drive(t, two(t), 80, 18).Press("y", "y", "y", "y", "y").Golden("efficiency-80x18")
}

func TestSizes(t *testing.T) { panetest.Sizes(drive(t, two(t), 80, 18)) }

func TestAxesAndQuantitiesGoRound(t *testing.T) {
	d, l := listen(t, two(t), 80, 18)
	for _, want := range []string{"iteration time", "TTFT", "TPOT", "speed-up", "efficiency", "communication share", "throughput"} {
		d.Press("y")
		has(t, title(d), want+" against GPUs")
	}
	for _, want := range []string{"tensor", "pipeline", "expert", "batch", "prompt", "GPUs"} {
		d.Press("x")
		has(t, title(d), "throughput against "+want)
	}
	d.Press("X", "Y")
	has(t, title(d), "communication share against prompt length")
	for _, want := range []string{"seq comm_overhead", "gpus ttft"} {
		if !slices.Contains(l.series, want) {
			t.Errorf("%s was not asked for: %v", want, l.series)
		}
	}
}

func TestOldSeriesNeverUnderANewName(t *testing.T) {
	d := drive(t, two(t), 80, 18)
	d.Park = true
	d.Press("y").Expect("tok/s")
	has(t, title(d), "throughput against")
	d.Release()
	has(t, title(d), "iteration time against")
}

func TestSpeedupsAreThoseOfTheBackend(t *testing.T) {
	d := drive(t, two(t), 80, 18).Press("y", "y", "y", "y").Expect("1.32", "2.11", "65.9", "0.519")
	d.Absent("8 321") // a run alone has no speed-up
	d.Press("y").Expect("100.0", "52.8")
}

func TestScalingIsShownWhereItSaysSomething(t *testing.T) {
	w := two(t)
	d := drive(t, w, 80, 18).Expect("speed-up", "serial part").Press("y").Expect("speed-up")
	d.Press("y").Expect("TTFT").Absent("speed-up", "efficiency", "serial part").Press("y").Absent("speed-up")
	w.Remove("trace_collection/llama-8b-tp2", "trace_collection/llama-8b-tp4-old")
	drive(t, w, 80, 18).Expect("throughput").Absent("speed-up", "efficiency")
}

func TestPointsThatChanceCouldMake(t *testing.T) {
	w := two(t)
	w.Measure("llama-8b-tp1", "", panetest.Timing{TTFT: 95.4, TPOT: 8.51, Iterations: 3})
	w.Remove("trace_collection/llama-8b-tp2/timing_stats_1.json")
	w.Measure("llama-8b-tp2", "", panetest.Timing{TTFT: 61.2, TPOT: 6.64, Iterations: 3})
	d := drive(t, w, 80, 18).Press("down").Expect("?17 618").Absent("~28 226")
	has(t, d.Pane().Message().Text, "? n too small: 3 against 3 iterations cannot show a difference within one run · GPUs 2")
}

func TestIdealLine(t *testing.T) {
	d := drive(t, two(t), 80, 18).Expect(" ideal", "60 000").Press("i").Absent("ideal", "60 000")
	d.Press("y", "y", "i")
	if note, _ := panetest.Last[pane.Note](d); note.Text != "nothing is ideal for TTFT" {
		t.Errorf("said %q", note.Text)
	}
}

func TestSeriesOneByOne(t *testing.T) {
	d := drive(t, two(t), 80, 18).Expect("● Llama-3.1-8B", "■ DeepSeek-V2-Lite")
	d.Press("g").Expect("● Llama-3.1-8B").Absent("DeepSeek", "8 321")
	has(t, title(d), "series 1 of 2")
	d.Press("g").Expect("8 321").Absent("17 618")
	has(t, d.Pane().Message().Text, "deepseek-v2-lite-ep2 is alone in its series: another number of GPUs draws a line")
	d.Press("g").Expect("17 618", "8 321").Press("g", "esc").Expect("17 618", "8 321")
}

func TestManySeriesShowTheOneLookedAt(t *testing.T) {
	w := two(t)
	for i := range 4 {
		for x := range 2 {
			w.Measure(fmt.Sprintf("big-%d-%d", i, x), "E2.1", panetest.Timing{TTFT: 900, TPOT: 40},
				"tp: 4", fmt.Sprint("tp: ", 4+4*x), "batch_size: 4", fmt.Sprint("batch_size: ", 1<<i))
		}
	}
	d := drive(t, w, 80, 18).Expect("■      1", "TP8").Press("x", "x")
	d.Pane().SetFocus(false)
	d.Send(pane.OpenMsg{To: pane.Charts, Run: "llama-8b-tp1"}).Expect("13 377").Absent("big-")
	d.Send(pane.OpenMsg{To: pane.Charts, Run: "big-2-1"}).Expect("batch 4").Absent("13 377")
	has(t, title(d), "series 4 of 6")
}

func TestCursorFollowsTheBoard(t *testing.T) {
	w := two(t)
	d := drive(t, w, 140, 39)
	d.Send(pane.SelectMsg{Row: w.Row("E1.2")}).Expect("▌ ●     1")
	d.Pane().SetFocus(false)
	d.Send(pane.SelectMsg{Row: w.Row("E1.2")}).Expect("▌ ●     2")
}

func TestPointOpensItsRun(t *testing.T) {
	d := drive(t, two(t), 80, 18).Press("down", "enter")
	if got, _ := panetest.Last[pane.OpenMsg](d); got.To != pane.Metrics || got.Run != "llama-8b-tp2" {
		t.Errorf("opened %+v", got)
	}
	d.Press("t")
	if got, _ := panetest.Last[pane.OpenMsg](d); got.To != pane.Traces {
		t.Errorf("opened %+v", got)
	}
}

func TestExportIsWhatIsDrawn(t *testing.T) {
	w := two(t)
	d, l := listen(t, w, 80, 18)
	note, _ := panetest.Last[pane.Note](d.Press("C"))
	has(t, note.Text, "written: experiments/chart_throughput_gpus.csv")
	has(t, w.Read("experiments/chart_throughput_gpus.csv"), "Llama-3.1-8B,llama-8b-tp2,TP2,2,17617.6")
	want := scaling.Chart{Quantity: "throughput", Unit: "tok/s", Axis: scaling.AxisGPUs, Across: "GPUs", Ideal: true, LogX: true,
		Note: "batch 4 · 2048+64 · vllm · A100-40GB · median over iterations, bars: max − min"}
	got := l.chart
	got.Series = nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if s := l.chart.Series; len(s) != 2 || s[0].Name != "Llama-3.1-8B" || int(s[0].Points[1].Value) != 17617 || s[0].Points[1].Spread < 0.09 ||
		int(s[0].Points[1].Ideal) != 26754 || s[1].Points[0].Ideal != 0 {
		t.Errorf("series %+v", s)
	}
	before := w.Digest()
	d.Press("g", "l", "i", "y", "y", "y", "y", "P")
	c := l.chart
	if c.Quantity != "speed-up" || !c.Log || c.Ideal || c.Of == "" || len(c.Series) != 1 {
		t.Errorf("chart %+v", c)
	}
	if p := c.Series[0].Points[1]; p.Value < 1.31 || p.Value > 1.32 || p.Spread != 0 {
		t.Errorf("point %+v", p)
	}
	if made := w.Changed(before); len(made) != 1 || !strings.HasSuffix(made[0], ".png") {
		t.Errorf("made %v", made)
	}
}

func TestExportThatCannotBe(t *testing.T) {
	w := two(t, panetest.ReadOnly)
	before := w.Digest()
	note, _ := panetest.Last[pane.Note](drive(t, w, 80, 18).Press("P", "C"))
	has(t, note.Text, "read-only")
	if changed := w.Changed(before); len(changed) > 0 {
		t.Errorf("written in spite of read-only: %v", changed)
	}
	w.Reopen()
	w.Block("experiments/chart_throughput_gpus.csv")
	d := drive(t, w, 80, 18)
	note, _ = panetest.Last[pane.Note](d.Press("C"))
	has(t, note.Text, "is not a file: move it away")
	w.Remove("trace_collection")
	note, _ = panetest.Last[pane.Note](d.Press("r", "C"))
	has(t, note.Text, "nothing is drawn")
}

func TestCrosshairSaysTheValues(t *testing.T) {
	d := drive(t, two(t), 80, 18).Press("right")
	has(t, d.Pane().Message().Text, "llama-8b-tp2 · GPUs 2: ● 17 618, ■ 8 321 tok/s · spread 0.2 %, 0.3 % · ideal 26 754")
	d.Press("right", "right")
	has(t, d.Pane().Message().Text, "GPUs 4: ● 28 226 tok/s · spread 0.8 % · ideal 53 508")
	d.Press("left", "left", "left")
	has(t, d.Pane().Message().Text, "GPUs 1: ")
	d.Press("i")
	if text := d.Pane().Message().Text; strings.Contains(text, "ideal") {
		t.Errorf("an ideal that is not drawn: %s", text)
	}
}

func TestAnalysedRunsJoin(t *testing.T) {
	w := two(t)
	d, l := listen(t, w, 80, 18)
	w.Remove("trace_collection/llama-8b-tp2/timing_stats_1.json")
	w.Measure("llama-8b-tp2", "", panetest.Timing{TTFT: 61, TPOT: 7})
	before := len(l.series)
	d.Send(pane.AnalysedMsg{Analysis: w.Analysis("llama-8b-tp2")}).Expect("16 829")
	if n := len(l.series) - before; n != 1 {
		t.Errorf("asked %d times", n)
	}
	d.Park = true
	d.Send(pane.ReloadMsg{}).Send(pane.BoardMsg{}).Send(pane.ReloadMsg{})
	before = len(l.series)
	d.Release()
	if n := len(l.series) - before; n != 1 {
		t.Errorf("three changes asked %d times", n)
	}
}

func TestNodeBoundary(t *testing.T) {
	w := two(t)
	if got := drive(t, w, 80, 18).Pane().(*Pane).chart().Nodes; got != nil {
		t.Errorf("a boundary at %v within one node", got)
	}
	w.Measure("llama-8b-tp8", "E1.3", panetest.Timing{TTFT: 30, TPOT: 3}, "tp: 4", "tp: 8")
	if got := drive(t, w, 80, 18).Pane().(*Pane).chart().Nodes; len(got) != 1 || got[0] != 4 {
		t.Errorf("node boundary at %v", got)
	}
}

func TestLog(t *testing.T) {
	d := drive(t, two(t), 80, 18).Press("l")
	has(t, title(d), ", log")
	d.Press("l").Expect("60 000")
}

func TestEmptyStates(t *testing.T) {
	w := panetest.Empty(t)
	d := drive(t, w, 80, 18).Expect("No run has timings yet").Press("enter", "g", "down", "t")
	d.Press("Y").Expect("4 Metrics, then a")
	d.Press("y", "x", "x", "x").Expect("mixture-of-experts")
	w.Write("trace_collection", "no folder")
	d.Press("r").Expect("trace_collection: a part of this path", "r tries again")
	p := New(w.Env())
	first := &panetest.Driver{T: t, S: panetest.OfPane(p)}
	first.Resize(80, 18)
	first.Expect("reading the runs")
}

func TestLateSeriesAreDropped(t *testing.T) {
	p := New(two(t).Env())
	late := p.load()() // it is there before the next is asked for, and taken after it
	second := p.load()
	second().(pane.Reply).Deliver()
	p.series.all = nil
	if late.(pane.Reply).Deliver(); p.series.all != nil {
		t.Error("a reply that came too late was taken")
	}
}

func TestWhyAsksForTheTracesOfBoth(t *testing.T) {
	d := drive(t, two(t), 80, 18)
	d.Press("home", "w")
	if note, _ := panetest.Last[pane.Note](d); !strings.Contains(note.Text, "is what the others of its line are compared with") {
		t.Errorf("said %q", note.Text)
	}
	d.Press("down", "w")
	got, _ := panetest.Last[pane.OpenMsg](d)
	if want := (pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2", Base: "llama-8b-tp1"}); !reflect.DeepEqual(got, want) {
		t.Errorf("opened %+v, want %+v", got, want)
	}
}

// Of many series those of one piece of work are shown side by side: its layouts.
func TestKinAreShownTogether(t *testing.T) {
	w := two(t)
	w.Remove("trace_collection/deepseek-v2-lite-ep2")
	for _, batch := range []string{"4", "8"} {
		for _, r := range []struct{ name, tp, pp string }{{"tp1", "1", "1"}, {"tp2", "2", "1"}, {"pp2", "1", "2"}} {
			if batch == "8" || r.tp == "1" && r.pp != "1" {
				w.Measure("b"+batch+"-"+r.name, "E1.3", panetest.Timing{TTFT: 80, TPOT: 8},
					"batch_size: 4", "batch_size: "+batch, "tp: 4", "tp: "+r.tp, "pp: 1", "pp: "+r.pp)
			}
		}
	}
	w.Measure("once-more", "E1.2", panetest.Timing{TTFT: 62, TPOT: 6.5})
	d, l := listen(t, w, 140, 39)
	d.Press("x", "x").Expect("● TP", "■ PP", "· batch 4 ·").Absent("once-more", "batch 8")
	has(t, title(d), "2 of 5 series")
	d.Send(pane.OpenMsg{To: pane.Charts, Run: "b8-pp2"})
	has(t, title(d), "2 of 5 series")
	d.Expect("· batch 8 ·")
	d.Press("g").Expect("batch 8").Absent("b8-tp2")
	d.Press("esc").Expect("· batch 8 ·")
	d.Press("P")
	if !strings.Contains(l.chart.Of, "batch 8") || len(l.chart.Series) != 2 {
		t.Errorf("written: %q, %d series", l.chart.Of, len(l.chart.Series))
	}
}

func TestBaseIsNamed(t *testing.T) {
	d := drive(t, two(t), 140, 39)
	d.Press("home")
	if text := d.Pane().Message().Text; strings.Contains(text, "over ") {
		t.Error("the base is over nothing: " + text)
	}
	d.Press("down")
	has(t, d.Pane().Message().Text, " · over llama-8b-tp1")
}

// The crosshair crosses every line, so it follows when the cursor rests; the table and the
// message follow at once.
func TestCrosshairFollowsAtRest(t *testing.T) {
	d := drive(t, two(t), 80, 18).Press("home")
	p := d.Pane().(*Pane)
	chart := func() string {
		r, _ := p.list.Rested()
		return strings.Join(p.draw(r, true, 80, 10), "\n")
	}
	before := chart()
	_, rest := p.Update(tea.KeyMsg{Type: tea.KeyDown})
	if chart() != before {
		t.Error("the chart was drawn anew at once")
	}
	has(t, p.Message().Text, "llama-8b-tp2")
	d.Send(rest())
	if chart() == before {
		t.Error("the crosshair did not follow")
	}
}

// TestConfigChangedSinceTheRun: the point stays in the chart of what it was measured with, marked and named, and is in none
// of the config as it is now.
func TestConfigChangedSinceTheRun(t *testing.T) {
	w := two(t)
	w.Replace(w.Config("E1.2"), "batch_size: 4", "batch_size: 8")
	d := drive(t, w, 140, 39).Send(pane.OpenMsg{Run: "llama-8b-tp2"}).Expect("≠17 618").Absent("batch 8")
	has(t, d.Pane().Message().Text, "config changed since this run: batch 4 → 8")
	w.Replace(w.Config("E1.2"), "batch_size: 8", "batch_size: 4")
	w.Replace(w.Config("E1.2"), "output_dir:", "env: {NCCL_ALGO: Ring}\noutput_dir:")
	d.Press("r").Send(pane.OpenMsg{Run: "llama-8b-tp2"})
	has(t, d.Pane().Message().Text, "config changed since this run: env.NCCL_ALGO none → Ring")
	d.Expect("before env.NCCL_ALGO none → Ring")
}

// TestDots: a key goes from rung to rung, and all pictures follow.
func TestDots(t *testing.T) {
	drive(t, two(t), 80, 18).Expect("⣀").Press("d").Expect("🮂🮂").Press("d").Expect("---").Press("d").Expect("▄▄").Press("d").Expect("⣀")
}
