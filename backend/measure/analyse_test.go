package measure_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"shardeck/backend/app/apptest"
	"shardeck/backend/measure"
	"shardeck/backend/pool"
	"shardeck/model"
	"shardeck/model/metric"
)

func TestAnalyseIsSharedAndCached(t *testing.T) {
	b := apptest.New(t)
	if a := b.Quick(t.Context(), b.MustRun(t, "llama-8b-tp2")); a == nil || a.Metric("comm_overhead").Reason != measure.NotRead ||
		a.Metric("ttft").Value == nil {
		t.Fatalf("before the traces are read: %+v", a)
	}
	var all sync.WaitGroup
	var steps atomic.Int64
	found := make([]*metric.Analysis, 4)
	for i := range found {
		all.Go(func() {
			a, err := b.Analyse(t.Context(), "llama-8b-tp2", pool.Visible, func(done, total int64) {
				if done > total || total <= 0 {
					t.Errorf("progress %d of %d", done, total)
				}
				steps.Add(1)
			})
			if err != nil {
				t.Error(err)
			}
			found[i] = a
		})
	}
	all.Wait()
	if steps.Load() == 0 {
		t.Error("no progress was told")
	}
	for _, a := range found {
		if v := a.Metric("coll_call_num").Value; v == nil || *v != 260 {
			t.Errorf("coll_call_num is %v, want 260", v)
		}
	}
	cached := b.Quick(t.Context(), b.MustRun(t, "llama-8b-tp2"))
	if cached.Metric("comm_overhead").Value == nil || cached.Trace == nil || len(cached.Trace.Ranks) != 2 {
		t.Error("the cache does not give the whole analysis back")
	}
}

func TestAnalyseNoticesAChangedFile(t *testing.T) {
	b := apptest.New(t)
	before, err := b.Analyse(t.Context(), "tp1-b4-s2048", pool.Wanted, nil)
	if err != nil {
		t.Fatal(err)
	}
	timing := filepath.Join(b.Dir, "trace_collection", "tp1-b4-s2048", "timing_stats_0.json")
	if err := os.WriteFile(timing, []byte(`{"unprofiled_iteration_times": [2.0, 2.0]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	after, err := b.Analyse(t.Context(), "tp1-b4-s2048", pool.Wanted, nil)
	if err != nil {
		t.Fatal(err)
	}
	if *before.Metric("iteration_wall_clock").Value == 2 || *after.Metric("iteration_wall_clock").Value != 2 {
		t.Error("the analysis of the old file was given for the new one")
	}
}

func TestAnalyseRefusesAnEmptyFolder(t *testing.T) {
	b := apptest.New(t)
	if err := os.Mkdir(filepath.Join(b.Dir, "trace_collection", "hollow"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := b.Analyse(t.Context(), "hollow", pool.Wanted, nil)
	if err == nil || !strings.Contains(err.Error(), "nothing to read") {
		t.Errorf("got %v", err)
	}
	if _, err := b.Analyse(t.Context(), "no-such-run", pool.Wanted, nil); !errors.Is(err, model.ErrUnknown) {
		t.Errorf("got %v, want model.ErrUnknown", err)
	}
}
