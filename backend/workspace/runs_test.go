package workspace

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/intake"
	"shardeck/model"
)

// age sets the time of files, in seconds after a fixed moment.
func age(t *testing.T, w *Workspace, seconds map[string]int) {
	t.Helper()
	for rel, s := range seconds {
		at := time.Unix(1_700_000_000+int64(s), 0)
		if err := os.Chtimes(w.Path(rel), at, at); err != nil {
			t.Fatal(err)
		}
	}
}

func names(runs []model.Run) []string {
	var out []string
	for _, r := range runs {
		out = append(out, r.Name)
	}
	return out
}

func TestRecognise(t *testing.T) {
	recognise := intake.Own
	for name, want := range map[string]string{
		"kineto_trace_0.json": "kineto 0", "kineto_trace_12.json.gz": "kineto 12", "rank3_trace.json": "kineto 3",
		"torch_et_1.json": "torch_et 1", "torch_et_1.json.gz": "torch_et 1", "timing_stats_0.json": "timing_stats 0",
		"timing_stats_0.json.gz": "timing_stats 0",
		"nsys_0.nsys-rep":        "nsys 0", "nsys_0.sqlite": "nsys 0", "nsys_2.csv": "nsys 2", "nsys_2_cuda_gpu_trace.csv": "nsys 2",
		"run.json": "run.json -1", "config.yaml": "config.yaml -1", "workload_card.yaml": "workload_card.yaml -1",
	} {
		if kind, rank, ok := recognise(name); !ok || fmt.Sprint(kind, " ", rank) != want {
			t.Errorf("%s: %s %d %v, want %s", name, kind, rank, ok, want)
		}
	}
	for _, name := range []string{"kineto_trace_.json", "kineto_trace_x.json", "kineto_trace_0.json.tmp", "kineto_trace_999999.json",
		".kineto_trace_0.json", "xkineto_trace_0.json", "config.yml", ""} {
		if kind, _, ok := recognise(name); ok {
			t.Errorf("%q is taken for %s", name, kind)
		}
	}
}

