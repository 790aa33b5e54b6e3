package metrics

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"go.uber.org/goleak"

	"shardeck/backend/lab"
	"shardeck/backend/pool"
	"shardeck/model/metric"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
	"shardeck/ui/theme"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func drive(t *testing.T, l *panetest.Lab, w, h int) *panetest.Driver {
	t.Helper()
	return panetest.Drive(t, panetest.OfPane(New(l.Env(context.Background()))), w, h)
}

// at goes to a run and has it read.
func at(t *testing.T, l *panetest.Lab, run string) *panetest.Driver {
	t.Helper()
	return drive(t, l, 80, 18).Send(pane.OpenMsg{To: pane.Metrics, Run: run})
}

// column goes right to the metric of a name.
func column(t *testing.T, d *panetest.Driver, metric string) {
	t.Helper()
	for range 40 {
		if d.Pane().(*Pane).metricName() == metric {
			return
		}
		d.Press("right")
	}
	t.Fatalf("no column %s", metric)
}

func message(d *panetest.Driver) string { return d.Pane().Message().Text }

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

func said(d *panetest.Driver) string {
	note, _ := panetest.Last[pane.Note](d)
	return note.Text
}

func TestFrames(t *testing.T) {
	at(t, panetest.New(), "llama-8b-tp2").Press("down").Golden("80x18")
	drive(t, panetest.New(), 140, 39).Press("a").Golden("140x39")
	at(t, panetest.New(), "llama-8b-tp2").Press("enter", "pgdown").Golden("run-80x18")
	drive(t, panetest.New(), 140, 39).Press("down", "up", "enter").Golden("run-140x39")
	for i, name := range []string{"ranks", "phases", "collectives"} {
		for _, size := range [][2]int{{80, 18}, {140, 39}} {
			d := at(t, panetest.New(), "llama-8b-tp2")
			d.Resize(size[0], size[1])
			column(t, d, "comm_overhead")
			d.Press("enter").Press([]string{"tab", "tab", "tab"}[:i+1]...).Golden(fmt.Sprintf("%s-%dx%d", name, size[0], size[1]))
		}
	}
	for _, size := range [][2]int{{80, 18}, {140, 39}} {
		drive(t, panetest.New(), size[0], size[1]).Press("c", "down", "space").Golden(fmt.Sprintf("columns-%dx%d", size[0], size[1]))
	}
}

func TestSizes(t *testing.T) {
	panetest.Sizes(drive(t, panetest.New(), 80, 18))
	panetest.Sizes(at(t, panetest.New(), "llama-8b-tp2").Press("enter"))
	panetest.Sizes(at(t, panetest.New(), "llama-8b-tp2").Press("d"))
	panetest.Sizes(at(t, panetest.New(), "llama-8b-tp2").Press("enter", "tab"))
	panetest.Sizes(drive(t, panetest.New(), 80, 18).Press("c"))
}

func TestRunsWithoutTracesAreReadAtOnce(t *testing.T) {
	l := panetest.New()
	drive(t, l, 80, 18).Expect("tp1-b1-s512 (replay)", "1 108")
	if l.Called("Analyse llama") != 1 { // the older run without a config, that has no traces either
		t.Errorf("traces were read unasked: %v", l.Calls)
	}
}

func TestCursorAtRestReadsTheRun(t *testing.T) {
	l := panetest.New()
	drive(t, l, 80, 18).Absent("15 532", "11 279").Press("down").Expect("11 279").Absent("15 532").Press("up").Expect("15 532").Press("down")
	if n := l.Called("Analyse llama-8b-tp1"); n != 1 {
		t.Errorf("read %d times", n)
	}
}

func TestCursorElsewhereReadsNothing(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 80, 18)
	d.Pane().SetFocus(false)
	d.Send(pane.SelectMsg{Row: l.Rows[0]}).Expect("▌ llama-8b-tp1").Absent("11 279")
	d.Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2"}).Expect("▌ llama-8b-tp2").Absent("15 532")
	if l.Called("Analyse llama-8b-tp1") != 0 {
		t.Errorf("calls: %v", l.Calls)
	}
}

func TestBoardBringsWhatIsKnown(t *testing.T) {
	l := panetest.New()
	drive(t, l, 80, 18).Send(pane.BoardMsg{Rows: l.Rows}).Expect("15 532", "11 279", "6 360")
}

