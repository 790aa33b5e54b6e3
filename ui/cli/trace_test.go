package cli

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"shardeck/ui/cli/command"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// recorded makes a workspace with the recordings of the repository as its runs.
func recorded(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "experiments"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "trace_collection"), os.DirFS("../../tests/recordings")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// shown runs a command in a workspace and returns what it prints.
func shown(t *testing.T, dir string, want int, args ...string) (out, errOut string) {
	t.Helper()
	var o, e strings.Builder
	code := Main(append([]string{"-C", dir}, args...), strings.NewReader(""), &o, &e)
	if code != want {
		t.Fatalf("%v: exit code %d, want %d\n%s", args, code, want, e.String())
	}
	return o.String(), e.String()
}

// TestTraceOnOneScreen keeps the screens of trace at 80 columns, and its JSON without
// the long lists: the timeline, and all but the first kernels and late calls.
func TestTraceOnOneScreen(t *testing.T) {
	t.Setenv("COLUMNS", "80")
	t.Setenv("HOME", t.TempDir())
	t.Setenv("NERSC_HOST", "")
	dir := recorded(t)
	for name, args := range map[string][]string{
		"tp1.txt":           {"trace", "llama-8b-tp1"},
		"tp2.txt":           {"trace", "llama-8b-tp2"},
		"straggler.txt":     {"trace", "llama-8b-tp2-straggler", "--top", "4"},
		"late.txt":          {"trace", "llama-8b-tp2-straggler", "--top", "1", "--late", "5"},
		"pp2.txt":           {"trace", "llama-8b-pp2", "--ascii"},
		"tp1-tp2.txt":       {"trace", "llama-8b-tp1", "llama-8b-tp2"},
		"tp2-straggler.txt": {"trace", "llama-8b-tp2", "llama-8b-tp2-straggler"},
		"tp2.json":          {"trace", "llama-8b-tp2", "--json"},
		"tp2-ops.txt":       {"trace", "llama-8b-tp2", "--ops", "--top", "5"},
		"stack-ops.json":    {"trace", "llama-8b-tp2-stack", "--ops", "--json"},
		"tp1-tp2.json":      {"trace", "llama-8b-tp1", "llama-8b-tp2", "--json"},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := shown(t, dir, command.Done, args...)
			if strings.HasSuffix(name, ".json") {
				got = shortened(t, got)
			}
			for _, line := range strings.Split(got, "\n") {
				if strings.HasSuffix(name, ".txt") && len([]rune(line)) > 80 {
					t.Errorf("wider than 80 columns: %q", line)
				}
			}
			path := filepath.Join("testdata/trace", name)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Error(d)
			}
		})
	}
}

// shortened keeps the first two elements of every list in a JSON object.
func shortened(t *testing.T, text string) string {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	for key, value := range v {
		if list, ok := value.([]any); ok {
			v[key] = list[:min(len(list), 2)]
		}
	}
	delete(v, "timeline")
	if late, ok := v["lateness"].(map[string]any); ok {
		late["worst"] = late["worst"].([]any)[:1]
	}
	out, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out) + "\n"
}

func TestTraceWithoutTraces(t *testing.T) {
	dir := recorded(t)
	t.Setenv("HOME", t.TempDir())
	run := filepath.Join(dir, "trace_collection", "llama-8b-tp1")
	if err := os.Remove(filepath.Join(run, "kineto_trace_0.json.gz")); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"trace", "llama-8b-tp1"}, {"trace", "llama-8b-tp1", "--ops"}, {"trace", "llama-8b-tp2", "llama-8b-tp1"}} {
		if _, said := shown(t, dir, command.Failed, args...); !strings.Contains(said, "llama-8b-tp1 has no ") {
			t.Errorf("%v: %s", args, said)
		}
	}
}
