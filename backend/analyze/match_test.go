package analyze

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"shardeck/backend/trace"
	"shardeck/model"
)

// callsAt are all-reduce calls on one host that end at these times, in µs.
func callsAt(host string, ends ...int64) []*call {
	l := &lane{host: host}
	var out []*call
	for _, e := range ends {
		out = append(out, &call{span: span{e*1000 - 500, e * 1000}, typ: allReduce, lane: l})
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
		a, b []*call
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
		{"too few to tell", callsAt("x", all...), callsAt("x", all[:2]...), 0, false},
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

// twoRanks is a TP2 run of n all-reduces with a gemm before each; rank 1 starts late
// by so many µs in each.
func twoRanks(n int, late int64) (fake, fake) {
	a, b := newFake(0), newFake(1)
	for k := range int64(n) {
		t := 100 * k
		a.run(gemm, t, t+30).run(arKernel, t+30, t+60+late)
		b.run(gemm, t+late, t+30+late).run(arKernel, t+30+late, t+60+late)
	}
	return a, b
}

func TestUnmatchedTypeHasNoValueAndAWarning(t *testing.T) {
	a, b := twoRanks(20, 0)
	for k := range int64(30) { // broadcasts at odd times, another number on each rank
		a.run(bcKernel, 5000+k*k*997, 5010+k*k*997)
	}
	b.run(bcKernel, 5000, 5010)
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

func TestGroups(t *testing.T) {
	tp2pp2 := layoutOf(2, 2, 1, 1)
	moe := layoutOf(2, 1, 2, 4)
	for _, c := range []struct {
		typ    callType
		rank   int
		layout model.Layout
		moe    bool
		want   string
	}{
		{allReduce, 3, tp2pp2, false, "2,3"},
		{broadcast, 3, tp2pp2, false, "0,1,2,3"},
		{broadcast, 1, layoutOf(2, 1, 2, 1), false, "0,1"},
		{broadcast, 1, layoutOf(1, 1, 2, 2), true, "0,1"},
		{allGather, 3, tp2pp2, false, "2,3"},
		{allGather, 3, moe, true, "0,1,2,3"},
		{reduceScatter, 0, moe, true, "0,1,2,3"},
		{allGather, 3, layoutOf(2, 1, 2, 1), false, "2,3"},
		{allToAll, 2, moe, true, "0,1,2,3"},
		{allReduce, 2, moe, true, "2,3"},
		{allReduce, 1, layoutOf(1, 1, 4, 1), false, "0,1,2,3"}, // no TP: the widest that can
	} {
		if got := key(layoutGroup(c.typ, c.rank, c.layout, c.moe)); got != c.want {
			t.Errorf("%s of rank %d in %s: %s, want %s", c.typ, c.rank, c.layout, got, c.want)
		}
	}
}

func TestMetadataNamesTheGroup(t *testing.T) {
	l := &lane{rank: 1}
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
		got := groupOf(&call{lane: l, typ: allReduce, meta: &c.meta}, layoutOf(2, 2, 1, 1), false)
		if key(got) != c.want {
			t.Errorf("%+v: %s, want %s", c.meta, key(got), c.want)
		}
	}
}

func TestMiddleStagesReceiveAndSend(t *testing.T) {
	layout := layoutOf(1, 3, 1, 1)
	var got []callType
	for k := range 4 {
		got = append(got, sendRecvType(1, layout, k))
	}
	if want := []callType{recv, send, recv, send}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if sendRecvType(0, layout, 3) != send || sendRecvType(2, layout, 2) != recv {
		t.Error("the ends of a pipeline only send, and only receive")
	}
	if sendRecvType(0, layoutOf(2, 1, 1, 1), 0) != sendRecv {
		t.Error("without pipeline or experts nothing tells")
	}
}

// A pipeline of three whose middle kernels carry no metadata: each recv meets its
// neighbour's send.
func TestPipelineOfThree(t *testing.T) {
	s0, s1, s2 := newFake(0), newFake(1), newFake(2)
	for k := range int64(6) {
		at := 1000 * k
		s0.run(gemm, at, at+100).run(srKernel, at+100, at+120)
		s1.run(srKernel, at+50, at+120).run(gemm, at+120, at+220).run(srKernel, at+220, at+240)
		s2.run(srKernel, at+50, at+240).run(gemm, at+240, at+340)
	}
	a := analyse(t, fakeInput(layoutOf(1, 3, 1, 1), s0, s1, s2))
	by := a.Metric("coll_calls_total").By.Types
	near(t, "sends", by["send"], 4, 6) // mean over three ranks: 6 + 6 + 0
	near(t, "recvs", by["recv"], 4, 6)
	// T0 is rank 0's first send, at 100 µs; rank 2 ends at 5340. Its recvs wait from
	// at+50 (the first from T0) to the middle's send at at+220.
	waited := float64((220-100)+5*170) / (5340 - 100) * 100
	near(t, "wait of stage 2", a.Metric("bubble").PerRank[2], waited, 6)
	near(t, "wait of stage 0", a.Metric("bubble").PerRank[0], 0, 6)
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
