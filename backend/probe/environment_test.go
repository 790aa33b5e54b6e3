package probe

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
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

const healthy = "shardeck-probe python 3.12.4 /env/bin/python3\nshardeck-probe vllm 0.11.0\nshardeck-probe torch 2.8.0+cu128\nshardeck-probe PyYAML 6.0.2\n"

func TestSoftware(t *testing.T) {
	for _, test := range []struct {
		name   string
		target Target
		said   string // by the environment's Python; empty: it cannot be entered
		want   string
		fix    string // among the fixes
	}{
		{"all is there", Target{Runtime: "conda", Name: "v"}, healthy, "python pass, vllm pass, torch pass, PyYAML pass", ""},
		{"no vLLM", Target{Runtime: "conda", Name: "v"}, strings.Replace(healthy, "vllm 0.11.0", "vllm", 1), "python pass, vllm fail, torch pass, PyYAML pass", "pip install vllm"},
		{"old vLLM", Target{Runtime: "venv", Name: "/v"}, strings.Replace(healthy, "0.11.0", "0.6.3.post1", 1), "python pass, vllm fail, torch pass, PyYAML pass", "pip install --upgrade vllm"},
		{"old Python", Target{}, strings.Replace(healthy, "3.12.4", "3.6.8", 1), "python fail, vllm pass, torch pass, PyYAML pass", "python=3.12"},
		{"a version of a developer", Target{}, strings.Replace(healthy, "0.11.0", "dev", 1), "python pass, vllm pass, torch pass, PyYAML pass", ""},
		{"noise before the answer", Target{}, "Lmod is automatically replacing\n\x1b[1m" + healthy, "python pass, vllm pass, torch pass, PyYAML pass", ""},
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
	if got := levels(t, software(t.Context(), target, answers(nil, "", map[string]string{"shardeck-probe": says}).orHere())); got != "python pass, vllm pass, torch pass, PyYAML pass" {
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
	if _, err := run(ctx, "bash", "-c", "sleep 765 & sleep 765"); err == nil || !strings.Contains(err.Error(), "no answer") || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	if _, err := run(t.Context(), "bash", "-c", "echo first >&2; echo the cause >&2; exit 3"); err == nil || err.Error() != "the cause" {
		t.Errorf("%v", err)
	}
}

// hubOf makes a cache with a model in it.
func hubOf(t *testing.T, files map[string]string) string {
	t.Helper()
	home := t.TempDir()
	for name, text := range files {
		path := filepath.Join(home, "hub", "models--org--name", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch to, link := strings.CutPrefix(text, "-> "); {
		case link:
			err = os.Symlink(to, path)
		case text == "[]":
			err = os.Mkdir(path, 0o755)
		default:
			err = os.WriteFile(path, []byte(strings.TrimPrefix(text, "/")), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return home
}

// FuzzWeights: whatever a file holds, it is judged without a panic, and what is whole is told from what is cut.
func FuzzWeights(f *testing.F) {
	for _, seed := range []string{tensorsOf(5), tensorsOf(5)[:30], "", "\xff\xff\xff\xff\xff\xff\xff\xff{", "PK\x03\x04", "<html"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, name := range []string{"a.safetensors", "a.bin"} {
			w := weights{path: name, bytes: int64(len(text))}
			if err := w.read(strings.NewReader(text)); err != nil || w.damage != "" && wanted().Damages[w.damage].What == "" {
				t.Fatalf("%+v, %v", w, err)
			}
		}
	})
}

// tensorsOf is a safetensors file of so many bytes of tensors.
func tensorsOf(n int) string {
	header := fmt.Sprintf(`{"__metadata__":{"format":"pt"},"a":{"data_offsets":[0,%d]},"b":{"data_offsets":[%d,%d]}}`, n, n, n)
	return string(binary.LittleEndian.AppendUint64(nil, uint64(len(header)))) + header + strings.Repeat("x", n)
}

func TestHubModels(t *testing.T) {
	const index = `{"metadata":{"total_size":3000},"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}`
	const one, two, config, get = "snapshots/abc/model-00001-of-00002.safetensors", "snapshots/abc/model-00002-of-00002.safetensors", "snapshots/abc/config.json", "huggingface-cli download org/name"
	whole := map[string]string{config: "{}", "snapshots/abc/model.safetensors.index.json": index, one: tensorsOf(2000), two: tensorsOf(1000), "snapshots/abc/consolidated.safetensors": "x"}
	with := func(name, text string) map[string]string {
		out := maps.Clone(whole)
		if out[name] = text; text == "" {
			delete(out, name)
		}
		return out
	}
	var torch bytes.Buffer
	z := zip.NewWriter(&torch)
	if _, err := z.Create("data.pkl"); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		files map[string]string // a text of "-> x" is a link to x, "/" an empty file, "[]" a folder
		model Model
		level Level
		text  string
		fix   string
	}{
		{"whole", whole, Model{}, Pass, "in 2 files, each as long as its header says", ""},
		{"not there", nil, Model{}, Fail, "is not in the hub cache", get},
		{"not there, gated", nil, Model{Gated: true}, Fail, "it is gated", get + ", with HF_TOKEN set, once its licence is accepted"},
		{"a file of two is missing", with(two, ""), Model{}, Fail, "model-00002-of-00002.safetensors is missing", get},
		{"without index, by the numbers", map[string]string{config: "{}", one: tensorsOf(9)}, Model{}, Fail, "model-00002-of-00002.safetensors is missing", get},
		{"config alone", map[string]string{config: "{}"}, Model{}, Fail, "its weights are not", get},
		{"config alone, dummy", map[string]string{config: "{}"}, Model{Dummy: true}, Pass, "dummy", ""},
		{"no config, dummy", nil, Model{Dummy: true}, Fail, "is not in the hub cache", get},
		{"a snapshot without config", map[string]string{"snapshots/abc/x": ""}, Model{}, Fail, "is not in the hub cache", get},
		{"config purged", map[string]string{config: "-> ../../blobs/c"}, Model{}, Fail, "its config.json is a link", get},
		{"cut", with(two, tensorsOf(1000)[:500]), Model{}, Fail, "model-00002-of-00002.safetensors is cut short: 500 B of 1.1 kB; 2.6 kB of 3.0 kB are there", get + " model-00002-of-00002.safetensors --force-download"},
		{"cut in its header", with(two, tensorsOf(1000)[:40]), Model{}, Fail, "its header not whole", "--force-download"},
		{"cut in its length", with(two, "abc"), Model{}, Fail, "cut short: 3 B", "--force-download"},
		{"empty", with(two, "/"), Model{}, Fail, "is empty", "--force-download"},
		{"longer", with(two, tensorsOf(1000)+"y"), Model{}, Fail, "longer than its header says", "--force-download"},
		{"noise", with(two, strings.Repeat("\xff\x13", 2048)), Model{}, Fail, "does not begin as a safetensors file does: 4.1 kB", "--force-download"},
		{"a web page", with(two, "<!DOCTYPE html><title>403</title>"), Model{}, Fail, "web page", "--force-download"},
		{"a pointer", with(two, "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 4\n"), Model{}, Fail, "git-lfs", "lfs pull"},
		{"both cut", map[string]string{config: "{}", one: tensorsOf(9)[:50], two: tensorsOf(9)[:50]}, Model{}, Fail, "(and 1 more of 2 files)", one[14:] + " " + two[14:] + " --force-download"},
		{"a folder", with(two, "[]"), Model{}, Fail, "cannot be read", "head -c 1"},
		{"dangling", with(two, "-> ../../blobs/two"), Model{}, Fail, "is a link to a blob that is not there", get},
		{"purged", with(two, "-> /pscratch/sd/u/blobs/two"), Model{}, Fail, "on scratch that is not there: purged", get},
		{"its download stopped", func() map[string]string {
			m := with(two, "-> ../../blobs/q")
			m["blobs/q.incomplete"] = "x"
			return m
		}(), Model{}, Fail, "its download stopped", get},
		{"nothing but a download", map[string]string{config: "{}", "blobs/q.incomplete": "x"}, Model{}, Fail, "the download of its weights stopped", get},
		{"two versions", with("snapshots/abc/model.safetensors.index.json", strings.Replace(index, `"b"`, `"b":"model-00002-of-00002.safetensors","c"`, 1)), Model{}, Fail, "model-00002-of-00002.safetensors lacks tensors that the index places in it, as of another version: 1 of 2", "--force-download"},
		{"an index that counts otherwise", with(one, tensorsOf(2500)), Model{}, Pass, "though it says 3.0 kB in all, and not 3.5 kB", ""},
		{"no index, one file", map[string]string{config: "{}", "snapshots/abc/model.safetensors": tensorsOf(9)}, Model{}, Pass, "1 files", ""},
		{"an index that is none", with("snapshots/abc/model.safetensors.index.json", "{"), Model{}, Fail, "its index model.safetensors.index.json cannot be read", get},
		{"pickles", map[string]string{config: "{}", "snapshots/abc/pytorch_model.bin": torch.String(), "snapshots/abc/training_args.bin": "x"}, Model{}, Pass, "in 1 files", ""},
		{"a pickle cut", map[string]string{config: "{}", "snapshots/abc/pytorch_model.bin": torch.String()[:60]}, Model{}, Fail, "its end is missing", "--force-download"},
		{"refs/main before a newer one", func() map[string]string {
			m := with(two, "")
			m["refs/main"], m["snapshots/def/config.json"], m["snapshots/def/model.safetensors"] = "def", "{}", tensorsOf(7)
			return m
		}(), Model{}, Pass, "snapshots/def", ""},
	} {
		home := hubOf(t, test.files)
		test.model.Name = "org/name"
		env := map[string]string{"PSCRATCH": "/pscratch/sd/u"}
		lines := hubModels(t.Context(), Target{HFHome: home, Models: []Model{test.model}}, answers(env, "", nil).orHere())
		levels(t, lines)
		if len(lines) != 1 || lines[0].Level != test.level || !strings.Contains(lines[0].Text, test.text) || !strings.Contains(lines[0].Fix, test.fix) {
			t.Errorf("%s: %+v, want %s %s, %s", test.name, lines, test.level, test.text, test.fix)
		}
	}
	own := hubOf(t, with(two, tensorsOf(1000)[:500]))
	dir := filepath.Join(own, "hub", "models--org--name", "snapshots", "abc")
	lines := hubModels(t.Context(), Target{Models: []Model{{Name: dir}}}, answers(nil, "", nil).orHere())
	if len(lines) != 1 || !strings.Contains(lines[0].Text, "cut short") || !strings.HasPrefix(lines[0].Fix, "copy model-00002-of-00002.safetensors into "+dir) {
		t.Errorf("a folder of one's own: %+v", lines)
	}
}

// A folder of the user's own that is no model, or not a whole one, is told apart from one that is not there.
func TestOwnFolders(t *testing.T) {
	for _, test := range []struct {
		do        func(dir string) error
		text, fix string
	}{
		{func(dir string) error { return os.RemoveAll(dir) }, "is not there", "correct model.name"},
		{func(dir string) error { return os.Remove(filepath.Join(dir, "config.json")) }, "has no config.json", "copy it into "},
		{func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{"arch`), 0o600)
		}, "its config.json cannot be read", "copy it into "},
		{func(dir string) error { return os.Truncate(filepath.Join(dir, "model.safetensors.index.json"), 9) }, "its index model.safetensors.index.json cannot be read", "copy it into "},
		{func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "config.json")), os.Symlink("config.json", filepath.Join(dir, "config.json")))
		}, "too many levels of symbolic links", "copy it into "},
		{func(dir string) error { return errors.Join(os.RemoveAll(dir), os.WriteFile(dir, nil, 0o600)) }, "is no folder", "correct model.name"},
		{func(dir string) error { // the header, and nothing behind it
			text := tensorsOf(8 << 20)
			one := filepath.Join(dir, "model-00001-of-00002.safetensors")
			return errors.Join(os.WriteFile(one, []byte(text[:strings.IndexByte(text, 'x')]), 0o600), os.Truncate(one, int64(len(text))))
		}, "has holes, which read as zeros", "copy model-00001-of-00002.safetensors into "},
	} {
		const at = "snapshots/abc/"
		files := map[string]string{at + "config.json": "{}", at + "model-00001-of-00002.safetensors": tensorsOf(9),
			at + "model-00002-of-00002.safetensors": tensorsOf(9),
			at + "model.safetensors.index.json":     `{"weight_map": {"a": "model-00001-of-00002.safetensors"}}`}
		dir := filepath.Join(hubOf(t, files), "hub", "models--org--name", "snapshots", "abc")
		if err := test.do(dir); err != nil {
			t.Fatal(err)
		}
		lines := hubModels(t.Context(), Target{Models: []Model{{Name: dir}}}, answers(nil, "", nil).orHere())
		if len(lines) != 1 || lines[0].Level != Fail || !strings.Contains(lines[0].Text, test.text) || !strings.HasPrefix(lines[0].Fix, test.fix) {
			t.Errorf("%s: %+v", test.text, lines)
		}
	}
}

