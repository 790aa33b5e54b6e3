package workspace

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/strictyaml"
	"shardeck/model"
)

func TestFind(t *testing.T) {
	root := t.TempDir()
	inner := filepath.Join(root, "trace_collection", "a")
	for _, d := range []string{filepath.Join(root, "experiments", "configs"), inner} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, from := range []string{root, inner, filepath.Join(root, "experiments", "configs")} {
		if w, err := Find(from); err != nil || w.Root != root {
			t.Errorf("from %s: %+v, %v", from, w, err)
		}
	}
	empty := t.TempDir()
	if w, err := Find(empty); err != nil || w.Root != empty {
		t.Errorf("empty: %+v, %v", w, err)
	}
	if _, err := Find(filepath.Join(root, "nowhere")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	file := filepath.Join(root, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Find(file); err == nil || !strings.Contains(err.Error(), "is a file") {
		t.Errorf("file: %v", err)
	}
}

func TestPathAndRel(t *testing.T) {
	w := &Workspace{Root: "/a/b"}
	for rel, abs := range map[string]string{"logs/x": "/a/b/logs/x", "/c": "/c"} {
		if got := w.Path(rel); got != abs {
			t.Errorf("Path(%s) = %s", rel, got)
		}
		if got := w.Rel(abs); got != rel {
			t.Errorf("Rel(%s) = %s", abs, got)
		}
	}
}

// seedConfig is a file with the seed's keys only.
const seedConfig = `experiment_id: E1.3
description: Llama-8B tensor parallelism TP=4 on 4 GPUs
model: {name: meta-llama/Llama-3.1-8B, precision: bfloat16}
parallelism: {tp: 4, pp: 1, dp_replicate: 1, dp_shard: 1, ep: 1}
data: {batch_size: 4, seq_len: 2048, max_tokens: 512}
warmup_iterations: 2
profile_iterations: 5
output_dir: trace_collection/llama-8b-tp4
`

func seedNamed(id, dir string) string {
	return strings.NewReplacer("E1.3", id, "trace_collection/llama-8b-tp4", dir).Replace(seedConfig)
}

func TestExperiments(t *testing.T) {
	w := newWorkspace(t, map[string]string{
		"experiments/configs/E1.10_b.yaml": seedNamed("E1.10", "trace_collection/b"),
		"experiments/configs/E1.2_a.yaml":  seedNamed("E1.2", "trace_collection/a"),
		"experiments/configs/broken.yaml":  "a: [",
		"experiments/configs/empty.yml":    "",
		"experiments/configs/.#lock.yaml":  "x",
		"experiments/configs/notes.txt":    "x",
		"experiments/configs/big.yaml":     strings.Repeat("# filler\n", strictyaml.MaxBytes/8),
	})
	if err := os.Mkdir(w.Path("experiments/configs/dir.yaml"), 0o755); err != nil {
		t.Fatal(err)
	}
	files, err := w.Experiments()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	var names []string
	for _, f := range files {
		names = append(names, filepath.Base(f.Rel))
		if f.Err != nil {
			got[filepath.Base(f.Rel)] = f.Err.Error()
		}
	}
	if d := cmp.Diff([]string{"E1.2_a.yaml", "E1.10_b.yaml", "big.yaml", "broken.yaml", "empty.yml"}, names); d != "" {
		t.Error(d)
	}
	for name, want := range map[string]string{"broken.yaml": "experiments/configs/broken.yaml:1:1: is not YAML",
		"empty.yml": "is empty", "big.yaml": "is too large"} {
		if !strings.Contains(got[name], want) {
			t.Errorf("%s: %q, want %s", name, got[name], want)
		}
	}
	if len(got) != 3 {
		t.Errorf("faults: %v", got)
	}
}

func TestNoExperimentsYet(t *testing.T) {
	w := &Workspace{Root: t.TempDir()}
	if files, err := w.Experiments(); err != nil || files != nil {
		t.Errorf("%v, %v", files, err)
	}
	if _, err := w.Experiment("E1.1"); !errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), "shardeck generate") {
		t.Error(err)
	}
}

func TestDoublesAreToldOfBoth(t *testing.T) {
	w := newWorkspace(t, map[string]string{
		"experiments/configs/a.yaml": seedNamed("E1", "trace_collection/x"),
		"experiments/configs/b.yaml": seedNamed("E1", "trace_collection/y"),
		"experiments/configs/c.yaml": seedNamed("E2", "trace_collection/y"),
		"experiments/configs/d.yaml": seedNamed("E3", "trace_collection/z"),
	})
	files, err := w.Experiments()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"experiment_id E1 is also used by b.yaml"},
		{"experiment_id E1 is also used by a.yaml", "output_dir trace_collection/y is also used by c.yaml"},
		{"output_dir trace_collection/y is also used by b.yaml"}, nil}
	for i, f := range files {
		for _, text := range want[i] {
			if f.Err == nil || !strings.Contains(f.Err.Error(), text) {
				t.Errorf("%s: %v, want %s", f.Rel, f.Err, text)
			}
		}
		if (f.Err == nil) != (want[i] == nil) {
			t.Errorf("%s: %v", f.Rel, f.Err)
		}
	}
}