func TestOpenBeforeTheRunsAreListed(t *testing.T) {
	l := panetest.New()
	p := New(l.Env(context.Background()))
	d := &panetest.Driver{T: t, S: panetest.OfPane(p)}
	d.Resize(80, 18)
	d.Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp1"})
	d.Send(p.Init()()).Expect("▌ llama-8b-tp1", "11 279")
}

func TestOpenedRunShowsRanksAndParts(t *testing.T) {
	d := at(t, panetest.New(), "llama-8b-tp2")
	column(t, d, "comm_overhead")
	d.Press("enter").Expect("▌ comm_overhead", "8.65", "10.58", "rank 0 8.65 · rank 1 10.58", "from kineto_trace_0.json")
	has(t, title(d), "llama-8b-tp2")
	for d.Pane().(*Pane).metricName() != "coll_call_num" {
		d.Press("down")
	}
	d.Expect("all_reduce 4 096 · broadcast 64").Press("esc").Expect("▌ llama-8b-tp2")
	if got := d.Pane().(*Pane).metricName(); got != "coll_call_num" {
		t.Errorf("back at column %s", got)
	}
}

func TestMissingValuesSayWhy(t *testing.T) {
	d := at(t, panetest.New(), "llama-8b-tp1")
	column(t, d, "comm_overhead")
	has(t, message(d), "no comm_overhead: TP=1: no collective to measure")
	column(t, d, "straggler")
	d.Expect("none")
	has(t, message(d), "no straggler in llama-8b-tp1")
	has(t, message(drive(t, panetest.New(), 80, 18)), "312 MB not read yet: ↵ reads them")
}

func TestDefinition(t *testing.T) {
	d := at(t, panetest.New(), "llama-8b-tp2").Press("right", "d").Expect("Time per output token", "lower is better")
	if !d.Pane().Capturing() {
		t.Error("an open definition must have the keys")
	}
	d.Press("esc").Absent("Time per output token")
}

func TestBaseline(t *testing.T) {
	l := panetest.New()
	d := at(t, l, "llama-8b-tp1").Press("b").Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp2"})
	d.Expect("diff %", "+37.7", "-22.0", "11 279", "•llama-8b-tp1").Absent("▲")
	has(t, title(d), "diff % from llama-8b-tp1")
	column(t, d, "tpot")
	has(t, message(d), "tpot 6.64 ms against 8.51 of llama-8b-tp1")
	column(t, d, "comm_overhead")
	has(t, message(d), "llama-8b-tp1 has none: TP=1: no collective to measure")
	d.Send(pane.OpenMsg{To: pane.Metrics, Run: "deepseek-v2-lite-ep2"})
	column(t, d, "comm_overhead")
	d.Press("left")
	d.Press("esc").Expect("15 532").Absent("diff %")
}

func TestBaselineOfAnotherModelIsNotLikeWithLike(t *testing.T) {
	d := at(t, panetest.New(), "llama-8b-tp1").Press("b").Send(pane.OpenMsg{To: pane.Metrics, Run: "deepseek-v2-lite-ep2"})
	has(t, message(d), "not like with like, model differs")
	if d.Pane().Message().Tone != theme.Warn {
		t.Error("such a comparison must warn")
	}
}

func TestBestOfComparableRuns(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18).Press("a")
	d.Expect("▲15 532", "▲11 279", "▲61.2").Absent("▲95.4", "▲6 360", "▲1 108")
}

// A best value that chance alone could make is no best value: both runs are marked so.
func TestTieForTheBest(t *testing.T) {
	l := panetest.New()
	l.Tie = map[string]lab.Tie{"throughput_tokens_sec": {Runs: []string{"llama-8b-tp2", "llama-8b-tp1"}, Words: "chance alone makes as large a difference in 40 % of cases"}}
	d := drive(t, l, 80, 18).Press("a").Expect("~15 532", "~11 279", "▲61.2").Absent("▲15 532")
	column(t, d, "throughput_tokens_sec")
	has(t, message(d), "~ shares the best throughput_tokens_sec with llama-8b-tp1: chance alone makes")
	d.Press("b").Absent("~15 532")
	d.Press("esc").Expect("~15 532")
	n := l.Called("Ties")
	d.Press("left", "right", "down", "up")
	if l.Called("Ties") != n {
		t.Error("the lab was asked again for what it had judged")
	}
	l.Tie = map[string]lab.Tie{"throughput_tokens_sec": {Words: "too few samples: 3 against 3 cannot show a difference"}}
	d = drive(t, l, 80, 18).Press("a").Absent("▲15 532", "~15 532")
	column(t, d, "throughput_tokens_sec")
	has(t, message(d), "the best throughput_tokens_sec so far, but too few samples")
	l.Err["Ties"] = errors.New("timing_stats_0.json: permission denied")
	drive(t, l, 80, 18).Press("a").Absent("▲", "~15 532")
}

