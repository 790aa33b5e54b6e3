package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"gopkg.in/yaml.v3"

	"shardeck/model"
	"shardeck/templates"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const fast = 0.002 // of the recorded pace

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const tp2 = `experiment_id: X.1
description: two GPUs
engine: replay
model: {name: meta-llama/Llama-3.1-8B-Instruct}
parallelism: {tp: 2}
data: {batch_size: 4, seq_len: 2048, max_tokens: 4}
profile_iterations: 3
output_dir: trace_collection/x
profiling: {trace_tokens: auto}
`

func readInfo(t *testing.T, dir string) model.RunInfo {
	t.Helper()
	var info model.RunInfo
	readJSON(t, filepath.Join(dir, "run.json"), &info)
	return info
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestRunWritesWhatARunnerWrites(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "x.tmp-7")
	var log bytes.Buffer
	err := Run(t.Context(), Options{Config: writeConfig(t, tp2), OutputDir: dir, Factor: fast, JobID: "7", Out: &log})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"config.yaml", "kineto_trace_0.json.gz", "kineto_trace_1.json.gz", "run.json", "timing_stats_0.json",
		"timing_stats_1.json"}
	if diff := cmp.Diff(want, names(t, dir)); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"kineto_trace_0.json.gz", "kineto_trace_1.json.gz", "timing_stats_0.json", "timing_stats_1.json"} {
		got, _ := os.ReadFile(filepath.Join(dir, name))
		recorded, err := fs.ReadFile(templates.FS, "demo/llama-8b-tp2/"+name)
		if err != nil || !bytes.Equal(got, recorded) {
			t.Errorf("%s is not what was recorded (%v)", name, err)
		}
	}
	info := readInfo(t, dir)
	if info.Status != model.RunComplete || !info.Replay || info.JobID != "7" || info.Timed != 3 || info.Traced != 2 ||
		info.Tokens != 4 || info.WorldSize != 2 {
		t.Errorf("run.json says %+v", info)
	}
	if notes := strings.Join(info.Notes, "\n"); !strings.Contains(notes, "profile_iterations 3, the recording has 2") {
		t.Errorf("the notes hide that it was recorded otherwise: %s", notes)
	}
}

