package analyze

import (
	"slices"
	"strings"
	"testing"

	"shardeck/backend/trace"
)

// hostsRun is TP2 on two hosts whose clocks differ, 3 ms and more than a whole
// second: the same calls, and rank 1 starts 5 µs late in each.
func hostsRun(skewUS int64) (fake, fake) {
	a, b := twoRanks(20, 5)
	return a.on("nid1"), b.on("nid2").later(skewUS)
}

func TestHostsGetOneClock(t *testing.T) {
	one, two := hostsRun(0)
	want := analyse(t, fakeInput(layoutOf(2, 1, 1, 1), one.on("nid1"), two.on("nid1")))
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

// Shifts add up along a chain of groups: host a knows c only through b.
func TestShiftsAddUpAlongGroups(t *testing.T) {
	pair := func(a, b fake, ranks []int, from int64) {
		for k := range int64(10) {
			at := from + 100*k
			for _, f := range []fake{a, b} {
				f.runMeta(arKernel, at, at+50, trace.Coll{Name: "allreduce", GroupRanks: ranks})
			}
		}
	}
	a, b, c := newFake(0).on("a"), newFake(1).on("b"), newFake(2).on("c")
	pair(a, b, []int{0, 1}, 1000)
	pair(b, c, []int{1, 2}, 5000)
	b.later(700)
	c.later(-90_000)
	w, err := newWorld(t.Context(), fakeInput(layoutOf(3, 1, 1, 1), a, b, c))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range w.lanes {
		want := int64(1000)
		if l.rank == 2 {
			want = 5000
		}
		if l.clock != 0 || l.extent.start != want*1000 {
			t.Errorf("rank %d: clock %d, first kernel at %d ns, want %d µs", l.rank, l.clock, l.extent.start, want)
		}
	}
}

// A pipeline over two hosts has no call that ends together on both: times on them
// cannot be compared, so there is no wait to tell.
func TestHostsWithoutCommonClock(t *testing.T) {
	s0, s1 := newFake(0).on("a"), newFake(1).on("b")
	for k := range int64(5) {
		at := 1000 * k
		s0.run(gemm, at, at+100).run(srKernel, at+100, at+120)
		s1.run(srKernel, at+50, at+120).run(gemm, at+120, at+220)
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

func TestHostsByOrderOfTrust(t *testing.T) {
	lanes := func(in Input) (out []string) {
		w, err := newWorld(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range w.lanes {
			out = append(out, l.host)
		}
		return out
	}
	a, b := twoRanks(3, 0)
	in := fakeInput(layoutOf(2, 1, 1, 1), a, b)
	if got := lanes(in); !slices.Equal(got, []string{"node 0", "node 0"}) {
		t.Errorf("a world that fits one node: %v", got)
	}
	in.GPUsPerNode = 1
	if got := lanes(in); !slices.Equal(got, []string{"node 0", "node 1"}) {
		t.Errorf("one GPU a node: %v", got)
	}
	in = fakeInput(layoutOf(2, 1, 1, 1), a.on("x"), b.on("y"))
	if got := lanes(in); !slices.Equal(got, []string{"x", "y"}) {
		t.Errorf("the trace's hosts: %v", got)
	}
}
