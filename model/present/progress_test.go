package present

import (
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
