package logs

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
	"shardeck/model/progress"
)

func TestMarks(t *testing.T) {
	at := func(clock string) time.Time { t, _ := time.Parse("01-02 15:04:05", "11-23 "+clock); return t }
	got := Marks([]string{
		"shardeck: stage weights, 11-23 14:00:00", "INFO Loading weights took 9 s", "0: shardeck: stage timing, 11-23 14:01:00",
		"shardeck: iteration 1 of 5 timing, 11-23 14:01:12", "shardeck: stage weights, 11-23 14:01:13", "shardeck: iteration 2 of 5 timing",
		"shardeck: results are in x", "shardeck: stage nonsense, 11-23 14:00:00", "shardeck: iteration 9 of 5 timing, 99-99 14:01:12",
	})
	want := []progress.Mark{
		{Stage: model.StageWeights, At: at("14:00:00")}, {Stage: model.StageTiming, At: at("14:01:00")}, {Stage: model.StageTiming, Done: 1, Total: 5, At: at("14:01:12")},
		{Stage: model.StageTiming, Done: 2, Total: 5}, {Stage: model.StageTiming},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestRate: as vLLM's engine logs it, and as the bar of its offline class shows it.
func TestRate(t *testing.T) {
	for _, tt := range []struct {
		line string
		want float64
	}{
		{"INFO 11-23 14:01:12 [loggers.py:123] Engine 000: Avg prompt throughput: 102.4 tokens/s, Avg generation throughput: 812.5 tokens/s, Running: 4 reqs", 812.5},
		{"Processed prompts: 100%|##| 4/4 [00:07<00:00, 1.81s/it, est. speed input: 1131.02 toks/s, output: 282.76 toks/s]", 282.76},
		{"nothing of tokens/s here", 0}, {"", 0},
	} {
		if got, _, ok := Rate([]string{"output: 7 toks/s", tt.line}); tt.want > 0 && got != tt.want || !ok || tt.want == 0 && got != 7 {
			t.Errorf("%q: %v %v", tt.line, got, ok)
		}
	}
	if _, _, ok := Rate([]string{"shardeck: stage timing"}); ok {
		t.Error("a rate of nothing")
	}
}
