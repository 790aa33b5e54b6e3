package render

import (
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"shardeck/model"
	"shardeck/templates"
)

func builtinShapes(t *testing.T) []model.Shape {
	t.Helper()
	data, err := templates.FS.ReadFile("models.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Models []model.Shape }
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return file.Models
}

// runnerFolder writes the runner with some shapes, as a workspace has it.
func runnerFolder(t *testing.T, shapes []model.Shape) string {
	t.Helper()
	files, err := Runner()
	if err != nil {
		t.Fatal(err)
	}
	models, err := Models(shapes)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "experiments/shardeck_runner"), 0o755); err != nil {
		t.Fatal(err)
	}
	files["experiments/shardeck_runner/models.json"] = models
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "experiments")
}

// TestRunnerHasEveryModule: the package's own file begins with a _, which a folder
// given to go:embed leaves out.
func TestRunnerHasEveryModule(t *testing.T) {
	files, err := Runner()
	if err != nil {
		t.Fatal(err)
	}
	want, err := filepath.Glob("../../templates/runner/shardeck_runner/*.py")
	if err != nil {
		t.Fatal(err)
	}
	for i, path := range want {
		want[i] = "experiments/shardeck_runner/" + filepath.Base(path)
	}
	want, got := append(want, "experiments/vllm_profiler.py"), slices.Sorted(maps.Keys(files))
	if d := cmp.Diff(want, got); d != "" || !slices.Contains(got, "experiments/shardeck_runner/__init__.py") {
		t.Errorf("files of templates/runner (-) and those embedded (+) differ:\n%s", d)
	}
}

// TestModelsReachTheRunner: Python reads out of the generated folder what models.yaml
// says, for every model and every number, and a name that would end a quoted text.
func TestModelsReachTheRunner(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 on this machine: install it to run this test")
	}
	shapes := append(builtinShapes(t), model.Shape{Name: `x""" + exit() + r"""\`})
	cmd := exec.Command(python, "-c", "import json; from shardeck_runner.models import known_models; print(json.dumps(known_models()))")
	cmd.Dir, cmd.Env = runnerFolder(t, shapes), append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []model.Shape
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(shapes, got); d != "" {
		t.Errorf("models.yaml (-) and what the runner reads (+) differ:\n%s", d)
	}
}
