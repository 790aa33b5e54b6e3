package jobs_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shardeck/backend/app"
	"shardeck/backend/app/apptest"
	"shardeck/backend/jobs"
	"shardeck/backend/pool"
	"shardeck/backend/scheduler"
	"shardeck/backend/scheduler/schedulertest"
	"shardeck/backend/workspace"
	"shardeck/model"
)

func TestSubmissionIsRecordedBeforeAndAfter(t *testing.T) {
	b := apptest.New(t)
	var before []model.Submission // the records there are when the scheduler hears of the job
	b.Stage.OnSubmit = func(scheduler.Request) { before = b.Submissions(t) }
	s, err := b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := b.Stage.Submitted[0]
	if len(before) != 1 || before[0].Tag != r.Tag || before[0].JobID != "" {
		t.Errorf("when it was submitted the records were %+v", before)
	}
	if r.Tag != s.Tag || r.GPUs != 2 || r.Dir != b.Dir || r.Limit != 30*time.Minute || s.JobID != "101" {
		t.Errorf("submitted %+v, recorded %+v", r, s)
	}
	if _, err := os.Stat(filepath.Dir(r.Log)); err != nil {
		t.Errorf("the folder of the log is not there when the job is submitted: %v", err)
	}
	subs := b.Submissions(t)
	if len(subs) != 1 || subs[0].JobID != "101" || subs[0].Script != r.Script || subs[0].Log != "logs/E1.6_101.out" {
		t.Errorf("the record is %+v", subs)
	}
}

// TestSubmitRefusesWhatIsIllegal: whoever calls, by a layout that is not legal and by a
// config that cannot be read; --force is for a second job, not for this.
func TestSubmitRefusesWhatIsIllegal(t *testing.T) {
	b := apptest.New(t)
	d, err := b.Draft("E1.6")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Set("parallelism.tp", "3"), d.Save()); err != nil {
		t.Fatal(err)
	}
	if row, err := b.Row("E1.6"); err != nil || row.Problem != "" || row.OK() {
		t.Fatalf("%+v, %v", row.Verdict, err)
	}
	broken := filepath.Join(filepath.Dir(d.Path()), "E9.9_broken.yaml")
	if err := os.WriteFile(broken, []byte("experiment_id: E9.9\nparallelism: {tp: many}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"E1.6", "E9.9"} {
		for _, force := range []bool{false, true} {
			if _, err := b.Submit(t.Context(), id, jobs.SubmitOptions{Force: force}); !errors.Is(err, model.ErrInvalid) {
				t.Errorf("%s, force %v: %v, want ErrInvalid", id, force, err)
			}
		}
	}
	if len(b.Stage.Submitted)+len(b.Submissions(t)) != 0 {
		t.Errorf("submitted %+v, recorded %+v", b.Stage.Submitted, b.Submissions(t))
	}
}

func TestSubmitRefusesASecondJob(t *testing.T) {
	b := apptest.New(t)
	if _, err := b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{}); err != nil {
		t.Fatal(err)
	}
	b.Clock.Pass(time.Minute)
	if _, err := b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{}); !errors.Is(err, model.ErrActive) {
		t.Errorf("a second submission: %v, want model.ErrActive", err)
	}
	if _, err := b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{Force: true}); err != nil {
		t.Errorf("forced: %v", err)
	}
	b.Stage.Down = errors.New("slurmctld: connection refused")
	b.Clock.Pass(time.Hour)
	if _, err := b.Submit(t.Context(), "E1.1", jobs.SubmitOptions{}); err == nil || !strings.Contains(model.FixOf(err), "--force") {
		t.Errorf("while the queue is stale, so that a job by hand would not be seen: %v", err)
	}
	if _, err := b.Submit(t.Context(), "E1.1", jobs.SubmitOptions{Force: true}); err != nil {
		t.Errorf("forced while the queue is stale: %v", err)
	}
}

