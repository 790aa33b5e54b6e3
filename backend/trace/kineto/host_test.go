package kineto

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"shardeck/backend/trace"
)

// TestHost: the host's events are those of no device, whatever their order, and calls of a runtime or driver launch.
func TestHost(t *testing.T) {
	const text = `{"baseTimeNanoseconds": 1000000, "traceEvents": [
		{"ph": "X", "cat": "kernel", "name": "gemm", "ts": 1, "dur": 5000, "args": {"correlation": 4}},
		{"ph": "X", "cat": "gpu_user_annotation", "name": "decode", "ts": 1, "dur": 9000},
		{"ph": "X", "cat": "cpu_op", "name": "aten::mm", "ts": "20.5", "dur": 30},
		{"ph": "s", "cat": "ac2g", "name": "ac2g", "id": 4, "ts": 9000},
		{"args": {"correlation": 4}, "dur": 3, "ts": 40, "name": "cudaLaunchKernel", "cat": "cuda_runtime", "ph": "X"},
		{"ph": "X", "cat": "cuda_driver", "name": "cuLaunchKernelEx", "ts": 60, "dur": 3, "args": {"correlation": 5}},
		{"ph": "X", "cat": "user_annotation", "name": "decode", "ts": 30, "dur": 50}
	]}`
	path := filepath.Join(t.TempDir(), "kineto_trace_0.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Reader{}.Host(t.Context(), path)
	want := trace.Host{First: 1020500, Last: 1080000, Launches: map[uint32]int64{4: 1040000, 5: 1060000}}
	if err != nil || got.First != want.First || got.Last != want.Last || !maps.Equal(got.Launches, want.Launches) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	if err := os.WriteFile(path, []byte(`{"traceEvents": []}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := (Reader{}).Host(t.Context(), path); err != nil || got.First != got.Last {
		t.Errorf("a trace without events: %+v, %v", got, err)
	}
}