func TestConfigSaysWhatWasRecorded(t *testing.T) {
	dir := t.TempDir()
	if err := Run(t.Context(), Options{Config: writeConfig(t, tp2), OutputDir: dir, Factor: fast, Out: &bytes.Buffer{}}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var e model.Experiment
	if err := yaml.Unmarshal(b, &e); err != nil {
		t.Fatal(err)
	}
	if e.ID != "X.1" || e.Description != "replay: two GPUs" || e.Engine != model.EngineReplay || e.OutputDir != "trace_collection/x" {
		t.Errorf("the config does not name the experiment: %+v", e)
	}
	if e.Data.MaxTokens != 4 || e.Model.Layers != 32 || e.Replay.Recording != "llama-8b-tp2" || e.Layout.TP != 2 {
		t.Errorf("the config does not describe the recording: %+v", e)
	}
}

func TestLogLinesAreInOrder(t *testing.T) {
	var log bytes.Buffer
	if err := Run(t.Context(), Options{Config: writeConfig(t, tp2), OutputDir: t.TempDir(), Factor: fast, Out: &log}); err != nil {
		t.Fatal(err)
	}
	rest := log.String()
	var want []string
	for _, s := range model.Stages() {
		want = append(want, s.Line())
	}
	want = slices.Insert(want, 5, model.IterationLine(1, 3, model.StageTiming), model.IterationLine(3, 3, model.StageTiming))
	want = append([]string{"shardeck: replay of llama-8b-tp2"}, want...)
	for _, line := range want {
		_, after, ok := strings.Cut(rest, line)
		if !ok {
			t.Fatalf("no %q, or out of order, in\n%s", line, log.String())
		}
		rest = after
	}
}

// stopper ends a context when a line of the log begins with a word.
type stopper struct {
	at   string
	stop context.CancelCauseFunc
}

func (s stopper) Write(b []byte) (int, error) {
	if strings.HasPrefix(string(b), s.at) {
		s.stop(errors.New("terminated"))
	}
	return len(b), nil
}

func TestStopKeepsWhatWasMeasured(t *testing.T) {
	for _, c := range []struct {
		at     string
		timed  int
		status model.RunStatus
		files  []string
	}{
		{model.StageWeights.Line(), 0, model.RunFailed, []string{"config.yaml", "run.json"}},
		{model.IterationLine(2, 3, model.StageTiming), 2, model.RunPartial,
			[]string{"config.yaml", "run.json", "timing_stats_0.json", "timing_stats_1.json"}},
		{model.IterationLine(1, 2, model.StageProfiling), 3, model.RunPartial,
			[]string{"config.yaml", "run.json", "timing_stats_0.json", "timing_stats_1.json"}},
		{model.StageWriting.Line(), 3, model.RunPartial, []string{"config.yaml", "run.json", "timing_stats_0.json", "timing_stats_1.json"}},
	} {
		t.Run(c.at, func(t *testing.T) {
			ctx, stop := context.WithCancelCause(t.Context())
			defer stop(nil)
			dir := t.TempDir()
			err := Run(ctx, Options{Config: writeConfig(t, tp2), OutputDir: dir, Factor: 0.05, Out: stopper{c.at, stop}})
			if !errors.Is(err, ErrStopped) || ExitCode(err) != model.ExitPartial || !strings.Contains(err.Error(), "terminated") {
				t.Fatalf("Run = %v", err)
			}
			if diff := cmp.Diff(c.files, names(t, dir)); diff != "" {
				t.Error(diff)
			}
			info := readInfo(t, dir)
			if info.Status != c.status || info.Timed != c.timed || info.Traced != 0 || len(info.Missing) == 0 || info.ExitCode != model.ExitPartial {
				t.Errorf("run.json says %+v", info)
			}
			if c.timed > 0 {
				var got timing
				readJSON(t, filepath.Join(dir, "timing_stats_1.json"), &got)
				if len(got.Timed) != c.timed || len(got.TTFT) != c.timed || got.Traced != nil {
					t.Errorf("timing_stats_1.json holds %+v", got)
				}
			}
		})
	}
}

func TestPaceFollowsTheRecording(t *testing.T) {
	start := time.Now()
	if err := Run(t.Context(), Options{Config: writeConfig(t, tp2), OutputDir: t.TempDir(), Factor: 0.02, Out: &bytes.Buffer{}}); err != nil {
		t.Fatal(err)
	}
	// 8.5 s of stages, 2 flushes, and about 1 s of iterations.
	if got, least := time.Since(start), 200*time.Millisecond; got < least {
		t.Errorf("a replay at 0.02 took %v, want at least %v", got, least)
	}
}

// TestUntraced: a config that asks for a workload of the untraced recordings gets that one, with its times and no traces.
func TestUntraced(t *testing.T) {
	const tp1 = "model: {name: meta-llama/Llama-3.1-8B}\nreplay: {factor: 0.0001}\n"
	for data, want := range map[string]string{"{batch_size: 16, seq_len: 512, max_tokens: 64}": "tp1-b16-s512",
		"{batch_size: 4, seq_len: 2048, max_tokens: 4}": "llama-8b-tp1"} {
		dir := t.TempDir()
		if err := Run(t.Context(), Options{Config: writeConfig(t, tp1+"data: "+data), OutputDir: dir, Out: &bytes.Buffer{}}); err != nil {
			t.Fatal(err)
		}
		info := readInfo(t, dir)
		traces, _ := filepath.Glob(dir + "/kineto_trace_*")
		untraced := strings.HasPrefix(want, "tp1-")
		if !strings.HasPrefix(info.ReplayOf, want+":") || untraced != (len(traces) == 0) || untraced != (len(info.Missing) == 1) ||
			info.Timed == 0 {
			t.Errorf("%s played %+v with %d traces; want %s", data, info, len(traces), want)
		}
	}
}

func TestRefusals(t *testing.T) {
	held := t.TempDir()
	if err := os.WriteFile(filepath.Join(held, "run.json"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ config, dir, says string }{
		"no recording":   {"model: {name: meta-llama/Llama-3.1-8B}\nparallelism: {tp: 4}", t.TempDir(), "no recording of Llama-3.1-8B with TP4"},
		"other model":    {"model: {name: Qwen/Qwen3-32B}", t.TempDir(), "no recording of Qwen3-32B"},
		"not YAML":       {"model: [", t.TempDir(), "yaml:"},
		"wrong type":     {"parallelism: {tp: two}", t.TempDir(), "cannot unmarshal"},
		"unknown name":   {"replay: {recording: nope}", t.TempDir(), `no recording is called "nope"; there are`},
		"path as name":   {"replay: {recording: ../sweep}", t.TempDir(), "no recording is called"},
		"negative pace":  {tp2 + "replay: {factor: -1}", t.TempDir(), "-1 is no pace"},
		"infinite pace":  {tp2 + "replay: {factor: .inf}", t.TempDir(), "is no pace"},
		"NaN":            {tp2 + "replay: {factor: .nan}", t.TempDir(), "is no pace"},
		"holds a run":    {tp2, held, "holds a run already (run.json)"},
		"empty":          {"", t.TempDir(), "no recording of"},
		"huge layout":    {"model: {name: meta-llama/Llama-3.1-8B}\nparallelism: {tp: 9999999999}", t.TempDir(), "no recording"},
		"missing config": {"\x00", t.TempDir(), "yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			before := names(t, c.dir)
			err := Run(t.Context(), Options{Config: writeConfig(t, c.config), OutputDir: c.dir, Out: &bytes.Buffer{}})
			if err == nil || !strings.Contains(err.Error(), c.says) || ExitCode(err) != model.ExitConfig {
				t.Errorf("Run = %v, want %q", err, c.says)
			}
			if diff := cmp.Diff(before, names(t, c.dir)); diff != "" {
				t.Error("something was written:", diff)
			}
		})
	}
	if err := Run(t.Context(), Options{Config: "nowhere.yaml", OutputDir: t.TempDir()}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Run without a config = %v", err)
	}
}

func TestRecordingByNameAndLayout(t *testing.T) {
	for _, r := range Recordings() {
		got, err := For(model.Experiment{Replay: model.Replay{Recording: r.Name}})
		if err != nil || got.dir != r.dir {
			t.Errorf("For(%q) = %+v, %v", r.Name, got, err)
		}
		found, err := For(of(r.Model.Name, r.Layout))
		want := strings.TrimSuffix(strings.TrimPrefix(r.Name, "vllm-"), "-slow-gpu") // the plain one, by the shortest name
		if err != nil || found.Name != want {
			t.Errorf("For(%s, %s) = %q, %v; want %q", r.Model.Name, r.Layout, found.Name, err, want)
		}
		if n := len(r.files("kineto_trace_*")); n != r.Layout.GPUs() {
			t.Errorf("%s has %d traces for %d ranks", r.Name, n, r.Layout.GPUs())
		}
	}
	if n := len(Recordings()); n != 8 {
		t.Errorf("%d recordings, want 8", n)
	}
	replicas := model.Layout{TP: 1, PP: 1, DPReplicate: 2, DPShard: 1, EP: 2}
	if r, err := For(of("deepseek-ai/DeepSeek-V2-Lite-Chat", replicas)); err != nil || r.Name != "deepseek-v2-lite-ep2" {
		t.Errorf("the two kinds of data parallelism are told apart: %v, %v", r.Name, err)
	}
	e := model.Defaults()
	e.Replay.Recording = "llama-8b-tp2-slow-gpu"
	if r, err := For(e); err != nil || r.Name != e.Replay.Recording {
		t.Errorf("For = %v, %v", r.Name, err)
	}
}

// of is an experiment of a model and layout.
func of(name string, l model.Layout) model.Experiment {
	return model.Experiment{Model: model.ModelRef{Name: name}, Layout: l}
}

func ExampleFor() {
	r, _ := For(of("meta-llama/Llama-3.1-8B", model.Layout{TP: 2, PP: 1, DPReplicate: 1, DPShard: 1, EP: 1}))
	fmt.Println(r.Name, r.Layout, r.Data)
	// Output: llama-8b-tp2 TP2 PP1 DP1 EP1 {4 2048 4}
}

// Between points the job's rule says what comes next, and what is passed over: it leaves nothing, and is said. Where the rule says
// nothing, all are played in the order of their list.
func TestTurns(t *testing.T) {
	for _, c := range []struct{ name, rule, want string }{
		{"an order", `printf '{"next": ["b"], "passed": {}}'`, "b a c"},
		{"passed over", `case $# in 3) printf '{"next": ["c", "a", "b"]}' ;; *) printf '{"passed": {"a": "at most 3", "b": "at most 4"}}' ;; esac`, "c"},
		{"no answer", "echo nobody is there >&2; false", "a b c"},
		{"no JSON", "echo 3", "a b c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			var entries []point
			for _, id := range []string{"a", "b", "c"} {
				entries = append(entries, point{writeConfig(t, strings.Replace(tp2, "X.1", id, 1)), filepath.Join(dir, id)})
			}
			text, _ := json.Marshal(entries)
			file := filepath.Join(dir, "points.json")
			if err := os.WriteFile(file, text, 0o644); err != nil {
				t.Fatal(err)
			}
			t.Setenv(Next, c.rule)
			t.Setenv(Publish, `mv "$2" "$3"`)
			var log bytes.Buffer
			if err := RunPoints(t.Context(), Options{Points: file, Factor: fast, JobID: "7", Out: &log}); err != nil {
				t.Fatal(err)
			}
			var played []string
			for _, m := range regexp.MustCompile(`shardeck: point \d of 3: (\w)`).FindAllStringSubmatch(log.String(), -1) {
				played = append(played, m[1])
			}
			if got := strings.Join(played, " "); got != c.want {
				t.Errorf("played %s; want %s\n%s", got, c.want, log.String())
			}
			left, _ := filepath.Glob(dir + "/[abc]*")
			if len(left) != len(played) {
				t.Errorf("left %v after %v", left, played)
			}
			if last := readInfo(t, filepath.Join(dir, played[len(played)-1])); last.Shared == nil || last.Shared.Position != len(played) {
				t.Errorf("%s ran as %+v", played[len(played)-1], last.Shared)
			}
			if said := strings.Contains(log.String(), "so all are measured"); said != strings.HasPrefix(c.name, "no ") {
				t.Errorf("%s", log.String())
			}
		})
	}
}
