package render

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// TestTorchEngineKnowsTheShapes: Python reads out of the generated engine what
// models.yaml says, for every model and every number.
func TestTorchEngineKnowsTheShapes(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 on this machine: install it to run this test")
	}
	shapes := builtinShapes(t)
	engine, err := TorchEngine(shapes)
	if err != nil {
		t.Fatal(err)
	}
	runner, err := Runner()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string][]byte{"torch_engine.py": engine, "vllm_profiler.py": runner} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(python, "-c", `import importlib.util
importlib.util.find_spec = lambda name: None  # quick: no torch is needed for this
import torch_engine; print(torch_engine.SHAPES)`)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var got []model.Shape
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(shapes, got); d != "" {
		t.Errorf("models.yaml (-) and the generated engine (+) differ:\n%s", d)
	}
}

// TestShapesStayText: a shape's name from a user's models.yaml cannot end the text it lies in.
func TestShapesStayText(t *testing.T) {
	engine, err := TorchEngine([]model.Shape{{Name: `x""" + exit() + r"""\`}})
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(engine), `SHAPES = r"""`)
	inside, _, _ := strings.Cut(rest, `"""`)
	var got []model.Shape
	if err := json.Unmarshal([]byte(inside), &got); err != nil {
		t.Fatalf("%v in %s", err, inside)
	}
}
