package jobs_test

import (
	"errors"
	"strings"
	"testing"

	"shardeck/backend/app/apptest"
	"shardeck/backend/pool"
	"shardeck/model"
)

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
