package lab

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/backend/pool"
	"shardeck/model"
)

// login makes the bench a login node of a site that allows no reading at all.
func (b *bench) login(t *testing.T) {
	t.Helper()
	dir := filepath.Join(b.dir, "sites")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	site := "name: small\ntitle: a small site\ndetect: {HERE: \"1\"}\nlogin_node: {trace_bytes: 1}\nreader: {qos: shared}\n"
	if err := os.WriteFile(filepath.Join(dir, "small.yaml"), []byte(site), 0o644); err != nil {
		t.Fatal(err)
	}
	b.open(t, Options{Sets: []string{"site=small"}, Env: func(key string) string {
		if key == "HERE" {
			return "1"
		}
		return ""
	}})
}

func TestReadingIsRecordedLikeAnyJob(t *testing.T) {
	b := newBench(t)
	b.login(t)
	if _, err := b.Analyse(t.Context(), "llama-8b-tp2", pool.Wanted, nil); !errors.Is(err, ErrBudget) {
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
	if _, err := b.SubmitReading(t.Context(), plans[0]); !errors.Is(err, ErrActive) {
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

// TestRankReadOnANode: what tasks leave in the cache gives the analysis that reading
// the files gives, a file that is none included.
func TestRankReadOnANode(t *testing.T) {
	b := newBench(t)
	broken := filepath.Join(b.dir, "trace_collection", "llama-8b-tp2", "kineto_trace_1.json.gz")
	if err := os.WriteFile(broken, []byte("no trace"), 0o644); err != nil {
		t.Fatal(err)
	}
	want, err := b.Analyse(t.Context(), "llama-8b-tp2", pool.Wanted, nil)
	if err != nil || !want.Damaged {
		t.Fatalf("%+v, %v", want, err)
	}
	b.login(t)
	for rank := range 2 {
		r, err := b.ReadRank(t.Context(), "llama-8b-tp2", rank, nil)
		if err != nil || r.Complete != (rank == 1) {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	got, err := b.Analyse(t.Context(), "llama-8b-tp2", pool.Wanted, nil)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(got.Warnings, "\n") != strings.Join(want.Warnings, "\n") || *got.Metric("gpu_busy").Value != *want.Metric("gpu_busy").Value {
		t.Errorf("got %q, want %q", got.Warnings, want.Warnings)
	}
}
