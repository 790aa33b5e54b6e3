package probe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"shardeck/model"
)

// answers makes options whose programs answer by the first key that their command
// line holds; others fail.
func answers(env map[string]string, programs string, said map[string]string) Options {
	o := world(env, programs)
	o.Run = func(_ context.Context, program string, args ...string) (string, error) {
		line := program + " " + strings.Join(args, " ")
		keys := slices.Collect(maps.Keys(said)) // the longest first: one may stand inside another's line
		slices.SortFunc(keys, func(a, b string) int { return len(b) - len(a) })
		for _, key := range keys {
			if strings.Contains(line, key) {
				return said[key], nil
			}
		}
		return "", errors.New("exit status 91: no\x1b[31m such thing")
	}
	o.Statfs = func(_ string, s *syscall.Statfs_t) error {
		*s = syscall.Statfs_t{Bsize: 4096, Bavail: 100 << 18, Files: 1 << 20, Ffree: 1 << 20}
		return nil
	}
	return o
}

// levels lists lines as "what level", those that must be shown with their fix.
func levels(t *testing.T, lines []Line) string {
	t.Helper()
	var out []string
	for _, l := range lines {
		if (l.Fix == "") != (l.Level == Pass) || l.Text == "" || strings.ContainsAny(l.Text+l.Fix, "\x1b\n") {
			t.Errorf("line %+v", l)
		}
		out = append(out, l.What+" "+string(l.Level))
	}
	return strings.Join(out, ", ")
}

const healthy = "shardeck-probe python 3.12.4 /env/bin/python3\nshardeck-probe vllm 0.11.0\nshardeck-probe torch " +
	"2.8.0+cu128\nshardeck-probe PyYAML 6.0.2\n"

func TestSoftware(t *testing.T) {
	for _, test := range []struct {
		name   string
		target Target
		said   string // by the environment's Python; empty: it cannot be entered
		want   string
		fix    string // among the fixes
	}{
		{"all is there", Target{Runtime: "conda", Name: "v"}, healthy, "python pass, vllm pass, torch pass, PyYAML pass", ""},
		{"no vLLM", Target{Runtime: "conda", Name: "v"}, strings.Replace(healthy, "vllm 0.11.0", "vllm", 1),
			"python pass, vllm fail, torch pass, PyYAML pass", "pip install vllm"},
		{"old vLLM", Target{Runtime: "venv", Name: "/v"}, strings.Replace(healthy, "0.11.0", "0.6.3.post1", 1),
			"python pass, vllm fail, torch pass, PyYAML pass", "pip install --upgrade vllm"},
		{"old Python", Target{}, strings.Replace(healthy, "3.12.4", "3.6.8", 1), "python fail, vllm pass, torch pass, PyYAML pass",
			"python=3.12"},
		{"a version of a developer", Target{}, strings.Replace(healthy, "0.11.0", "dev", 1),
			"python pass, vllm pass, torch pass, PyYAML pass", ""},
		{"noise before the answer", Target{}, "Lmod is automatically replacing\n\x1b[1m" + healthy,
			"python pass, vllm pass, torch pass, PyYAML pass", ""},
		{"no such environment", Target{Runtime: "conda", Name: "v"}, "", "environment fail", "conda create -n v"},
		{"no such image", Target{Runtime: "shifter", Name: "vllm/x:1"}, "", "environment fail", "shifterimg pull vllm/x:1"},
		{"unknown kind", Target{Runtime: "spack"}, healthy, "environment fail", ""},
		{"replays need none", Target{Replay: true}, "", "", ""},
	} {
		said := map[string]string{}
		if test.said != "" {
			said["shardeck-probe"] = test.said
		}
		if test.target.Runtime == "spack" { // there is nothing to do but to correct it
			lines := software(t.Context(), test.target, answers(nil, "", said).orHere())
			if len(lines) != 1 || lines[0].Level != Fail {
				t.Errorf("%s: %+v", test.name, lines)
			}
			continue
		}
		lines := software(t.Context(), test.target, answers(nil, "", said).orHere())
		if got := levels(t, lines); got != test.want || !strings.Contains(fmt.Sprint(lines), test.fix) {
			t.Errorf("%s: %s\nwant %s with %s in %+v", test.name, got, test.want, test.fix, lines)
		}
	}
}

