package sweep_test

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"shardeck/backend/app/apptest"
	backend "shardeck/backend/sweep"
	"shardeck/model"
	"shardeck/model/sweep"
)

const rising = "base: E1.1\nvary:\n  data.batch_size: [1, 4, 16]\ngoal: {metric: throughput_tokens_sec, until_decided: true}\n"

// measured leaves a run of a point, with the times of a recording.
func measured(t *testing.T, b *apptest.Bench, id, job string) {
	t.Helper()
	done := b.Path("trace_collection/" + id)
	if err := os.CopyFS(done, os.DirFS(b.Path("trace_collection/llama-8b-tp1"))); err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile(b.Path("experiments/configs/" + id + ".yaml"))
	if err == nil {
		err = errors.Join(os.WriteFile(done+"/config.yaml", config, 0o644), os.WriteFile(done+"/.job", []byte(job+"\n"), 0o644))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Between points a job is told what comes next; what cannot be the best any more is passed over: recorded before it is said, shown
// as such, not run again but for another goal, on demand, or when what told so is gone.
func TestPassedOver(t *testing.T) {
	b := apptest.New(t)
	write(t, b, rising)
	if _, err := b.SubmitSweep(t.Context(), plan(t, b)); err != nil {
		t.Fatal(err)
	}
	job := plan(t, b).Points[0].Job.ID
	next := func(points ...string) sweep.Turn {
		t.Helper()
		turn, err := b.NextPoints(t.Context(), "scan", job, points)
		if err != nil {
			t.Fatal(err)
		}
		return turn
	}
	if turn := next("scan-b1", "scan-b16"); !slices.Equal(turn.Next, []string{"scan-b16", "scan-b1"}) || len(turn.Passed) > 0 {
		t.Errorf("nothing is measured: %+v", turn)
	}
	measured(t, b, "scan-b16", job)
	turn := next("scan-b1")
	if len(turn.Next) > 0 || !strings.HasPrefix(turn.Passed["scan-b1"], "cannot be the best any more: throughput_tokens_sec is at most ") {
		t.Fatalf("of b1, after b16: %+v", turn)
	}
	if got := states(plan(t, b)); got != "scan-b1 passed over, scan-b4 submitted, scan-b16 done" {
		t.Errorf("%s: b4 is not of those that were asked about", got)
	}
	next("scan-b4")
	b.Stage.Set(job, func(j *model.Job) { j.State = model.JobCompleted })
	b.Clock.Pass(time.Minute)
	if state := b.State(t, job); state != model.JobCompleted {
		t.Fatalf("the job is %s", state)
	}
	if got := states(plan(t, b)); got != "scan-b1 passed over, scan-b4 passed over, scan-b16 done" {
		t.Errorf("%s", got)
	}
	if p, err := b.DueSweep(t.Context(), "scan", backend.SubmitOptions{Failed: true}); err != nil || len(p.Jobs) > 0 {
		t.Errorf("would run %+v again, %v", p.Jobs, err)
	}
	p, err := b.DueSweep(t.Context(), "scan", backend.SubmitOptions{All: true})
	if err != nil || len(p.Jobs) != 1 || p.Jobs[0].Count() != 2 {
		t.Errorf("all: %+v, %v", p.Jobs, err)
	}
	if orders, err := b.Orders(p); err != nil || strings.Contains(orders[0].Script, "sweep next") {
		t.Errorf("a job of all points asks which to run: %v", err)
	}

	write(t, b, strings.Replace(rising, "throughput_tokens_sec", "ttft", 1))
	if p := plan(t, b); states(p) != "scan-b1 ready, scan-b4 ready, scan-b16 done" ||
		!strings.Contains(p.Points[0].Reason, "for another goal: max throughput_tokens_sec") {
		t.Errorf("for another goal: %s, %s", states(p), p.Points[0].Reason)
	}
	write(t, b, rising)
	if err := os.RemoveAll(b.Path("trace_collection/scan-b16")); err != nil {
		t.Fatal(err)
	}
	if got := states(plan(t, b)); !strings.HasPrefix(got, "scan-b1 ready, scan-b4 ready") {
		t.Errorf("what told so is gone: %s", got)
	}
}

// A job that nobody told runs all its points, in the order of what they promise; whoever watches may tell it later.
func TestNobodyTold(t *testing.T) {
	b := apptest.New(t)
	write(t, b, strings.Replace(rising, ", until_decided: true", "", 1))
	p := plan(t, b)
	orders, err := b.Orders(p)
	if err != nil || !strings.Contains(orders[0].Script, "SHARDECK_NEXT=\"/usr/bin/shardeck sweep next scan --job ") {
		t.Fatalf("a job of a sweep with a goal does not ask: %v", err)
	}
	if _, err := b.SubmitSweep(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	job := plan(t, b).Points[0].Job.ID
	measured(t, b, "scan-b4", job)
	told := func() sweep.Turn {
		turn, err := b.NextPoints(t.Context(), "scan", job, nil)
		if err != nil {
			t.Fatal(err)
		}
		return turn
	}
	if turn := told(); !slices.Equal(turn.Next, []string{"scan-b16"}) || len(turn.Passed) > 0 {
		t.Errorf("untold: %+v", turn)
	}
	if ids, err := b.StopDecided(t.Context(), plan(t, b)); err != nil || len(ids) > 0 {
		t.Errorf("cancelled %v, %v", ids, err)
	}
	if turn := told(); turn.Passed["scan-b1"] == "" {
		t.Errorf("told: %+v", turn)
	}
	if _, err := b.NextPoints(t.Context(), "scan", "../x", nil); err == nil {
		t.Error("a job's name leads out of the folder of jobs")
	}
	text, _ := os.ReadFile(b.Path(".shardeck/sweeps/job-" + job + "/passed-scan-b1.json"))
	var record struct{ Goal, Reason string }
	if err := json.Unmarshal(text, &record); err != nil || record.Goal != "max throughput_tokens_sec" {
		t.Errorf("recorded %s, %v", text, err)
	}
}
