package traces

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shardeck/backend/app"
	"shardeck/backend/pool"
	"shardeck/model/compare"
	"shardeck/model/metric"
	"shardeck/model/timeline"
	"shardeck/templates"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
	"shardeck/ui/theme"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func drive(t *testing.T, w *panetest.Workspace, width, height int) *panetest.Driver {
	t.Helper()
	return panetest.Drive(t, panetest.OfPane(New(w.Env())), width, height)
}

// opened is the pane with a run read in it.
func opened(t *testing.T, w *panetest.Workspace, run string, width, height int) *panetest.Driver {
	t.Helper()
	return drive(t, w, width, height).Send(pane.OpenMsg{To: pane.Traces, Run: run})
}

// asked notes what is asked of the backend, and can make the kernels fail.
type asked struct {
	Backend
	runs, comparisons, lanes []string
	err                      error // of lanes
}

func (l *asked) Analyse(ctx context.Context, run string, p pool.Priority, progress pool.Progress) (*metric.Analysis, error) {
	l.runs = append(l.runs, run)
	return l.Backend.Analyse(ctx, run, p, progress)
}

func (l *asked) CompareTraces(ctx context.Context, base, other string, progress pool.Progress) (compare.TraceComparison, error) {
	l.comparisons = append(l.comparisons, base+" "+other)
	return l.Backend.CompareTraces(ctx, base, other, progress)
}

func (l *asked) Lanes(ctx context.Context, run string, part timeline.View, p pool.Progress) (*timeline.Run, error) {
	if l.lanes = append(l.lanes, run); l.err != nil {
		return nil, l.err
	}
	return l.Backend.Lanes(ctx, run, part, p)
}

// listen is drive with what is asked noted.
func listen(t *testing.T, w *panetest.Workspace) (*panetest.Driver, *asked) {
	t.Helper()
	env, _ := w.Env()
	l := &asked{Backend: w.App}
	return panetest.Drive(t, panetest.OfPane(New(env, l)), 80, 18), l
}

// budget is a login node, which may read so many bytes of traces.
func budget(t *testing.T, w *panetest.Workspace, bytes int) {
	t.Helper()
	site, err := templates.FS.ReadFile("sites/perlmutter.yaml")
	if err != nil {
		t.Fatal(err)
	}
	w.Write("sites/perlmutter.yaml", regexp.MustCompile(`trace_bytes: \d+`).ReplaceAllString(string(site), fmt.Sprint("trace_bytes: ", bytes)))
	w.Reopen(func(o *app.Options) {
		getenv := o.Env
		o.Env = func(name string) string {
			return cmp.Or(map[string]string{"NERSC_HOST": "perlmutter"}[name], getenv(name))
		}
	})
}

var message, title, has, said = panetest.Message, panetest.Title, panetest.Has, panetest.Said

func TestFrames(t *testing.T) {
	opened(t, panetest.Open(t), "llama-8b-tp2", 80, 18).Golden("80x18")
	opened(t, panetest.Open(t), "llama-8b-tp2", 80, 18).Press("tab").Golden("collectives-80x18")
	opened(t, panetest.Open(t), "llama-8b-tp2", 80, 18).Press("tab", "tab").Golden("skew-80x18")
	opened(t, panetest.Open(t), "llama-8b-tp2", 140, 39).Press("tab", "tab", "+", "+").Golden("skew-140x39")
	opened(t, panetest.Open(t), "llama-8b-tp2", 140, 39).Golden("140x39")
}

func TestSizes(t *testing.T) {
	panetest.Sizes(opened(t, panetest.Open(t), "llama-8b-tp2", 80, 18))
	panetest.Sizes(opened(t, panetest.Open(t), "llama-8b-tp4-old", 80, 18))
	panetest.Sizes(drive(t, panetest.Open(t), 80, 18))
}

