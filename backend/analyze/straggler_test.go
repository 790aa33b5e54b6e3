package analyze

import (
	"strings"
	"testing"
)

// lateRun is TP2 with 40 layers; rank 1 reaches each all-reduce so many µs later than
// rank 0: because it computes longer, or because it starts computing later.
func lateRun(late func(k int) int64, computes bool) (fake, fake) {
	a, b := newFake(0), newFake(1)
	t := int64(0)
	for k := range 40 {
		d := late(k)
		a.Run(gemm, t, t+50).Run(arKernel, t+50, t+70+d)
		if computes {
			b.Run(gemm, t, t+50+d)
		} else {
			b.Run(gemm, t+d, t+50+d)
		}
		b.Run(arKernel, t+50+d, t+70+d)
		t += 100 + d
	}
	return a, b
}

func TestStragglerRule(t *testing.T) {
	always := func(d int64) func(int) int64 { return func(int) int64 { return d } }
	for _, c := range []struct {
		name     string
		late     func(int) int64
		computes bool
		rank     float64 // -1: none
		cause    string
	}{
		{"more compute", always(30), true, 1, "device"},
		{"late launches", always(30), false, 1, "host"},
		{"4.7 % of the window", always(5), true, -1, ""},
		{"5.6 % of the window", always(6), true, 1, "device"},
		{"only at the start", func(k int) int64 {
			if k < 15 {
				return 60
			}
			return 0
		}, true, -1, ""},
		{"never", always(0), true, -1, ""},
		{"the first call is the profilers'", func(k int) int64 {
			if k == 0 {
				return 100_000
			}
			return 0
		}, true, -1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := lateRun(c.late, c.computes)
			m := analyse(t, fakeInput(layoutOf(2, 1, 1, 1), a, b)).Metric("straggler")
			got := -1.
			if m.Value != nil {
				got = *m.Value
			}
			if got != c.rank || m.Cause != c.cause || m.N != 39 {
				t.Errorf("got %v, cause %q of %d calls, %s: %s", got, m.Cause, m.N, m.Reason, m.Note)
			}
			if c.rank < 0 && m.Reason != "none" {
				t.Errorf("reason %q", m.Reason)
			}
		})
	}
}

// The last rank is charged against the second latest, not the earliest: three
// ranks of which two are late together have no straggler.
func TestTwoLateRanksAreNoStraggler(t *testing.T) {
	a, b, c := newFake(0), newFake(1), newFake(2)
	for k := range int64(20) {
		t := 200 * k
		a.Run(gemm, t, t+20).Run(arKernel, t+20, t+150)
		b.Run(gemm, t, t+120).Run(arKernel, t+120, t+150)
		c.Run(gemm, t, t+121).Run(arKernel, t+121, t+150)
	}
	got := analyse(t, fakeInput(layoutOf(3, 1, 1, 1), a, b, c))
	m := got.Metric("straggler")
	if m.Value != nil || m.Reason != "none" {
		t.Errorf("straggler %+v", m)
	}
	near(t, "lateness", m.By.Late[2], 19*0.001, 6)
	if !strings.HasPrefix(m.Note, "rank 2 was last in 19 of 19 calls, by 1.0 µs in the middle") {
		t.Errorf("note: %s", m.Note)
	}
}

// Groups that never meet have windows of their own, and one of them a straggler.
func TestStragglerOfOneReplica(t *testing.T) {
	a, b := lateRun(func(int) int64 { return 0 }, true)
	c, d := lateRun(func(int) int64 { return 40 }, true)
	c.Info.Rank, d.Info.Rank = 2, 3
	for _, f := range []fake{c, d} {
		f.Later(7_000)
	}
	got := analyse(t, fakeInput(layoutOf(2, 1, 2, 1), a, b, c, d))
	if m := got.Metric("straggler"); m.Value == nil || *m.Value != 3 || m.Cause != "device" {
		t.Errorf("straggler %+v", m)
	}
	if skew := got.Metric("profiler_start_skew"); skew.PerRank[0] != 0 || skew.PerRank[2] != 0.04 {
		t.Errorf("skew: %v", skew.PerRank)
	}
}

// Two ranks that are late in turn, one three times in five: each run of calls has
// the same latest rank, but it is not two thirds of the lateness.
func TestTurnsAtBeingLate(t *testing.T) {
	var ranks []fake
	for rank := range 3 {
		f := newFake(rank)
		for k := range 40 {
			at, late := 200*int64(k), 1
			if k%5 > 2 {
				late = 2
			}
			start := at + 20
			if rank == late {
				start += 60
			}
			f.Run(gemm, at, start).Run(arKernel, start, at+100)
		}
		ranks = append(ranks, f)
	}
	m := analyse(t, fakeInput(layoutOf(3, 1, 1, 1), ranks...)).Metric("straggler")
	if m.Value != nil || m.Reason != "none" {
		t.Errorf("straggler %v: %s", *m.Value, m.Note)
	}
	near(t, "lateness of rank 1", m.By.Late[1], 23*0.06, 6)
	near(t, "lateness of rank 2", m.By.Late[2], 16*0.06, 6)
}

// A broadcast in front does not make the first all-reduce one of those that count.
func TestFirstCallOfAnyTypeThatAllReach(t *testing.T) {
	a, b := newFake(0), newFake(1)
	for _, f := range []fake{a, b} {
		f.Run(bcKernel, 0, 10)
	}
	a.Run(arKernel, 20, 5000).Run(arKernel, 5100, 5200)
	b.Run(arKernel, 4990, 5000).Run(arKernel, 5100, 5200)
	m := analyse(t, fakeInput(layoutOf(2, 1, 1, 1), a, b)).Metric("straggler")
	if m.N != 1 || m.By.Latest.Total != 0 {
		t.Errorf("%d calls charged: %v", m.N, m.By)
	}
}
