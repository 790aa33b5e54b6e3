package analyze

import (
	"slices"
	"strings"
	"testing"
)

// Of 130 µs communication takes 50: 20 under compute, 30 beside it, all of it in the prefill.
func TestCommunicationUnderCompute(t *testing.T) {
	f := newFake(0).Run(gemm, 0, 60).Run(arKernel, 40, 90).Run(gemm, 90, 100).Run(gemm, 120, 130)
	f.Mark("prefill", 0, 90, true).Mark("decode", 100, 130, true)
	a := analyse(t, fakeInput(layoutOf(2, 1, 1, 1), f))
	for _, c := range []struct {
		name           string
		value, prefill float64
		decode         float64 // -1: no value
	}{
		{"comm_overhead", 100 * 50 / 130., 50, 0},
		{"exposed_comm", 100 * 30 / 130., 30, 0},
		{"comm_comp_overlap", 40, 40, -1},
		{"gpu_busy", 100 * 110 / 130., 100, 100 / 3.},
	} {
		near(t, c.name, value(t, a, c.name), c.value, 9)
		phases := a.Metric(c.name).By.Phases
		near(t, c.name+" in prefill", phases["prefill"], c.prefill, 9)
		decode, there := phases["decode"]
		if there != (c.decode >= 0) {
			t.Errorf("%s in decode: %v, %v", c.name, decode, there)
		}
		near(t, c.name+" in decode", decode, max(0, c.decode), 9)
	}
	if r := a.Trace.Ranks[0]; r.ComputeNS != 80_000 || r.HiddenCommNS != 20_000 || r.IdleNS != 20_000 || r.Kernels != 4 {
		t.Errorf("the window: %+v", r)
	}
}

func TestUnmatchedTypeHasNoValueAndAWarning(t *testing.T) {
	a, b := twoRanks(20, 0)
	for k := range int64(30) { // broadcasts at odd times, another number on each rank
		a.Run(bcKernel, 5000+k*k*997, 5010+k*k*997)
	}
	b.Run(bcKernel, 5000, 5010)
	got := analyse(t, fakeInput(layoutOf(2, 1, 1, 1), a, b))
	wait := got.Metric("comm_wait")
	if wait.Value != nil || !strings.Contains(wait.Reason, "broadcast of ranks 0,1") {
		t.Errorf("comm_wait: %+v", wait)
	}
	if _, ok := wait.By.Types["broadcast"]; ok || len(wait.By.Types) == 0 {
		t.Errorf("parts: %v", wait.By)
	}
	if !slices.ContainsFunc(got.Warnings, func(w string) bool {
		return strings.HasPrefix(w, "broadcast of ranks 0,1: not matched: rank 0 made 30 calls and rank 1 made 1")
	}) {
		t.Errorf("warnings: %q", got.Warnings)
	}
	if got.Metric("comm_overhead").Value == nil {
		t.Error("comm_overhead needs no matching")
	}
}

func TestTransferIsAnUpperBoundWhereARankIsNotTraced(t *testing.T) {
	a, b := twoRanks(10, 5)
	in := fakeInput(layoutOf(4, 1, 1, 1), a, b)
	for _, r := range in.Ranks {
		r.Info.WorldSize = 4
	}
	got := analyse(t, in)
	if m := got.Metric("comm_wait"); m.Value == nil || !m.Estimate {
		t.Errorf("comm_wait: %+v", m)
	}
	if !slices.ContainsFunc(got.Warnings, func(w string) bool { return strings.HasPrefix(w, "no trace of rank 2,3") }) {
		t.Errorf("warnings: %q", got.Warnings)
	}
}

// hostsRun is TP2 on two hosts whose clocks differ, 3 ms and more than a whole
// second: the same calls, and rank 1 starts 5 µs late in each.
func hostsRun(skewUS int64) (fake, fake) {
	a, b := twoRanks(20, 5)
	return a.On("nid1"), b.On("nid2").Later(skewUS)
}

func TestHostsGetOneClock(t *testing.T) {
	one, two := hostsRun(0)
	want := analyse(t, fakeInput(layoutOf(2, 1, 1, 1), one.On("nid1"), two.On("nid1")))
	for _, skew := range []int64{3_000, -3_000, 1_500_000} {
		a, b := hostsRun(skew)
		got := analyse(t, fakeInput(layoutOf(2, 1, 1, 1), a, b))
		for _, m := range want.Metrics {
			g := got.Metric(m.Name)
			if (g.Value == nil) != (m.Value == nil) || g.Value != nil && *g.Value != *m.Value {
				t.Errorf("skew %d µs: %s is %v, want %v", skew, m.Name, g.Value, m.Value)
			}
		}
	}
}

// A pipeline over two hosts has no call that ends together on both: times on them
// cannot be compared, so there is no wait to tell.
func TestHostsWithoutCommonClock(t *testing.T) {
	s0, s1 := newFake(0).On("a"), newFake(1).On("b")
	for k := range int64(5) {
		at := 1000 * k
		s0.Run(gemm, at, at+100).Run(srKernel, at+100, at+120)
		s1.Run(srKernel, at+50, at+120).Run(gemm, at+120, at+220)
	}
	a := analyse(t, fakeInput(layoutOf(1, 2, 1, 1), s0, s1))
	for _, name := range []string{"comm_wait", "comm_transfer", "profiler_start_skew"} {
		if m := a.Metric(name); m.Value != nil || m.Reason == "" {
			t.Errorf("%s: %+v", name, m)
		}
	}
	if m := a.Metric("bubble"); m.PerRank[1] != 0 || !strings.Contains(m.Note+m.Reason, "no common clock") {
		t.Errorf("bubble: %+v", m)
	}
	if !slices.ContainsFunc(a.Warnings, func(w string) bool { return strings.Contains(w, "no common clock") }) {
		t.Errorf("warnings: %q", a.Warnings)
	}
	if m := a.Metric("comm_overhead"); m.Value == nil {
		t.Errorf("comm_overhead needs no clock: %+v", m)
	}
}
