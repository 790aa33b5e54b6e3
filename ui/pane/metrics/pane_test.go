package metrics

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"go.uber.org/goleak"

	"shardeck/backend/pool"
	"shardeck/model/compare"
	"shardeck/model/metric"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func drive(t *testing.T, w *panetest.Workspace, width, height int) *panetest.Driver {
	t.Helper()
	return panetest.Drive(t, panetest.OfPane(New(w.Env())), width, height)
}

// asked notes what is asked of the backend, and can make it wait or fail.
type asked struct {
	Backend
	runs              []string // read
	differences, ties int
	hold              chan struct{} // readings wait for it, half way
	err               error         // of differences and ties
}

func (l *asked) Analyse(ctx context.Context, run string, p pool.Priority, progress pool.Progress) (*metric.Analysis, error) {
	l.runs = append(l.runs, run)
	if l.hold != nil {
		progress(60<<20, 149<<20)
		<-l.hold
	}
	return l.Backend.Analyse(ctx, run, p, progress)
}

func (l *asked) Differences(ctx context.Context, base string, runs []string) (map[string]map[string]compare.Cell, error) {
	if l.differences++; l.err != nil {
		return nil, l.err
	}
	return l.Backend.Differences(ctx, base, runs)
}

func (l *asked) Ties(ctx context.Context, contests []compare.Contest) ([]compare.Tie, error) {
	if l.ties++; l.err != nil {
		return nil, l.err
	}
	return l.Backend.Ties(ctx, contests)
}

// listen is drive with what is asked noted.
func listen(t *testing.T, w *panetest.Workspace, width, height int) (*panetest.Driver, *asked) {
	t.Helper()
	env, _ := w.Env()
	l := &asked{Backend: w.App}
	return panetest.Drive(t, panetest.OfPane(New(env, l)), width, height), l
}

