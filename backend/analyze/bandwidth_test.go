package analyze

import (
	"testing"

	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/trace"
)

func TestBusBandwidth(t *testing.T) {
	for _, c := range []struct {
		typ  kernelname.CallType
		n    int
		want float64
	}{{kernelname.AllReduce, 2, 1}, {kernelname.AllReduce, 4, 1.5}, {kernelname.AllGather, 4, 0.75},
		{kernelname.ReduceScatter, 8, 0.875}, {kernelname.AllToAll, 2, 0.5}, {kernelname.Dispatch, 2, 0.5},
		{kernelname.Combine, 4, 0.75}, {kernelname.Broadcast, 8, 1}, {kernelname.Send, 2, 1}} {
		if got := busFactor(c.typ, c.n); got != c.want {
			t.Errorf("%s of %d: %v, want %v", c.typ, c.n, got, c.want)
		}
	}
	a, b := newFake(0), newFake(1)
	meta := trace.Coll{Name: "_allgather_base", DType: "Float", InElems: 1000, OutElems: 2000, GroupRanks: []int{0, 1}}
	for k := range int64(3) { // 8000 bytes, 10 µs on the rank that came last
		a.Run(gemm, 100*k, 100*k+20).RunMeta(agKernel, 100*k+20, 100*k+50, meta)
		b.Run(gemm, 100*k, 100*k+40).RunMeta(agKernel, 100*k+40, 100*k+50, meta)
	}
	got := analyse(t, fakeInput(layoutOf(2, 1, 1, 1), a, b))
	near(t, "bytes", value(t, got, "coll_bytes"), 8000, 6)
	near(t, "algbw", value(t, got, "coll_algbw"), 0.8, 9)
	near(t, "busbw", value(t, got, "coll_busbw"), 0.4, 9)
	if m := got.Metric("coll_busbw"); m.Estimate || len(m.By.Types) != 1 {
		t.Errorf("coll_busbw: %+v", m)
	}
}
