package trace_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/backend/trace"
	"shardeck/backend/trace/kineto"
	"shardeck/backend/trace/nsys"
)

// TestOpen: what a file is, is told by what it holds; its name counts where that does not tell.
func TestOpen(t *testing.T) {
	readers := []trace.Reader{kineto.Reader{}, nsys.Reader{}}
	const event = `{"ph": "X", "cat": "kernel", "name": "gemm", "ts": 1, "dur": 1}`
	const csv = "Start (ns),Duration (ns),CorrId,Device,Strm,Name\n1,2,3,GPU (0),7,gemm\n"
	for _, c := range []struct{ name, text, want string }{
		{"kineto_trace_0.json", `{"traceEvents": [` + event + `]}`, ""},
		{"nsys_0.csv", " \n[" + event + "]", ""},
		{"a", `{"traceEvents": [` + event, ""},
		{"a.csv", csv, ""},
		{"a.txt", "[3/8] Executing 'cuda_gpu_trace' stats report\n\n" + csv, ""},
		{"kineto_trace_0.json", "hello", "not a Kineto trace but something that is not JSON"},
		{"torch_et_0.json", `{"schema": "1.1.1", "nodes": []}`, "a PyTorch execution trace"},
		{"nsys_0.csv", "hello", "is no file of Nsight Systems"},
		{"a", "SQLite format 3\x00", "cut off in its header"},
		{"nsys_0.NSYS-REP", "x", "has to be exported by nsys first"},
		{"a", "hello", "is of no format that is read"},
		{"a.json", "", "the file is empty"},
	} {
		path := filepath.Join(t.TempDir(), c.name)
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		ranks, err := trace.Open(context.Background(), readers, path, nil)
		switch {
		case c.want != "":
			if err == nil || ranks != nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), c.name) {
				t.Errorf("%s holding %q: error %v, want %q", c.name, c.text, err, c.want)
			}
		case err != nil || len(ranks) != 1 || len(ranks[0].Records) != 1 || ranks[0].File != path:
			t.Errorf("%s holding %q: %v, %v", c.name, c.text, ranks, err)
		}
	}
}
