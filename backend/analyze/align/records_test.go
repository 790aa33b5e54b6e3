package align

import (
	"math/rand/v2"
	"slices"
	"testing"

	"shardeck/backend/analyze/span"
)

// Whatever their order in the file, calls and compute come in order of time; and a kernel
// of another device is none of the rank's.
func TestRecordsInAnyOrder(t *testing.T) {
	f := newFake(0)
	for k := range int64(40) {
		f.Run(gemm, 100*k, 100*k+60).Run(arKernel, 100*k+60, 100*k+90)
	}
	want := build(t, fakeInput(layoutOf(1, 1, 1, 1), f)).Ranks[0]
	f.Run(gemm, 5, 2000).Records[80].Device = 1
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(f.Records), func(i, j int) { f.Records[i], f.Records[j] = f.Records[j], f.Records[i] })
	timeline := build(t, fakeInput(layoutOf(1, 1, 1, 1), f))
	got := timeline.Ranks[0]
	if got.Window != want.Window || got.Computed != want.Computed || !slices.Equal(got.Comm, want.Comm) ||
		got.Calls[7].Start != want.Calls[7].Start {
		t.Errorf("window %v, compute %d; in order %v, %d", got.Window, got.Computed, want.Window, want.Computed)
	}
	if !said(timeline, "kernels of 2 devices; the busiest, device 0, is read as rank 0") {
		t.Errorf("warnings: %q", timeline.Warnings)
	}
}

// The index says what counting nanosecond by nanosecond does.
func TestComputeIndexAgreesWithCounting(t *testing.T) {
	rng, f := rand.New(rand.NewPCG(5, 6)), newFake(0)
	at := int64(0)
	for range 4 * markEvery {
		at += rng.Int64N(8)
		f.Run([]string{gemm, gemm, arKernel}[rng.IntN(3)], at, at+rng.Int64N(12))
	}
	r := build(t, fakeInput(layoutOf(1, 1, 1, 1), f)).Ranks[0]
	x, busy := NewComputeIndex(r), make([]int64, at+20) // by µs
	for s := range r.Compute() {
		for us := s.Start / 1000; us < s.End/1000; us++ {
			busy[us] = 1000
		}
	}
	for k := range int64(2000) {
		a, b := rng.Int64N(at), rng.Int64N(at)
		if k > 1000 { // in order of time
			a, b = (k-1001)*at/1000, (k-1000)*at/1000
		}
		var want int64
		for us := a; us < b; us++ {
			want += busy[us]
		}
		if got := x.Within(span.Span{Start: a * 1000, End: b * 1000}); got != want {
			t.Fatalf("from %d to %d µs: %d ns, want %d", a, b, got, want)
		}
	}
}
