package charts

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	tea "github.com/charmbracelet/bubbletea"

	"shardeck/backend/lab"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func drive(t *testing.T, l *panetest.Lab, w, h int) *panetest.Driver {
	t.Helper()
	return panetest.Drive(t, panetest.OfPane(New(l.Env(context.Background()))), w, h)
}

func title(d *panetest.Driver) string {
	left, right := d.Pane().Title()
	return left + " | " + right
}

func has(t *testing.T, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Errorf("no %q in %q", part, text)
	}
}

func TestFrames(t *testing.T) {
	drive(t, panetest.New(), 80, 18).Press("down").Golden("80x18")
	drive(t, panetest.New(), 140, 39).Golden("140x39")
	drive(t, panetest.New(), 80, 18).Press("y", "y", "y", "y", "y").Golden("efficiency-80x18")
}

func TestSizes(t *testing.T) { panetest.Sizes(drive(t, panetest.New(), 80, 18)) }

func TestAxesAndQuantitiesGoRound(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 80, 18)
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
	if l.Called("Scaling seq comm_overhead") != 1 || l.Called("Scaling gpus ttft") != 1 {
		t.Errorf("calls: %v", l.Calls)
	}
}

func TestOldSeriesNeverUnderANewName(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18)
	d.Park = true
	d.Press("y").Expect("tok/s")
	has(t, title(d), "throughput against")
	d.Release()
	has(t, title(d), "iteration time against")
}

func TestSpeedupsAreThoseOfTheLab(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18).Press("y", "y", "y", "y").Expect("1.38", "2.15", "68.9", "0.452")
	d.Absent("6 360") // a run alone has no speed-up
	d.Press("y").Expect("100.0", "53.7")
}

func TestScalingIsShownWhereItSaysSomething(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 80, 18).Expect("speed-up", "serial part").Press("y").Expect("speed-up")
	d.Press("y").Expect("TTFT").Absent("speed-up", "efficiency", "serial part").Press("y").Absent("speed-up")
	for i := range l.Series {
		for j := range l.Series[i].Points {
			l.Series[i].Points[j].Speedup, l.Series[i].Points[j].Efficiency = 0, 0
		}
	}
	drive(t, l, 80, 18).Expect("throughput").Absent("speed-up", "efficiency")
}

func TestPointsThatChanceCouldMake(t *testing.T) {
	l := panetest.New()
	l.Series[0].Points[1].Unsure = "too few samples: 3 against 3 cannot show a difference"
	d := drive(t, l, 80, 18).Press("down").Expect("~15 532").Absent("~24 210")
	has(t, d.Pane().Message().Text, "~ too few samples: 3 against 3 cannot show a difference · GPUs 2")
}

func TestIdealLine(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18).Expect("· ideal", "50 000").Press("i").Absent("ideal", "50 000")
	d.Press("y", "y", "i")
	if note, _ := panetest.Last[pane.Note](d); note.Text != "nothing is ideal for TTFT" {
		t.Errorf("said %q", note.Text)
	}
	q := quantities[0]
	if got := q.ideal(lab.Point{Y: 15532, Efficiency: 68.85}); got < 22558 || got > 22560 {
		t.Errorf("ideal throughput of two GPUs: %f", got)
	}
}

func TestSeriesOneByOne(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18).Expect("A Llama-3.1-8B", "B DeepSeek-V2-Lite")
	d.Press("g").Expect("● Llama-3.1-8B").Absent("DeepSeek", "6 360")
	has(t, title(d), "series 1 of 2")
	d.Press("g").Expect("6 360").Absent("15 532")
	has(t, d.Pane().Message().Text, "deepseek-v2-lite-ep2 is alone in its series: another number of GPUs draws a line")
	d.Press("g").Expect("15 532", "6 360").Press("g", "esc").Expect("15 532", "6 360")
}

