package align

import (
	"slices"
	"testing"

	"shardeck/backend/trace"
	"shardeck/model"
)

// Shifts add up along a chain of groups: host a knows c only through b.
func TestShiftsAddUpAlongGroups(t *testing.T) {
	pair := func(a, b fake, ranks []int, from int64) {
		for k := range int64(10) {
			at := from + 100*k
			for _, f := range []fake{a, b} {
				f.RunMeta(arKernel, at, at+50, trace.Coll{Name: "allreduce", GroupRanks: ranks})
			}
		}
	}
	a, b, c := newFake(0).On("a"), newFake(1).On("b"), newFake(2).On("c")
	pair(a, b, []int{0, 1}, 1000)
	pair(b, c, []int{1, 2}, 5000)
	b.Later(700)
	c.Later(-90_000)
	for _, r := range build(t, fakeInput(layoutOf(3, 1, 1, 1), a, b, c)).Ranks {
		want := int64(1000)
		if r.Number == 2 {
			want = 5000
		}
		if r.Clock != 0 || r.extent.Start != want*1000 || r.Calls[0].Start != want*1000 {
			t.Errorf("rank %d: clock %d, first kernel at %d ns, want %d µs", r.Number, r.Clock, r.extent.Start, want)
		}
	}
}

func TestHostsByOrderOfTrust(t *testing.T) {
	hosts := func(in Input) (out []string) {
		for _, r := range build(t, in).Ranks {
			out = append(out, r.Host)
		}
		return out
	}
	a, b := twoRanks(3, 0)
	in := fakeInput(layoutOf(2, 1, 1, 1), a, b)
	if got := hosts(in); !slices.Equal(got, []string{"node 0", "node 0"}) {
		t.Errorf("a world that fits one node: %v", got)
	}
	in.GPUsPerNode = 1
	if got := hosts(in); !slices.Equal(got, []string{"node 0", "node 1"}) {
		t.Errorf("one GPU a node: %v", got)
	}
	in = fakeInput(layoutOf(2, 1, 1, 1), a.On("x"), b.On("y"))
	if got := hosts(in); !slices.Equal(got, []string{"x", "y"}) {
		t.Errorf("the trace's hosts: %v", got)
	}
	in.Info = &model.RunInfo{Hosts: []string{"p", "q"}}
	if got := hosts(in); !slices.Equal(got, []string{"p", "q"}) {
		t.Errorf("run.json's hosts: %v", got)
	}
}

// Two hosts whose clocks differ are as two ranks of one: whatever was done on their own
// time lines lies where it did, but for the shift.
func TestHostsGetOneClock(t *testing.T) {
	steps := func(f fake) fake {
		f.SMs = append(f.SMs, trace.Sample{At: 300_000})
		return f.Mark("decode", 100, 900, true).Copy(5000, 5100)
	}
	one, two := twoRanks(20, 5)
	want := build(t, fakeInput(layoutOf(2, 1, 1, 1), steps(one.On("nid1")), steps(two.On("nid1"))))
	for _, skew := range []int64{3_000, -3_000, 1_500_000} {
		a, b := twoRanks(20, 5)
		got := build(t, fakeInput(layoutOf(2, 1, 1, 1), steps(a.On("nid1")), steps(b.On("nid2")).Later(skew)))
		for i, r := range got.Ranks {
			w := want.Ranks[i]
			if r.Clock != 0 || r.Window != w.Window || r.Skew != w.Skew || r.Computed != w.Computed || !slices.Equal(r.Transfers, w.Transfers) ||
				!slices.Equal(r.Waits, w.Waits) || !slices.Equal(r.Copies, w.Copies) ||
				!slices.Equal(r.Steps, w.Steps) || !slices.Equal(r.Samples, w.Samples) {
				t.Errorf("skew %d µs: %+v, want %+v", skew, r, w)
			}
		}
		if got, want := got.Ranks[1].TraceStart(), want.Ranks[1].TraceStart()+1000*skew; got != want {
			t.Errorf("skew %d µs: the window starts at %d on the trace's own clock, want %d", skew, got, want)
		}
	}
}

// A send and its recv end when they like: two hosts that share nothing else have no
// common clock.
func TestHostsWithoutCommonClock(t *testing.T) {
	s0, s1 := newFake(0).On("a"), newFake(1).On("b")
	for k := range int64(5) {
		s0.Run(gemm, 1000*k, 1000*k+100).Run(srKernel, 1000*k+100, 1000*k+120)
		s1.Run(srKernel, 1000*k+50, 1000*k+120)
	}
	got := build(t, fakeInput(layoutOf(1, 2, 1, 1), s0, s1))
	if len(got.Matches) != 0 || got.Ranks[1].Clock == 0 || got.Ranks[1].Component != nil ||
		got.Ranks[1].WhyUnmatched != "send from rank 0 to rank 1: its hosts have no common clock" {
		t.Errorf("%d matches; rank 1: %+v", len(got.Matches), got.Ranks[1])
	}
	if !said(got, "no common clock, since no all-reduce") {
		t.Errorf("warnings: %q", got.Warnings)
	}
}
