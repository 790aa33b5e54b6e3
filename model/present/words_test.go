package present

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
	"shardeck/model/board"
	"shardeck/model/check"
	"shardeck/model/metric"
)

var now = time.Date(2026, 11, 23, 14, 2, 0, 0, time.UTC)

func TestExperimentState(t *testing.T) {
	job := func(s model.JobState) *model.Job {
		return &model.Job{State: s, Elapsed: 252 * time.Second, Start: now.Add(18 * time.Minute)}
	}
	damaged := &metric.Analysis{Damaged: true}
	for _, tt := range []struct {
		row  board.Row
		want string
	}{
		{board.Row{}, "not run"}, {board.Row{Run: &model.Run{}}, "done"}, {board.Row{Run: &model.Run{Unfinished: true}}, "unfinished"},
		{board.Row{Run: &model.Run{}, Analysis: damaged}, "done, damaged"}, {board.Row{Run: &model.Run{LeftOut: true}}, "done, damaged"},
		{board.Row{Job: job(model.JobCompleted), Analysis: damaged}, "done, damaged"},
		{board.Row{Problem: "line 4", Job: job(model.JobRunning)}, "invalid"},
		{board.Row{Job: job(model.JobRunning)}, "running 4:12"}, {board.Row{Job: job(model.JobPending)}, "waiting ~14:20"},
		{board.Row{Job: &model.Job{State: model.JobPending}}, "waiting"}, {board.Row{Job: job(model.JobTimeout)}, "out of time"},
		{board.Row{Job: job("REVOKED")}, "revoked"},
	} {
		if got := experimentState(tt.row, now); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestExperiment(t *testing.T) {
	value, second := 15532.4, 0.5
	r := board.Row{File: "experiments/configs/E1.yaml", Run: &model.Run{Time: now.Add(-2 * time.Hour)},
		Analysis: &metric.Analysis{Metrics: []metric.Metric{
			{Name: "throughput_tokens_sec", Value: &value, Estimate: true, Spread: num(2.5)}, {Name: "iteration_wall_clock", Value: &second}}},
		Experiment: model.Experiment{ID: "E1", Model: model.ModelRef{Name: "meta-llama/Llama-3.1-8B"},
			Layout: model.Layout{TP: 2, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1},
			Data:   model.Workload{BatchSize: 4, SeqLen: 2048, MaxTokens: 512}}}
	table := Table{Columns: ExperimentColumns(), Rows: []Row{Experiment(r, "2 048 tokens", now)}}
	same(t, table, "E1|Llama-3.1-8B|2|1|1|1|2|2 048 tokens|done|≈15 532|–|–|–|4|2 048|512|2.5|2 h ago")
	if f := table.Rows[0].Fields; f["seq"] != "2048" || f["tp"] != "2" || f["state"] != "done" || f["model"] != "meta-llama/Llama-3.1-8B" {
		t.Errorf("what a filter can ask for: %v", f)
	}
	table.Rows[0] = Experiment(board.Row{File: "experiments/configs/E9.yaml", Problem: "line 4"}, "", now)
	same(t, table, "E9.yaml|E9.yaml|||||||invalid")
	if Spread(nil) != "" || Spread(&metric.Analysis{}) != "" {
		t.Error("no iterations have no spread")
	}
}

func TestSubmissionWords(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{WouldStart(now.Add(30*time.Second), "", now), "would start at once"},
		{WouldStart(now.Add(18*time.Minute), "", now), "would start ~14:20"},
		{WouldStart(time.Time{}, "no Slurm", now), "when it would start is not known: no Slurm"},
		{WouldStart(time.Time{}, "", now), ""},
		{KeptResult("x@7", nil), "has a result already: kept as x@7 once the new one is whole"},
		{KeptResult("x@7", []model.Mark{{Text: "config changed"}}),
			"has a result already: kept as x@7 once the new one is whole · config changed"},
		{KeptResult("", []model.Mark{{Text: "config changed"}}), ""},
		{Placement(check.Placement{GPUs: 2, Nodes: 1, GPU: "a100-40gb", QOS: "shared"}), "2 × A100-40GB on 1 node · QOS shared"},
		{Placement(check.Placement{GPUs: 1, Nodes: 1, QOS: "auto"}), "1 GPU on 1 node"},
		{Placement(check.Placement{}), ""},
		{Memory(&check.Fit{Total: 80 << 30, Usable: 72 << 30, Weights: 40 << 30, KVCache: 1 << 30}), "41.0 of 72.0 GiB"},
		{UsableMemory(&check.Fit{Total: 80 << 30, Usable: 72 << 30, Weights: 40 << 30}), "40.0 of 72.0 GiB usable (90 % of 80.0)"},
		{UsableMemory(nil), ""},
		{Price(&check.Price{NodeHours: 0.125, Words: "a quarter of a node for 30 min"}),
			"at most 0.12 node-hours (a quarter of a node for 30 min)"},
		{Price(nil), ""}, {clock(0), "–"}, {clock(90 * time.Second), "1:30"},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}

func TestProblemsNameTheLineAlone(t *testing.T) {
	got := Problems("configs/a.yaml", "configs/a.yaml:7:3: unknown key tpp\nconfigs/a.yaml:9: no model\nconfigs/a.yaml: empty\n")
	if d := cmp.Diff([]string{"line 7: unknown key tpp", "line 9: no model", "configs/a.yaml: empty"}, got); d != "" {
		t.Error(d)
	}
}

func TestSpoken(t *testing.T) {
	columns := Columns("ID", ">TP/1", "job", ">TPOT|ms/5", ">far/9")
	row := Row{Cells: []Cell{{Text: "E1.2"}, {Text: "2"}, None(), {Text: "7.02", Lead: Estimate}, {Text: "1"}}}
	if got := Spoken(columns, row, 7); got != "E1.2, TP 2, TPOT ≈7.02 ms" {
		t.Errorf("%q", got)
	}
}

func TestJobNews(t *testing.T) {
	for _, tt := range []struct {
		job         model.Job
		stage, hung string
		want        string
	}{
		{model.Job{State: model.JobRunning, NodeList: "nid1"}, "timing", "", "running, timing 3 of 5"},
		{model.Job{State: model.JobRunning}, "timing", "hung since 14:00", "running, timing 3 of 5; it may be hung since 14:00"},
		{model.Job{State: model.JobCompleted, NodeList: "nid1"}, "timing", "", "done, nid1"},
		{model.Job{State: model.JobRunning}, "", "", "running"},
	} {
		if got := JobNews(tt.job, tt.stage, 3, 5, tt.hung, now); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestMetricSentences(t *testing.T) {
	v := 7.02
	a := &metric.Analysis{Replay: true, Metrics: []metric.Metric{{Name: "tpot", Value: &v, Estimate: true},
		{Name: "straggler", Reason: "none"}}}
	tpot, _ := metric.Define("tpot")
	mfu, _ := metric.Define("mfu")
	got := MetricSentences(a, []metric.Definition{tpot, mfu})
	if got[0] != "tpot is ≈7.02 ms · estimate." || got[1] != "mfu has no value: "+NoValue(a.Metric("mfu"))+"." {
		t.Errorf("%q", got)
	}
	all := Headlines(a)
	if all[0] != "This is a replay of a recording, not a measurement of this machine." || all[len(all)-1] != "no straggler." {
		t.Errorf("%q", all)
	}
}
