package analyze

import (
	"math"
	"slices"
	"strings"
	"testing"

	"shardeck/backend/trace"
)

// The metrics once more, written down from their definitions as simply as can be:
// time is cut at every start and end, and each piece is asked what ran in it.
// Nothing here is shared with the engine, so that both must be wrong in the same
// way to agree.

type bruteRank struct {
	kernels []trace.Record
	comm    []bool // of kernels
	calls   []trace.Record
}

func bruteRead(r *trace.Rank) (b bruteRank) {
	for _, k := range r.Records {
		if k.Kind != trace.KindKernel {
			continue
		}
		isComm := strings.HasPrefix(r.Names[k.Name], "nccl")
		b.kernels = append(b.kernels, k)
		b.comm = append(b.comm, isComm)
		if isComm {
			b.calls = append(b.calls, k)
		}
	}
	slices.SortFunc(b.calls, func(a, b trace.Record) int { return int(a.Start - b.Start) })
	return b
}

// pieces sums the time from t0 to the last end in which each thing runs.
func (b bruteRank) pieces(t0 int64) (window, comm, exposed, busy int64) {
	end := t0
	cuts := []int64{t0}
	for _, k := range b.kernels {
		end = max(end, k.End())
		cuts = append(cuts, max(t0, k.Start), max(t0, k.End()))
	}
	slices.Sort(cuts)
	for i := 1; i < len(cuts); i++ {
		piece := cuts[i] - cuts[i-1]
		inComm, inCompute := false, false
		for j, k := range b.kernels {
			if k.Start <= cuts[i-1] && k.End() >= cuts[i] {
				inComm = inComm || b.comm[j]
				inCompute = inCompute || !b.comm[j]
			}
		}
		if inComm {
			comm += piece
		}
		if inComm && !inCompute {
			exposed += piece
		}
		if inComm || inCompute {
			busy += piece
		}
	}
	return end - t0, comm, exposed, busy
}

func TestBruteForceAgreesToTheNanosecond(t *testing.T) {
	for _, run := range []string{"llama-8b-tp2", "llama-8b-tp2-straggler", "llama-8b-pp2", "llama-8b-tp1"} {
		t.Run(run, func(t *testing.T) {
			in := load(t, small(run))
			ranks := map[int]bruteRank{}
			t0 := int64(math.MinInt64)
			for rank, r := range in.Ranks {
				b := bruteRead(r)
				first := slices.MinFunc(b.kernels, func(a, b trace.Record) int { return int(a.Start - b.Start) }).Start
				if len(b.calls) > 0 {
					first = b.calls[0].Start
				}
				ranks[rank], t0 = b, max(t0, first)
			}
			a := analyse(t, in)
			for rank, b := range ranks {
				window, comm, exposed, busy := b.pieces(t0)
				same := func(name string, ns int64) {
					t.Helper()
					m := a.Metric(name)
					if got := int64(math.Round(m.PerRank[rank] / 100 * float64(window))); got != ns {
						t.Errorf("rank %d: %s: %d ns, brute force %d of %d", rank, name, got, ns, window)
					}
				}
				same("gpu_busy", busy)
				if len(b.calls) > 0 {
					same("comm_overhead", comm)
					same("exposed_comm", exposed)
				}
				if got := a.Trace.Ranks[rank].WindowNS; got != window {
					t.Errorf("rank %d: window %d, brute force %d", rank, got, window)
				}
			}
		})
	}
}
