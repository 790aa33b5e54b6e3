package present

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
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
		problem string
		job     *model.Job
		run     *model.Run
		a       *metric.Analysis
		want    string
	}{
		{want: "not run"}, {run: &model.Run{}, want: "done"}, {run: &model.Run{Unfinished: true}, want: "unfinished"},
		{run: &model.Run{}, a: damaged, want: "done, damaged"}, {run: &model.Run{LeftOut: true}, want: "done, damaged"},
		{job: job(model.JobCompleted), a: damaged, want: "done, damaged"}, {problem: "line 4", job: job(model.JobRunning), want: "invalid"},
		{job: job(model.JobRunning), want: "running 4:12"}, {job: job(model.JobPending), want: "waiting ~14:20"},
		{job: &model.Job{State: model.JobPending}, want: "waiting"}, {job: job(model.JobTimeout), want: "out of time"}, {job: job("REVOKED"), want: "revoked"},
	} {
		if got := ExperimentState(tt.problem, tt.job, tt.run, tt.a, now); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}

func TestSubmissionWords(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{WouldStart(now.Add(30*time.Second), "", now), "would start at once"},
		{WouldStart(now.Add(18*time.Minute), "", now), "would start ~14:20"},
		{WouldStart(time.Time{}, "no Slurm", now), "when it would start is not known: no Slurm"},
		{WouldStart(time.Time{}, "", now), ""},
		{KeptResult("x@7"), "has a result already: kept as x@7 once the new one is whole"},
		{Placement(check.Placement{GPUs: 2, Nodes: 1, GPU: "a100-40gb", QOS: "shared"}), "2 × A100-40GB on 1 node · QOS shared"},
		{Placement(check.Placement{GPUs: 1, Nodes: 1, QOS: "auto"}), "1 GPU on 1 node"},
		{Placement(check.Placement{}), ""},
		{Memory(&check.Fit{Total: 80 << 30, Usable: 72 << 30, Weights: 40 << 30, KVCache: 1 << 30}), "41.0 of 72.0 GiB"},
		{Price(&check.Price{NodeHours: 0.125, Words: "a quarter of a node for 30 min"}), "at most 0.12 node-hours (a quarter of a node for 30 min)"},
		{Price(nil), ""}, {Clock(0), "–"}, {Clock(90 * time.Second), "1:30"},
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
