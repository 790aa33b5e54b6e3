package align

import (
	"testing"

	"shardeck/backend/trace"
	"shardeck/model"
)

func TestTheTracesWin(t *testing.T) {
	for _, c := range []struct {
		config, want model.Layout
		warning      string
	}{
		{layoutOf(2, 1, 1, 1), layoutOf(2, 1, 1, 1), ""},
		{layoutOf(1, 2, 1, 1), layoutOf(1, 2, 1, 1), ""},
		{layoutOf(4, 1, 1, 1), layoutOf(2, 1, 1, 1), "the config says 4 ranks (TP4 PP1 DP1 EP1), the traces are of 2 ranks: the traces win"},
		{layoutOf(1, 1, 1, 1), layoutOf(2, 1, 1, 1), "the config says 1 rank (TP1 PP1 DP1 EP1), the traces are of 2 ranks"},
		{layoutOf(4, 1, 1, 4), layoutOf(2, 1, 1, 2), "the traces win"},
		{model.Layout{TP: -3, PP: 1 << 20}, layoutOf(2, 1, 1, 1), "cannot be: each part must be 1 or more, and the run at most 16384 ranks"},
		{model.Layout{TP: 2}, layoutOf(2, 1, 1, 1), ""},
	} {
		a, b := twoRanks(3, 0)
		got := build(t, fakeInput(c.config, a, b))
		if got.Layout != c.want || (c.warning == "") != (len(got.Warnings) == 0) || c.warning != "" && !said(got, c.warning) {
			t.Errorf("%s: %s, warnings %q", c.config, got.Layout, got.Warnings)
		}
	}
	a, b := twoRanks(3, 0)
	a.Info.WorldSize, b.Info.WorldSize = 4, 4
	if got := build(t, fakeInput(layoutOf(4, 1, 1, 1), a, b)); got.Layout.TP != 4 ||
		!said(got, "no trace of rank 2,3: the run has 4 ranks, and only 2 are measured") {
		t.Errorf("%s, warnings %q", got.Layout, got.Warnings)
	}
}

// What was lost of a trace without kernels is said once, by what was lost.
func TestTracesWithoutKernels(t *testing.T) {
	bare, cut := newFake(0).Copy(0, 10), newFake(1)
	cut.Damage = []trace.Damage{{Offset: -1, Text: "ended before the list of events", Lost: "everything"}}
	got := build(t, fakeInput(layoutOf(2, 1, 1, 1), bare, cut))
	if len(got.Ranks) != 0 || len(got.NoKernels) != 2 || len(got.Losses) != 1 ||
		!said(got, "kineto_trace_0.json: "+trace.NoKernels) || said(got, "kineto_trace_1.json: "+trace.NoKernels) {
		t.Errorf("losses %q, warnings %q", got.Losses, got.Warnings)
	}
}