// TestKnownEngine: what the environment says of its arguments is kept, until it is another one.
func TestKnownEngine(t *testing.T) {
	dir := t.TempDir()
	kept, folder := filepath.Join(dir, "engine.json"), filepath.Join(dir, "vllm-0.11.0.dist-info")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	says := healthy + "shardeck-probe arguments model max_num_seqs\nshardeck-probe folder " + folder + "\n"
	target := Target{Runtime: "conda", Name: "v", Kept: kept}
	if got := levels(t, software(t.Context(), target, answers(nil, "", map[string]string{"shardeck-probe": says}).
		orHere())); got != "python pass, vllm pass, torch pass, PyYAML pass" {
		t.Errorf("lines %s", got)
	}
	e, ok := KnownEngine(kept, model.Runtime{Kind: "conda", Name: "v"})
	if !ok || e.Release != "0.11.0" || !slices.Equal(e.Arguments, []string{"model", "max_num_seqs"}) {
		t.Errorf("kept %+v, %v", e, ok)
	}
	if _, ok := KnownEngine(kept, model.Runtime{Kind: "conda", Name: "w"}); ok {
		t.Error("of another environment")
	}
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	if _, ok := KnownEngine(kept, model.Runtime{Kind: "conda", Name: "v"}); ok {
		t.Error("of a release that is gone")
	}
	target.Kept = filepath.Join(dir, "none")
	software(t.Context(), target, answers(nil, "", map[string]string{"shardeck-probe": healthy}).orHere())
	if _, err := os.Stat(target.Kept); err == nil {
		t.Error("kept though nothing was said")
	}
}

// TestRealPython asks the Python of this machine, as Environment does.
func TestRealPython(t *testing.T) {
	o := Options{}.orHere()
	if _, err := o.Look("python3"); err != nil {
		t.Skip("no python3 on this machine")
	}
	lines := software(t.Context(), Target{Runtime: "none"}, o)
	if len(lines) != 4 || lines[0].What != "python" || !strings.HasPrefix(lines[0].Text, "3.") {
		t.Errorf("%+v", lines)
	}
	lines = software(t.Context(), Target{Runtime: "venv", Name: "/nowhere'; touch pwned; '"}, o)
	if len(lines) != 1 || lines[0].Level != Fail {
		t.Errorf("%+v", lines)
	}
	if _, err := os.Stat("pwned"); err == nil {
		t.Error("the name of an environment was run")
	}
}

