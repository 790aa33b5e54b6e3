package align

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/analyze/span"
	"shardeck/backend/trace"
	"shardeck/model"
)

// callsAt are all-reduce calls on one host that end at these times, in µs.
func callsAt(host string, ends ...int64) []*Call {
	r := &Rank{Host: host}
	var out []*Call
	for _, e := range ends {
		out = append(out, &Call{Span: span.Span{Start: e*1000 - 500, End: e * 1000}, Type: kernelname.AllReduce, Rank: r})
	}
	return out
}

// irregular times, as layers of different cost make them.
func irregular(n int) []int64 {
	r := rand.New(rand.NewPCG(7, 7))
	out := make([]int64, n)
	at := int64(1000)
	for i := range out {
		at += 100 + r.Int64N(400)
		out[i] = at
	}
	return out
}

func TestOffsetOfTracesThatStartOrEndApart(t *testing.T) {
	all := irregular(300)
	shifted := func(by int64) []int64 {
		out := slices.Clone(all)
		for i := range out {
			out[i] += by
		}
		return out
	}
	for _, c := range []struct {
		name string
		a, b []*Call
		want int
		ok   bool
	}{
		{"equal counts", callsAt("x", all...), callsAt("x", all...), 0, true},
		{"equal counts, started and ended apart", callsAt("x", all[:290]...), callsAt("x", all[10:]...), -10, true},
		{"equal counts on another clock", callsAt("x", all...), callsAt("y", shifted(5_000_000)...), 0, true},
		{"equal counts of nothing in common", callsAt("x", all...), callsAt("x", shifted(5_000_000)...), 0, false},
		{"b starts late", callsAt("x", all...), callsAt("x", all[7:]...), -7, true},
		{"a starts late", callsAt("x", all[64:]...), callsAt("x", all...), 64, true},
		{"b ends early", callsAt("x", all...), callsAt("x", all[:250]...), 0, true},
		{"both", callsAt("x", all[3:]...), callsAt("x", all[:280]...), 3, true},
		{"another clock", callsAt("x", all...), callsAt("y", shifted(5_000_000)[9:]...), -9, true},
		{"beyond 64", callsAt("x", all...), callsAt("x", all[80:]...), 0, false},
		{"too few to tell without a clock", callsAt("x", all...), callsAt("y", all[:2]...), 0, false},
		{"two on one clock", callsAt("x", all...), callsAt("x", all[5:7]...), -5, true},
		{"one more of one, on one clock", callsAt("x", all[:2]...), callsAt("x", all[1]), -1, true},
		{"one on one clock, the nearest", callsAt("x", 1000, 1030, 1060), callsAt("x", 1050), -2, true},
		{"one on one clock, at another moment", callsAt("x", all[:2]...), callsAt("x", all[5]), 0, false},
		{"nothing in common", callsAt("x", all...), callsAt("y", irregular(600)[350:]...), 0, false},
		{"one side is empty", callsAt("x", all...), nil, 0, false},
	} {
		got, ok := offsetOf(context.Background(), c.a, c.b)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%s: %d, %v, want %d, %v", c.name, got, ok, c.want, c.ok)
		}
	}
}

// Decode steps repeat to the microsecond, so the calls of a wrong step fit each
// other as well as those of the right one. On one clock they are not taken for it.
func TestRegularCallsOfAnotherStepAreNotMatched(t *testing.T) {
	var ends []int64
	for step := range 40 {
		for layer := range 10 {
			ends = append(ends, int64(step)*1000+int64(layer)*90)
		}
	}
	if o, ok := offsetOf(context.Background(), callsAt("x", ends...), callsAt("x", ends[100:]...)); ok {
		t.Errorf("offset %d for traces that start 100 calls apart", o)
	}
	if o, ok := offsetOf(context.Background(), callsAt("x", ends...), callsAt("x", ends[30:]...)); !ok || o != -30 {
		t.Errorf("offset %d, %v for traces that start 30 calls apart", o, ok)
	}
}

func TestGroups(t *testing.T) {
	tp2pp2 := layoutOf(2, 2, 1, 1)
	moe := layoutOf(2, 1, 2, 4)
	for _, c := range []struct {
		typ    kernelname.CallType
		rank   int
		layout model.Layout
		moe    bool
		want   string
	}{
		{kernelname.AllReduce, 3, tp2pp2, false, "2,3"},
		{kernelname.Broadcast, 3, tp2pp2, false, "0,1,2,3"},
		{kernelname.Broadcast, 1, layoutOf(2, 1, 2, 1), false, "0,1"},
		{kernelname.Broadcast, 1, layoutOf(1, 1, 2, 2), true, "0,1"},
		{kernelname.AllGather, 3, tp2pp2, false, "2,3"},
		{kernelname.AllGather, 3, moe, true, "0,1,2,3"},
		{kernelname.ReduceScatter, 0, moe, true, "0,1,2,3"},
		{kernelname.AllGather, 3, layoutOf(2, 1, 2, 1), false, "2,3"},
		{kernelname.AllToAll, 2, moe, true, "0,1,2,3"},
		{kernelname.Dispatch, 2, moe, true, "0,1,2,3"},
		{kernelname.AllReduce, 2, moe, true, "2,3"},
		{kernelname.AllReduce, 1, layoutOf(1, 1, 4, 1), false, "0,1,2,3"}, // no TP: the widest that can
	} {
		if got := rankList(layoutGroup(c.typ, c.rank, c.layout, c.moe)); got != c.want {
			t.Errorf("%s of rank %d in %s: %s, want %s", c.typ, c.rank, c.layout, got, c.want)
		}
	}
}

