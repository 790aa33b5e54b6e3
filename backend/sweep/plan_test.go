package sweep_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"shardeck/backend/app/apptest"
	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/present"
	"shardeck/model/sweep"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write writes a sweep over an experiment of the demo.
func write(t *testing.T, b *apptest.Bench, text string) {
	t.Helper()
	if err := os.MkdirAll(b.Path("experiments/sweeps"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.Path("experiments/sweeps/scan.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func plan(t *testing.T, b *apptest.Bench) sweep.Plan {
	t.Helper()
	p, err := b.PlanSweep(t.Context(), "scan")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func states(p sweep.Plan) string {
	return strings.Join(model.Each(p.Points, func(x sweep.Status) string { return x.ID + " " + string(x.State) }), ", ")
}

const layouts = "base: E1.1\nvary:\n  parallelism.tp: [1, 2, 3]\n  data.batch_size: [1, 16]\nwhere: [batch_size > 1 or tp == 1]\n"

func TestPlan(t *testing.T) {
	b := apptest.New(t)
	write(t, b, layouts)
	p := plan(t, b)
	want := "scan-tp1-b1 ready, scan-tp1-b16 ready, scan-tp2-b1 left out, scan-tp2-b16 ready, scan-tp3-b1 left out, scan-tp3-b16 impossible"
	if got := states(p); got != want {
		t.Errorf("%s; want %s", got, want)
	}
	if reason := p.Points[5].Reason; !strings.Contains(reason, "32 heads") {
		t.Errorf("impossible since %q", reason)
	}
	if e := p.Points[3].Experiment; e.ID != "scan-tp2-b16" || e.OutputDir != "trace_collection/scan-tp2-b16" || e.Layout.TP != 2 ||
		e.Data.BatchSize != 16 {
		t.Errorf("a point is %+v", e)
	}
	if len(p.Jobs) != 2 || p.Jobs[0].Count()+p.Jobs[1].Count() != 3 {
		t.Errorf("jobs %+v", p.Jobs)
	}
}

// The configs of points are experiments like any other; they are written once, and edits of them stay.
func TestWrite(t *testing.T) {
	b := apptest.New(t)
	write(t, b, layouts)
	wrote, err := b.WritePoints(t.Context(), plan(t, b))
	if err != nil || strings.Join(wrote,
		" ") != "experiments/configs/scan-tp1-b1.yaml experiments/configs/scan-tp1-b16.yaml experiments/configs/scan-tp2-b16.yaml" {
		t.Fatalf("wrote %v, %v", wrote, err)
	}
	row, err := b.Row("scan-tp2-b16")
	if err != nil || row.Problem != "" || row.Experiment.Layout.TP != 2 || !row.OK() {
		t.Errorf("%+v, %v", row, err)
	}
	file := b.Path(wrote[0])
	text, _ := os.ReadFile(file)
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), "batch_size: 1", "batch_size: 2", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	p := plan(t, b)
	if x := p.Points[0]; x.Experiment.Data.BatchSize != 2 || x.State != sweep.Impossible ||
		!strings.Contains(x.Reason, "is of another point: data.batch_size 2, not 1") {
		t.Errorf("a config with another batch than its point's: %s, %s, %+v", x.State, x.Reason, x.Experiment.Data)
	}
	if again, err := b.WritePoints(t.Context(), p); err != nil || len(again) != 0 {
		t.Errorf("wrote again %v, %v", again, err)
	}
}

// What a point's config says besides what varies counts, and is told: its user edited it, or the sweep's base changed since.
func TestEdited(t *testing.T) {
	b := apptest.New(t)
	write(t, b, layouts)
	if _, err := b.WritePoints(t.Context(), plan(t, b)); err != nil {
		t.Fatal(err)
	}
	if p := plan(t, b); len(p.Points[0].Edited) > 0 || present.SweepEdited(p) != "" {
		t.Errorf("nothing was edited: %s, %s", p.Points[0].Edited, present.SweepEdited(p))
	}
	write(t, b, strings.Replace(layouts, "E1.1", "E3.1", 1))
	p := plan(t, b)
	if x := p.Points[0]; x.State != sweep.Ready || !strings.Contains(x.Edited.String(),
		"model deepseek-ai/DeepSeek-V2-Lite → meta-llama/Llama-3.1-8B") {
		t.Errorf("%s, %s", x.State, x.Edited)
	}
	if text := present.SweepEdited(p); !strings.HasPrefix(text, "3 points (scan-tp1-b1 …) as the config says, not as E3.1 and") {
		t.Errorf("%s", text)
	}
}

// A base that is gone takes nothing of what was measured with it: its points stand by their own configs.
func TestBaseIsGone(t *testing.T) {
	b := apptest.New(t)
	write(t, b, layouts)
	p := plan(t, b)
	if _, err := b.WritePoints(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	measured(t, b, "scan-tp1-b16", "7")
	if err := errors.Join(os.Remove(b.Path("experiments/configs/scan-tp1-b1.yaml")), os.Remove(b.Path(p.Base.File))); err != nil {
		t.Fatal(err)
	}
	p = plan(t, b)
	want := "scan-tp1-b1 impossible, scan-tp1-b16 done, scan-tp2-b1 left out, scan-tp2-b16 ready, scan-tp3-b1 left out, " +
		"scan-tp3-b16 impossible"
	if got := states(p); got != want || !strings.HasPrefix(p.Points[0].Reason, "base E1.1: no experiment") {
		t.Errorf("%s, %s", got, p.Points[0].Reason)
	}
	if text := present.SweepEdited(p); !strings.HasPrefix(text, "base E1.1: no experiment") {
		t.Errorf("%q", text)
	}
}

// A job has the time limit of the base as it is now: that is what it was packed and priced for.
func TestTimeOfJobs(t *testing.T) {
	b := apptest.New(t)
	write(t, b, layouts)
	p := plan(t, b)
	if _, err := b.WritePoints(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	file := b.Path(p.Base.File)
	text, _ := os.ReadFile(file)
	if err := os.WriteFile(file, append(text, "\nslurm: {time: \"01:23:00\"}\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	p = plan(t, b)
	orders, err := b.Orders(p)
	if err != nil || p.Limit != 83*time.Minute || !strings.Contains(orders[0].Script, "01:23:00") {
		t.Errorf("%v, %v: %.400s", err, p.Limit, orders[0].Script)
	}
}

// A sweep's jobs are cancelled one by one as no point left of them can change the answer; one of which a point can goes on.
func TestStopDecided(t *testing.T) {
	b := apptest.New(t)
	write(t, b, "base: E1.1\nvary:\n  parallelism.tp: [1, 2]\ngoal: {metric: tpot, constraints: [ttft <= 200]}\n")
	if _, err := b.SubmitSweep(t.Context(), plan(t, b)); err != nil {
		t.Fatal(err)
	}
	p := plan(t, b)
	if ids, err := b.StopDecided(t.Context(), p); err != nil || len(ids) != 0 {
		t.Errorf("with all open: cancelled %v, %v", ids, err)
	}
	late, stopped := 1000.0, p.Points[1].Job.ID // TP 2 is at most twice as fast
	p.Points[0].State, p.Points[0].Run = sweep.Done, &model.Run{}
	p.Points[0].Analysis = &metric.Analysis{Metrics: []metric.Metric{{Name: "tpot", Value: &late}, {Name: "ttft", Value: &late}}}
	if ids, err := b.StopDecided(t.Context(), p); err != nil || len(ids) != 1 || ids[0] != stopped {
		t.Errorf("cancelled %v, %v; want %s", ids, err, stopped)
	}
}

// A point is done when its result is there and its config is the one that was run.
func TestDone(t *testing.T) {
	b := apptest.New(t)
	write(t, b, layouts)
	if _, err := b.WritePoints(t.Context(), plan(t, b)); err != nil {
		t.Fatal(err)
	}
	done := b.Path("trace_collection/scan-tp1-b16")
	if err := os.CopyFS(done, os.DirFS(b.Path("trace_collection/llama-8b-tp1"))); err != nil {
		t.Fatal(err)
	}
	config, _ := os.ReadFile(b.Path("experiments/configs/scan-tp1-b16.yaml"))
	if err := os.WriteFile(done+"/config.yaml", config, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := states(plan(t, b)); !strings.Contains(got, "scan-tp1-b16 done") || !strings.Contains(got, "scan-tp1-b1 ready") {
		t.Errorf("%s", got)
	}
	write(t, b, strings.Replace(layouts, "[1, 16]", "[1, 16, 64]", 1))
	if got := states(plan(t, b)); !strings.Contains(got, "scan-tp1-b16 done") || !strings.Contains(got, "scan-tp1-b64 ready") {
		t.Errorf("after a value more: %s", got)
	}
}

func TestPlanFaults(t *testing.T) {
	b := apptest.New(t)
	if _, err := b.PlanSweep(t.Context(), "scan"); err == nil || !strings.Contains(model.FixOf(err), "sweep new scan") {
		t.Errorf("without a sweep: %v, %s", err, model.FixOf(err))
	}
	for text, want := range map[string]string{
		"base: E9.9\nvary: {parallelism.tp: [1]}":                   "E9.9",
		"base: E1.1\nvary: {parallelism.tp: [1]}\nwhere: [tpp > 1]": "nothing is called",
	} {
		write(t, b, text)
		if _, err := b.PlanSweep(t.Context(), "scan"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
	if _, err := b.PlanSweep(t.Context(), "scam"); err == nil || !strings.Contains(model.FixOf(err), "did you mean scan?") {
		t.Errorf("%v, %s", err, model.FixOf(err))
	}
	if _, err := b.CreateSweep(t.Context(), sweep.Sweep{ID: "scan", Base: "E1.1"}); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second sweep of that id: %v", err)
	}
}

// TestDraft: a sweep is worked out before it is saved, and then saved as it was shown.
func TestDraft(t *testing.T) {
	b := apptest.New(t)
	tp, _ := sweep.AxisOf("parallelism.tp", "1,2,3")
	draft := sweep.Sweep{ID: "scan", Base: "E1.1", Axes: []sweep.Axis{tp}}
	p, text, err := b.DraftSweep(t.Context(), draft)
	if want := "base: E1.1\nvary:\n  parallelism.tp: [1, 2, 3]\n"; err != nil || string(text) != want || p.Count(sweep.Ready) != 2 {
		t.Errorf("%d points of %q, %v", p.Count(sweep.Ready), text, err)
	}
	if _, err := os.Stat(b.Path("experiments/sweeps")); err == nil {
		t.Error("a draft was written")
	}
	twice := sweep.Axis{Paths: []string{"data.batch_size"}, Values: [][]string{{"1"}, {"01"}}}
	_, _, err = b.DraftSweep(t.Context(), sweep.Sweep{ID: "scan", Base: "E1.1", Axes: []sweep.Axis{twice}})
	if want := "data.batch_size has the value 1 twice: each is one point"; err == nil || err.Error() != want {
		t.Errorf("a draft with a fault: %v; want %s, of no file", err, want)
	}
	if _, err := b.CreateSweep(t.Context(), draft); err != nil || states(plan(t, b)) != states(p) {
		t.Errorf("saved: %s, %v", states(plan(t, b)), err)
	}
}

// A point that a job did not come to since the job was ended is to be run; one that failed is not tried again unasked.
func TestWhatAJobLeft(t *testing.T) {
	b := apptest.New(t)
	write(t, b, "base: E1.1\nvary:\n  data.batch_size: [1, 2]\n")
	p := plan(t, b)
	subs, err := b.SubmitSweep(t.Context(), p)
	if err != nil || len(subs) != 1 || len(subs[0].Points) != 2 {
		t.Fatalf("submitted %+v, %v", subs, err)
	}
	if got := states(plan(t, b)); got != "scan-b1 submitted, scan-b2 submitted" {
		t.Fatalf("after submitting: %s", got)
	}
	failed := b.Path("trace_collection/scan-b1.tmp-" + subs[0].JobID)
	if err := os.MkdirAll(failed, 0o755); err != nil {
		t.Fatal(err)
	}
	const oom, stopped = `{"status": "failed", "cause": "out of GPU memory", "exit_code": 7}`,
		`{"status": "failed", "cause": "stopped", "exit_code": 3}`
	for _, c := range []struct {
		state            model.JobState
		code, info, want string
	}{
		{model.JobFailed, "137:0", oom, "scan-b1 failed, scan-b2 ready"}, {model.JobFailed, "0:9", oom, "scan-b1 failed, scan-b2 ready"},
		{model.JobCancelled, "0:0", oom, "scan-b1 failed, scan-b2 ready"}, {model.JobTimeout, "0:0", oom, "scan-b1 failed, scan-b2 ready"},
		{model.JobFailed, "7:0", oom, "scan-b1 failed, scan-b2 failed"}, {model.JobCompleted, "0:0", oom, "scan-b1 failed, scan-b2 failed"},
		{model.JobFailed, "3:0", stopped, "scan-b1 ready, scan-b2 failed"}, {model.JobFailed, "143:0", stopped, "scan-b1 ready, scan-b2 ready"},
	} {
		if err := os.WriteFile(failed+"/run.json", []byte(c.info), 0o644); err != nil {
			t.Fatal(err)
		}
		b.Stage.Set(subs[0].JobID, func(j *model.Job) { j.State, j.ExitCode = c.state, c.code })
		b.Clock.Pass(time.Minute)
		if _, err := b.ListJobs(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if got := states(plan(t, b)); got != c.want {
			t.Errorf("after %s %s: %s; want %s", c.state, c.code, got, c.want)
		}
	}
}
