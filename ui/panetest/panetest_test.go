package panetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shardeck/model/metric"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestWorkspaceIsSound: nothing in it is amiss but what stories need to be.
func TestWorkspaceIsSound(t *testing.T) {
	w := Open(t)
	for _, m := range measured {
		a := w.Analysis(m.name)
		warnings := slices.DeleteFunc(slices.Clone(a.Warnings), func(text string) bool {
			return strings.Contains(text, "first 401 ms cut") || strings.Contains(text, "own config was not recorded") // both are in stories
		})
		if a.Damaged || len(warnings) > 0 {
			t.Errorf("%s: %v", m.name, warnings)
		}
		if m.trace.Ranks > 1 && a.Metric("comm_overhead").Value == nil {
			t.Errorf("%s: no communication: %s", m.name, a.Metric("comm_overhead").Reason)
		}
	}
	for _, row := range w.Rows() {
		if (row.Problem != "") != (row.Experiment.ID == "E9.9") {
			t.Errorf("%s: problem %q", row.Experiment.ID, row.Problem)
		}
	}
	if warnings := w.Warnings(); len(warnings) > 0 {
		t.Error(warnings)
	}
}

// TestTracesSayWhatWasMade: the numbers of a trace are those of its makings.
func TestTracesSayWhatWasMade(t *testing.T) {
	w := Open(t)
	even := LlamaTP2
	even.Late = func(rank, _ int) (compute, host time.Duration) {
		return 0, time.Duration(1-rank) * 100 * time.Microsecond
	}
	w.Trace("llama-8b-tp2", even)
	a := w.Analysis("llama-8b-tp2")
	late := a.Trace.Lateness
	if late == nil || len(late.Ranks) != 2 || late.Ranks[0].Calls != late.Calls || late.Ranks[0].MedianNS != 100_000 {
		t.Errorf("lateness %+v, want every call late by 100 µs on rank 0", late)
	}
	phases := slices.DeleteFunc(slices.Clone(a.Trace.Phases), func(p metric.Phase) bool { return p.Rank != 0 })
	if len(phases) != 2 || phases[0].Steps != 1 || phases[1].Steps != even.Decodes {
		t.Errorf("phases %+v", phases)
	}
}

// TestChangesAreSeen by a digest: what is new, what is different and what is gone.
func TestChangesAreSeen(t *testing.T) {
	w := Open(t)
	before := w.Digest()
	w.Write("new", "")
	w.Replace("shardeck.yaml", "m1234_g", "m9_g")
	w.Remove("logs/E1.1_3141560.out")
	if got, want := w.Changed(before), []string{"logs/E1.1_3141560.out", "new", "shardeck.yaml"}; !slices.Equal(got, want) {
		t.Errorf("changed %v, want %v", got, want)
	}
}
