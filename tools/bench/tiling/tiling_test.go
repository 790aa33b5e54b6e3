package tiling

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"shardeck/backend/trace"
	"shardeck/backend/trace/kineto"
)

func load(t *testing.T, runs ...string) []*Source {
	t.Helper()
	var out []*Source
	for _, run := range runs {
		s, err := Load(filepath.Join("..", "..", "..", "tests", "recordings", run, "kineto_trace_0.json.gz"))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

func open(t *testing.T, path string) *trace.Rank {
	t.Helper()
	r, err := kineto.Open(context.Background(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Damage) > 0 {
		t.Fatalf("%s is damaged: %v", path, r.Damage)
	}
	return r
}

// Three copies read back as three times the records, each later than the last by the
// length of the recording, under ids of their own.
func TestCopies(t *testing.T) {
	src := load(t, "llama-8b-tp1")
	dir := t.TempDir()
	one, three := filepath.Join(dir, "one.json"), filepath.Join(dir, "three.json.gz")
	made, err := File(one, src, 1, Small)
	if err != nil {
		t.Fatal(err)
	}
	if made.Copies != 1 {
		t.Fatalf("%d copies, want 1", made.Copies)
	}
	thrice, err := File(three, src, made.Bytes*5/2, Small)
	if err != nil {
		t.Fatal(err)
	}
	a, b := open(t, one), open(t, three)
	n := len(a.Records)
	if thrice.Copies != 3 || thrice.Kernels != 3*made.Kernels || thrice.Events != 3*made.Events || len(b.Records) != 3*n ||
		b.JSON != thrice.Bytes {
		t.Fatalf("made %+v of %+v; %d records of %d; %d bytes", thrice, made, len(b.Records), n, b.JSON)
	}
	length := 1000 * (src[0].to - src[0].from)
	for i, got := range b.Records {
		want := a.Records[i%n]
		want.Start += int64(i/n) * length
		want.Corr += uint32(int64(i/n) * src[0].ids)
		if got != want {
			t.Fatalf("record %d is %+v, want %+v", i, got, want)
		}
	}
}

// Several recordings follow each other in time, whatever their own times are.
func TestSources(t *testing.T) {
	src := load(t, "llama-8b-tp2", "llama-8b-pp2")
	path := filepath.Join(t.TempDir(), "two.json")
	made, err := File(path, src, 1, Small)
	if err != nil {
		t.Fatal(err)
	}
	if made.Copies != 2 || made.Kernels != src[0].kernels+src[1].kernels || made.Kernels == 0 {
		t.Fatalf("made %+v", made)
	}
	r := open(t, path)
	length := 1000 * (src[0].to - src[0].from + src[1].to - src[1].from)
	first, last := r.Records[0].Start, r.Records[0].Start
	for _, k := range r.Records {
		first, last = min(first, k.Start), max(last, k.End())
	}
	if last-first > length {
		t.Errorf("two recordings of %d ns lie over %d ns", length, last-first)
	}
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "cut": `{"traceEvents": [{"ph": "X"`, "other": `{"nodes": []}`, "timeless": `{"traceEvents": []}`,
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := Write(&bytes.Buffer{}, nil, 1); err == nil {
		t.Error("nothing to tile: no error")
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"139MB": 139e6, "1.5GB": 15e8, "7B": 7, "12kB": 12000} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%s: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "MB", "-1MB", "1", "1e99GB"} {
		if _, err := ParseSize(text); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

// A run of more ranks than were recorded: each says which rank it is of how many, and its groups are of all.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	recordings := filepath.Join("..", "..", "..", "tests", "recordings", "llama-8b-tp2")
	made, err := Run(dir, []string{filepath.Join(recordings, "kineto_trace_0.json.gz"),
		filepath.Join(recordings, "kineto_trace_1.json.gz")}, 5, 1)
	if err != nil {
		t.Fatal(err)
	}
	kernels, calls := 0, 0
	for rank := range 5 {
		r := open(t, filepath.Join(dir, fmt.Sprintf("kineto_trace_%d.json", rank)))
		kernels += len(r.Records)
		if r.Info.Rank != rank || r.Info.WorldSize != 5 {
			t.Errorf("rank %d says it is %d of %d", rank, r.Info.Rank, r.Info.WorldSize)
		}
		for _, c := range r.Colls {
			calls++
			if c.GroupSize != 5 || len(c.GroupRanks) != 5 || c.GroupRanks[4] != 4 {
				t.Errorf("rank %d: a call in %+v", rank, c)
			}
		}
	}
	if calls == 0 || kernels < made.Kernels || made.Copies != 5 {
		t.Errorf("made %+v; %d records, %d sorts of calls", made, kernels, calls)
	}
	text, err := os.ReadFile(filepath.Join(dir, "config.yaml"))
	if err != nil || !bytes.Contains(text, []byte("tp: 5\n")) {
		t.Errorf("%v: %s", err, text)
	}
}
