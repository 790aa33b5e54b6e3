package jobs_test

import (
	"errors"
	"testing"
	"time"

	"shardeck/backend/app"
	"shardeck/backend/app/apptest"
	"shardeck/backend/jobs"
	"shardeck/backend/workspace"
	"shardeck/model"
)

// TestJobThatNoAnswerShowsYet: it waits, however often one looks before the scheduler
// is asked again, and its history is in no one's way.
func TestJobThatNoAnswerShowsYet(t *testing.T) {
	b := apptest.New(t)
	if _, err := b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{}); err != nil {
		t.Fatal(err)
	}
	b.Stage.Queue = nil // not listed yet
	for range 3 {
		if s := b.State(t, "101"); s != model.JobPending {
			t.Errorf("it is %s", s)
		}
	}
	if len(b.Stage.Did("history")) != 0 {
		t.Errorf("its history was asked for %d times", len(b.Stage.Did("history")))
	}
}

// TestJobThatRanBeforeAnAnswerShowsIt: it was asked for by itself, as where its reply was lost, and the last answer is older.
func TestJobThatRanBeforeAnAnswerShowsIt(t *testing.T) {
	b := apptest.New(t)
	r, err := b.Submit(t.Context(), "E1.6", jobs.SubmitOptions{})
	if err != nil {
		t.Fatal(err)
	}
	running := model.Job{ID: r.JobID, State: model.JobRunning}
	ws, _ := workspace.Find(b.Dir)
	if err := ws.Ledger().Complete(r.Tag, func(s *model.Submission) { s.Last = &running }); err != nil {
		t.Fatal(err)
	}
	b.Stage.Queue = nil // not listed yet
	if s := b.State(t, r.JobID); s != model.JobRunning {
		t.Errorf("it is %s, and was seen running", s)
	}
	b.Clock.Pass(time.Minute)
	if s := b.State(t, r.JobID); s != model.JobUnknown {
		t.Errorf("it is %s, and by now an answer would have it", s)
	}
}

func TestJobsThatLeftTheQueue(t *testing.T) {
	b := apptest.New(t)
	for _, id := range []string{"E1.1", "E1.6", "E3.1"} {
		if _, err := b.Submit(t.Context(), id, jobs.SubmitOptions{}); err != nil {
			t.Fatal(err)
		}
		b.Clock.Pass(time.Minute)
	}
	b.Stage.End("101", model.JobFailed, true)   // history knows it
	b.Stage.End("102", model.JobRunning, false) // nobody does
	b.Clock.Pass(time.Minute)
	for id, want := range map[string]model.JobState{"101": model.JobFailed, "102": model.JobUnknown, "103": model.JobPending} {
		if got := b.State(t, id); got != want {
			t.Errorf("job %s is %q, want %q", id, got, want)
		}
	}
	if len(b.Stage.Did("find")) != 0 || len(b.Stage.Did("history")) != 1 {
		t.Errorf("asked history %d times and searched %d times, want once for all", len(b.Stage.Did("history")), len(b.Stage.Did("find")))
	}
	b.Stage.Gone = nil // the scheduler forgets; the record does not
	b.Open(t, app.Options{})
	if got := b.State(t, "101"); got != model.JobFailed {
		t.Errorf("after a restart job 101 is %q", got)
	}
	row, err := b.Board(t.Context())
	if err != nil || row[0].Job == nil || row[0].Job.State != model.JobFailed {
		t.Errorf("the board has %+v, %v", row[0].Job, err)
	}
}

func TestJobsKeepTheLastAnswer(t *testing.T) {
	b := apptest.New(t)
	b.Stage.Queue = []model.Job{{ID: "9", Name: "other", State: model.JobRunning}, {ID: "8", State: model.JobCompleted}}
	if got := b.State(t, "9"); got != model.JobRunning {
		t.Errorf("somebody's running job is %q", got)
	}
	if got := b.State(t, "8"); got != "" {
		t.Errorf("somebody's finished job is listed as %q", got)
	}
	b.Stage.Down = errors.New("timed out")
	b.Clock.Pass(time.Hour)
	list, err := b.ListJobs(t.Context(), true)
	if err != nil || list.Stale != "timed out" || len(list.Jobs) != 1 {
		t.Errorf("got %+v, %v, want the last answer marked stale", list, err)
	}
}
