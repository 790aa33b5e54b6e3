package kineto

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// sameAsReference holds a reading against the plain one, field by field.
func sameAsReference(t *testing.T, got, want *trace.Rank) {
	t.Helper()
	if len(got.Damage) != 0 {
		t.Errorf("damage in a sound file: %+v", got.Damage)
	}
	if d := cmp.Diff(want.Info, got.Info); d != "" {
		t.Errorf("info (-reference +scanner):\n%s", d)
	}
	for _, c := range []struct {
		what      string
		want, got any
	}{{"names", want.Names, got.Names}, {"colls", want.Colls, got.Colls}, {"marks", want.Marks, got.Marks}} {
		if d := cmp.Diff(c.want, c.got); d != "" {
			t.Errorf("%s (-reference +scanner):\n%.2000s", c.what, d)
		}
	}
	if len(got.Records) != len(want.Records) {
		t.Fatalf("%d records, the reference has %d", len(got.Records), len(want.Records))
	}
	for i, r := range got.Records {
		if r != want.Records[i] {
			t.Fatalf("record %d: %+v, the reference has %+v", i, r, want.Records[i])
		}
	}
}

// recordings are the small traces of the repository.
func recordings(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "tests", "recordings", "*", "kineto_trace_*.json.gz"))
	if err != nil || len(files) < 8 {
		t.Fatalf("found %d recordings in testdata: %v", len(files), err)
	}
	return files
}

// shortName is run/file, for the name of a subtest.
func shortName(path string) string {
	return filepath.Base(filepath.Dir(path)) + "/" + filepath.Base(path)
}

