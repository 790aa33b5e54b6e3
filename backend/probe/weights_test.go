package probe

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
	const one, two, config, get = "snapshots/abc/model-00001-of-00002.safetensors", "snapshots/abc/model-00002-of-00002.safetensors",
		"snapshots/abc/config.json", "huggingface-cli download org/name"
	whole := map[string]string{config: "{}", "snapshots/abc/model.safetensors.index.json": index, one: tensorsOf(2000),
		two: tensorsOf(1000), "snapshots/abc/consolidated.safetensors": "x"}
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
		{"without index, by the numbers", map[string]string{config: "{}", one: tensorsOf(9)}, Model{}, Fail,
			"model-00002-of-00002.safetensors is missing", get},
		{"config alone", map[string]string{config: "{}"}, Model{}, Fail, "its weights are not", get},
		{"config alone, dummy", map[string]string{config: "{}"}, Model{Dummy: true}, Pass, "dummy", ""},
		{"no config, dummy", nil, Model{Dummy: true}, Fail, "is not in the hub cache", get},
		{"a snapshot without config", map[string]string{"snapshots/abc/x": ""}, Model{}, Fail, "is not in the hub cache", get},
		{"config purged", map[string]string{config: "-> ../../blobs/c"}, Model{}, Fail, "its config.json is a link", get},
		{"cut", with(two, tensorsOf(1000)[:500]), Model{}, Fail,
			"model-00002-of-00002.safetensors is cut short: 500 B of 1.1 kB; 2.6 kB of 3.0 kB are there",
			get + " model-00002-of-00002.safetensors --force-download"},
		{"cut in its header", with(two, tensorsOf(1000)[:40]), Model{}, Fail, "its header not whole", "--force-download"},
		{"cut in its length", with(two, "abc"), Model{}, Fail, "cut short: 3 B", "--force-download"},
		{"empty", with(two, "/"), Model{}, Fail, "is empty", "--force-download"},
		{"longer", with(two, tensorsOf(1000)+"y"), Model{}, Fail, "longer than its header says", "--force-download"},
		{"noise", with(two, strings.Repeat("\xff\x13", 2048)), Model{}, Fail, "does not begin as a safetensors file does: 4.1 kB",
			"--force-download"},
		{"a web page", with(two, "<!DOCTYPE html><title>403</title>"), Model{}, Fail, "web page", "--force-download"},
		{"a pointer", with(two, "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 4\n"), Model{}, Fail, "git-lfs", "lfs pull"},
		{"both cut", map[string]string{config: "{}", one: tensorsOf(9)[:50], two: tensorsOf(9)[:50]}, Model{}, Fail,
			"(and 1 more of 2 files)", one[14:] + " " + two[14:] + " --force-download"},
		{"a folder", with(two, "[]"), Model{}, Fail, "cannot be read", "head -c 1"},
		{"dangling", with(two, "-> ../../blobs/two"), Model{}, Fail, "is a link to a blob that is not there", get},
		{"purged", with(two, "-> /pscratch/sd/u/blobs/two"), Model{}, Fail, "on scratch that is not there: purged", get},
		{"its download stopped", func() map[string]string {
			m := with(two, "-> ../../blobs/q")
			m["blobs/q.incomplete"] = "x"
			return m
		}(), Model{}, Fail, "its download stopped", get},
		{"nothing but a download", map[string]string{config: "{}", "blobs/q.incomplete": "x"}, Model{}, Fail,
			"the download of its weights stopped", get},
		{"two versions", with("snapshots/abc/model.safetensors.index.json",
			strings.Replace(index, `"b"`, `"b":"model-00002-of-00002.safetensors","c"`, 1)), Model{}, Fail,
			"model-00002-of-00002.safetensors lacks tensors that the index places in it, as of another version: 1 of 2",
			"--force-download"},
		{"an index that counts otherwise", with(one, tensorsOf(2500)), Model{}, Pass, "though it says 3.0 kB in all, and not 3.5 kB", ""},
		{"no index, one file", map[string]string{config: "{}", "snapshots/abc/model.safetensors": tensorsOf(9)}, Model{}, Pass, "1 files", ""},
		{"an index that is none", with("snapshots/abc/model.safetensors.index.json", "{"), Model{}, Fail,
			"its index model.safetensors.index.json cannot be read", get},
		{"pickles", map[string]string{config: "{}", "snapshots/abc/pytorch_model.bin": torch.String(),
			"snapshots/abc/training_args.bin": "x"}, Model{}, Pass, "in 1 files", ""},
		{"a pickle cut", map[string]string{config: "{}", "snapshots/abc/pytorch_model.bin": torch.String()[:60]}, Model{}, Fail,
			"its end is missing", "--force-download"},
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
		if len(lines) != 1 || lines[0].Level != test.level || !strings.Contains(lines[0].Text, test.text) ||
			!strings.Contains(lines[0].Fix, test.fix) {
			t.Errorf("%s: %+v, want %s %s, %s", test.name, lines, test.level, test.text, test.fix)
		}
	}
	own := hubOf(t, with(two, tensorsOf(1000)[:500]))
	dir := filepath.Join(own, "hub", "models--org--name", "snapshots", "abc")
	lines := hubModels(t.Context(), Target{Models: []Model{{Name: dir}}}, answers(nil, "", nil).orHere())
	if len(lines) != 1 || !strings.Contains(lines[0].Text, "cut short") ||
		!strings.HasPrefix(lines[0].Fix, "copy model-00002-of-00002.safetensors into "+dir) {
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
		{func(dir string) error {
			return os.Truncate(filepath.Join(dir, "model.safetensors.index.json"), 9)
		}, "its index model.safetensors.index.json cannot be read", "copy it into "},
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
		if len(lines) != 1 || lines[0].Level != Fail || !strings.Contains(lines[0].Text, test.text) ||
			!strings.HasPrefix(lines[0].Fix, test.fix) {
			t.Errorf("%s: %+v", test.text, lines)
		}
	}
}
