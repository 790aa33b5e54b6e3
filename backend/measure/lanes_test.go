package measure_test

import (
	"testing"

	"shardeck/backend/app/apptest"
	"shardeck/backend/pool"
	"shardeck/model/metric"
	"shardeck/model/timeline"
)

// kernelsOf are all kernels of a run, rank by rank, track by track.
func kernelsOf(run *timeline.Run) (out [][]timeline.Kernel) {
	for i := range run.Ranks {
		for of := range run.Ranks[i].Tracks {
			t := &run.Ranks[i].Tracks[of]
			own := []timeline.Kernel{}
			for k := range t.Len() {
				own = append(own, t.Kernel(k))
			}
			out = append(out, own)
		}
	}
	return out
}

// A timeline holds what the analysis says: times add up to each rank's split, kernels are as many, steps are the phases, and the
// latest calls are the same.
func TestLanesAgreeWithTheAnalysis(t *testing.T) {
	b := apptest.New(t)
	const run = "llama-8b-tp2"
	a, err := b.Analyse(t.Context(), run, pool.Wanted, nil)
	if err != nil {
		t.Fatal(err)
	}
	lanes, err := b.Lanes(t.Context(), run, timeline.View{}, nil)
	if err != nil || len(lanes.Ranks) != len(a.Trace.Ranks) || lanes.WindowNS != a.Trace.WindowNS {
		t.Fatalf("%+v, %v", lanes, err)
	}
	for i, split := range a.Trace.Ranks {
		r := &lanes.Ranks[i]
		cell := make([]timeline.Cell, 1)
		r.States.Cells(0, lanes.WindowNS, cell)
		want := timeline.Cell{timeline.Idle: split.IdleNS, timeline.Compute: split.ComputeNS, timeline.Transfer: *split.TransferNS,
			timeline.Wait: *split.WaitNS, timeline.Unmatched: split.UnmatchedNS, timeline.Copy: split.CopyNS}
		if cell[0] != want {
			t.Errorf("rank %d: %v, the split is %v", i, cell[0], want)
		}
		comm := int64(0)
		for k := range r.Tracks[timeline.Comm].Long(0, lanes.WindowNS, 0) {
			comm += min(k.End, lanes.WindowNS) - max(k.Start, 0)
		}
		if want := *split.TransferNS + *split.WaitNS + split.UnmatchedNS + split.HiddenCommNS; comm != want ||
			r.Tracks[timeline.Work].Len() == 0 {
			t.Errorf("rank %d: %d ns of communication, the split has %d", i, comm, want)
		}
		steps := timeline.StepsOf(a.Trace.Phases)[r.Number]
		if len(r.Steps) != len(steps) || r.Steps[3].Layers() == 0 {
			t.Errorf("rank %d: %d steps, the phases have %d; layers of one: %d", i, len(r.Steps), len(steps), r.Steps[3].Layers())
		}
	}
	worst := a.Trace.Lateness.Worst[0]
	found := lanes.CallsIn(worst.AtNS, worst.AtNS+1)
	if len(found) != 1 || found[0].Number != worst.Number || found[0].LateNS != worst.LateNS ||
		lanes.Ranks[found[0].Last].Number != worst.Rank ||
		metric.Size(found[0].Bytes) != worst.Bytes {
		t.Errorf("%+v, the latest call is %+v", found, worst)
	}
	if _, err := b.Lanes(t.Context(), "no-such-run", timeline.View{}, nil); err == nil {
		t.Error("a run that is not there")
	}
}
