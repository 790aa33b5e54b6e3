package align

import (
	"math"
	"slices"
	"strings"
	"testing"

	"shardeck/backend/trace"
)

// longRun is n all-reduces, one every step µs, on two ranks; rank 1 starts every third of them 40 µs late. Some few
// all-gathers come between.
func longRun(n, step int64) (a, b fake) {
	a, b = newFake(0), newFake(1)
	for k := range n {
		t, late := step*k, int64(0)
		if k%3 == 0 {
			late = 40
		}
		a.Run(gemm, t, t+30).Run(arKernel, t+30, t+60+late)
		b.Run(gemm, t+late, t+30+late).Run(arKernel, t+30+late, t+60+late)
		if k%100 == 99 {
			a.Run(agKernel, t+200, t+230)
			b.Run(agKernel, t+200, t+230)
		}
	}
	return a, b
}

// wrongClock moves every time of a trace to what another clock shows.
func wrongClock(f fake, at func(ns int64) int64) fake {
	for i := range f.Records {
		k := &f.Records[i]
		end := at(k.End())
		k.Start = at(k.Start)
		k.Dur = end - k.Start
	}
	for i := range f.Marks {
		f.Marks[i].Start = at(f.Marks[i].Start)
	}
	return f
}

// drifting gains so many µs a second.
func drifting(ppm float64, ahead int64) func(int64) int64 {
	return func(t int64) int64 { return t + ahead + int64(math.Round(ppm/1e6*float64(t))) }
}

func closeTo(a, b, most int64) bool { return max(a-b, b-a) <= most }

// TestDriftIsCorrected: two ranks whose clocks drift are as two whose clocks do not, on one host and on two.
func TestDriftIsCorrected(t *testing.T) {
	one, two := longRun(1000, 10_000)
	want := build(t, fakeInput(layoutOf(2, 1, 1, 1), one.On("x"), two.On("x")))
	for _, c := range []struct {
		name  string
		host  string
		ppm   float64
		ahead int64 // ns
	}{
		{"one host", "x", 50, 0}, {"backwards", "x", -50, 0}, {"and ahead from the start", "x", 50, 3_000_000},
		{"two hosts", "y", 50, 0}, {"two hosts, and ahead", "y", 20, -90_000_000},
	} {
		a, b := longRun(1000, 10_000)
		got := build(t, fakeInput(layoutOf(2, 1, 1, 1), a.On("x"), wrongClock(b, drifting(c.ppm, c.ahead)).On(c.host)))
		r, w := got.Ranks[1], want.Ranks[1]
		if math.Abs(r.Drift-c.ppm) > 0.1 || r.NoDrift != "" || got.Ranks[0].Drift != 0 || !said(got, "rank 1: its clock gains ") {
			t.Errorf("%s: drift %v (%s), want %v; warnings %q", c.name, r.Drift, r.NoDrift, c.ppm, got.Warnings)
		}
		if len(got.Matches) != len(want.Matches) || !closeTo(r.Window.Start, w.Window.Start, 1000) ||
			!closeTo(r.Window.End, w.Window.End, 1000) ||
			!closeTo(r.Transfers.Length(), w.Transfers.Length(), 30_000) ||
			!closeTo(got.Ranks[0].Waits.Length(), want.Ranks[0].Waits.Length(), 30_000) {
			t.Errorf("%s: %d matches, window %v, transfers %d, waits %d; want %d, %v, %d, %d", c.name, len(got.Matches), r.Window,
				r.Transfers.Length(), got.Ranks[0].Waits.Length(), len(want.Matches), w.Window, w.Transfers.Length(), want.Ranks[0].Waits.Length())
		}
		if own := drifting(c.ppm, c.ahead)(w.TraceStart()); !closeTo(r.TraceStart(), own, 2000) {
			t.Errorf("%s: on its own clock the window starts at %d, want %d", c.name, r.TraceStart(), own)
		}
	}
}

// TestDriftAlongGroups: a rank that meets only one that drifts is put on the clock of the lowest all the same.
func TestDriftAlongGroups(t *testing.T) {
	a, b, c := newFake(0), newFake(1), newFake(2)
	for k := range int64(1000) {
		at := 10_000 * k
		for i, pair := range [][2]fake{{a, b}, {b, c}} {
			for _, f := range pair {
				f.RunMeta(arKernel, at+int64(100*i), at+int64(100*i)+50, trace.Coll{Name: "allreduce", GroupRanks: []int{i, i + 1}})
			}
		}
	}
	wrongClock(b, drifting(50, 0))
	wrongClock(c, drifting(80, 1_000_000))
	got := build(t, fakeInput(layoutOf(3, 1, 1, 1), a, b, c))
	for i, want := range []float64{0, 50, 80} {
		if r := got.Ranks[i]; math.Abs(r.Drift-want) > 0.1 || !closeTo(r.extent.End, 1000*(10_000*999+[]int64{50, 150, 150}[i]), 1000) {
			t.Errorf("rank %d: drift %v, want %v; ends at %d", i, r.Drift, want, r.extent.End)
		}
	}
}

