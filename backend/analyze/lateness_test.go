package analyze

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/model/metric"
)

// Rank 1 is late to call k by 10·k µs, but for call 7, to which rank 0 is, by 500.
func lateInTurn() (fake, fake) {
	a, b := newFake(0), newFake(1)
	for k := range int64(20) {
		t, la, lb := 1000*k, int64(0), 10*k
		if k == 7 {
			la, lb = 500, 0
		}
		a.Run(gemm, t, t+50+la).Run(arKernel, t+50+la, t+700)
		b.Run(gemm, t, t+50).Run(arKernel, t+50+lb, t+700)
		for _, f := range []fake{a, b} {
			f.Mark(map[bool]string{true: "prefill", false: "decode"}[k < 5], t, t+710, true)
		}
	}
	return a, b
}

func TestWorstCalls(t *testing.T) {
	a, b := lateInTurn()
	l := analyse(t, fakeInput(layoutOf(2, 1, 1, 1), a, b)).Trace.Lateness
	if l == nil || l.Calls != 19 {
		t.Fatalf("lateness %+v", l)
	}
	want := []metric.LateCall{
		{Type: "all_reduce", Group: []int{0, 1}, Number: 8, Phase: "decode", Step: 3, Rank: 0, AtNS: 7_500_000, LateNS: 500_000,
			SpreadNS: 500_000, ComputeNS: 500_000},
		{Type: "all_reduce", Group: []int{0, 1}, Number: 20, Phase: "decode", Step: 15, Rank: 1, AtNS: 19_190_000, LateNS: 190_000,
			SpreadNS: 190_000},
	}
	for i := range l.Worst {
		l.Worst[i].Bytes, l.Worst[i].Inferred = 0, false
	}
	if diff := cmp.Diff(want, l.Worst[:2]); diff != "" {
		t.Error(diff)
	}
	if len(l.Worst) != 19 {
		t.Errorf("%d calls", len(l.Worst))
	}
	if diff := cmp.Diff([]metric.RankLate{{Rank: 0, Calls: 1, LateNS: 500_000, MedianNS: 500_000, MaxNS: 500_000},
		{Rank: 1, Calls: 18, LateNS: 1_830_000, MedianNS: 100_000, MaxNS: 190_000}}, l.Ranks); diff != "" {
		t.Error(diff)
	}
}

func TestLateHistogram(t *testing.T) {
	var all []delay
	for _, ns := range []int64{0, 999, 1000, 1999, 2000, 3999, 9000} {
		all = append(all, delay{ns: ns})
	}
	want := []metric.LateBin{{FromNS: 0, Calls: 2}, {FromNS: 1000, Calls: 2}, {FromNS: 2000, Calls: 2}, {FromNS: 4000},
		{FromNS: 8000, Calls: 1}}
	if diff := cmp.Diff(want, lateHistogram(all)); diff != "" {
		t.Error(diff)
	}
}

// What the timeline says was late sums to the lateness of the metric.
func TestTimelineHoldsAllLateness(t *testing.T) {
	a, b := lateInTurn()
	got := analyse(t, fakeInput(layoutOf(2, 1, 1, 1), a, b))
	for rank := range 2 {
		var sum int64
		for _, ns := range got.Trace.Timeline[rank].Late {
			sum += ns
		}
		near(t, fmt.Sprint("lateness of rank ", rank), float64(sum)/1e6, got.Metric("straggler").By.Late[rank], 6)
	}
	if alone := analyse(t, fakeInput(layoutOf(1, 1, 1, 1), a)).Trace; alone.Lateness != nil {
		t.Errorf("one rank is late: %+v", alone.Lateness)
	}
}

// Of three ranks the last is charged what it costs beyond the second; the first waited for all of it.
func TestSpreadIsFromTheFirst(t *testing.T) {
	a, b, c := newFake(0), newFake(1), newFake(2)
	for k := range int64(5) {
		t := 1000 * k
		a.Run(arKernel, t+20, t+700)
		b.Run(arKernel, t+120, t+700)
		c.Run(arKernel, t+150, t+700)
	}
	l := analyse(t, fakeInput(layoutOf(3, 1, 1, 1), a, b, c)).Trace.Lateness
	if w := l.Worst[0]; w.Rank != 2 || w.LateNS != 30_000 || w.SpreadNS != 130_000 {
		t.Errorf("%+v", w)
	}
	if !slices.Equal([]int{l.Ranks[0].Calls, l.Ranks[1].Calls, l.Ranks[2].Calls}, []int{0, 0, 4}) {
		t.Errorf("%+v", l.Ranks)
	}
}

// A call before the steady window, or without its partner, adds neither time nor a call
// to the mean.
func TestMeanOfCollectivesIsOverMatchedCalls(t *testing.T) {
	a, b := newFake(0), newFake(1)
	a.Run(arKernel, 0, 10)
	for k := range int64(10) {
		t := 1000 + 1000*k
		a.Run(arKernel, t, t+20)
		b.Run(arKernel, t, t+20)
	}
	c := analyse(t, fakeInput(layoutOf(2, 1, 1, 1), a, b)).Trace.Collectives[0]
	if c.Count != 11 || c.Matched != 10 || *c.TransferNS != 200_000 || c.UnmatchedNS != 0 {
		t.Errorf("%+v", c)
	}
}
