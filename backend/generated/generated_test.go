package generated

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/backend/workspace"
	"shardeck/model"
)

func newWorkspace(t *testing.T, files map[string]string) *workspace.Workspace {
	t.Helper()
	w := &workspace.Workspace{Root: t.TempDir()}
	for rel, text := range files {
		write(t, w, rel, text)
	}
	return w
}

// write lays a file down as a user would.
func write(t *testing.T, w *workspace.Workspace, rel, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(w.Path(rel)), 0o755), os.WriteFile(w.Path(rel), []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, w *workspace.Workspace, rel string) string {
	t.Helper()
	data, err := os.ReadFile(w.Path(rel))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func generate(w *workspace.Workspace, rel, text string, force bool) (Outcome, error) {
	outcomes, err := Write(w, map[string][]byte{rel: []byte(text)}, force)
	return outcomes[rel], err
}

func TestGenerate(t *testing.T) {
	w := newWorkspace(t, nil)
	step := func(text string, force bool, want Outcome, then string) {
		t.Helper()
		got, err := generate(w, "experiments/x.sh", text, force)
		if err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", text, got, err, want)
		}
		if on := read(t, w, "experiments/x.sh"); on != then {
			t.Errorf("%s: on disk %q, want %q", text, on, then)
		}
	}
	step("one", false, Created, "one")
	step("one", false, Unchanged, "one")
	step("two", false, Updated, "two")
	write(t, w, "experiments/x.sh", "mine")
	step("three", false, Refused, "mine")
	step("three", false, Refused, "mine")
	if text, edited := Edited(w, "experiments/x.sh"); !edited || text != "mine" {
		t.Error(text, edited)
	}
	step("three", true, Overwritten, "three")
	step("four", false, Updated, "four")
	write(t, w, "experiments/x.sh", "five")
	step("five", false, Unchanged, "five") // the user wrote what we would
	if _, edited := Edited(w, "experiments/x.sh"); edited {
		t.Error("as we wrote it, and yet edited")
	}
	step("six", false, Updated, "six")
	if err := os.Remove(w.Path(".shardeck/generated.json")); err != nil {
		t.Fatal(err)
	}
	step("seven", false, Refused, "six") // nobody knows whose it is
	write(t, w, ".shardeck/generated.json", "not json")
	step("seven", false, Refused, "six")
	step("six", false, Unchanged, "six")
	if err := os.Remove(w.Path("experiments/x.sh")); err != nil {
		t.Fatal(err)
	}
	step("eight", false, Created, "eight")
}

// TestGenerateSet: an edited file stays, and so do the older ones that it belongs with.
func TestGenerateSet(t *testing.T) {
	w := newWorkspace(t, nil)
	step := func(version string, force bool, want, then string) {
		t.Helper()
		files := map[string][]byte{"a": []byte(version), "b": []byte("always"), "c": []byte("#!/bin/sh\n" + version)}
		got, err := Write(w, files, force)
		if said := fmt.Sprint(got); err != nil || said != "map["+want+"]" {
			t.Errorf("%s: %s, %v, want %s", version, said, err, want)
		}
		if on := read(t, w, "a") + " " + strings.TrimPrefix(read(t, w, "c"), "#!/bin/sh\n"); on != then {
			t.Errorf("%s: on disk %q, want %q", version, on, then)
		}
	}
	step("one", false, "a:created b:created c:created", "one one")
	for name, mode := range map[string]fs.FileMode{"a": 0o644, "c": 0o755} {
		if info, err := os.Stat(w.Path(name)); err != nil || info.Mode() != mode {
			t.Errorf("%s has mode %v, want %v (%v)", name, info.Mode(), mode, err)
		}
	}
	step("two", false, "a:updated b:unchanged c:updated", "two two")
	write(t, w, "c", "mine")
	step("three", false, "a:kept b:unchanged c:refused", "two mine")
	if err := os.Remove(w.Path("b")); err != nil {
		t.Fatal(err)
	}
	step("three", false, "a:kept b:created c:refused", "two mine")
	step("three", true, "a:updated b:unchanged c:overwritten", "three three")
	step("four", false, "a:updated b:unchanged c:updated", "four four")
	if err := errors.Join(os.Remove(w.Path("b")), os.Mkdir(w.Path("b"), 0o755)); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(w, map[string][]byte{"a": []byte("five"), "b": nil}, true); err == nil || read(t, w, "a") != "four" {
		t.Errorf("a folder in the way of one: %v, and the other is %q", err, read(t, w, "a"))
	}
}

func TestRunner(t *testing.T) {
	w := newWorkspace(t, nil)
	step := func(file, text string, there, old bool) {
		t.Helper()
		write(t, w, file, text)
		if gotThere, gotOld := Runner(w); gotThere != there || gotOld != old {
			t.Errorf("with %s: there %t, old %t", text, gotThere, gotOld)
		}
	}
	step(workspace.OldEngine, "SHAPES", false, false)
	step(workspace.RunnerFile, "my own", true, false)
	step(workspace.RunnerFile, `importlib.import_module("torch_engine")`, true, true)
	step(workspace.RunnerFile, "from shardeck_runner.main import main", false, false)
	if err := os.MkdirAll(w.Path(workspace.RunnerDir), 0o755); err != nil {
		t.Fatal(err)
	}
	step(workspace.ModelsFile, "[]", true, false)
}

func TestGenerateReadOnly(t *testing.T) {
	w := newWorkspace(t, map[string]string{"x": "one"})
	w.ReadOnly = true
	if got, err := generate(w, "x", "one", false); err != nil || got != Unchanged {
		t.Errorf("%s, %v", got, err)
	}
	if _, err := generate(w, "y", "one", false); !errors.Is(err, model.ErrReadOnly) {
		t.Error(err)
	}
	if err := os.Mkdir(w.Path("d"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := generate(w, "d", "one", true); err == nil || !strings.Contains(err.Error(), "is a folder") {
		t.Error(err)
	}
}
