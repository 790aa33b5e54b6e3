package measure_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/backend/app/apptest"
	"shardeck/backend/pool"
)

// TestRankReadOnANode: what tasks leave in the cache gives the analysis that reading
// the files gives, a file that is none included.
func TestRankReadOnANode(t *testing.T) {
	b := apptest.New(t)
	broken := filepath.Join(b.Dir, "trace_collection", "llama-8b-tp2", "kineto_trace_1.json.gz")
	if err := os.WriteFile(broken, []byte("no trace"), 0o644); err != nil {
		t.Fatal(err)
	}
	want, err := b.Analyse(t.Context(), "llama-8b-tp2", pool.Wanted, nil)
	if err != nil || !want.Damaged {
		t.Fatalf("%+v, %v", want, err)
	}
	b.Login(t)
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
	if strings.Join(got.Warnings, "\n") != strings.Join(want.Warnings, "\n") ||
		*got.Metric("gpu_busy").Value != *want.Metric("gpu_busy").Value {
		t.Errorf("got %q, want %q", got.Warnings, want.Warnings)
	}
}
