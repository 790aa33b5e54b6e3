package traces

import (
	"context"
	"errors"
	"strings"
	"testing"

	"go.uber.org/goleak"

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

// opened is the pane with a run read in it.
func opened(t *testing.T, l *panetest.Lab, run string, w, h int) *panetest.Driver {
	t.Helper()
	return drive(t, l, w, h).Send(pane.OpenMsg{To: pane.Traces, Run: run})
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
	opened(t, panetest.New(), "llama-8b-tp2", 80, 18).Golden("80x18")
	opened(t, panetest.New(), "llama-8b-tp2", 80, 18).Press("tab").Golden("collectives-80x18")
	opened(t, panetest.New(), "llama-8b-tp2", 80, 18).Press("tab", "tab").Golden("skew-80x18")
	opened(t, panetest.New(), "llama-8b-tp2", 140, 39).Press("tab", "tab", "+", "+").Golden("skew-140x39")
	opened(t, panetest.New(), "llama-8b-tp2", 140, 39).Golden("140x39")
}

func TestSizes(t *testing.T) {
	panetest.Sizes(opened(t, panetest.New(), "llama-8b-tp2", 80, 18))
	panetest.Sizes(opened(t, panetest.New(), "llama-8b-tp1", 80, 18))
	panetest.Sizes(drive(t, panetest.New(), 80, 18))
}

func TestParts(t *testing.T) {
	d := opened(t, panetest.New(), "llama-8b-tp2", 80, 18).Expect("▌kernels", "nvjet_tst")
	d.Press("tab").Expect("▌collectives", "≈64 MiB", "167 ").Absent("nvjet_tst")
	d.Press("tab").Expect("▌skew", "all_reduce 8 000", "1 000.0")
	d.Press("tab").Expect("▌ranks", "6 365", "35.0")
	d.Press("tab").Expect("▌classes", "16 000")
	d.Press("tab").Expect("▌kernels").Press("shift+tab").Expect("▌classes")
	d.Resize(140, 39)
	d.Expect("nvjet_tst", "≈64 MiB", "all_reduce 8 000", "401.0", "16 000", "▌classes")
}

func TestSplitAddsUp(t *testing.T) {
	d := opened(t, panetest.New(), "llama-8b-tp2", 80, 18).Expect("81.3 %", "decode × 63", "1 132 ms")
	has(t, title(d), "window 1 132 ms · 2 ranks | 312 MB")
}

func TestZoomAndPan(t *testing.T) {
	d := opened(t, panetest.New(), "llama-8b-tp2", 80, 18)
	d.Press("right")
	has(t, said(d), "the whole window is in sight")
	d.Press("+").Expect("50 % of the window", "283 ms", "849 ms").Absent("prefill")
	d.Press("left", "left", "left", "left").Expect("prefill", "0 ms", "566 ms")
	for range 20 {
		d.Press("+")
	}
	d.Expect("nothing ran here").Press("esc").Expect("6 % of the window · + lists its kernels")
	for range 60 {
		d.Press("right")
	}
	d.Expect("1 132 ms").Press("-", "-", "-", "-", "-", "-").Absent("of the window")
	d.Press("+", "esc").Absent("of the window")
}

func TestSpanStaysInside(t *testing.T) {
	for _, bins := range []int{0, 1, 5, 12, 200} {
		s := whole
		for i, step := range []func(span) span{
			func(s span) span { return s.zoom(bins, true) }, func(s span) span { return s.pan(bins, 1) },
			func(s span) span { return s.pan(bins, -3) }, func(s span) span { return s.zoom(bins, false) }} {
			for range 9 {
				s = step(s)
				if low, high := s.in(bins); low < 0 || high > bins || low > high {
					t.Fatalf("%d bins, step %d: %d to %d", bins, i, low, high)
				}
			}
		}
		if s != whole && bins > 0 {
			t.Errorf("%d bins: zoomed out to %v", bins, s)
		}
	}
}

func TestRankOfTheTimeline(t *testing.T) {
	d := opened(t, panetest.New(), "llama-8b-tp2", 80, 18).Expect("▸ rank 0").Press("]").Expect("▸ rank 1").Press("]").Expect("▸ rank 0").Press("[").Expect("▸ rank 1")
	d.Check()
}

func TestKernelFilter(t *testing.T) {
	d := opened(t, panetest.New(), "llama-8b-tp2", 80, 18).Press("/").Type("class:gemm").Expect("nvjet_tst").Absent("flash_fwd")
	if !d.Pane().Capturing() {
		t.Error("a text field must have the keys")
	}
	d.Press("enter")
	has(t, title(d), "1 kernel matches class:gemm")
	d.Press("esc").Expect("flash_fwd").Press("/").Type("nothing such").Expect("no kernel matches nothing such")
	d.Press("esc").Expect("flash_fwd")
}

func TestEachPartHasItsFilter(t *testing.T) {
	d := opened(t, panetest.New(), "llama-8b-tp2", 80, 18).Press("tab", "/").Type("size:32").Press("enter").Expect("all_reduce  32 KiB").Absent("64 MiB")
	has(t, title(d), "1 collective matches size:32")
	d.Press("tab", "/").Type("rank:1").Press("enter").Expect("all_reduce 7 810").Absent("all_reduce 8 000")
	has(t, title(d), "13 calls match rank:1")
	d.Press("shift+tab").Absent("64 MiB").Press("esc").Expect("64 MiB").Press("tab").Absent("all_reduce 8 000")
	d.Press("tab", "/").Expect("▌classes").Type("norm").Expect("no class matches norm")
}

func TestLateCallsAreSaidInWords(t *testing.T) {
	d := opened(t, panetest.New(), "llama-8b-tp2", 80, 18).Press("tab", "tab")
	has(t, message(d), "rank 0 was last to all_reduce 8 000, by 1.00 ms, not by computing longer")
	has(t, message(d.Press("down")), "250 µs of it computing longer")
	l := panetest.New()
	l.Analyses["llama-8b-tp2"].Trace.Lateness = nil
	opened(t, l, "llama-8b-tp2", 80, 18).Press("tab", "tab").Expect("no call was matched between ranks")
}

// finer cuts each bin of a timeline into four.
func finer(d metric.RankDensity) metric.RankDensity {
	cut := func(bins []int64) (out []int64) {
		for _, v := range bins {
			out = append(out, v/4, v/4, v/4, v-3*(v/4))
		}
		return out
	}
	return metric.RankDensity{Rank: d.Rank, BinNS: d.BinNS / 4, Compute: cut(d.Compute), Transfer: cut(d.Transfer), Wait: cut(d.Wait), Idle: cut(d.Idle), Late: cut(d.Late)}
}

func TestZoomingBringsTheFineTimeline(t *testing.T) {
	l := panetest.New()
	for _, d := range l.Analyses["llama-8b-tp2"].Trace.Timeline {
		l.Fine = append(l.Fine, finer(d))
	}
	d := opened(t, l, "llama-8b-tp2", 80, 18)
	if l.Called("Timeline") != 0 {
		t.Error("asked for before anybody zooms")
	}
	d.Press("+").Expect("50 % of the window", "283 ms", "849 ms").Press("+", "+", "+", "+", "+").Expect("1.5 % of the window")
	d.Press("esc", "tab", "tab", "enter").Expect("1.5 % of the window", "decode 62")
	if n := l.Called("Timeline"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	l.Fine = nil
	d.Send(pane.OpenMsg{To: pane.Traces, Run: "deepseek-v2-lite-ep2"}).Press("+", "+", "+", "+").Expect("6 % of the window")
	if n := l.Called("Timeline deepseek"); n != 1 {
		t.Errorf("asked %d times where none is kept", n)
	}
}

func TestACallSoughtIsFoundAgainInTheFineTimeline(t *testing.T) {
	l := panetest.New()
	for _, d := range l.Analyses["llama-8b-tp2"].Trace.Timeline {
		l.Fine = append(l.Fine, finer(d))
	}
	d := opened(t, l, "llama-8b-tp2", 80, 18).Press("tab", "tab", "down")
	d.Park = true
	d.Press("enter").Expect("6 % of the window")
	d.Release().Expect("1.5 % of the window", "decode 61").Press("left", "+").Absent(" 6 % of")
}

func TestEnterShowsALateCallInTheTimeline(t *testing.T) {
	d := opened(t, panetest.New(), "llama-8b-tp2", 80, 18).Press("tab", "tab", "down", "enter")
	d.Expect("▸ rank 1", "1 058 ms · 6 % of the window", "1 126 ms").Press("up", "enter").Expect("▸ rank 0", "1 132 ms").Press("esc").Absent("of the window")
	d.Press("shift+tab", "enter")
	has(t, said(d), "these traces are read already")
}

func TestStepsShowWhenNearEnough(t *testing.T) {
	d := opened(t, panetest.New(), "llama-8b-tp2", 80, 18).Expect("decode × 63").Press("+", "+", "+", "+").Absent("decode × 63").Expect(" decode 28 ")
	d.Resize(140, 39)
	d.Expect(" decode 28 ", "6 % of the window")
}

func TestNamesOfPartsComeBeforeRemarks(t *testing.T) {
	opened(t, panetest.New(), "llama-8b-tp2", 60, 14).Press("tab", "tab").Expect("kernels  collectives  ▌skew  ranks  classes ──")
}

func TestPartsInOrderOfAColumn(t *testing.T) {
	d := opened(t, panetest.New(), "llama-8b-tp2", 80, 18)
	first := func() string { r, _, _ := d.Pane().(*Pane).sheet.current(); return r.Cells[0].Text }
	d.Press("down", "o").Expect("by time ms, greatest first")
	if got := first(); !strings.HasPrefix(got, "nvjet") {
		t.Errorf("longest: %s", got)
	}
	d.Press("o").Expect("by n, greatest first")
	if got := first(); !strings.HasPrefix(got, "nccl") {
		t.Errorf("most launches: %s", got)
	}
	d.Press("o", "o").Expect("sums over 2 ranks")
	d.Press("tab", "o").Expect("by size, greatest first")
	if r, _, _ := d.Pane().(*Pane).sheet.current(); r.Cells[1].Text != "64 MiB" {
		t.Errorf("largest: %v", r.Cells)
	}
	opened(t, panetest.New(), "llama-8b-tp1", 80, 18).Press("o").Check()
}

func TestEnterShowsAKernel(t *testing.T) {
	d := opened(t, panetest.New(), "llama-8b-tp2", 80, 18).Press("down", "enter").Expect("void ncclDevKernel_AllReduce_Sum_bf16_RING_LL<float>(int)",
		"class communication", "87.40 ms in 8 192 launches on 2 ranks, 7.7 % of kernel time", "one launch 10.7 µs in the mean, 5.3 µs to 32.0 µs")
	if !d.Pane().Capturing() {
		t.Error("what is open must have the keys")
	}
	d.Press("esc").Absent("one launch").Press("enter").Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp1"}).Absent("one launch")
	panetest.Sizes(opened(t, panetest.New(), "llama-8b-tp2", 80, 18).Press("enter"))
}

func TestCopyGivesTheWholeName(t *testing.T) {
	d := opened(t, panetest.New(), "llama-8b-tp2", 80, 18).Press("down", "down", "y")
	if got, _ := panetest.Last[pane.CopyMsg](d); got.Text != "void flash_fwd_splitkv_kernel<float>(int)" {
		t.Errorf("copied %q", got.Text)
	}
	d.Press("tab", "y")
	if got, _ := panetest.Last[pane.CopyMsg](d); got.Text != "shardeck trace llama-8b-tp2" {
		t.Errorf("copied %q", got.Text)
	}
}

func TestProgressAndCancel(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 80, 18)
	d.Park = true
	d.Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2"}).Expect("reading the traces of llama-8b-tp2", "esc stops it")
	has(t, title(d), "reading llama-8b-tp2")
	d.Press("enter", "down").Press("esc").Absent("reading")
	d.Release().Absent("nvjet_tst").Expect("are not read yet", "↵ reads them")
	d.Press("enter").Expect("nvjet_tst").Press("tab", "enter")
	has(t, said(d), "read already")
}

func TestProgressBar(t *testing.T) {
	d := drive(t, panetest.New(), 80, 18)
	p := d.Pane().(*Pane)
	p.open(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2"})
	d.Expect("reading the traces")
	lines := strings.Join(bar(p.env.Theme, 80, 60<<20, 149<<20), "\n")
	has(t, lines, "63 MB of 156 MB")
	has(t, lines, "████")
}

func TestMessages(t *testing.T) {
	l := panetest.New()
	d := opened(t, l, "llama-8b-tp2", 80, 18)
	has(t, message(d), "no straggler · 401 ms of start cut on rank 1")
	one := 1.0
	a := l.Analyses["llama-8b-tp2"]
	for i := range a.Metrics {
		if a.Metrics[i].Name == "straggler" {
			a.Metrics[i].Value, a.Metrics[i].Cause, a.Metrics[i].By.Latest = &one, "host", &metric.Latest{Total: 44}
		}
	}
	has(t, message(d), "straggler: rank 1, 44.0 ms late in all, cause: host")
	d.Send(pane.AnalysedMsg{Analysis: a}).Expect("rank 1 !", "! late").Absent("rank 0 !").Press("tab", "tab", "tab").Expect(" !1 ").Press("tab", "tab")
	a.Damaged, a.Warnings = true, []string{"kineto_trace_1.json: cut off after 12 MB"}
	has(t, message(d), "input was damaged, these are its sound parts: kineto_trace_1.json: cut off")
	if d.Pane().Message().Tone != theme.Bad {
		t.Error("damage must stand out")
	}
}

func TestRunWithoutTraces(t *testing.T) {
	opened(t, panetest.New(), "llama-8b-tp1", 80, 18).Expect("llama-8b-tp1 has no traces", "profiling.kineto", "n goes to the next run").Press("+")
}

func TestUnreadableRun(t *testing.T) {
	l := panetest.New()
	l.Err["Analyse"] = errors.New("kineto_trace_0.json: permission denied")
	d := opened(t, l, "llama-8b-tp2", 80, 18).Expect("cannot be read", "permission denied", "↵ tries again")
	delete(l.Err, "Analyse")
	d.Press("enter").Expect("nvjet_tst")
}

func TestGoingThereReadsWhatIsModest(t *testing.T) {
	l := panetest.New()
	for i := range l.Rows {
		l.Rows[i].Analysis = nil
	}
	entered := pane.SelectMsg{Row: l.Rows[1], Entered: pane.Traces}
	drive(t, l, 80, 18).Send(pane.BoardMsg{Rows: l.Rows}).Send(entered).Expect("nvjet_tst")
	l.Login.TraceBytes = 200 << 20
	d := drive(t, l, 80, 18).Send(pane.BoardMsg{Rows: l.Rows}).Send(entered)
	d.Absent("nvjet_tst").Expect("llama-8b-tp2 (312 MB) are more than a login node should read").Press("enter").Expect("nvjet_tst")
}

func TestSelectedWithoutARun(t *testing.T) {
	l := panetest.New()
	row := l.Rows[1]
	row.Run = nil
	d := drive(t, l, 80, 18).Send(pane.BoardMsg{Rows: l.Rows}).Send(pane.SelectMsg{Row: row, Entered: pane.Traces})
	if note, ok := panetest.Last[pane.Note](d); !ok || !strings.Contains(note.Text, "E1.2 has no run yet: these are the traces of llama-8b-tp1") {
		t.Errorf("said %q", note.Text)
	}
}

func TestNothingIsReadUnasked(t *testing.T) {
	l := panetest.New()
	l.Login.TraceBytes = 1
	for i := range l.Rows {
		l.Rows[i].Analysis = nil
	}
	d := drive(t, l, 80, 18).Expect("There is no run to show yet").Send(pane.BoardMsg{Rows: l.Rows}).Expect("llama-8b-tp1 (156 MB) are more than")
	d.Pane().SetFocus(false)
	d.Send(pane.SelectMsg{Row: l.Rows[1]}).Expect("llama-8b-tp2 (312 MB)")
	d.Send(pane.OpenMsg{To: pane.Metrics, Run: "llama-8b-tp1"}).Expect("llama-8b-tp1")
	if l.Called("Analyse") != 0 {
		t.Errorf("calls: %v", l.Calls)
	}
	d.Send(pane.AnalysedMsg{Analysis: l.Analyses["llama-8b-tp2"]}).Absent("nvjet_tst")
	d.Pane().SetFocus(true)
	d.Press("n").Expect("nvjet_tst").Send(pane.BoardMsg{Rows: l.Rows}).Expect("nvjet_tst")
	if l.Called("Analyse") != 0 {
		t.Errorf("read again what another pane had read: %v", l.Calls)
	}
}

func TestTheRunIsFoundAgain(t *testing.T) {
	l := panetest.New()
	d := drive(t, l, 80, 18).Send(pane.BoardMsg{Rows: l.Rows}).Send(pane.SelectMsg{Row: l.Rows[0], Entered: pane.Traces}).Press("n", "tab", "tab").Expect("▌skew")
	has(t, title(d), "llama-8b-tp2")
	p := New(l.Env(context.Background()))
	p.Restore(d.Pane().(*Pane).Keep())
	again := panetest.Drive(t, panetest.OfPane(p), 80, 18).Send(pane.BoardMsg{Rows: l.Rows}).Send(pane.SelectMsg{Row: l.Rows[0], Entered: pane.Traces})
	has(t, title(again), "llama-8b-tp2")
	again.Expect("▌skew", "all_reduce 8 000")
	p.Restore(nil)
	if p.sheet.at != 0 {
		t.Errorf("part %d of nothing", p.sheet.at)
	}
}

func TestNextRunIsRead(t *testing.T) {
	l := panetest.New()
	for i := range l.Rows {
		l.Rows[i].Analysis = nil
	}
	d := drive(t, l, 80, 18).Send(pane.BoardMsg{Rows: l.Rows}).Press("n").Expect("nvjet_tst").Press("N").Expect("llama-8b-tp1 has no traces")
	if l.Called("Analyse") != 2 {
		t.Errorf("calls: %v", l.Calls)
	}
	d.Check()
}

func TestBoardBringsWhatIsKnown(t *testing.T) {
	l := panetest.New()
	drive(t, l, 80, 18).Send(pane.BoardMsg{Rows: l.Rows}).Press("n").Expect("nvjet_tst")
}

func TestManyRanks(t *testing.T) {
	l := panetest.New()
	s := l.Analyses["llama-8b-tp2"].Trace
	for r := 2; r < 16; r++ {
		rank, density := s.Ranks[0], s.Timeline[0]
		rank.Rank, density.Rank = r, r
		s.Ranks, s.Timeline = append(s.Ranks, rank), append(s.Timeline, density)
	}
	d := opened(t, l, "llama-8b-tp2", 80, 18).Expect("▸ rank 0", "of 16 ranks").Absent("rank 9")
	for range 9 {
		d.Press("]")
	}
	d.Expect("▸ rank 9")
}

func TestOddSummaries(t *testing.T) {
	for name, s := range map[string]*metric.TraceSummary{
		"empty":    {},
		"no bins":  {WindowNS: 5, Ranks: []metric.RankSplit{{WindowNS: 5}}, Timeline: []metric.RankDensity{{BinNS: 5}}},
		"no ranks": {Timeline: []metric.RankDensity{{BinNS: 0, Compute: []int64{1}, Transfer: []int64{0}, Wait: []int64{0}, Idle: []int64{0}}}},
		"uneven":   {Timeline: []metric.RankDensity{{BinNS: 2, Compute: []int64{1, 2, 2}, Transfer: []int64{1}}}, Kernels: []metric.KernelStat{{}}, Collectives: []metric.CollStat{{Bytes: -1}}},
	} {
		t.Run(name, func(t *testing.T) {
			l := panetest.New()
			l.Analyses["llama-8b-tp2"].Trace = s
			panetest.Sizes(opened(t, l, "llama-8b-tp2", 80, 18).Press("+", "right", "-", "]", "tab", "tab", "tab"))
		})
	}
}

func TestInFull(t *testing.T) {
	l := panetest.New()
	a := *l.Analyses["llama-8b-tp2"]
	a.Damaged, a.Warnings = true, []string{"kineto_trace_1.json: ended in the middle of an event", "rank 1: 3 events were lost"}
	l.Analyses["llama-8b-tp2"] = &a
	d := opened(t, l, "llama-8b-tp2", 80, 18)
	has(t, d.Pane().Message().Brief, "! says what was lost")
	d.Press("!").Expect("ended in the middle of an event", "rank 1: 3 events were lost", "Close").Press("esc").Expect("▌kernels")
}
