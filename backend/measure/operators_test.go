package measure_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/backend/app/apptest"
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
			got, err := b.OpTimes(t.Context(), "recorded", func(d, n int64) { done, total = d, n })
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
	got, err := b.OpTimes(t.Context(), "recorded", nil)
	if err != nil || !got.Damaged || got.KernelNS == 0 || !strings.Contains(strings.Join(got.Warnings, "\n"), "kineto_trace_0.json.gz") {
		t.Errorf("one rank of two: %+v, %v", got, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "kineto_trace_1.json.gz"), []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := b.OpTimes(t.Context(), "recorded", nil); err == nil || !strings.Contains(err.Error(), "none of its 2 Kineto traces can be read") {
		t.Errorf("no rank: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := b.OpTimes(ctx, "llama-8b-tp2", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}
