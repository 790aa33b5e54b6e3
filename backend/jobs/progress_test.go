package jobs_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"shardeck/backend/app/apptest"
	"shardeck/backend/jobs"
	"shardeck/model"
)

// TestProgressByEarlierRuns: a run of the same experiment that is over tells how long the stages to come take.
func TestProgressByEarlierRuns(t *testing.T) {
	b := apptest.New(t)
	submit := func(state model.JobState, log string) model.Job {
		t.Helper()
		s, err := b.Submit(t.Context(), "E1.1", jobs.SubmitOptions{Force: true})
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Stage.Queue {
			if b.Stage.Queue[i].ID == s.JobID {
				b.Stage.Queue[i].State = state
			}
		}
		path := b.Path(s.Log)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(log), 0o644); err != nil {
			t.Fatal(err)
		}
		b.Clock.Pass(time.Hour)
		j, err := b.FindJob(t.Context(), s.JobID)
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	stamp := func(at time.Time) string { return at.Local().Format(", 01-02 15:04:05\n") }
	began := b.Clock.Now()
	submit(model.JobCompleted, "shardeck: stage weights"+stamp(began)+"shardeck: stage timing"+stamp(began.Add(100*time.Second))+
		"shardeck: stage done"+stamp(began.Add(160*time.Second)))
	j := submit(model.JobRunning, "shardeck: stage weights"+stamp(b.Clock.Now().Add(time.Hour-30*time.Second)))
	part, err := b.Log(t.Context(), j, 10)
	if err != nil {
		t.Fatal(err)
	}
	if r := b.Progress(t.Context(), j, part); r.Earlier != 1 || r.Left == nil || *r.Left != (70+60)*time.Second {
		t.Errorf("%+v: left %v", r, r.Left)
	}
}
