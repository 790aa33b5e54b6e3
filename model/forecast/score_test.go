package forecast

import (
	"testing"
	"time"

	"shardeck/model"
	"shardeck/model/xray"
)

func TestScore(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 11, 30, 12, minute, 0, 0, time.UTC) }
	e := model.Experiment{Layout: model.Layout{TP: 2, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1},
		Data: model.Workload{BatchSize: 4, SeqLen: 512, MaxTokens: 8}}
	other := e
	other.Data.BatchSize = 8
	say := func(c model.Experiment, tpot float64, minute int) Kept {
		k, ok := Keep(Forecast{Point: PointOf(Config{Experiment: c}),
			Metrics: []Metric{{Name: "tpot", Unit: "ms", Value: tpot, Low: tpot - 0.1, High: tpot + 0.1,
				Parts: map[string]float64{"gemm": 3, "communication": 1}}}}, at(minute))
		if !ok {
			t.Fatal("a forecast is not kept")
		}
		return k
	}
	steps := []xray.Step{{Phase: "decode", Requests: 4,
		Operators: []xray.Operator{{Name: "qkv", NS: 3_000_000}, {Name: "all_reduce", NS: 2_500_000, WaitNS: new(int64(1_000_000))}}}}
	kept := []Kept{say(e, 9, 1), say(e, 5, 2), say(e, 6, 20), say(other, 7, 3)}
	s := ScoreOf(kept, []Run{{Name: "later", At: at(10), Config: Config{Experiment: e}, TPOT: 5.05, Steps: steps},
		{Name: "earlier", At: at(0), Config: Config{Experiment: e}, TPOT: 5}})
	if len(s.Trials) != 1 || s.Trials[0].Run != "later" || s.Trials[0].Metric.Value != 5 || !s.Trials[0].Inside || s.Waiting != 1 {
		t.Errorf("the run is held against %+v, want the last forecast before it alone; %d wait", s.Trials, s.Waiting)
	}
	if len(s.Parts) != 2 {
		t.Fatalf("parts %+v, want gemm and communication", s.Parts)
	}
	if part, percent, n, ok := s.Failing("tpot"); !ok || part != "communication" || percent != -10 || n != 1 {
		t.Errorf("furthest off is %s by %v %% of %d runs, want communication by -10 %%", part, percent, n)
	}
	if _, ok := Keep(Forecast{Refused: "no", Point: "x"}, at(0)); ok {
		t.Error("what says nothing is kept")
	}
	if a, b := say(e, 5, 2), say(e, 5, 3); a.Key != b.Key {
		t.Error("the same said again is another record")
	}
}