func TestParts(t *testing.T) {
	d := opened(t, panetest.Open(t), "llama-8b-tp2", 80, 18).Expect("▌kernels", "nvjet_tst")
	d.Press("tab").Expect("▌collectives", "≈32 KiB", "48.9").Absent("nvjet_tst")
	d.Press("tab").Expect("▌skew", "all_reduce 57", "1 000.0")
	d.Press("tab").Expect("▌ranks", " 51 ", "401.0")
	d.Press("tab").Expect("▌classes", "94.0")
	d.Press("tab").Expect("▌timeline").Press("tab").Expect("▌kernels").Press("shift+tab", "shift+tab").Expect("▌classes")
	d.Resize(140, 39)
	d.Expect("nvjet_tst", "≈32 KiB", "all_reduce 57", "401.0", "communication", "▌classes")
}

func TestSplitAddsUp(t *testing.T) {
	d := opened(t, panetest.Open(t), "llama-8b-tp2", 80, 18).Expect("81.8 %", "decode × 16", "│0 ms", "│100 ms")
	has(t, title(d), "window 148 ms · 2 ranks | 290 kB")
}

func TestRankOfTheTimeline(t *testing.T) {
	d := opened(t, panetest.Open(t), "llama-8b-tp2", 80, 18).Expect("▸ rank 0")
	d.Press("]").Expect("▸ rank 1").Press("]").Expect("▸ rank 0").Press("[").Expect("▸ rank 1")
	d.Check()
}

func TestKernelFilter(t *testing.T) {
	d := opened(t, panetest.Open(t), "llama-8b-tp2", 80, 18).Press("/").Type("class:gemm").Expect("nvjet_tst").Absent("flash_fwd")
	if !d.Pane().Capturing() {
		t.Error("a text field must have the keys")
	}
	d.Press("enter")
	has(t, title(d), "1 of 5 match class:gemm")
	d.Press("esc").Expect("flash_fwd").Press("/").Type("nothing such").Expect("no kernel matches nothing such")
	d.Press("esc").Expect("flash_fwd")
}

func TestEachPartHasItsFilter(t *testing.T) {
	d := opened(t, panetest.Open(t), "llama-8b-tp2", 80, 18).Press("tab", "/").Type("size:64").Press("enter")
	d.Expect("all_reduce  64 MiB").Absent("32 KiB")
	has(t, title(d), "1 of 3 match size:64")
	d.Press("tab", "/").Type("rank:1").Press("enter").Expect("all_reduce 49").Absent("all_reduce 57")
	has(t, title(d), "16 of 67 match rank:1")
	d.Press("shift+tab").Absent("32 KiB").Press("esc").Expect("32 KiB").Press("tab").Absent("all_reduce 57")
	d.Press("tab", "/").Expect("▌classes").Type("nothing").Expect("no class matches nothing")
}

func TestLateCallsAreSaidInWords(t *testing.T) {
	d := opened(t, panetest.Open(t), "llama-8b-tp2", 80, 18).Press("tab", "tab")
	has(t, message(d), "rank 0 was last to all_reduce 57, by 1.00 ms, not by computing longer")
	has(t, message(d.Press("down")), "250 µs of it computing longer")
	opened(t, panetest.Open(t), "llama-8b-tp1", 80, 18).Press("tab", "tab").Expect("nobody is late: TP=1: no collective to measure")
}

func TestStepsShowWhenNearEnough(t *testing.T) {
	d := opened(t, panetest.Open(t), "llama-8b-tp2", 80, 18).Expect("decode × 16")
	d.Press("+", "+", "+").Absent("decode × 16").Expect(" decode 5 ")
	d.Resize(140, 39)
	d.Expect(" decode 5 ")
}

func TestNamesOfPartsComeBeforeRemarks(t *testing.T) {
	opened(t, panetest.Open(t), "llama-8b-tp2", 60, 14).Press("tab", "tab").
		Expect("── timeline  kernels  collectives  ▌skew  ranks  classes ──")
}