func TestReadAllWithProgressAndCancel(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 80, 18)
	d.Park = true
	d.Press("a")
	has(t, title(d), "1 of 3 · reading llama-8b-tp2")
	d.Press("esc")
	has(t, title(d), "5 runs")
	d.Release().Absent("15 532")
	d.Press("a").Expect("15 532", "11 279", "6 360")
	if note, _ := panetest.Last[pane.Note](d); note.Text != "3 runs read" {
		t.Errorf("said %q", note.Text)
	}
	d.Press("a")
	if note, _ := panetest.Last[pane.Note](d); note.Text != "every run is read already" {
		t.Errorf("said %q", note.Text)
	}
}

func TestProgressOfTheRunUnderTheCursor(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 80, 18)
	hold := make(chan struct{})
	l.Hold["Analyse"] = hold
	p := d.Pane().(*Pane)
	cmd := p.look.Start("llama-8b-tp2", pool.Wanted)
	d.Expect("reading its traces …")
	ended := make(chan tea.Msg)
	go func() { ended <- cmd().(tea.BatchMsg)[0]() }()
	for done := int64(0); done == 0; done, _ = p.look.Progress() {
		runtime.Gosched()
	}
	d.Expect("63 MB of 156 MB")
	close(hold)
	d.Send(<-ended).Expect("15 532").Absent("156 MB")
}

func TestUnreadableRun(t *testing.T) {
	l := panetest.New()
	l.Err["Analyse"] = errors.New("kineto_trace_0.json: permission denied")
	d := at(t, l, "llama-8b-tp1")
	has(t, message(d), "permission denied")
	delete(l.Err, "Analyse")
	d.Press("enter").Expect("11 279")
}

func TestFilterAndCopy(t *testing.T) {
	d := at(t, panetest.New(), "llama-8b-tp2").Press("/").Type("tp:2").Expect("llama-8b-tp2").Absent("llama-8b-tp1", "deepseek")
	d.Press("enter")
	has(t, title(d), "1 of 5 match tp:2")
	d.Press("y")
	if got, _ := panetest.Last[pane.CopyMsg](d); got.Text != "shardeck metric ttft llama-8b-tp2" {
		t.Errorf("copied %q", got.Text)
	}
	d.Press("esc").Expect("deepseek")
	d.Press("/").Type("nothing").Expect("no run matches nothing")
}

func TestFamilies(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18)
	for _, want := range []string{"throughput_tokens_sec", "comm_overhead", "gpu_busy", "profiler_start_skew", "profiler_start_skew"} {
		d.Press("]")
		if got := d.Pane().(*Pane).metricName(); got != want {
			t.Errorf("] led to %s, not %s", got, want)
		}
	}
	if d.Press("["); d.Pane().(*Pane).metricName() != "gpu_busy" {
		t.Errorf("[ led to %s", d.Pane().(*Pane).metricName())
	}
}

func TestTracesOfTheRun(t *testing.T) {
	d := at(t, panetest.New(), "llama-8b-tp1").Press("t")
	if got, _ := panetest.Last[pane.OpenMsg](d); got.To != pane.Traces || got.Run != "llama-8b-tp1" {
		t.Errorf("t opened %+v", got)
	}
}

func TestEmptyAndErrors(t *testing.T) {
	l := panetest.New()
	l.Err["Runs"] = errors.New("trace_collection: permission denied")
	drive(t, l, 80, 18).Expect("permission denied", "r tries again")
	p := New(panetest.New().Env(context.Background()))
	d := &panetest.Driver{T: t, S: panetest.OfPane(p)}
	d.Resize(80, 18)
	d.Expect("looking for runs").Press("enter", "d", "b", "y", "t", "esc")
	p.loaded = true
	d.Expect("There is no run in trace_collection yet", "s   submits one")
}

func TestRunThatVanishedIsForgotten(t *testing.T) {
	d := at(t, panetest.New(), "llama-8b-tp2").Press("enter")
	p := d.Pane().(*Pane)
	p.forget(nil)
	if p.analyses["llama-8b-tp2"] != nil {
		t.Error("values of a run that is gone")
	}
	d.Press("down", "d", "esc").Press("esc").Expect("llama-8b-tp2")
}