func TestExperimentByIDOrFile(t *testing.T) {
	w := newWorkspace(t, map[string]string{"experiments/configs/E1.2_a.yaml": seedNamed("E1.2", "trace_collection/a")})
	for _, name := range []string{"E1.2", "E1.2_a", "E1.2_a.yaml"} {
		if f, err := w.Experiment(name); err != nil || f.Experiment.ID != "E1.2" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Experiment("E1.3"); err == nil || !strings.Contains(err.Error(), "did you mean E1.2?") {
		t.Error(err)
	}
	if _, err := w.Experiment(""); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func TestWriteFile(t *testing.T) {
	w := newWorkspace(t, map[string]string{"target": "old"})
	if err := os.Chmod(w.Path("target"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("target", w.Path("link")); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteFile("link", []byte("new"), 0o644); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(w.Path("link"))
	if err != nil || info.Mode()&fs.ModeSymlink == 0 || read(t, w, "target") != "new" {
		t.Errorf("the link was replaced: %v, %v", info, err)
	}
	if info, _ := os.Stat(w.Path("target")); info.Mode().Perm() != 0o600 {
		t.Errorf("permissions became %v", info.Mode())
	}
	if err := w.WriteFile("deep/er/script.sh", []byte("x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(w.Path("deep/er/script.sh")); info.Mode().Perm()&0o100 == 0 {
		t.Errorf("a script that cannot run: %v", info.Mode())
	}
	if left, _ := filepath.Glob(w.Path("*.tmp-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := w.CreateFile("target", nil, 0o644); !errors.Is(err, fs.ErrExist) || read(t, w, "target") != "new" {
		t.Errorf("CreateFile: %v", err)
	}
}

// TestWriteRefusals: each names the path and what to do, and leaves all as it was.
func TestWriteRefusals(t *testing.T) {
	w := newWorkspace(t, map[string]string{"file": "x", "locked": "mine", "folder/x": ""})
	if err := os.Chmod(w.Path("locked"), 0o444); err != nil {
		t.Fatal(err)
	}
	for rel, want := range map[string]string{
		"file/x":                 "a part of this path is a file",
		"folder":                 "is not a file: move it away",
		"locked":                 "permission denied",
		strings.Repeat("x", 300): "",
	} {
		err := w.WriteFile(rel, []byte("y"), 0o644)
		if want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "cannot write "+rel)) {
			t.Errorf("%s: %v, want %s", rel, err, want)
		}
		if want == "" && err == nil {
			t.Errorf("%.10s…: written", rel)
		}
	}
	if read(t, w, "locked") != "mine" {
		t.Error("a locked file was overwritten")
	}
	w.ReadOnly = true
	for _, err := range []error{w.WriteFile("new", nil, 0o644), w.EnsureDir("logs"), w.Ledger().SaveState([]byte("{}"))} {
		if !errors.Is(err, model.ErrReadOnly) || !strings.Contains(err.Error(), "--read-only") {
			t.Error(err)
		}
	}
	if err := w.EnsureDir("folder"); err != nil {
		t.Errorf("a folder that is there: %v", err)
	}
}

func TestReadOnlyFolder(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write anywhere")
	}
	w := newWorkspace(t, map[string]string{"a/b": ""})
	if err := os.Chmod(w.Path("a"), 0o555); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteFile("a/c", nil, 0o644); err == nil ||
		!strings.Contains(err.Error(), "cannot write a/c: permission denied: choose a folder you own with -C") {
		t.Error(err)
	}
}

func TestSystemErrorsInWords(t *testing.T) {
	for cause, want := range map[error]string{syscall.ENOSPC: "full", syscall.EDQUOT: "quota", syscall.EROFS: "read-only",
		errors.New("odd"): "odd"} {
		if err := InWords("cannot write x", &fs.PathError{Op: "write", Path: "/long/path/x",
			Err: cause}); !strings.Contains(err.Error(), want) || !errors.Is(err, cause) ||
			strings.Contains(err.Error(), "/long/path") {
			t.Error(err)
		}
	}
}

func TestOddFilesAreRefusedUnread(t *testing.T) {
	w := newWorkspace(t, nil)
	if err := syscall.Mkfifo(w.Path("pipe.yaml"), 0o644); err != nil {
		t.Skip("no named pipes here")
	}
	if f := w.ReadFile("pipe.yaml"); f.Err == nil || !strings.Contains(f.Err.Error(), "not a regular file") {
		t.Error(f.Err)
	}
}

func TestSaveDocument(t *testing.T) {
	w := newWorkspace(t, map[string]string{"experiments/configs/a.yaml": seedConfig})
	d, err := w.OpenDocument("experiments/configs/a.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Set("parallelism.tp", "2"); err != nil {
		t.Fatal(err)
	}
	if err := w.SaveDocument(d); err != nil || d.Modified() {
		t.Fatal(err, d.Modified())
	}
	if got := read(t, w, d.Name); got != strings.Replace(seedConfig, "tp: 4", "tp: 2", 1) {
		t.Errorf("on disk:\n%s", got)
	}
	write(t, w, d.Name, "experiment_id: other\n")
	if err := d.Set("parallelism.tp", "1"); err != nil {
		t.Fatal(err)
	}
	if err := w.SaveDocument(d); err == nil || !strings.Contains(err.Error(), "changed on disk") {
		t.Errorf("saved over a foreign change: %v", err)
	}
	if err := os.Remove(w.Path(d.Name)); err != nil {
		t.Fatal(err)
	}
	if err := w.SaveDocument(d); err == nil {
		t.Error("saved a file that was removed")
	}
}