// at goes to a run and has it read.
func at(t *testing.T, w *panetest.Workspace, run string) *panetest.Driver {
	t.Helper()
	return drive(t, w, 80, 18).Send(pane.OpenMsg{To: pane.Metrics, Run: run})
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

var message, title, has, said = panetest.Message, panetest.Title, panetest.Has, panetest.Said

func TestFrames(t *testing.T) {
	at(t, panetest.Open(t), "llama-8b-tp2").Press("down").Golden("80x18")
	drive(t, panetest.Open(t), 140, 39).Press("a").Golden("140x39")
	at(t, panetest.Open(t), "llama-8b-tp2").Press("enter", "pgdown").Golden("run-80x18")
	drive(t, panetest.Open(t), 140, 39).Press("down", "up", "enter").Golden("run-140x39")
	for i, name := range []string{"ranks", "phases", "collectives"} {
		for _, size := range [][2]int{{80, 18}, {140, 39}} {
			d := at(t, panetest.Open(t), "llama-8b-tp2")
			d.Resize(size[0], size[1])
			column(t, d, "comm_overhead")
			d.Press("enter").Press([]string{"tab", "tab", "tab"}[:i+1]...).Golden(fmt.Sprintf("%s-%dx%d", name, size[0], size[1]))
		}
	}
	for _, size := range [][2]int{{80, 18}, {140, 39}} {
		drive(t, panetest.Open(t), size[0], size[1]).Press("c", "down", "space").Golden(fmt.Sprintf("columns-%dx%d", size[0], size[1]))
	}
}

func TestSizes(t *testing.T) {
	panetest.Sizes(drive(t, panetest.Open(t), 80, 18))
	panetest.Sizes(at(t, panetest.Open(t), "llama-8b-tp2").Press("enter"))
	panetest.Sizes(at(t, panetest.Open(t), "llama-8b-tp2").Press("d"))
	panetest.Sizes(at(t, panetest.Open(t), "llama-8b-tp2").Press("enter", "tab"))
	panetest.Sizes(drive(t, panetest.Open(t), 80, 18).Press("c"))
}

func TestRunsWithoutTracesAreReadAtOnce(t *testing.T) {
	d, l := listen(t, panetest.Open(t), 80, 18)
	d.Expect("tp1-b1-s512 (replay)", "1 112")
	if want := []string{"llama-8b-tp2@3141500", "llama-8b-tp4-old", "tp1-b1-s512"}; !slices.Equal(l.runs, want) {
		t.Errorf("read unasked: %v", l.runs)
	}
}

func count(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

func TestCursorAtRestReadsTheRun(t *testing.T) {
	d, l := listen(t, panetest.Open(t), 80, 18)
	d.Absent("17 618", "13 377").Press("down").Expect("13 377").Absent("17 618").Press("up").Expect("17 618").Press("down")
	if n := count(l.runs, "llama-8b-tp1"); n != 1 {
		t.Errorf("read %d times", n)
	}
}

func TestCursorElsewhereReadsNothing(t *testing.T) {
	w := panetest.Open(t)
	d, l := listen(t, w, 80, 18)
	d.Pane().SetFocus(false)
	d.Send(pane.SelectMsg{Row: w.Row("E1.1")}).Expect("▌ llama-8b-tp1").Absent("13 377")
	d.Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2"}).Expect("▌ llama-8b-tp2").Absent("17 618")
	if count(l.runs, "llama-8b-tp1") != 0 {
		t.Errorf("read %v", l.runs)
	}
}

func TestBoardBringsWhatIsKnown(t *testing.T) {
	w := panetest.Analysed(t)
	drive(t, w, 80, 18).Absent("17 618").Send(pane.BoardMsg{Rows: w.Rows()}).Expect("17 618", "13 377", "8 321")
}

func TestOpenBeforeTheRunsAreListed(t *testing.T) {
	p := New(panetest.Open(t).Env())
	d := &panetest.Driver{T: t, S: panetest.OfPane(p)}
	d.Resize(80, 18)
	d.Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp1"})
	d.Send(p.Init()()).Expect("▌ llama-8b-tp1", "13 377")
}

func TestOpenedRunShowsRanksAndParts(t *testing.T) {
	d := at(t, panetest.Open(t), "llama-8b-tp2")
	column(t, d, "comm_overhead")
	d.Press("enter").Expect("▌ comm_overhead", "10.91", "12.01", "rank 0 10.91 · rank 1 12.01", "from kineto_trace_0.json")
	has(t, title(d), "llama-8b-tp2")
	for d.Pane().(*Pane).metricName() != "coll_call_num" {
		d.Press("down")
	}
	d.Expect("all_reduce 68 · broadcast 17").Press("esc").Expect("▌ llama-8b-tp2")
	if got := d.Pane().(*Pane).metricName(); got != "coll_call_num" {
		t.Errorf("back at column %s", got)
	}
}

func TestMissingValuesSayWhy(t *testing.T) {
	d := at(t, panetest.Open(t), "llama-8b-tp1")
	column(t, d, "comm_overhead")
	has(t, message(d), "no comm_overhead: TP=1: no collective to measure")
	d.Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp2"})
	column(t, d, "straggler")
	d.Expect("none")
	has(t, message(d), "no straggler in llama-8b-tp2")
	has(t, message(drive(t, panetest.Open(t), 80, 18)), "290 kB not read yet: ↵ reads them")
}

func TestDefinition(t *testing.T) {
	d := at(t, panetest.Open(t), "llama-8b-tp2").Press("right", "d").Expect("Time per output token", "lower is better")
	if !d.Pane().Capturing() {
		t.Error("an open definition must have the keys")
	}
	d.Press("esc").Absent("Time per output token")
}

func TestReadAllWithProgressAndCancel(t *testing.T) {
	d := drive(t, panetest.Open(t), 80, 18)
	d.Park = true
	d.Press("a")
	has(t, title(d), "1 of 3 · reading llama-8b-tp2")
	d.Press("esc")
	has(t, title(d), "6 runs")
	d.Release().Absent("17 618")
	d.Press("a").Expect("17 618", "13 377", "8 321")
	if note, _ := panetest.Last[pane.Note](d); note.Text != "3 runs read" {
		t.Errorf("said %q", note.Text)
	}
	d.Press("a")
	if note, _ := panetest.Last[pane.Note](d); note.Text != "every run is read already" {
		t.Errorf("said %q", note.Text)
	}
}

func TestProgressOfTheRunUnderTheCursor(t *testing.T) {
	d, l := listen(t, panetest.Open(t), 80, 18)
	l.hold = make(chan struct{})
	p := d.Pane().(*Pane)
	cmd := p.readings.look.Start("llama-8b-tp2", pool.Wanted)
	d.Expect("reading its traces …")
	ended := make(chan tea.Msg)
	go func() { ended <- cmd().(tea.BatchMsg)[0]() }()
	for done := int64(0); done == 0; done, _ = p.readings.look.Progress() {
		runtime.Gosched()
	}
	d.Expect("63 MB of 156 MB")
	close(l.hold)
	d.Send(<-ended).Expect("17 618").Absent("156 MB")
}

func TestUnreadableRun(t *testing.T) {
	w := panetest.Open(t)
	d := drive(t, w, 80, 18)
	w.Move("trace_collection/llama-8b-tp1", "away")
	has(t, message(d.Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp1"})), `no run "llama-8b-tp1" in trace_collection`)
	w.Move("away", "trace_collection/llama-8b-tp1")
	d.Press("enter").Expect("13 377")
}

// A run whose folder goes away while it is shown is said to be gone; its numbers stay in sight.
func TestRunThatVanished(t *testing.T) {
	w := panetest.Open(t)
	d := at(t, w, "llama-8b-tp2").Press("enter").Expect("17 618")
	w.Move("trace_collection/llama-8b-tp2", "away")
	has(t, message(d.Send(pane.ReloadMsg{}).Expect("17 618")), "llama-8b-tp2 is no longer in the workspace")
	w.Move("away", "trace_collection/llama-8b-tp2")
	if text := message(d.Send(pane.ReloadMsg{})); strings.Contains(text, "no longer") {
		t.Error(text)
	}
}

func TestFilterAndCopy(t *testing.T) {
	d := at(t, panetest.Open(t), "llama-8b-tp2").Press("/").Type("tp:2")
	d.Expect("llama-8b-tp2", "llama-8b-tp2@3141500").Absent("llama-8b-tp1", "deepseek")
	d.Press("enter")
	has(t, title(d), "2 of 6 match tp:2")
	d.Press("y")
	if got, _ := panetest.Last[pane.CopyMsg](d); got.Text != "shardeck metric ttft llama-8b-tp2" {
		t.Errorf("copied %q", got.Text)
	}
	d.Press("esc").Expect("deepseek")
	d.Press("/").Type("nothing").Expect("no run matches nothing")
}

func TestFamilies(t *testing.T) {
	d := drive(t, panetest.Open(t), 80, 18)
	for _, want := range []string{"throughput_tokens_sec", "comm_overhead", "gpu_busy", "profiler_start_skew", "itl",
		"energy_j_per_token", "energy_j_per_token"} {
		d.Press("]")
		if got := d.Pane().(*Pane).metricName(); got != want {
			t.Errorf("] led to %s, not %s", got, want)
		}
	}
	if d.Press("["); d.Pane().(*Pane).metricName() != "itl" {
		t.Errorf("[ led to %s", d.Pane().(*Pane).metricName())
	}
}

func TestTracesOfTheRun(t *testing.T) {
	d := at(t, panetest.Open(t), "llama-8b-tp1").Press("t")
	if got, _ := panetest.Last[pane.OpenMsg](d); got.To != pane.Traces || got.Run != "llama-8b-tp1" {
		t.Errorf("t opened %+v", got)
	}
}

func TestEmptyAndErrors(t *testing.T) {
	w := panetest.Open(t)
	w.Block("trace_collection")
	drive(t, w, 80, 18).Expect("trace_collection: a part of this path", "r tries again")
	p := New(w.Env())
	d := &panetest.Driver{T: t, S: panetest.OfPane(p)}
	d.Resize(80, 18)
	d.Expect("looking for runs").Press("enter", "d", "b", "y", "t", "esc")
	p.loaded = true
	d.Expect("There is no run in trace_collection yet", "s   submits one")
}

func TestRunThatVanishedIsForgotten(t *testing.T) {
	d := at(t, panetest.Open(t), "llama-8b-tp2").Press("enter")
	p := d.Pane().(*Pane)
	p.known.forget(p.list.Rows(), nil)
	if p.known.analyses["llama-8b-tp2"] != nil {
		t.Error("values of a run that is gone")
	}
	d.Press("down", "d", "esc").Press("esc").Expect("llama-8b-tp2")
}

func TestLateListIsDropped(t *testing.T) {
	p := New(panetest.Open(t).Env())
	late := p.load()() // it is there before the next is asked for, and taken after it
	second := p.load()
	second().(pane.Reply).Deliver()
	p.list.SetRows(p.list.Rows()[:1])
	if late.(pane.Reply).Deliver(); len(p.list.Rows()) != 1 {
		t.Error("a reply that came too late was taken")
	}
}

func TestMoreRunsThanScreen(t *testing.T) {
	d := drive(t, panetest.Open(t), 80, 18)
	p := d.Pane().(*Pane)
	for range 6 {
		p.list.SetRows(append(p.list.Rows(), p.list.Rows()...))
	}
	d.Press("end", "pgup", "home").Check()
}

// BenchmarkManyRuns is what one more analysis costs the event loop among 1 000 runs, with
// the frame that shows it.
func BenchmarkManyRuns(b *testing.B) {
	w := panetest.Open(b)
	p := New(w.Env())
	d := panetest.Drive(b, panetest.OfPane(p), 140, 39)
	a := w.Analysis("llama-8b-tp2")
	for i := range 1000 {
		r := p.list.Rows()[0]
		r.Name = fmt.Sprint("run-", i)
		p.known.set(r.Name, a)
		p.list.SetRows(append(p.list.Rows(), r))
	}
	for b.Loop() {
		p.Update(pane.AnalysedMsg{Analysis: a})
		_ = d.S.View()
	}
}

// Moving from row to row redraws rows; what stands below them follows when the cursor rests.
func TestBelowTheTableFollowsAtRest(t *testing.T) {
	d := drive(t, panetest.Open(t), 80, 18).Press("a").Expect("   llama-8b-tp2  E1.2")
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
	w := panetest.Open(t)
	w.Write("trace_collection/llama-8b-tp2/kineto_trace_1.json", w.Read("trace_collection/llama-8b-tp2/kineto_trace_1.json")[:100_000])
	d := at(t, w, "llama-8b-tp2")
	d.Press("!").Expect("input was damaged", "kineto_trace_1.json").Press("esc")
	d.Press("enter", "!").Expect("kineto_trace_1.json").Press("esc").Expect("▌metrics")
}
