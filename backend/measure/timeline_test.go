package measure_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/app/apptest"
	"shardeck/backend/pool"
)

// The fine timelines lie beside the analysis, not in it, and outlive the program that read.
func TestFineTimelines(t *testing.T) {
	b := apptest.New(t)
	const run = "llama-8b-tp2"
	if fine, err := b.Timeline(t.Context(), run); err != nil || fine != nil {
		t.Errorf("before anybody read: %d ranks, %v", len(fine), err)
	}
	a, err := b.Analyse(t.Context(), run, pool.Wanted, nil)
	if err != nil {
		t.Fatal(err)
	}
	fine, err := b.Timeline(t.Context(), run)
	if err != nil || len(fine) != 2 || a.Trace.Fine != nil {
		t.Fatalf("%d ranks, %v; %d in the analysis", len(fine), err, len(a.Trace.Fine))
	}
	if fine[0].BinNS >= a.Trace.Timeline[0].BinNS || len(fine[0].Compute) <= len(a.Trace.Timeline[0].Compute) {
		t.Error("no finer than the analysis")
	}
	b.ForgetTimeline()
	again, err := b.Timeline(t.Context(), run)
	if diff := cmp.Diff(fine, again); err != nil || diff != "" {
		t.Errorf("%v from the cache: %s", err, diff)
	}
	if _, err := b.Timeline(t.Context(), "no-such-run"); err == nil {
		t.Error("a run that is not there")
	}
}
