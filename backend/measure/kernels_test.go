package measure_test

import (
	"testing"

	"shardeck/backend/app/apptest"
	"shardeck/backend/pool"
)

// The kernels listed one by one fill the very part of the timeline that they are asked for.
func TestKernelsFillTheTimeline(t *testing.T) {
	b := apptest.New(t)
	const run = "llama-8b-tp2"
	a, err := b.Analyse(t.Context(), run, pool.Wanted, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range a.Trace.Timeline {
		bin := int64(len(d.Compute) / 2)
		from, to := bin*d.BinNS, (bin+1)*d.BinNS
		got, err := b.Kernels(t.Context(), run, d, from, to, nil)
		if err != nil || len(got.List) == 0 || got.More {
			t.Fatalf("rank %d: %d kernels, %v", d.Rank, len(got.List), err)
		}
		var busy, end int64
		for _, k := range got.List {
			start, stop := max(k.StartNS, end, 0), min(k.StartNS+k.DurNS, to-from)
			if k.Class != "copy" {
				busy, end = busy+max(stop-start, 0), max(end, stop)
			}
			if k.Short == "" || k.StartNS >= to-from || k.StartNS+k.DurNS <= 0 {
				t.Errorf("%+v is not of this part", k)
			}
		}
		if want := d.BinNS - d.Idle[bin]; busy != want {
			t.Errorf("rank %d: busy for %d ns, the timeline says %d", d.Rank, busy, want)
		}
	}
	if _, err := b.Kernels(t.Context(), "no-such-run", a.Trace.Timeline[0], 0, 1, nil); err == nil {
		t.Error("a run that is not there")
	}
	d := a.Trace.Timeline[0]
	d.Rank = 77
	if _, err := b.Kernels(t.Context(), run, d, 0, 1, nil); err == nil {
		t.Error("a rank that is not there")
	}
}
