package nsys

import (
	"compress/gzip"
	"context"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shardeck/backend/analyze"
	"shardeck/backend/trace"
	"shardeck/model"
	"shardeck/model/metric"
)

// realExport unpacks an export of Nsight Systems 2023.4 (schema 3.7): vLLM 0.25.1,
// Llama-8B shapes, TP2 on two H100s, its first five forward passes. Thinned by dropping
// tables that nobody reads, later rows and the names that nothing uses any more.
func realExport(t *testing.T) string {
	t.Helper()
	in, err := os.Open("testdata/vllm_tp2.sqlite.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "nsys_0.sqlite")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRealExport: one report holds both workers; the steps that vLLM marks on the host
// are found again on the GPU, and a step has the calls that TP2 of 32 layers must have.
func TestRealExport(t *testing.T) {
	ranks, err := Reader{}.Open(context.Background(), realExport(t), nil)
	if err != nil || len(ranks) != 2 {
		t.Fatalf("%d ranks, %v", len(ranks), err)
	}
	in := analyze.Input{Ranks: map[int]*trace.Rank{}, Experiment: &model.Experiment{Layout: model.Layout{TP: 2}}}
	for i, r := range ranks {
		in.Ranks[i] = r
		if len(r.Damage) != 0 || len(r.Records) < 2400 || r.Info.Devices[0].Name != "NVIDIA H100 80GB HBM3" {
			t.Errorf("rank %d: %d records, damage %v, %+v", i, len(r.Records), r.Damage, r.Info)
		}
	}
	a, err := analyze.Analyse(context.Background(), in)
	if err != nil || a.Damaged {
		t.Fatal(err, a.Damaged)
	}
	for name, want := range map[string]map[string]float64{
		"coll_calls_per_step": {"all_reduce": 65, "all_gather": 1},
		"coll_calls_total":    {"all_reduce": 325, "all_gather": 5},
	} {
		if got := a.Metric(name); !maps.Equal(got.By.Types, want) {
			t.Errorf("%s: %+v, want %v", name, got, want)
		}
	}
	if m := a.Metric("phase_time"); m.By.Phases[metric.Prefill] < 40 || m.By.Phases[metric.Decode] < 40 {
		t.Errorf("phase_time %+v", m)
	}
	if want := "nsys_0.sqlite: a report does not say which process is which rank"; !slices.ContainsFunc(a.Warnings,
		func(w string) bool { return strings.HasPrefix(w, want) }) ||
		strings.Contains(strings.Join(a.Warnings, "\n"), "distributedInfo") {
		t.Errorf("warnings %q", a.Warnings)
	}
}
