package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/templates"
)

const sound = `{ "schemaVersion": 1,
  "traceEvents": [
  {"ph": "X", "cat": "cpu_op", "name": "aten::mm {\"]", "args": {"a": [1]}},
  {"ph": "s", "cat": "ac2g", "id": 1},
  {"ph": "X", "cat": "kernel", "name": "gemm<{}> \\\" ]", "args": {"grid": [1, 2, 3]}},
  {"ph": "X", "cat": "python_function", "name": "f"},
  {"ph": "M", "name": "process_name"},
  {"ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel"}
  ],
  "traceName": "t"
}`

func TestThinKeepsTheRestAsItWas(t *testing.T) {
	want := `{ "schemaVersion": 1,
  "traceEvents": [
  {"ph": "X", "cat": "kernel", "name": "gemm<{}> \\\" ]", "args": {"grid": [1, 2, 3]}},
  {"ph": "M", "name": "process_name"},
  {"ph": "X", "cat": "cuda_runtime", "name": "cudaLaunchKernel"}
  ],
  "traceName": "t"
}`
	got, err := Trim([]byte(sound))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	again, err := Trim(got)
	if err != nil || !bytes.Equal(again, got) {
		t.Errorf("thinning twice is not thinning once: %v", err)
	}
}

func TestThinRefusesWhatIsCutShort(t *testing.T) {
	for _, s := range []string{"", "{}", sound[:200], sound[:len(sound)-25], `{"traceEvents": [{"a": "`} {
		if out, err := Trim([]byte(s)); err == nil {
			t.Errorf("Trim(%q) = %q, want an error", s, out)
		}
	}
}

func FuzzThin(f *testing.F) {
	f.Add([]byte(sound))
	f.Add([]byte(`{"traceEvents": [ ] }`))
	f.Fuzz(func(t *testing.T, in []byte) {
		out, err := Trim(in)
		if err != nil || !json.Valid(in) {
			return
		}
		if !json.Valid(out) {
			t.Errorf("sound input, unsound output: %q", out)
		}
	})
}

// TestEmbeddedRecordings thins the full recordings again and compares with those in
// templates/demo: nothing but whole categories may differ. Where the full one is not
// kept, thinning the embedded one again must change nothing.
func TestEmbeddedRecordings(t *testing.T) {
	full := unpack(t, "demo.txz")
	runs, err := fs.Glob(templates.FS, "demo/*/kineto_trace_*.json.gz")
	if err != nil || len(runs) == 0 {
		t.Fatalf("no embedded recordings: %v", err)
	}
	for _, name := range runs {
		rel, _ := filepath.Rel("demo", name)
		t.Run(rel, func(t *testing.T) {
			source, err := os.ReadFile(filepath.Join(full, "demo", rel[:len(rel)-len(".gz")]))
			if errors.Is(err, fs.ErrNotExist) {
				source, err = embedded(t, name), nil
			}
			if err != nil {
				t.Fatal(err)
			}
			want, err := Trim(source)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(embedded(t, name), want) {
				t.Error("differs from the recording trimmed now: run go run ./tools/trimmer")
			}
		})
	}
}

func TestEmbeddedRecordingsAreSmall(t *testing.T) {
	var total int64
	err := fs.WalkDir(templates.FS, "demo", func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			total += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if total > 4<<20 {
		t.Errorf("the demo takes %d bytes of the binary, at most 4 MiB are allowed", total)
	}
}

func embedded(t *testing.T, name string) []byte {
	t.Helper()
	b, err := templates.FS.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// unpack extracts an archive of full recordings, or skips where there is none.
func unpack(t *testing.T, archive string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("full recordings are left out of short tests")
	}
	path := filepath.Join("..", "..", "..", "shared", "data", archive)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the full recordings (%s) are not here", archive)
	}
	dir := t.TempDir()
	out, err := exec.Command("tar", "xJf", path, "-C", dir, "--exclude=torch_et_*").CombinedOutput()
	if err != nil {
		t.Skipf("tar cannot unpack %s: %v: %s", archive, err, out)
	}
	return dir
}