func TestLateListIsDropped(t *testing.T) {
	p := New(panetest.New().Env(context.Background()))
	first, second := p.load(), p.load()
	late := first()
	second().(pane.Reply).Deliver()
	p.runs = p.runs[:1]
	if late.(pane.Reply).Deliver(); len(p.runs) != 1 {
		t.Error("a reply that came too late was taken")
	}
}

func TestMoreRunsThanScreen(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 80, 18)
	p := d.Pane().(*Pane)
	for range 6 {
		p.runs = append(p.runs, p.runs...)
	}
	p.fill()
	d.Press("end", "pgup", "home").Check()
}

// BenchmarkManyRuns is what one more analysis costs the event loop among 1 000 runs, with
// the frame that shows it.
func BenchmarkManyRuns(b *testing.B) {
	l := panetest.New()
	p := New(l.Env(context.Background()))
	d := panetest.Drive(b, panetest.OfPane(p), 140, 39)
	a := l.Analyses["llama-8b-tp2"]
	for i := range 1000 {
		r := p.runs[0]
		r.Name = fmt.Sprint("run-", i)
		p.runs, p.analyses[r.Name] = append(p.runs, r), a
	}
	for b.Loop() {
		p.Update(pane.AnalysedMsg{Analysis: a})
		_ = d.S.View()
	}
}

func TestWhyComparesWithTheBaseline(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18).Press("a", "w")
	has(t, said(d), "b makes a run the baseline")
	d.Press("b", "down", "w")
	if got, _ := panetest.Last[pane.OpenMsg](d); got.To != pane.Traces || got.Base != "llama-8b-tp2" || got.Run != "llama-8b-tp1" {
		t.Errorf("opened %+v", got)
	}
}

// Moving from row to row redraws rows; what stands below them follows when the cursor rests.
func TestBelowTheTableFollowsAtRest(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18).Press("a").Expect("   llama-8b-tp2  E1.2")
	p := d.Pane().(*Pane)
	_, early := p.Update(tea.KeyMsg{Type: tea.KeyUp})
	_, rest := p.Update(tea.KeyMsg{Type: tea.KeyDown})
	d.Expect("▌ llama-8b-tp1", "   llama-8b-tp2  E1.2")
	d.Send(early()).Expect("   llama-8b-tp2  E1.2")
	d.Send(rest())
	d.Expect("   llama-8b-tp1  E1.1").Absent("   llama-8b-tp2  E1.2")
	d.Press("down", "up", "right").Expect("   llama-8b-tp1  E1.1")
}

func TestInFull(t *testing.T) {
	l := panetest.New()
	a := *l.Analyses["llama-8b-tp2"]
	a.Damaged, a.Warnings = true, []string{"kineto_trace_1.json: ended in the middle of an event", "rank 1: 3 events were lost"}
	l.Analyses["llama-8b-tp2"] = &a
	d := at(t, l, "llama-8b-tp2")
	d.Press("!").Expect("input was damaged", "rank 1: 3 events were lost").Press("esc")
	d.Press("enter", "!").Expect("rank 1: 3 events were lost").Press("esc").Expect("▌metrics")
}

func TestContestOfTheBest(t *testing.T) {
	group := func(values ...float64) (all []*metric.Analysis) {
		for i, v := range values {
			all = append(all, &metric.Analysis{Run: string(rune('a' + i)), Metrics: []metric.Metric{{Name: "tpot", Value: &v}, {Name: "throughput_tokens_sec", Value: &v}}})
		}
		return all
	}
	for _, tt := range []struct {
		metric string
		values []float64
		want   string
	}{
		{"tpot", []float64{3, 1, 2}, "b c a"}, {"throughput_tokens_sec", []float64{3, 1, 2}, "a c b"}, {"tpot", []float64{5}, ""}, {"tpot", nil, ""},
		{"tpot", []float64{1, 1, 2}, ""}, {"tpot", []float64{2, 2, 1}, "c a b"}, {"tpot", []float64{9, 8, 7, 6, 5, 4, 3, 2, 1}, "i h g f e d"},
	} {
		d, _ := metric.Define(tt.metric)
		if got := strings.Join(contestOf(group(tt.values...), d).Runs, " "); got != tt.want {
			t.Errorf("%s of %v: %q, want %q", tt.metric, tt.values, got, tt.want)
		}
	}
}