func TestManySeriesShowTheOneLookedAt(t *testing.T) {
	l := panetest.New()
	for i := range 4 {
		s := lab.Series{Name: fmt.Sprintf("Llama-3.1-70B · batch %d", i)}
		for x := range 2 {
			s.Points = append(s.Points, lab.Point{Run: fmt.Sprintf("big-%d-%d", i, x), X: float64(x + 1), Y: 900, Serial: -1})
		}
		l.Series = append(l.Series, s)
	}
	d := drive(t, l, 80, 18).Expect("11 279").Absent("big-")
	d.Pane().SetFocus(false)
	d.Send(pane.OpenMsg{To: pane.Charts, Run: "big-2-1"}).Expect("batch 2").Absent("11 279")
	has(t, title(d), "series 5 of 6")
}

func TestCursorFollowsTheBoard(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 140, 39)
	d.Send(pane.SelectMsg{Row: l.Rows[1]}).Expect("▌ A     1")
	d.Pane().SetFocus(false)
	d.Send(pane.SelectMsg{Row: l.Rows[1]}).Expect("▌ A     2")
}

func TestPointOpensItsRun(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18).Press("down", "enter")
	if got, _ := panetest.Last[pane.OpenMsg](d); got.To != pane.Metrics || got.Run != "llama-8b-tp2" {
		t.Errorf("opened %+v", got)
	}
	d.Press("t")
	if got, _ := panetest.Last[pane.OpenMsg](d); got.To != pane.Traces {
		t.Errorf("opened %+v", got)
	}
}

func TestExportIsWhatIsDrawn(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 80, 18).Press("C")
	note, _ := panetest.Last[pane.Note](d)
	has(t, note.Text, "written: experiments/chart_throughput_gpus.csv")
	want := lab.Chart{Quantity: "throughput", Unit: "tok/s", Axis: lab.AxisGPUs, Across: "GPUs", Note: "batch 4 · 2048+512 · vllm · A100-40GB · mean over iterations, bars: half the range", Ideal: true}
	got := l.Chart
	got.Series = nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if s := l.Chart.Series; len(s) != 2 || s[0].Name != "Llama-3.1-8B" || s[0].Points[1].Value != 15532 || s[0].Points[1].Spread != 0.1 ||
		int(s[0].Points[1].Ideal) != 22542 || !math.IsNaN(s[1].Points[0].Ideal) {
		t.Errorf("series %+v", s)
	}
	d.Press("g", "l", "i", "y", "y", "y", "y", "P")
	if c := l.Chart; c.Quantity != "speed-up" || !c.Log || c.Ideal || c.Of == "" || len(c.Series) != 1 || c.Series[0].Points[1].Value != 1.377 || c.Series[0].Points[1].Spread != 0 {
		t.Errorf("chart %+v", c)
	}
	if l.Called("ExportChart png") != 1 {
		t.Errorf("calls: %v", l.Calls)
	}
}

func TestExportThatCannotBe(t *testing.T) {
	l := panetest.New()
	l.Locked = true
	d := drive(t, l, 80, 18).Press("P", "C")
	note, _ := panetest.Last[pane.Note](d)
	has(t, note.Text, "read-only")
	if l.Called("ExportChart") != 0 {
		t.Error("written in spite of read-only")
	}
	l.Locked, l.Err["ExportChart"] = false, errors.New("cannot write: no space left")
	note, _ = panetest.Last[pane.Note](d.Press("C"))
	has(t, note.Text, "no space left")
	l.Series = nil
	note, _ = panetest.Last[pane.Note](d.Press("r", "C"))
	has(t, note.Text, "nothing is drawn")
}

func TestCrosshairSaysTheValues(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18).Press("right")
	has(t, d.Pane().Message().Text, "llama-8b-tp2 · GPUs 2: A 15 532 ± 0.1 %, B 6 360 tok/s · ideal 22 543")
	d.Press("right", "right")
	has(t, d.Pane().Message().Text, "GPUs 4: A 24 210 ± 0.4 % tok/s · ideal 45 084")
	d.Press("left", "left", "left")
	has(t, d.Pane().Message().Text, "GPUs 1: ")
	d.Press("i")
	if text := d.Pane().Message().Text; strings.Contains(text, "ideal") {
		t.Errorf("an ideal that is not drawn: %s", text)
	}
}

