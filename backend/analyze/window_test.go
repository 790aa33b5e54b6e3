package analyze

import (
	"slices"
	"testing"
)

// spread of profiler starts over n ranks: rank k is ready k × 20 ms before the last.
func startedApart(n int) []fake {
	var out []fake
	for rank := range n {
		f := newFake(rank)
		ready := int64(n-1-rank) * 20_000
		last := int64(n-1) * 20_000
		f.run(gemm, ready, ready+10).run(arKernel, ready+10, last+30)
		for k := range int64(5) {
			at := last + 100*(k+1)
			f.run(gemm, at, at+50).run(arKernel, at+50, at+80)
		}
		out = append(out, f)
	}
	return out
}

func TestSteadyWindowStartsWhenAllAreRecorded(t *testing.T) {
	a := analyse(t, fakeInput(layoutOf(3, 1, 1, 1), startedApart(3)...))
	skew := a.Metric("profiler_start_skew")
	for rank, want := range map[int]float64{0: 0, 1: 20, 2: 40} {
		near(t, "skew", skew.PerRank[rank], want, 9)
	}
	// T0 is 40,010 µs: 20 µs of the first call are left, then five of 30 µs; the end is
	// at 40,580.
	for rank := range 3 {
		near(t, "comm_overhead", a.Metric("comm_overhead").PerRank[rank], 100*(20+5*30)/570., 9)
		near(t, "gpu_busy", a.Metric("gpu_busy").PerRank[rank], 100*(20+5*80)/570., 9)
		near(t, "comm_wait", a.Metric("comm_wait").PerRank[rank], 0, 9)
	}
	want := []string{
		"rank 1: first 20 ms cut: waiting for rank 0's profiler to start",
		"rank 2: first 40 ms cut: waiting for rank 0's profiler to start",
	}
	if !slices.Equal(a.Warnings, want) {
		t.Errorf("warnings: %q", a.Warnings)
	}
}

func TestManyRanksShareAWarning(t *testing.T) {
	a := analyse(t, fakeInput(layoutOf(8, 1, 1, 1), startedApart(8)...))
	want := []string{"7 ranks: first 20 ms to 140 ms cut, most on rank 7: waiting for rank 0's profiler to start"}
	if !slices.Equal(a.Warnings, want) {
		t.Errorf("warnings: %q", a.Warnings)
	}
}
