package replay

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"shardeck/model"
)

// demoFiles maps every file of a folder to its text.
func demoFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		rel, _ := filepath.Rel(dir, p)
		all[rel] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestDemoIsWhole(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	if err := WriteDemo(dir); err != nil {
		t.Fatal(err)
	}
	files := demoFiles(t, dir)
	for _, want := range []string{
		"README.md", "shardeck.yaml", "sites/demo.yaml",
		"trace_collection/llama-8b-tp2-slow-gpu/kineto_trace_1.json.gz",
		"trace_collection/deepseek-v2-lite-ep2/run.json",
		"trace_collection/tp1-b4-s2048/timing_stats_0.json",
	} {
		if files[want] == "" {
			t.Errorf("%s is missing or empty", want)
		}
	}
	for name, text := range files {
		if strings.Contains(name, ".laying-out") || strings.Contains(name, "llama-8b-pp2/") {
			t.Errorf("%s should not be there", name)
		}
		if filepath.Base(name) == "run.json" && !strings.Contains(text, `"replay": true`) {
			t.Errorf("%s is not labelled a replay", name)
		}
	}
}

// TestEveryDemoExperimentCanBeReplayed holds each config of the demo to the
// recording it plays: same workload, depth and place, so nothing needs a note.
func TestEveryDemoExperimentCanBeReplayed(t *testing.T) {
	dir := t.TempDir()
	if err := WriteDemo(dir); err != nil {
		t.Fatal(err)
	}
	configs, _ := filepath.Glob(filepath.Join(dir, "experiments", "configs", "*.yaml"))
	played := map[string]bool{}
	for _, c := range configs {
		text, err := os.ReadFile(c)
		if err != nil {
			t.Fatal(err)
		}
		e := model.Defaults()
		d := yaml.NewDecoder(bytes.NewReader(text))
		d.KnownFields(true)
		if err := d.Decode(&e); err != nil {
			t.Fatalf("%s: %v", c, err)
		}
		r, err := For(e)
		if err != nil {
			t.Errorf("%s: %v", c, err)
			continue
		}
		played[r.Name] = true
		if e.OutputDir != "trace_collection/"+r.Name || e.Layout != r.Layout || e.Engine != model.EngineReplay {
			t.Errorf("%s does not lead to the run %s: %+v", c, r.Name, e)
		}
		if !strings.HasPrefix(filepath.Base(c), e.ID+"_") || !strings.HasPrefix(string(text), "# ") {
			t.Errorf("%s: the file should be named after %s and begin with a comment", c, e.ID)
		}
		parsed, err := parseConfig(text, model.Defaults())
		if err != nil || len((Play{Recording: r}).differences(parsed)) != 1 {
			t.Errorf("%s asks for something else than was recorded: %v %v", c, Play{Recording: r}.differences(parsed), err)
		}
	}
	if len(played) != len(Recordings()) {
		t.Errorf("the experiments play %v of %d recordings", played, len(Recordings()))
	}
}

func TestSecondStartKeepsWhatIsThere(t *testing.T) {
	dir := t.TempDir()
	if err := WriteDemo(dir); err != nil {
		t.Fatal(err)
	}
	edited := filepath.Join(dir, "experiments", "configs", "E1.1_llama8b_baseline.yaml")
	if err := os.WriteFile(edited, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	gone := filepath.Join(dir, "trace_collection", "tp1-b1-s512")
	if err := os.RemoveAll(gone); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "trace_collection", "llama-8b-tp1", "run.json")); err != nil {
		t.Fatal(err)
	}
	before := demoFiles(t, dir)
	if err := WriteDemo(dir); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, demoFiles(t, dir)); diff != "" {
		t.Error("the second start changed something:", diff)
	}
	if err := os.Remove(filepath.Join(dir, laidOut)); err != nil { // as a first start that was broken off leaves it
		t.Fatal(err)
	}
	if err := WriteDemo(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(gone, "run.json")); err != nil {
		t.Error("a start that goes on should lay out the run:", err)
	}
}

func TestDemoWithoutPermission(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	if err := WriteDemo(filepath.Join(dir, "demo")); err == nil {
		t.Error("no error where nothing can be written")
	}
}

func TestDemoWhereAFileStandsInTheWay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteDemo(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("WriteDemo = %v, want an error that names the file", err)
	}
}
