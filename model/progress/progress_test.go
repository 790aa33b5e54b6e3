package progress

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
)

func clock(text string) time.Time {
	t, err := time.Parse("15:04:05", text)
	if err != nil {
		panic(err)
	}
	return t
}

var run = []Mark{
	{Stage: model.StageEnvironment, At: clock("14:00:00")}, {Stage: model.StageWeights, At: clock("14:00:10")},
	{Stage: model.StageTiming, At: clock("14:02:00")}, {model.StageTiming, 1, 5, clock("14:02:10")}, {model.StageTiming, 3, 5, clock("14:02:34")},
}

func TestOf(t *testing.T) {
	before := Times{model.StageWeights: 100 * time.Second, model.StageTiming: 50 * time.Second, model.StageWriting: 30 * time.Second}
	slow := Times{model.StageWriting: 50 * time.Second}
	for _, tt := range []struct {
		name    string
		marks   []Mark
		now     string
		earlier []Times
		left    time.Duration // -1: not known
		why     string
		stages  int
	}{
		{"by its iterations", run, "14:02:36", []Times{before}, 20*time.Second + 30*time.Second, "", 4}, // 2 of 11 s, 2 s of which are over
		{"the median of two", run, "14:02:36", []Times{before, slow}, 20*time.Second + 40*time.Second, "", 4},
		{"by what a stage took before", run[:2], "14:01:10", []Times{before}, 40*time.Second + 50*time.Second + 30*time.Second, "", 4},
		{"longer than before", run[:2], "15:00:00", []Times{before}, 80 * time.Second, "", 4},
		{"a stage that none had", run[:1], "14:00:05", []Times{before}, -1, "no earlier run tells how long environment takes", 4},
		{"no earlier run", run, "14:02:36", nil, -1, "no earlier run of this layout tells how long its stages take", 3},
		{"nothing yet", nil, "14:02:36", []Times{before}, -1, "its log tells no stage yet", 0},
		{"no times", []Mark{{Stage: model.StageWeights}}, "14:02:36", []Times{before}, -1, "no earlier run tells how long weights takes", 3},
	} {
		r := Of(tt.marks, clock(tt.now), tt.earlier)
		left := time.Duration(-1)
		if r.Left != nil {
			left = *r.Left
		}
		if left != tt.left || r.Why != tt.why || len(r.Stages) != tt.stages {
			t.Errorf("%s: %v left, %q, %d stages; want %v, %q, %d", tt.name, left, r.Why, len(r.Stages), tt.left, tt.why, tt.stages)
		}
	}
	r := Of(run, clock("14:02:36"), nil)
	if d := cmp.Diff([]time.Duration{10 * time.Second, 12 * time.Second}, r.Each); d != "" || *r.Stages[1].Took != 110*time.Second || !r.Stages[2].Now {
		t.Errorf("%s %+v", d, r.Stages)
	}
}

// TestPassedOverNewYear: a log without years that goes back tells no time, rather than a year.
func TestPassedOverNewYear(t *testing.T) {
	got := Passed([]Mark{{Stage: model.StageWeights, At: clock("23:59:00")}, {Stage: model.StageTiming, At: clock("00:01:00")}, {Stage: model.StageDone, At: clock("00:02:00")}})
	if d := cmp.Diff(Times{model.StageTiming: time.Minute}, got); d != "" {
		t.Error(d)
	}
}