// TestNoAnswer: a program that hangs is ended with all it started.
func TestNoAnswer(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := run(ctx, "bash", "-c", "sleep 765 & sleep 765"); err == nil || !strings.Contains(err.Error(), "no answer") ||
		time.Since(start) > time.Minute {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	if _, err := run(t.Context(), "bash", "-c", "echo first >&2; echo the cause >&2; exit 3"); err == nil || err.Error() != "the cause" {
		t.Errorf("%v", err)
	}
}

// A GPU that another process holds is told with what is left, and what may be asked for.
func TestFreeMemory(t *testing.T) {
	smi := map[string]string{"memory.free": "0, 11900, 40960\n1, 40400, 40960\n[N/A], 1, 2\n"}
	lines := freeMemory(t.Context(), Target{Utilization: 0.9}, answers(nil, "", smi))
	if got := levels(t, lines); got != "GPU 0 warn" || !strings.Contains(lines[0].Text, "11.6 of 40.0 GiB are free") ||
		!strings.HasSuffix(lines[0].Fix, "below 0.29") {
		t.Errorf("%s: %+v", got, lines)
	}
	if lines := freeMemory(t.Context(), Target{Utilization: 0.28}, answers(nil, "", smi)); lines != nil {
		t.Errorf("enough is free: %+v", lines)
	}
	if lines := freeMemory(t.Context(), Target{}, answers(nil, "", smi)); lines != nil {
		t.Errorf("jobs run elsewhere: %+v", lines)
	}
}

func TestQuotas(t *testing.T) {
	for text, want := range map[string]string{
		`[{"fs": "home", "space_perc": "12.3%", "inode_perc": 91}, {"fs": "pscratch", "space_perc": 100.2, "inode_perc": "4%"}]`: "quota home pass, quota home warn, quota pscratch fail, quota pscratch pass",
		`{"quotas": [{"fs": "cfs", "space_perc": 40}]}`: "quota cfs pass",
		`[]`:                "quota warn",
		`FILESYSTEM  SPACE`: "quota warn",
		`[{"fs": "home", "space_perc": null}, {"space_perc": 3}, {"x":1}]`: "quota warn",
	} {
		lines := quota(t.Context(), Target{}, answers(nil, "showquota", map[string]string{"showquota -J": text}))
		if got := levels(t, lines); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	if lines := quota(t.Context(), Target{}, answers(nil, "", nil)); lines != nil {
		t.Errorf("without showquota: %+v", lines)
	}
	if got := levels(t, quota(t.Context(), Target{}, answers(nil, "showquota", nil))); got != "quota warn" {
		t.Errorf("showquota fails: %s", got)
	}
}

func TestEnvironment(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	target := Target{Runtime: "module", Name: "pytorch/2.8.0", Modules: []string{"nccl/2"}, Nsys: true, Workspace: dir,
		Outputs: []string{filepath.Join(dir, "trace_collection/a"), filepath.Join(dir, "trace_collection/b"), filepath.Join(file, "c")}}
	said := map[string]string{"shardeck-probe": healthy, "nsys --version": "NVIDIA Nsight Systems version 2025.3.1\n",
		"type module": "", "probe pytorch": ""}
	want := "python pass, vllm pass, torch pass, PyYAML pass, nsys pass, module nccl/2 fail, module pytorch/2.8.0 pass, disk pass, " +
		"inodes pass, output pass, output fail"
	if got := levels(t, Environment(t.Context(), target, answers(nil, "nsys", said))); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	o := answers(nil, "", map[string]string{"shardeck-probe": healthy})
	o.Statfs = func(_ string, s *syscall.Statfs_t) error {
		*s = syscall.Statfs_t{Bsize: 4096, Bavail: 1 << 20, Files: 10, Ffree: 5}
		return nil
	}
	want = "python pass, vllm pass, torch pass, PyYAML pass, nsys warn, modules fail, disk warn, inodes fail, output pass, output fail"
	if got := levels(t, Environment(t.Context(), target, o)); got != want {
		t.Errorf("a poor machine: %s\nwant %s", got, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if lines := Environment(ctx, target, o); lines != nil {
		t.Errorf("after its end: %+v", lines)
	}
}

// FuzzAnswers: whatever programs print, lines are safe to show.
func FuzzAnswers(f *testing.F) {
	f.Add(healthy, `[{"fs": "home", "space_perc": "12.3%", "inode_perc": 91}]`)
	f.Add("shardeck-probe vllm \x1b[2J", `{"q": [{"fs": "\u001b[31m", "space_perc": -1e300}]}`)
	f.Fuzz(func(t *testing.T, python, showquota string) {
		for _, l := range append(software(t.Context(), Target{},
			answers(nil, "", map[string]string{"shardeck-probe": python}).orHere()), quotas(showquota)...) {
			if strings.ContainsAny(l.What+l.Text+l.Fix, "\x1b\n\x07") || l.Text == "" || (l.Fix == "") != (l.Level == Pass) {
				t.Fatalf("line %+v", l)
			}
		}
	})
}
