package trace

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
)

func TestOpenTimingOfARecording(t *testing.T) {
	path := filepath.Join("..", "..", "tests", "recordings", "llama-8b-pp2", "timing_stats_0.json")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(text); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]string{"plain": path, "gzip": writeFile(t, "timing_stats_0.json.gz", packed.Bytes())} {
		got, err := OpenTiming(p)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		f := func(v float64) *float64 { return &v }
		want := &Timing{
			File: p,
			Untraced: Times{
				Iterations: []float64{0.01447593100000688, 0.01475379900000462, 0.014508845999998243},
				TTFT:       [][]float64{{0.007426542000004588}, {0.007283819000008407}, {0.0072635930000046756}},
				TPOT:       [][]float64{{0.0023497963333340977}, {0.002489993333332071}, {0.002415084333331189}},
			},
			Traced: Times{
				Iterations: []float64{0.04549444699999583, 0.018327496000011934},
				TTFTMean:   f(0.01158242600000392), TPOTMean: f(0.006776181833333321),
				TTFTP99: f(0.01510653736000819), TPOTP99: f(0.010038746709995935),
			},
			PeakMemory: 2242168832,
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestTimingLists(t *testing.T) {
	got, err := parseTiming([]byte(`{"unprofiled_iteration_times": [1, 2], "unprofiled_ttft": [[0.1, 0.2], [0.3, null]],
		"unprofiled_output_tokens": [[4, 5], 9], "unprofiled_input_tokens": [[10, 10], [20]], "other": {"iteration_times": [9]}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &Timing{Untraced: Times{
		Iterations: []float64{1, 2}, TTFT: [][]float64{{0.1, 0.2}, {0.3}}, OutputTokens: []float64{9, 9}, InputTokens: []float64{20, 20},
	}}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestDamagedTiming(t *testing.T) {
	for _, c := range []struct {
		name, text string
		iterations []float64
		damage     string
	}{
		{"broken list", `{"iteration_times": [1, 2 3], "ttft_avg": 1}`, []float64{1, 2}, "iteration_times holds"},
		{"lists in lists in lists", `{"iteration_times": [[1], [[2]], 3]}`, []float64{1, 3}, "is no measurement"},
		{"NaN", `{"iteration_times": [1, NaN, 2]}`, []float64{1, 2}, `iteration_times holds "NaN", which is no measurement`},
		{"Infinity", `{"iteration_times": [1, -Infinity]}`, []float64{1}, "is no measurement"},
		{"many", `{"iteration_times": [1, NaN, NaN]}`, []float64{1}, `iteration_times holds 2 values that are no measurements, the first "NaN"`},
		{"overflow", `{"iteration_times": [1, 1e400]}`, []float64{1}, "is no measurement"},
		{"so large that sums overflow", `{"iteration_times": [1, 1e308, 1e308]}`, []float64{1}, "2 values that are no measurements"},
		{"so small that rates overflow", `{"iteration_times": [1, 5e-324]}`, []float64{1}, "is no measurement"},
		{"zero", `{"iteration_times": [1, 0]}`, []float64{1, 0}, ""},
		{"negative", `{"iteration_times": [1, -1]}`, []float64{1}, "is no measurement"},
		{"text", `{"iteration_times": [1, "x"]}`, []float64{1}, "is no measurement"},
		{"null", `{"iteration_times": null, "ttft_avg": null}`, nil, ""},
		{"cut", `{"iteration_times": [1, 2], "ttft_avg": 0.`, []float64{1, 2}, "ended before the document was closed"},
		{"not closed", `{"iteration_times": [1, 2]`, []float64{1, 2}, "ended before the document was closed"},
		{"broken", `{"iteration_times": [1, 2], x}`, []float64{1, 2}, "not JSON from here"},
		{"more text", `{"iteration_times": [1]} {}`, []float64{1}, "text after the end"},
		{"unknown keys", `{"iteration_times": [1], "x": "}"}`, []float64{1}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := parseTiming([]byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.iterations, got.Traced.Iterations); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if c.damage == "" != (len(got.Damage) == 0) || c.damage != "" && !strings.Contains(got.Damage[0].Text, c.damage) {
				t.Errorf("damage %+v, want %q", got.Damage, c.damage)
			}
		})
	}
}

func TestTimingErrors(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":     {"", "the file is empty"},
		"text":      {"hello", "not JSON with the times of a run"},
		"foreign":   {`{"traceEvents": []}`, "holds no times of a run"},
		"bare list": {`[1, 2]`, "not JSON with the times"},
	} {
		_, err := OpenTiming(writeFile(t, "timing_stats_0.json", []byte(c.text)))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "timing_stats_0.json") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := OpenTiming(filepath.Join(t.TempDir(), "timing_stats_0.json")); !os.IsNotExist(err) &&
		!strings.Contains(err.Error(), "no such file") {
		t.Errorf("missing: %v", err)
	}
}

func TestOpenRunJSON(t *testing.T) {
	got, err := OpenRunJSON(writeFile(t, "run.json", []byte(`{"job_id": "17", "hosts": ["n1", "n\u001b[31m2"], "engine": "vllm",
		"traced_iterations": 2, "traced_tokens": 64, "versions": {"torch": "2.11"}, "replay": true, "later": 1, "world_size": "two"}`)))
	if err != nil {
		t.Fatal(err)
	}
	want := &model.RunInfo{
		JobID: "17", Hosts: []string{"n1", "n2"}, Engine: "vllm", Traced: 2, Tokens: 64, Replay: true,
		Versions: map[string]string{"torch": "2.11"},
		Notes:    []string{"run.json: world_size is string where int is expected: left out"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for name, text := range map[string]string{"empty": "", "cut": `{"job_id": "1`, "text": "hello"} {
		if info, err := OpenRunJSON(writeFile(t, "run.json", []byte(text))); err == nil || info != nil ||
			!strings.Contains(err.Error(), "run.json") {
			t.Errorf("%s: %+v, %v", name, info, err)
		}
	}
}

// FuzzTiming holds that reading a timing file never panics and never makes a
// number of what is none.
func FuzzTiming(f *testing.F) {
	f.Add([]byte(`{"iteration_times": [0.5, 0.6], "ttft_avg": 0.1, "unprofiled_ttft": [[0.1, 0.2], [0.3]], "output_tokens": [[4, 4], 8]}`))
	f.Add([]byte(`{"iteration_times": [NaN, 1e400, -1, null, "a", {}], "peak_memory_bytes": Infinity}`))
	f.Add([]byte(`{"unprofiled_tpot": [0.1`))
	f.Add([]byte(`{"iteration_times": [` + strings.Repeat("1", 309) + `, 5e-324]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		timing, err := parseTiming(text)
		if err != nil {
			return
		}
		for _, times := range []Times{timing.Traced, timing.Untraced} {
			for _, list := range slices.Concat([][]float64{times.Iterations, times.InputTokens, times.OutputTokens}, times.TTFT, times.TPOT) {
				for _, v := range list {
					if !(v >= 0 && v <= 1e21) { // the sum of an iteration's requests, at most
						t.Fatalf("%v is no measurement", v)
					}
				}
			}
		}
	})
}

// writeFile puts text in a new file of the test's own.
func writeFile(t testing.TB, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTimingSchema: docs/schema promises no key of a timing file that we do not read,
// and we read none that it does not name; least, most and mean of the iterations follow
// from their list.
func TestTimingSchema(t *testing.T) {
	text, err := os.ReadFile("../../docs/schema/timing_stats.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct{ Properties map[string]any }
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	for key := range schema.Properties {
		if timingFields[key] == nil && !strings.HasSuffix(key, "_iteration_time") && key != "energy_reason" { // which is a text
			t.Errorf("%s is in the schema and nobody reads it", key)
		}
	}
	for key := range timingFields {
		if schema.Properties[key] == nil {
			t.Errorf("%s is read and not in the schema", key)
		}
	}
}