// TestDriftBeyondCorrection: clocks that jump, or of which too few calls tell, are said, and nothing is compared by them.
func TestDriftBeyondCorrection(t *testing.T) {
	jump := func(by, from int64) func(int64) int64 {
		return func(t int64) int64 {
			if t >= from {
				return t + by
			}
			return t
		}
	}
	for _, c := range []struct {
		name    string
		n, step int64
		clock   func(int64) int64
		matched bool
		why     string
	}{
		{"a jump in the middle", 1000, 10_000, jump(300_000, 5e9), false,
			"the clocks of ranks 0 and 1 move apart by 300 µs, beyond correction: they jump, or drift unevenly"},
		{"a large one near the end", 1000, 10_000, jump(-40e6, 9e9), false, "move apart by 40.0 ms, beyond correction"},
		{"a small one", 1000, 10_000, jump(30_000, 5e9), true, "move apart by 30.0 µs, beyond correction"},
		{"15 calls a tenth", 150, 66_666, drifting(50, 0), false,
			"beyond correction: a tenth of the window has 15 calls to tell of it, and 20 are needed"},
		{"15 calls a tenth of sound clocks", 150, 66_666, drifting(0, 0), true,
			"a tenth of the window has 15 calls to tell of it, and 20 are needed"},
		{"a drift of less than 20 µs", 1000, 10_000, drifting(1.5, 0), true, ""},
		{"none", 1000, 10_000, drifting(0, 0), true, ""},
	} {
		a, b := longRun(c.n, c.step)
		got := build(t, fakeInput(layoutOf(2, 1, 1, 1), a, wrongClock(b, c.clock)))
		r := got.Ranks[1]
		if r.Drift != 0 || r.clock != (clock{}) || (len(got.Matches) > 0) != c.matched ||
			c.why == "" != (r.NoDrift == "") || !strings.Contains(r.NoDrift, c.why) || !c.matched && !said(got, c.why) {
			t.Errorf("%s: drift %v, %q, %d matches, warnings %q", c.name, r.Drift, r.NoDrift, len(got.Matches), got.Warnings)
		}
	}
}

// TestDriftOfShortenedTrace: the traces of two drifting ranks need not start with the same call.
func TestDriftOfShortenedTrace(t *testing.T) {
	a, b := longRun(1000, 10_000)
	wrongClock(b, drifting(50, 0))
	b.Records = b.Records[2*7:]
	if got := build(t, fakeInput(layoutOf(2, 1, 1, 1), a, b)); math.Abs(got.Ranks[1].Drift-50) > 0.1 || len(got.Matches) != 993+10 {
		t.Errorf("drift %v, %d matches", got.Ranks[1].Drift, len(got.Matches))
	}
}

// TestNoDrift: what moves ends, but is no clock, is not taken for one.
func TestNoDrift(t *testing.T) {
	later := func(ns func(k int) int64) fake { // rank 1, whose k-th call ends so much later
		_, b := longRun(1000, 10_000)
		for i := range b.Records {
			b.Records[i].Dur += 1_000_000 + ns(i/2)
		}
		return b
	}
	missing := later(func(int) int64 { return 0 })
	missing.Records = slices.Delete(missing.Records, 1001, 1002)
	for name, b := range map[string]fake{
		"a call that one rank lacks": missing,
		"scatter":                    later(func(k int) int64 { return int64(k*k*31%401-200) * 3000 }),
	} {
		a, _ := longRun(1000, 10_000)
		for i := range a.Records {
			a.Records[i].Dur += 1_000_000
		}
		got := build(t, fakeInput(layoutOf(2, 1, 1, 1), a, b))
		if r := got.Ranks[1]; r.Drift != 0 || len(r.apart) > 0 || said(got, "beyond correction") {
			t.Errorf("%s: drift %v, %q, warnings %q", name, r.Drift, r.NoDrift, got.Warnings)
		}
	}
}

// TestSizesAreNoDrift: calls of two sizes may end with different offsets; where they come in phases, it is no drift.
func TestSizesAreNoDrift(t *testing.T) {
	for _, meta := range []bool{true, false} {
		a, b := newFake(0), newFake(1)
		for k := range int64(1000) {
			at, long, later, elems := 10_000*k, int64(30), int64(10), int64(1)
			if k/100%3 == 1 { // larger ones: they say so, or take longer
				if elems, later = 100, 100; !meta {
					long = 300
				}
			}
			for i, f := range []fake{a, b} {
				if end := at + long + int64(i)*later; meta {
					f.RunMeta(arKernel, at, end, trace.Coll{Name: "allreduce", InElems: elems, OutElems: elems, DType: "half", GroupRanks: []int{0, 1}})
				} else {
					f.Run(arKernel, at, end)
				}
			}
		}
		r := build(t, fakeInput(layoutOf(2, 1, 1, 1), a, b)).Ranks[1]
		if r.Drift != 0 || len(r.apart) > 0 {
			t.Errorf("metadata %v: drift %v, %q", meta, r.Drift, r.NoDrift)
		}
	}
}

// TestClocks: inverse and after are what their names say.
func TestClocks(t *testing.T) {
	a, b := clock{ahead: 700, origin: 5e9, rate: 50e-6}, clock{ahead: -9e6, origin: 1e9, rate: -20e-6}
	for _, at := range []int64{0, 1e9, 1763e15, 1763e15 + 4e9} {
		a, b := a, b
		a.origin, b.origin = at+a.origin, at+b.origin
		if got := b.after(a).at(at); !closeTo(got, b.at(a.at(at)), 2) {
			t.Errorf("after: %d, want %d", got, b.at(a.at(at)))
		}
		if got := a.inverse().at(a.at(at)); !closeTo(got, at, 2) {
			t.Errorf("inverse: %d, want %d", got, at)
		}
	}
	if zero := (clock{}); zero.after(zero) != zero || zero.inverse().at(5) != 5 {
		t.Error("equal clocks")
	}
	if got := (clock{ahead: 3}).at(4); got != 7 {
		t.Errorf("a shift: %d", got)
	}
}