func TestPartsInOrderOfAColumn(t *testing.T) {
	d := opened(t, panetest.Open(t), "llama-8b-tp2", 80, 18)
	first := func() string { r, _ := d.Pane().(*Pane).sheet.list().Current(); return r.Cells[0].Text }
	d.Press("down", "o").Expect("by time, greatest first")
	if got := first(); !strings.HasPrefix(got, "nvjet") {
		t.Errorf("longest: %s", got)
	}
	d.Press("o").Expect("by n, greatest first")
	if got := first(); !strings.HasPrefix(got, "nccl") {
		t.Errorf("most launches: %s", got)
	}
	d.Press("o", "o").Expect("means over 2 ranks")
	d.Press("tab", "o").Expect("by size, greatest first")
	if r, _ := d.Pane().(*Pane).sheet.list().Current(); r.Cells[1].Text != "64 MiB" {
		t.Errorf("largest: %v", r.Cells)
	}
	opened(t, panetest.Open(t), "llama-8b-tp4-old", 80, 18).Press("o").Check()
}

func TestEnterShowsAKernel(t *testing.T) {
	w := panetest.Open(t)
	d := opened(t, w, "llama-8b-tp2", 80, 18).Press("down", "down", "enter")
	d.Expect("ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<4096", "class communication")
	d.Expect("33.74 ms in 136 launches on 2 ranks, 12.2 % of kernel time", "one launch 248.1 µs in the mean, 148.5 µs to 1 428.5 µs")
	if !d.Pane().Capturing() {
		t.Error("what is open must have the keys")
	}
	d.Press("esc").Absent("one launch").Press("enter").Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp1"}).Absent("one launch")
	panetest.Sizes(opened(t, w, "llama-8b-tp2", 80, 18).Press("enter"))
}

func TestCopyGivesTheWholeName(t *testing.T) {
	d := opened(t, panetest.Open(t), "llama-8b-tp2", 80, 18).Press("down", "y")
	got, _ := panetest.Last[pane.CopyMsg](d)
	if got.Text != "void flash_fwd_splitkv_kernel<Flash_fwd_kernel_traits<128, 64, 128, 4>>(Flash_fwd_params)" {
		t.Errorf("copied %q", got.Text)
	}
	d.Press("tab", "y")
	if got, _ := panetest.Last[pane.CopyMsg](d); got.Text != "shardeck trace llama-8b-tp2" {
		t.Errorf("copied %q", got.Text)
	}
}

func TestProgressAndCancel(t *testing.T) {
	d := drive(t, panetest.Open(t), 80, 18)
	d.Park = true
	d.Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2"}).Expect("reading the traces of llama-8b-tp2", "esc stops it")
	has(t, title(d), "reading llama-8b-tp2")
	d.Press("enter", "down").Press("esc").Absent("reading")
	d.Release().Absent("nvjet_tst").Expect("are not read yet", "↵ reads them")
	d.Press("enter").Expect("nvjet_tst").Press("tab", "enter")
	has(t, said(d), "read already")
}

// late is a workspace where rank 1 of llama-8b-tp2 comes late to every call: its host is slow.
func late(t *testing.T) *panetest.Workspace {
	t.Helper()
	w := panetest.Open(t)
	slow := panetest.LlamaTP2
	slow.Late = func(rank, _ int) (compute, host time.Duration) {
		return 0, time.Duration(rank) * 500 * time.Microsecond
	}
	w.Trace("llama-8b-tp2", slow)
	return w
}