// A GPU that another process holds is told with what is left, and what may be asked for.
func TestFreeMemory(t *testing.T) {
	smi := map[string]string{"memory.free": "0, 11900, 40960\n1, 40400, 40960\n[N/A], 1, 2\n"}
	lines := freeMemory(t.Context(), Target{Utilization: 0.9}, answers(nil, "", smi))
	if got := levels(t, lines); got != "GPU 0 warn" || !strings.Contains(lines[0].Text, "11.6 of 40.0 GiB are free") || !strings.HasSuffix(lines[0].Fix, "below 0.29") {
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
	said := map[string]string{"shardeck-probe": healthy, "nsys --version": "NVIDIA Nsight Systems version 2025.3.1\n", "type module": "", "probe pytorch": ""}
	want := "python pass, vllm pass, torch pass, PyYAML pass, nsys pass, module nccl/2 fail, module pytorch/2.8.0 pass, disk pass, inodes pass, output pass, output fail"
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
		for _, l := range append(software(t.Context(), Target{}, answers(nil, "", map[string]string{"shardeck-probe": python}).orHere()), quotas(showquota)...) {
			if strings.ContainsAny(l.What+l.Text+l.Fix, "\x1b\n\x07") || l.Text == "" || (l.Fix == "") != (l.Level == Pass) {
				t.Fatalf("line %+v", l)
			}
		}
	})
}
