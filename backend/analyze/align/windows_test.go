package align

import (
	"slices"
	"testing"
)

// startedApart is n ranks whose profilers start apart: rank k is ready k × 20 ms before the last.
func startedApart(n int) []fake {
	var out []fake
	for rank := range n {
		f := newFake(rank)
		ready := int64(n-1-rank) * 20_000
		last := int64(n-1) * 20_000
		f.Run(gemm, ready, ready+10).Run(arKernel, ready+10, last+30)
		for k := range int64(5) {
			at := last + 100*(k+1)
			f.Run(gemm, at, at+50).Run(arKernel, at+50, at+80)
		}
		out = append(out, f)
	}
	return out
}

func TestSteadyWindowStartsWhenAllAreRecorded(t *testing.T) {
	got := build(t, fakeInput(layoutOf(3, 1, 1, 1), startedApart(3)...))
	// T0 is 40,010 µs: 20 µs of the first call are left, then five of 30 µs; the end is
	// at 40,580.
	for i, r := range got.Ranks {
		if r.Skew != int64(i)*20_000_000 || r.Window.Length() != 570_000 || r.Component != got.Components[0] {
			t.Errorf("rank %d: skew %d, window %v", i, r.Skew, r.Window)
		}
		if r.Comm.Length() != (20+5*30)*1000 || r.Computed != 5*50*1000 || r.Waits.Length() != 0 || r.Transfers.Length() != r.Comm.Length() {
			t.Errorf("rank %d: communication %d, compute %d, waits %v", i, r.Comm.Length(), r.Computed, r.Waits)
		}
	}
	want := []string{
		"rank 1: first 20 ms cut: waiting for rank 0's profiler to start",
		"rank 2: first 40 ms cut: waiting for rank 0's profiler to start",
	}
	if !slices.Equal(got.Warnings, want) {
		t.Errorf("warnings: %q", got.Warnings)
	}
}

func TestManyRanksShareAWarning(t *testing.T) {
	got := build(t, fakeInput(layoutOf(8, 1, 1, 1), startedApart(8)...))
	want := []string{"7 ranks: first 20 ms to 140 ms cut, most on rank 7: waiting for rank 0's profiler to start"}
	if !slices.Equal(got.Warnings, want) {
		t.Errorf("warnings: %q", got.Warnings)
	}
}