func TestMessages(t *testing.T) {
	has(t, message(opened(t, panetest.Open(t), "llama-8b-tp2", 80, 18)), "no straggler · ")
	has(t, message(opened(t, panetest.Open(t), "llama-8b-tp2", 80, 18)), " · 401 ms of start cut on rank 1")
	w := late(t)
	d := opened(t, w, "llama-8b-tp2", 80, 18)
	has(t, message(d), "straggler: rank 1, 33.5 ms late in all, cause: host")
	d.Expect("rank 1 !", "! late").Absent("rank 0 !").Press("tab", "tab", "tab").Expect(" !1 ")
	w.Write("trace_collection/llama-8b-tp2/kineto_trace_1.json", w.Read("trace_collection/llama-8b-tp2/kineto_trace_1.json")[:100_000])
	d = opened(t, w, "llama-8b-tp2", 80, 18)
	has(t, message(d), "input was damaged, these are its sound parts: kineto_trace_1.json")
	if d.Pane().Message().Tone != theme.Bad {
		t.Error("damage must stand out")
	}
}

func TestRunWithoutTraces(t *testing.T) {
	d := opened(t, panetest.Open(t), "llama-8b-tp4-old", 80, 18)
	d.Expect("llama-8b-tp4-old has no traces", "profiling.kineto", "n goes to the next run").Press("+")
}

func TestUnreadableRun(t *testing.T) {
	w := panetest.Open(t)
	w.Move("trace_collection/llama-8b-tp2", "away")
	d := opened(t, w, "llama-8b-tp2", 80, 18).Expect("cannot be read", `no run "llama-8b-tp2"`, "↵ tries again")
	w.Move("away", "trace_collection/llama-8b-tp2")
	d.Press("enter").Expect("nvjet_tst")
}

func TestRunThatVanished(t *testing.T) {
	w := panetest.Open(t)
	d := opened(t, w, "llama-8b-tp2", 80, 18).Send(pane.BoardMsg{Rows: w.Rows()}).Expect("nvjet_tst")
	w.Move("trace_collection/llama-8b-tp2", "away")
	has(t, message(d.Send(pane.BoardMsg{Rows: w.Rows()}).Expect("nvjet_tst")), "llama-8b-tp2 is no longer in the workspace")
	if text := message(d.Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp1"})); strings.Contains(text, "no longer") {
		t.Error(text)
	}
}

func TestGoingThereReadsWhatIsModest(t *testing.T) {
	w := panetest.Open(t)
	entered := pane.SelectMsg{Row: w.Row("E1.2"), Entered: pane.Traces}
	drive(t, w, 80, 18).Send(pane.BoardMsg{Rows: w.Rows()}).Send(entered).Expect("nvjet_tst")
	w = panetest.Open(t)
	budget(t, w, 200_000)
	d := drive(t, w, 80, 18).Send(pane.BoardMsg{Rows: w.Rows()}).Send(entered)
	d.Absent("nvjet_tst").Expect("llama-8b-tp2 (290 kB) are more than a login node should read", "analyze --on-node llama-8b-tp2")
	d.Press("enter").Expect("cannot be read")
	has(t, message(d), "290 kB of traces are more than the 200 kB that Perlmutter (NERSC) has for reading on a login node")
	w.Reopen(func(o *app.Options) { o.Here = true })
	drive(t, w, 80, 18).Send(pane.BoardMsg{Rows: w.Rows()}).Send(entered).Expect("nvjet_tst")
}

func TestSelectedWithoutARun(t *testing.T) {
	w := panetest.Open(t)
	d := drive(t, w, 80, 18).Send(pane.BoardMsg{Rows: w.Rows()}).Send(pane.SelectMsg{Row: w.Row("E1.3"), Entered: pane.Traces})
	has(t, said(d), "E1.3 has no run yet: these are the traces of llama-8b-tp1")
}