func TestMetadataNamesTheGroup(t *testing.T) {
	r := &Rank{Number: 1}
	for _, c := range []struct {
		meta trace.Coll
		want string
	}{
		{trace.Coll{GroupRanks: []int{3, 1}}, "1,3"},
		{trace.Coll{GroupRanks: []int{0, 2}}, "0,1"},           // not ours: the layout's
		{trace.Coll{GroupRanks: nil, GroupSize: 4}, "0,1,2,3"}, // cut short, but as large as the world
		{trace.Coll{GroupRanks: nil, GroupSize: 2}, "0,1"},     // cut short
		{trace.Coll{GroupRanks: []int{0, 1, 1, 2}, GroupSize: 3}, "0,1,2"},
	} {
		got := groupOf(&Call{Rank: r, Type: kernelname.AllReduce, meta: &c.meta}, layoutOf(2, 2, 1, 1), false)
		if rankList(got) != c.want {
			t.Errorf("%+v: %s, want %s", c.meta, rankList(got), c.want)
		}
	}
}

func TestMiddleStagesReceiveAndSend(t *testing.T) {
	layout := layoutOf(1, 3, 1, 1)
	var got []kernelname.CallType
	for k := range 4 {
		got = append(got, sendRecvType(1, layout, k))
	}
	if want := []kernelname.CallType{kernelname.Recv, kernelname.Send, kernelname.Recv, kernelname.Send}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if sendRecvType(0, layout, 3) != kernelname.Send || sendRecvType(2, layout, 2) != kernelname.Recv {
		t.Error("the ends of a pipeline only send, and only receive")
	}
	if sendRecvType(0, layoutOf(2, 1, 1, 1), 0) != kernelname.SendRecv {
		t.Error("without pipeline or experts nothing tells")
	}
}

// A type whose calls do not fit each other is matched on no rank, and the others are.
func TestUnmatchedTypeIsSaid(t *testing.T) {
	a, b := twoRanks(20, 0)
	for k := range int64(30) { // broadcasts at odd times, another number on each rank
		a.Run(bcKernel, 5000+k*k*997, 5010+k*k*997)
	}
	b.Run(bcKernel, 5000, 5010)
	got := build(t, fakeInput(layoutOf(2, 1, 1, 1), a, b))
	if len(got.Matches) != 20 || !strings.HasPrefix(got.Ranks[0].WhyUnmatched, "broadcast of ranks 0,1: rank 0 made 30 calls") {
		t.Errorf("%d matches, unmatched: %q", len(got.Matches), got.Ranks[0].WhyUnmatched)
	}
	if !said(got, "broadcast of ranks 0,1: not matched: rank 0 made 30 calls and rank 1 made 1") {
		t.Errorf("warnings: %q", got.Warnings)
	}
}

// Where one trace has more calls than another, the shorter one is not whole: a loss.
func TestTracesThatDoNotCoverTheSameCalls(t *testing.T) {
	for _, c := range []struct {
		from, to int // records of rank 1, which makes one call of two
		loss     string
		matches  int
	}{
		{0, 30, "all_reduce of ranks 0,1: 5 calls at the start or end without a partner: the traces do not cover the same calls " +
			"(rank 0 has 20, rank 1 has 15: the last 5 of rank 0); " +
			"lost: transfer and wait of those", 15},
		{0, 1, "all_reduce of ranks 0,1: not matched: rank 0 made 20 calls and rank 1 made 0, and their times do not fit each other", 0},
	} {
		a, b := twoRanks(20, 0)
		b.Records = b.Records[c.from:c.to]
		got := build(t, fakeInput(layoutOf(2, 1, 1, 1), a, b))
		if !slices.Equal(got.Losses, []string{c.loss}) || len(got.Matches) != c.matches {
			t.Errorf("%d matches, losses %q, warnings %q", len(got.Matches), got.Losses, got.Warnings)
		}
	}
}

