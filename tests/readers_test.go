package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestExportsAreReadByTheirPrograms: tools/exchange/readers opens each format with the program that it is for.
func TestExportsAreReadByTheirPrograms(t *testing.T) {
	t.Setenv("PYTHONPATH", os.Getenv("READERS")) // a folder that pip filled; empty: they are Python's own
	if err := exec.Command("python3", "-c", "import pyarrow, duckdb").Run(); err != nil && os.Getenv("CI") == "" {
		t.Skip("the readers of exported files are not installed here: see tools/exchange/readers")
	}
	dir := t.TempDir()
	run := func(name string, words ...string) string {
		t.Helper()
		c := exec.Command(name, words...)
		c.Env = append(os.Environ(), "HOME="+dir, "XDG_CACHE_HOME="+dir, "XDG_STATE_HOME="+dir)
		out, err := c.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out)
		}
		return string(out)
	}
	run(binary, "demo", "--no-open", dir+"/ws")
	for _, format := range []string{"csv", "parquet", "perfetto", "mlflow", "wandb"} {
		run(binary, "-C", dir+"/ws", "export", "--for", format, "-o", "read/"+format, "vllm-llama-8b-tp2", "deepseek-v2-lite-ep2")
	}
	out := run("python3", "tools/exchange/readers", filepath.Join(dir, "ws/read"))
	for _, want := range []string{"deepseek-v2-lite-ep2/metrics: 77 rows, the same", "vllm-llama-8b-tp2: FINISHED, 66 metrics",
		"header, run, history, summary, exit", "791 waits, 791 flows, 0 without end, 0 crossing, 0 faults"} {
		if !strings.Contains(out, want) && (os.Getenv("CI") != "" || !strings.Contains(out, "left out")) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
