package measure_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/analyze/kernelname"
	"shardeck/backend/app/apptest"
	"shardeck/backend/pool"
	"shardeck/model/metric"
	"shardeck/model/timeline"
)

// newRecorded is a bench with a recording of the repository, complete as the profiler
// wrote it, as its run "recorded".
func newRecorded(t *testing.T) (b *apptest.Bench, dir string) {
	t.Helper()
	b = apptest.New(t)
	dir = filepath.Join(b.Dir, "trace_collection", "recorded")
	if err := os.CopyFS(dir, os.DirFS("../../tests/recordings/llama-8b-tp2")); err != nil {
		t.Fatal(err)
	}
	return b, dir
}

// TestOpTimes: the recording's kernels have operators; with an execution trace
// beside it some are joined, and what is wrong with it is told.
func TestOpTimes(t *testing.T) {
	for _, c := range []struct {
		name, et string
		joined   bool
		warning  string
	}{
		{"none", "", false, "no execution trace"},
		{"one", strings.NewReplacer(`"value": 3}`, `"value": 12}`).Replace(smallET) + `, "start_ts": 1, "finish_ts": 2}`, true, ""},
		{"cut", strings.NewReplacer(`"value": 3}`, `"value": 12}`).Replace(smallET), true, "torch_et_0.json: ended"},
		{"no trace", "hello", false, "torch_et_0.json is not a PyTorch execution trace"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, dir := newRecorded(t)
			if c.et != "" {
				if err := os.WriteFile(filepath.Join(dir, "torch_et_0.json"), []byte(c.et), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			var done, total int64
			got, err := b.OpTimes(t.Context(), "recorded", metric.Operator, func(d, n int64) { done, total = d, n })
			if err != nil {
				t.Fatal(err)
			}
			if got.KernelNS == 0 || got.AttributedNS != got.KernelNS || got.Ops[0].Name != "record_param_comms" {
				t.Errorf("%+v", got)
			}
			if (got.JoinedNS > 0) != c.joined {
				t.Errorf("%d ns are joined", got.JoinedNS)
			}
			if text := strings.Join(got.Warnings, "\n"); c.warning == "" && text != "" || !strings.Contains(text, c.warning) {
				t.Errorf("warnings %q, want %q", text, c.warning)
			}
			if got.Damaged != (c.name == "cut" || c.name == "no trace") {
				t.Errorf("damaged: %v", got.Damaged)
			}
			if done != total || total == 0 {
				t.Errorf("progress ended at %d of %d", done, total)
			}
		})
	}
}

func TestOpTimesOfABrokenRun(t *testing.T) {
	b, dir := newRecorded(t)
	if err := os.WriteFile(filepath.Join(dir, "kineto_trace_0.json.gz"), []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := b.OpTimes(t.Context(), "recorded", metric.Operator, nil)
	if err != nil || !got.Damaged || got.KernelNS == 0 || !strings.Contains(strings.Join(got.Warnings, "\n"), "kineto_trace_0.json.gz") {
		t.Errorf("one rank of two: %+v, %v", got, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "kineto_trace_1.json.gz"), []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := b.OpTimes(t.Context(), "recorded", metric.Operator, nil); err == nil ||
		!strings.Contains(err.Error(), "none of its 2 Kineto traces can be read") {
		t.Errorf("no rank: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := b.OpTimes(ctx, "llama-8b-tp2", metric.Operator, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

// answers are what is told of a run by all that traces are read for.
func answers(t *testing.T, b *apptest.Bench, run string) (out []any) {
	t.Helper()
	a, err := b.Analyse(t.Context(), run, pool.Wanted, nil)
	if err != nil {
		t.Fatal(err)
	}
	out = append(out, *a)
	for _, by := range metric.Launchers {
		o, err := b.OpTimes(t.Context(), run, by, nil)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, o)
	}
	lanes, err := b.Lanes(t.Context(), run, timeline.View{}, nil)
	if err != nil || len(lanes.Ranks) == 0 {
		t.Fatal(err)
	}
	return append(out, lanes.Names, lanes.Calls, kernelsOf(lanes))
}

// TestASecondQuestionReadsNoTrace: once a run was read, its traces may hold anything, as long as they look the same from
// outside. Without the analysis itself, as where a name of kernels was added, it is made of what lies in the cache.
func TestASecondQuestionReadsNoTrace(t *testing.T) {
	b, dir := newRecorded(t)
	if _, err := b.Analyse(t.Context(), "recorded", pool.Wanted, nil); err != nil {
		t.Fatal(err)
	}
	other, _ := newRecorded(t)
	want := answers(t, other, "recorded")
	traces, _ := filepath.Glob(filepath.Join(dir, "kineto_trace_*"))
	whole := map[string][]byte{}
	for _, path := range traces {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		whole[path], _ = os.ReadFile(path)
		os.WriteFile(path, make([]byte, info.Size()), 0o644)
		os.Chtimes(path, time.Time{}, info.ModTime())
	}
	if d := cmp.Diff(want, answers(t, b, "recorded")); d != "" {
		t.Errorf("after the first question (-fresh +cache):\n%.2000s", d)
	}
	b.Measure.Names, _ = kernelname.Builtin.With([]kernelname.Row{{Class: "gemm", Names: "zzzz"}})
	if d := cmp.Diff(want[1:], answers(t, b, "recorded")[1:]); d != "" {
		t.Errorf("with other names (-fresh +cache):\n%.2000s", d)
	}
	entries, _ := filepath.Glob(filepath.Join(b.Measure.Cache.Dir(), "*"))
	for _, path := range entries { // damaged, and the traces are there again
		text, _ := os.ReadFile(path)
		if len(text) > 0 {
			text[len(text)-len(text)/3-1] ^= 0x55
		}
		os.WriteFile(path, text, 0o600)
	}
	for path, text := range whole {
		info, _ := os.Stat(path)
		os.WriteFile(path, text, 0o644)
		os.Chtimes(path, time.Time{}, info.ModTime())
	}
	if d := cmp.Diff(want[1:], answers(t, b, "recorded")[1:]); d != "" {
		t.Errorf("with a damaged cache (-fresh +damaged):\n%.2000s", d)
	}
}