func TestNothingIsReadUnasked(t *testing.T) {
	w := panetest.Open(t)
	budget(t, w, 1)
	rows := pane.BoardMsg{Rows: w.Rows()}
	d, l := listen(t, w)
	d.Expect("There is no run to show yet").Send(rows).Expect("llama-8b-tp1 (102 kB) are more than")
	d.Pane().SetFocus(false)
	d.Send(pane.SelectMsg{Row: w.Row("E1.2")}).Expect("llama-8b-tp2 (290 kB)")
	d.Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp1"}).Expect("llama-8b-tp1")
	if len(l.runs) != 0 {
		t.Errorf("read %v", l.runs)
	}
	d.Send(pane.AnalysedMsg{Analysis: panetest.Open(t).Analysis("llama-8b-tp2")}).Absent("nvjet_tst")
	d.Pane().SetFocus(true)
	d.Press("n").Expect("nvjet_tst").Send(rows).Expect("nvjet_tst")
	if len(l.runs) != 0 {
		t.Errorf("read again what another pane had read: %v", l.runs)
	}
}

func TestTheRunIsFoundAgain(t *testing.T) {
	w := panetest.Analysed(t)
	rows, first := pane.BoardMsg{Rows: w.Rows()}, pane.SelectMsg{Row: w.Row("E1.1"), Entered: pane.Traces}
	d := drive(t, w, 80, 18).Send(rows).Send(first).Press("n", "tab", "tab").Expect("▌skew")
	has(t, title(d), "llama-8b-tp2")
	p := New(w.Env())
	p.Restore(d.Pane().(*Pane).Keep())
	again := panetest.Drive(t, panetest.OfPane(p), 80, 18).Send(rows).Send(first)
	has(t, title(again), "llama-8b-tp2")
	again.Expect("▌skew", "all_reduce 57")
	p.Restore(nil)
	if p.sheet.at != 0 {
		t.Errorf("part %d of nothing", p.sheet.at)
	}
}

func TestNextRunIsRead(t *testing.T) {
	w := panetest.Open(t)
	d, l := listen(t, w)
	d.Send(pane.BoardMsg{Rows: w.Rows()}).Press("n").Expect("nvjet_tst")
	has(t, title(d), "llama-8b-tp2")
	has(t, title(d.Press("N")), "llama-8b-tp1")
	if want := []string{"llama-8b-tp2", "llama-8b-tp1"}; !slices.Equal(l.runs, want) {
		t.Errorf("read %v, want %v", l.runs, want)
	}
	d.Check()
}

func TestBoardBringsWhatIsKnown(t *testing.T) {
	w := panetest.Analysed(t)
	d, l := listen(t, w)
	d.Send(pane.BoardMsg{Rows: w.Rows()}).Press("n").Expect("nvjet_tst")
	if len(l.runs) != 0 {
		t.Errorf("read %v", l.runs)
	}
}

func TestInFull(t *testing.T) {
	w := panetest.Open(t)
	w.Write("trace_collection/llama-8b-tp2/kineto_trace_1.json", w.Read("trace_collection/llama-8b-tp2/kineto_trace_1.json")[:100_000])
	d := opened(t, w, "llama-8b-tp2", 80, 18)
	has(t, d.Pane().Message().Brief, "! says what was lost")
	d.Press("!").Expect("kineto_trace_1.json", "Close").Press("esc").Expect("▌kernels")
}

// TestSupersededRunIsGoneThroughToo: n comes by the older runs of an experiment, read as the newest is.
func TestSupersededRunIsGoneThroughToo(t *testing.T) {
	w := panetest.Open(t)
	w.Move("trace_collection/llama-8b-tp2", "trace_collection/llama-8b-tp2@3141570")
	w.Measure("llama-8b-tp2", "E1.2", panetest.Timing{TTFT: 60, TPOT: 6})
	w.Trace("llama-8b-tp2", panetest.LlamaTP2)
	d := drive(t, w, 80, 24).Send(pane.BoardMsg{Rows: w.Rows()}).Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2"})
	for _, step := range []struct{ key, run string }{{"n", "llama-8b-tp2@3141570"}, {"N", "llama-8b-tp2"}} {
		d.Press(step.key).Expect("compute", "decode × 16")
		if left, _ := d.Pane().Title(); !strings.HasPrefix(left, "Traces · "+step.run+" ") {
			t.Errorf("%s leads to %q", step.key, left)
		}
	}
}