func TestAnalysedRunsJoin(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 80, 18)
	before := l.Called("Scaling")
	l.Series[0].Points[1].Y = 16000
	d.Send(pane.AnalysedMsg{Analysis: l.Analyses["llama-8b-tp2"]}).Expect("16 000")
	if n := l.Called("Scaling") - before; n != 1 {
		t.Errorf("asked %d times", n)
	}
	d.Park = true
	d.Send(pane.ReloadMsg{}).Send(pane.BoardMsg{}).Send(pane.ReloadMsg{})
	before = l.Called("Scaling")
	d.Release()
	if n := l.Called("Scaling") - before; n != 1 {
		t.Errorf("three changes asked %d times", n)
	}
}

func TestNodeBoundary(t *testing.T) {
	l := panetest.New()
	l.Series[0].Points = append(l.Series[0].Points, lab.Point{Run: "llama-8b-tp8", Layout: "TP8", X: 8, Y: 40000, Serial: -1})
	if got := drive(t, l, 80, 18).Pane().(*Pane).nodes(); len(got) != 1 || got[0] != 4 {
		t.Errorf("node boundary at %v", got)
	}
	if got := drive(t, panetest.New(), 80, 18).Pane().(*Pane).nodes(); got != nil {
		t.Errorf("a boundary at %v within one node", got)
	}
}

func TestLog(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18).Press("l")
	has(t, title(d), ", log")
	d.Press("l").Expect("50 000")
}

func TestEmptyStates(t *testing.T) {
	l := panetest.New()
	l.Series = nil
	d := drive(t, l, 80, 18).Expect("No run has timings yet").Press("enter", "g", "down", "t")
	d.Press("Y").Expect("4 Metrics, then a")
	d.Press("y", "x", "x", "x").Expect("mixture-of-experts")
	l.Err["Scaling"] = errors.New("trace_collection: permission denied")
	d.Press("r").Expect("permission denied", "r tries again")
	p := New(panetest.New().Env(context.Background()))
	first := &panetest.Driver{T: t, S: panetest.OfPane(p)}
	first.Resize(80, 18)
	first.Expect("reading the runs")
}

func TestLateSeriesAreDropped(t *testing.T) {
	l := panetest.New()
	p := New(l.Env(context.Background()))
	first, second := p.load(), p.load()
	late := first()
	p.Update(second())
	p.all = nil
	if p.Update(late); p.all != nil {
		t.Error("a reply that came too late was taken")
	}
}

func TestWhyAsksForTheTracesOfBoth(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18)
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
	l := panetest.New()
	points := l.Series[0].Points
	l.Series = nil
	for _, of := range []struct{ kin, name string }{{"b4", "batch 4 · TP"}, {"b8", "batch 8 · TP"}, {"b4", "batch 4 · PP"}, {"", "batch 4 · TP · again"}, {"b8", "batch 8 · PP"}} {
		own := slices.Clone(points)
		for i := range own {
			own[i].Run += " " + of.name
		}
		l.Series = append(l.Series, lab.Series{Kin: of.kin, Name: of.name, Points: own})
	}
	d := drive(t, l, 140, 39).Expect("A TP", "B PP", "tok/s   batch 4").Absent("again", "batch 8")
	has(t, title(d), "2 of 5 series")
	d.Send(pane.OpenMsg{To: pane.Charts, Run: "llama-8b-tp2 batch 8 · PP"})
	has(t, title(d), "2 of 5 series")
	d.Expect("tok/s   batch 8")
	d.Press("g").Expect("batch 8 · TP").Absent("batch 8 · PP")
	has(t, title(d), "series 2 of 5")
	d.Press("esc").Expect("tok/s   batch 8")
	d.Press("P")
	if l.Chart.Of != "batch 8" || len(l.Chart.Series) != 2 {
		t.Errorf("written: %q, %d series", l.Chart.Of, len(l.Chart.Series))
	}
}

func TestBaseIsNamed(t *testing.T) {
	d := drive(t, panetest.New(), 140, 39)
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
	d := drive(t, panetest.New(), 80, 18).Press("home")
	p := d.Pane().(*Pane)
	chart := func() string { return strings.Join(p.chart(80, 10), "\n") }
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