func TestSubmitWhenTheReplyIsLost(t *testing.T) {
	defer jobs.SetReplyWait(0, time.Millisecond)()
	t.Run("found by tag", func(t *testing.T) {
		b := apptest.New(t)
		b.Stage.Reply, b.Stage.Lose = scheduler.ErrMaybe, true
		s, err := b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{})
		if err != nil || s.JobID != "101" {
			t.Errorf("got job %q, %v, want the one that was submitted", s.JobID, err)
		}
	})
	t.Run("found later", func(t *testing.T) {
		b := apptest.New(t)
		b.Stage.Reply = scheduler.ErrMaybe
		if _, err := b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{}); !errors.Is(err, scheduler.ErrMaybe) {
			t.Fatalf("got %v, want it said that the job may exist", err)
		}
		subs := b.Submissions(t)
		b.Stage.Queue = []model.Job{{ID: "7", Tag: subs[0].Tag, State: model.JobRunning}}
		b.Clock.Pass(time.Minute)
		if got := b.State(t, "7"); got != model.JobRunning {
			t.Errorf("the job that turned up is %q", got)
		}
		if subs = b.Submissions(t); subs[0].JobID != "7" {
			t.Errorf("the record has job %q, want 7", subs[0].JobID)
		}
	})
	t.Run("blocks until the tag decides", func(t *testing.T) {
		b := apptest.New(t)
		b.Stage.Reply = scheduler.ErrMaybe
		_, _ = b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{})
		b.Stage.Reply = nil
		row := func() *model.Job {
			list, err := b.ListJobs(t.Context(), true)
			if err != nil {
				t.Fatal(err)
			}
			return model.First(list.Jobs, func(j model.Job) bool { return j.Experiment == "E1.6" })
		}
		for range 4 { // half a minute apart: the scheduler answers, but may still have it in hand
			b.Clock.Pass(30 * time.Second)
			if j := row(); j == nil || j.State != model.JobUnknown || j.ID != "" || !strings.Contains(j.Reason, "no reply") {
				t.Fatalf("its row is %+v", j)
			}
			if _, err := b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{}); !errors.Is(err, model.ErrActive) {
				t.Fatalf("a second submission meanwhile: %v", err)
			}
		}
		if n := len(b.Stage.Did("history")); n > 4 {
			t.Errorf("its history was asked for %d times", n)
		}
		b.Clock.Pass(2 * time.Minute)
		list, err := b.ListJobs(t.Context(), true)
		if err != nil || len(list.Jobs) != 0 || len(list.Warnings) != 1 || !strings.Contains(list.Warnings[0], "never took it") {
			t.Errorf("in the end: %+v, %v", list, err)
		}
		asked := len(b.Stage.Did("history"))
		b.Clock.Pass(time.Hour)
		if row(); len(b.Stage.Did("history")) != asked {
			t.Error("it is asked for without end")
		}
		if _, err := b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{}); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
	t.Run("refused", func(t *testing.T) {
		b := apptest.New(t)
		b.Stage.Reply = errors.New("invalid account")
		if _, err := b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{}); !errors.Is(err, b.Stage.Reply) {
			t.Fatalf("got %v", err)
		}
		if list, err := b.ListJobs(t.Context(), true); err != nil || len(list.Jobs) != 0 {
			t.Errorf("a refused submission shows as %+v, %v", list.Jobs, err)
		}
		b.Stage.Reply = nil
		if _, err := b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{}); err != nil {
			t.Errorf("after a refusal: %v", err)
		}
	})
}

// TestSubmitBringsTheRunner: a folder of the original scripts has none where jobs look, and
// a job that waited in the queue for nothing would be the way to find out.
func TestSubmitBringsTheRunner(t *testing.T) {
	b := apptest.New(t)
	d, err := b.Draft("E1.6")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Set("engine", "vllm"), d.Save()); err != nil {
		t.Fatal(err)
	}
	for _, missing := range []string{workspace.RunnerFile, workspace.RunnerDir} {
		if err := os.RemoveAll(b.Path(missing)); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{Force: true}); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{workspace.RunnerFile, workspace.RunnerDir + "/main.py", workspace.ModelsFile} {
			if _, err := os.Stat(b.Path(file)); err != nil {
				t.Errorf("without %s: no runner was written: %v", missing, err)
			}
		}
	}
}

