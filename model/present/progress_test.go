package present

import (
	"slices"
	"testing"
	"time"

	"shardeck/model"
	"shardeck/model/progress"
)

func TestProgress(t *testing.T) {
	d := func(seconds int) *time.Duration { v := time.Duration(seconds) * time.Second; return &v }
	r := progress.Run{Earlier: 2, Left: d(1080), Each: []time.Duration{12 * time.Second}, Stages: []progress.Stage{
		{Name: model.StageWeights, Took: d(100), Usual: d(90)}, {Name: model.StageTiming, Took: d(34), Usual: d(80), Now: true},
		{Name: model.StageWriting, Usual: d(40)}, {Name: model.StageDone}}}
	for got, want := range map[string]string{
		ProgressStages(r, 50): "timing 0:34 of ~1:20 · writing traces ~0:40", ProgressStages(r, 1): "timing 0:34 of ~1:20 · writing traces ~0:40",
		ProgressStages(r, 80): "weights 1:40 · timing 0:34 of ~1:20 · writing traces ~0:40",
		ProgressEnd(r, now):   "ends ~14:20, by 2 earlier runs of this layout", ProgressEach(r): "12.0 s each",
		ProgressEnd(progress.Run{Why: "no log"}, now): "when it ends is not known: no log", ProgressEach(progress.Run{}): "",
		ProgressStages(progress.Run{Stages: []progress.Stage{{Name: model.StageTiming, Now: true}}}, 80): "",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestGPUUse(t *testing.T) {
	v := func(x float64) *float64 { return &x }
	got := GPUUse([]model.GPUUse{{Node: "nid1", Busy: v(87), Used: v(31949), Total: v(40960), Watts: v(250.4)}, {Node: "nid1", Index: 1, Total: v(40960)},
		{Node: "nid2", Busy: v(0), Used: v(0)}})
	want := []string{"nid1  busy 87 – %  memory 31.2 – of 40.0 GiB  250 – W", "nid2  busy 0 %  memory 0.0 GiB  – W"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