func TestRuns(t *testing.T) {
	w := newWorkspace(t, map[string]string{
		"experiments/configs/a.yaml":                      seedNamed("E1", "trace_collection/a"),
		"experiments/configs/far.yaml":                    seedNamed("E2", "results/far"),
		"experiments/configs/deep.yaml":                   seedNamed("E3", "trace_collection/sweep/deep"),
		"trace_collection/a/kineto_trace_0.json":          "{}",
		"trace_collection/a/.job":                         "12\n",
		"trace_collection/a@11/kineto_trace_0.json":       "{}",
		"trace_collection/a.tmp-13/timing_stats_0.json":   "{}",
		"trace_collection/empty/.keep":                    "",
		"trace_collection/foreign/data.csv":               "",
		"trace_collection/.hidden/kineto_trace_0.json":    "{}",
		"trace_collection/README.md":                      "",
		"trace_collection/sweep/deep/timing_stats_0.json": "{}",
		"results/far/timing_stats_0.json":                 "{}",
		"results/far@7/timing_stats_0.json":               "{}",
		"results/farther/timing_stats_0.json":             "{}",
		"results/far.tmp-8/timing_stats_0.json":           "{}",
	})
	age(t, w, map[string]int{"trace_collection/a/kineto_trace_0.json": 50, "trace_collection/a@11/kineto_trace_0.json": 40,
		"results/far/timing_stats_0.json": 30, "results/far@7/timing_stats_0.json": 20, "trace_collection/sweep/deep/timing_stats_0.json": 10})
	runs, err := w.Runs()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"a", "a@11", "results/far", "results/far@7", "sweep/deep"}, names(runs)); d != "" {
		t.Error(d)
	}
	for _, r := range runs {
		if r.Experiment == nil || r.Unfinished {
			t.Errorf("%s: experiment %v, unfinished %v, %s", r.Name, r.Experiment, r.Unfinished, r.Problem)
		}
	}
	if runs[0].JobID != "12" || runs[1].JobID != "11" || runs[3].JobID != "7" || runs[0].Experiment.ID != "E1" ||
		runs[3].Experiment.ID != "E2" {
		t.Errorf("%+v", runs)
	}
	for _, name := range []string{"a.tmp-13", "results/far.tmp-8"} {
		if r, err := w.Run(name); err != nil || r.Name != name || !r.Unfinished {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}

func TestNoRuns(t *testing.T) {
	w := &Workspace{Root: t.TempDir()}
	if runs, err := w.Runs(); err != nil || runs != nil {
		t.Error(runs, err)
	}
	if _, err := w.Run("x"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "no runs yet") {
		t.Error(err)
	}
}

func TestRunByName(t *testing.T) {
	w := newWorkspace(t, map[string]string{
		"experiments/configs/a.yaml":                      seedNamed("E1", "trace_collection/llama"),
		"experiments/configs/b.yaml":                      seedNamed("E2", "trace_collection/qwen"),
		"trace_collection/llama/timing_stats_0.json":      "{}",
		"trace_collection/llama@3/timing_stats_0.json":    "{}",
		"trace_collection/qwen.tmp-9/timing_stats_0.json": "{}",
		"trace_collection/void/.keep":                     "",
		"trace_collection/file":                           "",
	})
	for name, want := range map[string]string{"llama": "llama", "llama@3": "llama@3", "E1": "llama", "trace_collection/llama": "llama",
		"qwen.tmp-9": "qwen.tmp-9", "void": "void", w.Path("trace_collection/llama@3") + "/": "llama@3"} {
		if r, err := w.Run(name); err != nil || r.Name != want {
			t.Errorf("%s: %s, %v", name, r.Name, err)
		}
	}
	for name, want := range map[string]string{"lama": "did you mean llama?", "qwen": "job 9 writes, or left, trace_collection/qwen.tmp-9",
		"E2": "has not finished", "file": "the file is empty", "": "no run", "/nowhere": "there is no file or folder \"/nowhere\""} {
		if r, err := w.Run(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %s, %v, want %s", name, r.Name, err, want)
		}
	}
}

// TestRunReadsNoExperiments: one that lies there with its own config needs no other's.
func TestRunReadsNoExperiments(t *testing.T) {
	w := newWorkspace(t, map[string]string{
		"experiments/configs":                    "a file, so that reading the experiments fails",
		"trace_collection/x/config.yaml":         seedNamed("E1", "trace_collection/x"),
		"trace_collection/x/kineto_trace_0.json": "{}",
	})
	if r, err := w.Run("x"); err != nil || r.Experiment == nil || r.Experiment.ID != "E1" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := w.Run("y"); err == nil || !strings.Contains(err.Error(), ConfigsDir) {
		t.Errorf("a run that is not there, where the experiments cannot be read: %v", err)
	}
}

// TestRunUnderNsys: its folder is found by the experiment's id where there is no other, or
// where the config asks for nsys.
func TestRunUnderNsys(t *testing.T) {
	w := newWorkspace(t, map[string]string{
		"experiments/configs/a.yaml":                  seedNamed("E1", "trace_collection/a"),
		"experiments/configs/b.yaml":                  seedNamed("E2", "trace_collection/b"),
		"experiments/configs/c.yaml":                  seedNamed("E3", "results/c") + "profiling: {nsys: true}\n",
		"experiments/configs/d.yaml":                  seedNamed("E4", "trace_collection/d"),
		"trace_collection/a/timing_stats_0.json":      "{}",
		"trace_collection/a-nsys/timing_stats_0.json": "{}",
		"trace_collection/b-nsys/timing_stats_0.json": "{}",
		"results/c/timing_stats_0.json":               "{}",
		"results/c-nsys/timing_stats_0.json":          "{}",
		"trace_collection/d-nsys.tmp-7/run.json":      "{}",
	})
	for name, want := range map[string]string{"E1": "a", "a-nsys": "a-nsys", "E2": "b-nsys", "b": "b-nsys", "E3": "c-nsys"} {
		if r, err := w.Run(name); err != nil || filepath.Base(r.Dir) != want {
			t.Errorf("%s: %s, %v", name, r.Dir, err)
		}
	}
	if _, err := w.Run("E4"); err == nil || !strings.Contains(err.Error(), "has not finished") {
		t.Error(err)
	}
	runs, err := w.Runs()
	got := names(runs)
	slices.Sort(got)
	if err != nil || !slices.Equal(got, []string{"a", "a-nsys", "b-nsys", "results/c", "results/c-nsys"}) {
		t.Errorf("%v, %v", got, err)
	}
}

// TestRunByPathFromHere: a path counts from where the user stands.
func TestRunByPathFromHere(t *testing.T) {
	w := newWorkspace(t, nil)
	here := newWorkspace(t, map[string]string{"mine/timing_stats_0.json": "{}"})
	t.Chdir(here.Root)
	r, err := w.Run("mine")
	if err != nil || len(r.Files) != 1 {
		t.Fatal(r, err)
	}
	if got, _ := filepath.EvalSymlinks(r.Dir); got != evaluated(t, here.Path("mine")) {
		t.Errorf("found %s", r.Dir)
	}
}

// TestRunByDots: "." is where the user stands, not the folder of all runs.
func TestRunByDots(t *testing.T) {
	w := newWorkspace(t, map[string]string{"trace_collection/a/timing_stats_0.json": "{}"})
	t.Chdir(w.Path("trace_collection/a"))
	for _, name := range []string{".", "./", "../a", "./../a/"} {
		r, err := w.Run(name)
		if got, _ := filepath.EvalSymlinks(r.Dir); err != nil || got != evaluated(t, w.Path("trace_collection/a")) {
			t.Errorf("%s: found %q, %v", name, r.Dir, err)
		}
	}
	if r, err := w.Run("./a"); err == nil {
		t.Errorf("./a in a: found %s", r.Dir)
	}
}

func evaluated(t *testing.T, path string) string {
	t.Helper()
	out, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTwinsNewestWins(t *testing.T) {
	w := newWorkspace(t, map[string]string{
		"trace_collection/a/kineto_trace_0.json":    "old",
		"trace_collection/a/kineto_trace_0.json.gz": "newer",
		"trace_collection/a/kineto_trace_1.json":    "newer",
		"trace_collection/a/rank1_trace.json":       "old",
		"trace_collection/a/nsys_0.nsys-rep":        "",
		"trace_collection/a/nsys_0.sqlite":          "",
		"trace_collection/a/kineto_trace_10.json":   "",
		"trace_collection/a/kineto_trace_2.json":    "",
	})
	age(t, w, map[string]int{"trace_collection/a/kineto_trace_0.json": 1, "trace_collection/a/kineto_trace_0.json.gz": 2,
		"trace_collection/a/kineto_trace_1.json": 2, "trace_collection/a/rank1_trace.json": 1})
	r, err := w.Run("a")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range r.Files {
		got = append(got, filepath.Base(f.Path))
	}
	want := []string{"kineto_trace_0.json.gz", "kineto_trace_1.json", "kineto_trace_2.json", "kineto_trace_10.json",
		"nsys_0.nsys-rep", "nsys_0.sqlite"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !r.LeftOut {
		t.Error("nothing is said to be left out")
	}
	for _, text := range []string{"rank 0 has both kineto_trace_0.json and kineto_trace_0.json.gz: the newer kineto_trace_0.json.gz is read",
		"rank 1 has both rank1_trace.json and kineto_trace_1.json"} {
		if !strings.Contains(strings.Join(r.Warnings, "\n"), text) {
			t.Errorf("no warning %s in %q", text, r.Warnings)
		}
	}
}

// TestRunConfig: what a run was, from its own config.yaml or the experiment that
// writes there; keys of another version do no harm, wrong values do.
func TestRunConfig(t *testing.T) {
	for name, c := range map[string]struct {
		config           string
		id, problem, say string
	}{
		"own":     {seedNamed("E9", "trace_collection/a"), "E9", "", ""},
		"foreign": {seedNamed("E9", "a b") + "newer_key: 1\n", "E9", "", `unknown key "newer_key"`},
		"broken":  {"a: [", "", "config.yaml:1:1: is not YAML", ""},
		"wrong":   {strings.Replace(seedConfig, "tp: 4", "tp: x", 1), "", "parallelism.tp", ""},
		"none":    {"", "E1", "", "taken from experiments/configs/a.yaml"},
	} {
		w := newWorkspace(t, map[string]string{
			"experiments/configs/a.yaml":             seedNamed("E1", "trace_collection/a"),
			"trace_collection/a/timing_stats_0.json": "{}",
		})
		if c.config != "" {
			write(t, w, "trace_collection/a/config.yaml", c.config)
		}
		r, err := w.Run("a")
		if err != nil {
			t.Fatal(err)
		}
		id := ""
		if r.Experiment != nil {
			id = r.Experiment.ID
		}
		if id != c.id || !strings.Contains(r.Problem, c.problem) || (c.problem == "") != (r.Problem == "") ||
			!strings.Contains(strings.Join(r.Warnings, "\n"), c.say) || len(r.Warnings) > 1 {
			t.Errorf("%s: id %q, problem %q, warnings %q", name, id, r.Problem, r.Warnings)
		}
	}
	w := newWorkspace(t, map[string]string{"trace_collection/x/timing_stats_0.json": "{}"})
	if r, err := w.Run("x"); err != nil || r.Experiment != nil || !strings.Contains(r.Problem, "no config.yaml in trace_collection/x") {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestRunJSON(t *testing.T) {
	w := newWorkspace(t, map[string]string{
		"trace_collection/a/run.json":    `{"engine": "replay", "job_id": "44"}`,
		"trace_collection/b/run.json":    `{"engine": `,
		"trace_collection/b/.job":        "../../etc/passwd\n",
		"trace_collection/c/config.yaml": seedNamed("E1", "trace_collection/c") + "engine: replay\n",
	})
	if r, err := w.Run("a"); err != nil || !r.Replay || r.JobID != "44" {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := w.Run("b"); err != nil || r.Replay || r.JobID != "" ||
		!strings.Contains(strings.Join(r.Warnings, " "), "run.json is not used") {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := w.Run("c"); err != nil || !r.Replay {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestUnreadableFilesAreTold(t *testing.T) {
	w := newWorkspace(t, map[string]string{"trace_collection/a/timing_stats_0.json": "{}"})
	if err := os.Symlink("nowhere", w.Path("trace_collection/a/kineto_trace_0.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(w.Path("trace_collection/a/torch_et_0.json"), 0o755); err != nil {
		t.Fatal(err)
	}
	r, err := w.Run("a")
	if err != nil || len(r.Files) != 1 || len(r.Warnings) < 2 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestRecordings: every recorded run is found with its files, ranks and config.
func TestRecordings(t *testing.T) {
	demo, err := filepath.Abs("../../templates/demo")
	if err != nil {
		t.Fatal(err)
	}
	w := &Workspace{Root: t.TempDir()}
	r, err := w.Run(filepath.Join(demo, "llama-8b-tp2"))
	if errors.Is(err, ErrNotFound) {
		t.Skip("no demo recordings in this checkout")
	}
	if err != nil || r.Experiment == nil || r.Experiment.Layout.TP != 2 || r.Replay || r.Problem != "" {
		t.Fatalf("%+v, %v", r, err)
	}
	count := map[model.FileKind]int{}
	for _, f := range r.Files {
		count[f.Kind]++
		if f.Size == 0 {
			t.Errorf("%s has no size", f.Path)
		}
	}
	if count[model.FileKineto] != 2 || count[model.FileTiming] != 2 || count[model.FileConfig] != 1 {
		t.Errorf("%v", count)
	}
}