func TestReadingIsRecordedLikeAnyJob(t *testing.T) {
	b := apptest.New(t)
	b.Login(t)
	if _, err := b.Analyse(t.Context(), "llama-8b-tp2", pool.Wanted, nil); !errors.Is(err, model.ErrBudget) {
		t.Fatalf("beyond the budget: %v", err)
	}
	if a, err := b.Timings(t.Context(), "llama-8b-tp2"); err != nil || a.Metric("ttft").Value == nil {
		t.Errorf("its timings: %v", err)
	}
	plans, err := b.PlanReading(t.Context(), []string{"llama-8b-tp2"})
	if err != nil || len(plans) != 1 || len(plans[0].Ranks) != 2 {
		t.Fatalf("%+v, %v", plans, err)
	}
	s, err := b.SubmitReading(t.Context(), plans[0])
	if err != nil || s.Reads != "llama-8b-tp2" || s.JobID == "" || !strings.HasSuffix(s.Log, "_"+s.JobID+".out") {
		t.Fatalf("%+v, %v", s, err)
	}
	if _, err := b.SubmitReading(t.Context(), plans[0]); !errors.Is(err, model.ErrActive) {
		t.Errorf("a second job while the first waits: %v", err)
	}
	j, err := b.FindJob(t.Context(), "read-llama-8b-tp2")
	if err != nil || j.ID != s.JobID || j.State == model.JobFailed {
		t.Errorf("%+v, %v", j, err)
	}
	rows, err := b.Board(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if r.Job != nil {
			t.Errorf("the job that reads is shown as one of %s", r.Experiment.ID)
		}
	}
}

// TestSubmitIsForOneAtATime: another process that checks, records or sends has the experiment for itself.
func TestSubmitIsForOneAtATime(t *testing.T) {
	b := apptest.New(t)
	var second error
	b.Stage.OnSubmit = func(scheduler.Request) { _, second = b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{Force: true}) }
	if _, err := b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{}); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(second, model.ErrActive) || !strings.Contains(second.Error(), "is being submitted by") || len(b.Stage.Submitted) != 1 {
		t.Errorf("%v; submitted %d times", second, len(b.Stage.Submitted))
	}
}

// owned is a scheduler that lists this user's jobs alone, and tells of others' by their ids.
type owned struct {
	*schedulertest.Scheduler
	theirs []model.Job
	asked  int
}

func (o *owned) ByID(context.Context, []string) ([]model.Job, error) {
	o.asked++
	return o.theirs, nil
}

// TestTwoUsersOfOneWorkspace: the other's job is what it is, and in the way.
func TestTwoUsersOfOneWorkspace(t *testing.T) {
	b := apptest.New(t)
	stage := &owned{Scheduler: b.Stage, theirs: []model.Job{{ID: "101", State: model.JobRunning}}}
	b.Scheduler = stage
	b.Open(t, app.Options{})
	s, err := b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ws, _ := workspace.Find(b.Dir)
	if err := ws.Ledger().Complete(s.Tag, func(s *model.Submission) { s.User = "alice" }); err != nil {
		t.Fatal(err)
	}
	b.Stage.Queue = nil // alice's
	b.Clock.Pass(time.Minute)
	for range 3 {
		if got := b.State(t, "101"); got != model.JobRunning {
			t.Errorf("alice's job is %s", got)
		}
	}
	if stage.asked != 1 {
		t.Errorf("asked %d times, want once", stage.asked)
	}
	if _, err := b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{}); !errors.Is(err, model.ErrActive) ||
		!strings.Contains(err.Error(), "by alice") {
		t.Errorf("a second submission: %v", err)
	}
	stage.theirs[0].State = model.JobCompleted // since the list was made
	if _, err := b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{}); err != nil {
		t.Errorf("after its end, which the list has not yet: %v", err)
	}
}