// The shortest of a group moves data all the time; a recv waits for the start of its send.
func TestTransferAndWait(t *testing.T) {
	a, b := newFake(0).Run(arKernel, 0, 100).Run(arKernel, 200, 300), newFake(1).Run(arKernel, 0, 100).Run(arKernel, 260, 300)
	got := build(t, fakeInput(layoutOf(2, 1, 1, 1), a, b))
	if c := got.Ranks[0].Calls[1]; c.Wait != 60_000 || c.Transfer != 40_000 ||
		c.WaitSpan() != (span.Span{Start: 200_000, End: 260_000}) || c.TransferSpan().End != 300_000 {
		t.Errorf("the early rank: %+v", c)
	}
	if c := got.Ranks[1].Calls[1]; c.Wait != 0 || c.Transfer != 40_000 {
		t.Errorf("the late rank: %+v", c)
	}
	a, b = newFake(0).Run(srKernel, 0, 20).Run(srKernel, 180, 200), newFake(1).Run(srKernel, 0, 20).Run(srKernel, 110, 210)
	got = build(t, fakeInput(layoutOf(1, 2, 1, 1), a, b))
	if send, recv := got.Ranks[0].Calls[1], got.Ranks[1].Calls[1]; send.Wait != 0 || send.Transfer != 20_000 || recv.Wait != 70_000 ||
		recv.Transfer != 30_000 {
		t.Errorf("send %+v, recv %+v", send, recv)
	}
}

// While one of two calls at once moves data, nobody waits.
func TestNobodyWaitsWhileACallMoves(t *testing.T) {
	a, b := newFake(0).Run(arKernel, 0, 10), newFake(1).Run(arKernel, 0, 10)
	a.Run(arKernel, 100, 200).Run(bcKernel, 130, 150)
	b.Run(arKernel, 180, 200).Run(bcKernel, 130, 150)
	r := build(t, fakeInput(layoutOf(2, 1, 1, 1), a, b)).Ranks[0]
	want := span.List{{Start: 100_000, End: 130_000}, {Start: 150_000, End: 180_000}}
	if !slices.Equal(r.Waits, want) || r.Transfers.Length() != 10_000+20_000+20_000 {
		t.Errorf("waits %v, transfers %v", r.Waits, r.Transfers)
	}
}

// Calls that one rank made and another did not are found wherever they lie, by the ends of all: the others match, and those are named.
func TestCallsMoreWhereverTheyLie(t *testing.T) {
	ends := irregular(300)
	without := func(odd ...int) (out []int64) {
		for i, e := range ends {
			if !slices.Contains(odd, i) {
				out = append(out, e)
			}
		}
		return out
	}
	for _, c := range []struct {
		name     string
		a, b     []int
		matched  int
		which    string
		from, to int // of ends
	}{
		{"the first", nil, []int{0}, 299, "the first of rank 0", 0, 300},
		{"the last", nil, []int{299}, 299, "the last of rank 0", 0, 300},
		{"in the first half", nil, []int{40}, 299, "call 41 of rank 0", 0, 300},
		{"in the middle", nil, []int{150}, 299, "call 151 of rank 0", 0, 300},
		{"in the second half", nil, []int{260}, 299, "call 261 of rank 0", 0, 300},
		{"the last but one", nil, []int{298}, 299, "call 299 of rank 0", 0, 300},
		{"the second", nil, []int{1}, 299, "call 2 of rank 0", 0, 300},
		{"of the first rank", []int{100}, nil, 299, "call 101 of rank 1", 0, 300},
		{"several together", nil, []int{90, 91, 92}, 297, "calls 91 to 93 of rank 0", 0, 300},
		{"several apart", nil, []int{20, 130, 280}, 297, "call 21 of rank 0, call 131 of rank 0, call 281 of rank 0", 0, 300},
		{"of both", []int{200}, []int{30, 31}, 297, "calls 31 to 32 of rank 0, call 199 of rank 1", 0, 300},
		{"of three", nil, []int{1}, 2, "call 2 of rank 0", 0, 3},
		{"of ten", nil, []int{6}, 9, "call 7 of rank 0", 0, 10},
	} {
		for _, host := range []string{"x", "y", "regular"} {
			if host == "y" && c.to < 10 {
				continue // too few to tell how far apart their clocks are
			}
			ends = irregular(300)
			for i := range ends {
				if host == "regular" { // decode steps
					ends[i] = int64(90 * i)
				}
			}
			on := strings.Replace(host, "regular", "x", 1)
			a, b := callsAt("x", within(without(c.a...), ends[c.from], ends[c.to-1])...),
				callsAt(on, within(without(c.b...), ends[c.from], ends[c.to-1])...)
			s := &Sequence{Type: kernelname.AllReduce, Ranks: []int{0, 1}, calls: map[int][]*Call{0: a, 1: b}}
			found, why := s.match(t.Context(), map[int]bool{0: true, 1: true})
			which, _ := s.odd()
			wrong := slices.ContainsFunc(found, func(m *Match) bool { return m.Calls[0].End != m.Calls[1].End })
			if len(found) != c.matched || why != "" || which != c.which || wrong {
				t.Errorf("%s, hosts x and %s: %d matched (%s), odd %q, wrong ones: %v", c.name, host, len(found), why, which, wrong)
			}
		}
	}
}

func within(ends []int64, first, last int64) []int64 {
	return slices.DeleteFunc(ends, func(e int64) bool { return e < first || e > last })
}