// write puts text in a new file of the test's own.
func write(t testing.TB, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// scanText reads text in blocks of the given size.
func scanText(t testing.TB, text []byte, block int) *trace.Rank {
	t.Helper()
	r, err := scanBlocks(text, block)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func scanBlocks(text []byte, block int) (*trace.Rank, error) {
	d := newReader(jsonscan.NewWindow(bytes.NewReader(text), block))
	if err := d.Read(); err != nil {
		return nil, err
	}
	return d.rank(), nil
}

func TestScannerAgreesWithReference(t *testing.T) {
	for _, f := range recordings(t) {
		t.Run(shortName(f), func(t *testing.T) {
			t.Parallel()
			got, err := Open(context.Background(), f, nil)
			if err != nil {
				t.Fatal(err)
			}
			text := readText(t, f)
			if got.JSON != int64(len(text)) {
				t.Errorf("JSON is %d bytes, read %d", len(text), got.JSON)
			}
			sameAsReference(t, got, readReference(t, text))
		})
	}
}

// sharedArchives are the recordings kept beside the repository, and the traces of
// each that are read: all of the shorter runs, one of the two ranks of the longest.
var sharedArchives = []struct{ archive, traces string }{
	{"small.txz", "*kineto_trace_*"},
	{"demo.txz", "*kineto_trace_*"},
	{"full-tp2.txz", "*kineto_trace_1.json"},
}

// TestScannerAgreesOnSharedRecordings reads all traces of the recordings kept
// beside the repository, or of the folder that SHARDECK_TRACES names.
func TestScannerAgreesOnSharedRecordings(t *testing.T) {
	if dir := os.Getenv("SHARDECK_TRACES"); dir != "" {
		agreeOn(t, dir)
		return
	}
	for _, a := range sharedArchives {
		t.Run(a.archive, func(t *testing.T) { agreeOn(t, unpackShared(t, a.archive, a.traces)) })
	}
}

// agreeOn holds the traces of all runs in dir against the reference.
func agreeOn(t *testing.T, dir string) {
	files, _ := filepath.Glob(filepath.Join(dir, "*", "kineto_trace_*.json"))
	if len(files) == 0 {
		t.Fatalf("no traces in %s", dir)
	}
	for _, f := range files {
		t.Run(shortName(f), func(t *testing.T) {
			t.Parallel()
			got, err := Open(context.Background(), f, nil)
			if err != nil {
				t.Fatal(err)
			}
			sameAsReference(t, got, readReference(t, readText(t, f)))
		})
	}
}

// unpackShared unpacks traces of an archive and returns the folder of their runs.
func unpackShared(t *testing.T, name, traces string) string {
	archive := filepath.Join("..", "..", "..", "..", "shared", "data", name)
	if _, err := os.Stat(archive); err != nil || testing.Short() || raceDetector {
		t.Skip("the large recordings are not there, or the test is to be short or watched for races, of which one goroutine has none")
	}
	dir := t.TempDir()
	cmd := exec.Command("tar", "xJf", archive, "-C", dir, "--wildcards", traces)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("the large recordings cannot be unpacked here: %v: %s", err, out)
	}
	inner, _ := filepath.Glob(filepath.Join(dir, "*", "*", "kineto_trace_*.json"))
	if len(inner) > 0 {
		return filepath.Dir(filepath.Dir(inner[0]))
	}
	return dir
}

// rewrites are other spellings of the same document.
var rewrites = []struct {
	name string
	do   func(t testing.TB, text []byte, rng *rand.Rand) []byte
}{
	{"single line", func(t testing.TB, text []byte, _ *rand.Rand) []byte { return compact(t, text) }},
	{"python's json.dump", func(t testing.TB, text []byte, _ *rand.Rand) []byte { return spaced(t, text) }},
	{"re-indented", func(t testing.TB, text []byte, _ *rand.Rand) []byte {
		var b bytes.Buffer
		if err := json.Indent(&b, text, "\t", "   "); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}},
	{"windows line ends", func(t testing.TB, text []byte, _ *rand.Rand) []byte {
		return bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
	}},
	{"keys reordered", func(t testing.TB, text []byte, rng *rand.Rand) []byte {
		var b bytes.Buffer
		shuffle(t, &b, compact(t, text), rng, 0)
		return b.Bytes()
	}},
	{"escaped", func(t testing.TB, text []byte, _ *rand.Rand) []byte {
		return bytes.ReplaceAll(text, []byte("<"), []byte(`\u003c`))
	}},
}

func compact(t testing.TB, text []byte) []byte {
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// spaced puts a blank after every comma and colon outside strings.
func spaced(t testing.TB, text []byte) []byte {
	var b bytes.Buffer
	in := false
	for _, c := range compact(t, text) {
		b.WriteByte(c)
		if c == '"' {
			in = !in
		}
		if !in && (c == ',' || c == ':') {
			b.WriteByte(' ')
		}
	}
	return b.Bytes()
}

// shuffle writes the value v with the keys of the document, the events and their
// args in random order.
func shuffle(t testing.TB, b *bytes.Buffer, v []byte, rng *rand.Rand, depth int) {
	switch {
	case depth > 4 || v[0] != '{' && v[0] != '[':
		b.Write(v)
	case v[0] == '[':
		b.WriteByte('[')
		n := 0
		jsonscan.EachElement(v, 0, func(from, to int) {
			if n++; n > 1 {
				b.WriteByte(',')
			}
			shuffle(t, b, v[from:to], rng, depth+1)
		})
		b.WriteByte(']')
	default:
		pairs := map[string][]byte{}
		var keys []string
		jsonscan.EachKey(v, 0, func(key []byte, from, to int) {
			keys = append(keys, string(key))
			pairs[string(key)] = v[from:to]
		})
		rng.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
		b.WriteByte('{')
		for i, k := range keys {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(b, "%q:", k)
			shuffle(t, b, pairs[k], rng, depth+1)
		}
		b.WriteByte('}')
	}
}

func TestRewritesReadTheSame(t *testing.T) {
	for _, run := range []string{"llama-8b-tp2-stack", "llama-8b-pp2"} {
		text := readText(t, recording(run, 0))
		for _, rw := range rewrites {
			t.Run(run+"/"+rw.name, func(t *testing.T) {
				t.Parallel()
				rng := rand.New(rand.NewPCG(1, 2))
				changed := rw.do(t, text, rng)
				if bytes.Equal(changed, text) {
					t.Fatal("the rewrite changed nothing")
				}
				want := readReference(t, changed)
				for _, block := range []int{blockSize, 1000 + rng.IntN(5000), 10_000 + rng.IntN(100_000)} {
					sameAsReference(t, scanText(t, changed, block), want)
				}
			})
		}
	}
}

func TestRandomBlockSizesReadTheSame(t *testing.T) {
	text := readText(t, recording("llama-8b-tp2", 1))
	want := readReference(t, text)
	rng := rand.New(rand.NewPCG(3, 4))
	for range 12 {
		block := 1 + rng.IntN(1<<(4+rng.IntN(17)))
		t.Run(fmt.Sprint(block), func(t *testing.T) { sameAsReference(t, scanText(t, text, max(100, block)), want) })
	}
}

func TestGzipReadsTheSame(t *testing.T) {
	text := readText(t, recording("llama-8b-pp2", 1))
	half := bytes.Index(text[len(text)/2:], []byte("\n")) + len(text)/2
	members := append(gzipped(t, text[:half]), gzipped(t, text[half:])...)
	for name, packed := range map[string][]byte{"one member": gzipped(t, text), "two members": members} {
		t.Run(name, func(t *testing.T) {
			// Told apart by its first bytes: the name says it is plain.
			got, err := Open(context.Background(), write(t, "kineto_trace_1.json", packed), nil)
			if err != nil {
				t.Fatal(err)
			}
			sameAsReference(t, got, readReference(t, text))
		})
	}
}

func gzipped(t testing.TB, text []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
