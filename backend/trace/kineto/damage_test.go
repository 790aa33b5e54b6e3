package kineto

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"

	"github.com/google/go-cmp/cmp"
)

// Pieces of a small document, spelled as Kineto does.
const (
	head = "\n  {\n    \"schemaVersion\": 1,\n  \"baseTimeNanoseconds\": 1000,\n  \"traceEvents\": [\n"
	tail = "\n  ],\n  \"traceName\": \"kineto_trace_0.json\"\n}\n"
)

// kernelEvent is a kernel that starts at n µs and lasts a microsecond.
func kernelEvent(name string, n int) string {
	return fmt.Sprintf("  {\n    \"ph\": \"X\", \"cat\": \"kernel\", \"name\": \"%s\", \"pid\": 0, \"tid\": 7,\n"+
		"    \"ts\": %d.000, \"dur\": 1.000,\n    \"args\": {\n      \"device\": 0, \"stream\": 7, \"correlation\": %d, \"blocks "+
		"per SM\": 1.5\n    }\n  }", name, n, n)
}

// opEvent is an event that is not kept.
func opEvent(name string) string {
	return fmt.Sprintf("  {\n    \"ph\": \"X\", \"cat\": \"python_function\", \"name\": \"%s\", \"pid\": 3, \"tid\": 3,\n"+
		"    \"ts\": 1.000, \"dur\": 1.000,\n    \"args\": {\n      \"Python id\": 1\n    }\n  }", name)
}

func wholeDocument(events ...string) string { return head + strings.Join(events, ",\n") + tail }

// faulty are documents with a fault each. Twenty sound kernels stand around it.
var faulty = []struct {
	name    string
	event   string // the faulty event, in the middle
	kernels int    // sound ones that must be found beside the twenty
	damage  string // "": none, the fault loses nothing
	note    string
}{
	{name: "even number of stray quotes", event: opEvent(`{"device": "cpu"}(12): run`)},
	{name: "odd stray quote in an event that is not kept", event: opEvent(`a"b`), damage: "1 event is not JSON"},
	{name: "odd stray quote and braces", event: opEvent(`a"b {lambda(int)#1}`), damage: "1 event is not JSON"},
	{name: "odd stray quote in a kernel", event: kernelEvent(`a"b`, 5), damage: "1 event is not JSON"},
	{name: "quotes that balance in a kernel", event: kernelEvent(`a "b" c`, 5), damage: "1 event is not JSON"},
	{name: "path that ends in a backslash", event: opEvent(`C:\`), damage: "1 event is not JSON"},
	{name: "bad escape", event: kernelEvent(`C:\Users`, 5), kernels: 1},
	{name: "escapes", event: kernelEvent(`a\"} , {\"ph\": \"X\" \\`, 5), kernels: 1},
	{name: "decoy in a string", event: opEvent(`} , { ph: X ] } ], traceEvents: [`)},
	{name: "invalid UTF-8", event: kernelEvent("gemm\xff\xfe", 5), kernels: 1, damage: "name is not UTF-8"},
	{name: "control characters", event: kernelEvent("ge\x1b[31mmm\x07", 5), kernels: 1},
	{name: "raw newline in a name", event: kernelEvent("ge\nmm", 5), kernels: 1},
	{name: "raw newline in a name that is not kept", event: opEvent("ge\nmm")},
	{name: "trailing comma", event: strings.Replace(opEvent("a"), "1\n    }", "1,\n    },", 1)},
	{name: "inf where nobody looks", event: strings.Replace(kernelEvent("a", 5), `"device"`,
		`"memory bandwidth (GB/s)": inf, "device"`, 1), kernels: 1, note: "1 values that no metric uses"},
	{name: "-inf where nobody looks", event: strings.Replace(kernelEvent("a", 5), `"device"`,
		`"memory bandwidth (GB/s)": -inf, "device"`, 1), kernels: 1, note: "1 values that no metric uses"},
	{name: "N/A where nobody looks", event: strings.Replace(kernelEvent("a", 5), `"device"`, `"x": N/A, "y": NaN, "device"`, 1),
		kernels: 1, note: "2 values that no metric uses"},
	{name: "infinite blocks", event: strings.Replace(kernelEvent("a", 5), "1.5", "inf", 1), kernels: 1,
		damage: "launch has no number of blocks"},
	{name: "NaN duration", event: strings.Replace(kernelEvent("a", 5), "1.000", "NaN", 1), damage: "no time that is a number"},
	{name: "no duration", event: strings.Replace(kernelEvent("a", 5), ", \"dur\": 1.000", "", 1), damage: "no time that is a number"},
	{name: "time beyond all bounds", event: strings.Replace(kernelEvent("a", 5), "5.000", "1e300", 1), damage: "no time that is a number"},
	{name: "negative duration", event: strings.Replace(kernelEvent("a", 5), "1.000", "-1.000", 1), kernels: 1, damage: "duration is negative"},
	{name: "stream that is no number", event: strings.Replace(kernelEvent("a", 5), `"stream": 7`, `"stream": N/A`, 1), kernels: 1,
		damage: "no number in range"},
	{name: "stream beyond all bounds", event: strings.Replace(kernelEvent("a", 5), `"stream": 7`, `"stream": 99999999999`, 1),
		kernels: 1, damage: "no number in range"},
	{name: "NCCL size that is no number", event: strings.Replace(kernelEvent("a", 5), `"device"`, `"In msg nelems": N/A, "device"`,
		1), kernels: 1, damage: "NCCL size or rank"},
	{name: "quoted numbers", event: strings.NewReplacer("5.000", `"5.000"`, `"stream": 7`, `"stream": "7"`).
		Replace(kernelEvent("a", 5)), kernels: 1},
	{name: "row named by text", event: strings.Replace(kernelEvent("a", 5), `"tid": 7`, `"tid": "stream 7"`, 1), kernels: 1},
	{name: "begin without end", event: strings.Replace(kernelEvent("a", 5), `"X"`, `"B"`, 1), damage: "begin or an end"},
	{name: "keys given twice: the first counts", event: strings.NewReplacer(`"pid": 0`, `"cat": "cpu_op", "pid": 0`, `"stream": 7`,
		`"stream": 7, "stream": 9`).Replace(kernelEvent("a", 5)), kernels: 1},
	{name: "bare words between events", event: "null,\n" + opEvent("a"), damage: "1 event is not JSON"},
	{name: "nested arguments", event: strings.Replace(kernelEvent("a", 5), `"device"`,
		`"occupancy": {"stream": 9, "x": [{}]}, "device"`, 1), kernels: 1},
	{name: "spaces and commas before keys", event: strings.Replace(kernelEvent("a", 5), `"device"`,
		"\n , \"External id\" : 1,   \"device\"", 1), kernels: 1},
	{name: "old category", event: strings.Replace(kernelEvent("a", 5), `"kernel"`, `"Kernel"`, 1), kernels: 1},
	{name: "giant event", event: opEvent(strings.Repeat("x", jsonscan.MaxPiece+2*blockSize)), damage: "larger than 16 MiB"},
}

func TestFaults(t *testing.T) {
	for _, f := range faulty {
		t.Run(f.name, func(t *testing.T) {
			var events []string
			for i := range 21 {
				if i == 10 {
					events = append(events, f.event)
				} else {
					events = append(events, kernelEvent("gemm {lambda()#1}", 100+i))
				}
			}
			for _, layout := range []struct{ name, text string }{
				{"as Kineto", wholeDocument(events...)},
				{"one line", strings.Join(strings.Fields(wholeDocument(events...)), " ")},
			} {
				if layout.name == "one line" && strings.Contains(f.name, "raw newline") {
					continue
				}
				r := scanText(t, []byte(layout.text), blockSize)
				checkFault(t, layout.name, r, 20+f.kernels, f.damage, f.note)
				for _, rec := range r.Records {
					if rec.Stream != 7 && !strings.HasPrefix(f.name, "stream") || rec.Dur > 1000 || rec.Start < 6000 || rec.Start > 121_000 {
						t.Errorf("%s: a record that was never there: %+v", layout.name, rec)
					}
				}
				for _, n := range r.Names {
					if strings.ContainsAny(n, "\x1b\x07\n") {
						t.Errorf("%s: name %q is not clean", layout.name, n)
					}
				}
			}
		})
	}
}

func checkFault(t *testing.T, layout string, r *trace.Rank, kernels int, damage, note string) {
	t.Helper()
	if len(r.Records) != kernels {
		t.Errorf("%s: %d kernels, want %d; damage %+v", layout, len(r.Records), kernels, r.Damage)
	}
	switch {
	case damage == "" && len(r.Damage) > 0:
		t.Errorf("%s: damage %+v where nothing is lost", layout, r.Damage)
	case damage != "" && (len(r.Damage) != 1 || !strings.Contains(r.Damage[0].Text, damage)):
		t.Errorf("%s: damage %+v, want one with %q", layout, r.Damage, damage)
	case damage != "" && (r.Damage[0].Lost == "" || r.Damage[0].Offset <= 0):
		t.Errorf("%s: damage without place or loss: %+v", layout, r.Damage[0])
	}
	if got := strings.Join(r.Info.Notes, "; "); !strings.HasPrefix(got, note) || (note == "") != (got == "") {
		t.Errorf("%s: notes %q, want %q", layout, got, note)
	}
}

// TestDocumentFaults are faults of the document around the events.
func TestDocumentFaults(t *testing.T) {
	k := kernelEvent("gemm", 1)
	for _, c := range []struct {
		name, text string
		kernels    int
		damage     string
	}{
		{"no closing bracket", head + k + ",\n" + k + "\n", 2, "ended before the list of events was closed"},
		{"no closing brace", head + k + "\n  ]\n", 1, "ended before the document was closed"},
		{"bracket forgotten before the tail", head + k + ",\n  \"traceName\": \"x\"\n}\n", 1, "1 event is not JSON"},
		{"a second list of events", `{"traceEvents": [` + k + `], "traceEvents": [` + k + "," + k + `]}`, 1, "a second list of events"},
		{"a hole of zeros", head + k + ",\n" + strings.Repeat("\x00", 5000) + k + ",\n" + k + tail, 2, "1 event is not JSON"},
		{"zeros at the end", head + k + tail + strings.Repeat("\x00", 5000), 1, "text after the end"},
		{"text after the end", head + k + tail + "more", 1, "text after the end"},
		{"log lines with quotes before the events", `{"INFO": ["said "hello" twice"], "traceEvents": [` + k + `]}`, 1, "not JSON from here"},
		{"base time that is no number", `{"baseTimeNanoseconds": NaN, "traceEvents": [` + k + `]}`, 1, "the value of baseTimeNanoseconds"},
		{"devices that are no list", `{"deviceProperties": {"id": 1}, "traceEvents": [` + k + `]}`, 1, "the value of deviceProperties"},
		{"cut in the header", `{"schemaVersion": 1, "devi`, 0, "ended before the list of events began"},
		{"cut in the tail", head + k + "\n  ],\n  \"traceNa", 1, "ended before the document was closed"},
		{"odd quote in the last event", head + k + ",\n" + opEvent(`a"b`) + tail, 1, "1 event is not JSON"},
		{"bare list", "[" + k + "," + k + "]", 2, ""},
		{"bare list, cut", "[" + k + "," + k, 2, "ended before the list of events was closed"},
		{"events in another key first", `{"other": {"traceEvents": [` + k + `]}, "traceEvents": [` + k + "," + k + `]}`, 2, ""},
		{"commas to spare", `{,"traceEvents": [,` + k + `,,],}`, 1, ""},
		{"byte order of the keys", `{"traceEvents": [` + k + `], "baseTimeNanoseconds": 1000}`, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, block := range []int{64, blockSize} {
				r := scanText(t, []byte(c.text), block)
				if len(r.Records) != c.kernels {
					t.Errorf("%d kernels, want %d", len(r.Records), c.kernels)
				}
				if c.damage == "" && len(r.Damage) != 0 || c.damage != "" && (len(r.Damage) == 0 || !strings.HasPrefix(r.Damage[0].Text, c.damage)) {
					t.Errorf("damage %+v, want %q", r.Damage, c.damage)
				}
			}
		})
	}
}

// TestHeader: numbers may be in quotes or missing; those that cannot be are not taken.
func TestHeader(t *testing.T) {
	for world, want := range map[string][2]int{
		`"rank": 3, "world_size": 8`: {3, 8}, `"rank": "3", "world_size": "8"`: {3, 8}, `"rank": "", "world_size": null`: {-1, 0},
		`"rank": -7, "world_size": -1`: {-1, 0}, `"backend": "nccl"`: {-1, 0},
	} {
		r := scanText(t, []byte(`{"distributedInfo": {`+world+`}, "deviceProperties": [{"id": "1", "numSms": 108}, {"name": "x\u001b"}], "traceEvents": []}`), blockSize)
		if got := [2]int{r.Info.Rank, r.Info.WorldSize}; got != want || len(r.Damage) > 0 {
			t.Errorf("%s: rank and size %v, want %v; damage %v", world, got, want, r.Damage)
		}
		if d := cmp.Diff([]trace.Device{{ID: 1, SMs: 108}, {ID: -1, Name: "x"}}, r.Info.Devices); d != "" {
			t.Errorf("devices (-want +got):\n%s", d)
		}
	}
}

// TestOpenErrors are the files of which nothing can be read: the error names the
// file, the cause and what is expected or to be done.
func TestOpenErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		text string
		want []string
	}{
		{"empty", "", []string{"the file is empty", "run the experiment again"}},
		{"blank", " \n ", []string{"not a Kineto trace but an empty document"}},
		{"text", "hello world", []string{"something that is not JSON", `"hello world"`, "traceEvents"}},
		{"number", "17", []string{"something that is not JSON"}},
		{"brace and text", "{hello}", []string{"something that is not JSON (at byte 1)"}},
		{"other JSON", `{"a": 1, "b": [1, {"c": "}"}]}`, []string{"JSON of another kind", "traceEvents"}},
		{"execution trace", `{"schema": "1.1.1-chakra.0.0.4", "pid": 1, "nodes": []}`, []string{"a PyTorch execution trace (torch_et)"}},
		{"timing", `{"iteration_times": [1.0]}`, []string{"a timing file (timing_stats)"}},
		{"no list", `{"traceEvents": {}}`, []string{"traceEvents is no list"}},
		{"gzip header", "\x1f\x8b\x08", []string{"gzip header is cut off"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := Open(context.Background(), write(t, "kineto_trace_0.json", []byte(c.text)), nil)
			if r != nil || err == nil {
				t.Fatalf("no error, but %+v", r)
			}
			for _, w := range append(c.want, "kineto_trace_0.json") {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not say %q", err, w)
				}
			}
		})
	}
}

func TestMissingFileAndFolder(t *testing.T) {
	dir := t.TempDir()
	_, err := Open(context.Background(), filepath.Join(dir, "kineto_trace_3.json"), nil)
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "kineto_trace_3.json") {
		t.Errorf("missing file: %v", err)
	}
	if _, err = Open(context.Background(), dir, nil); !errors.Is(err, trace.ErrNotAFile) {
		t.Errorf("folder: %v", err)
	}
}

// TestCutAnywhere cuts files at 200 random bytes: never a panic, never an unmarked value.
func TestCutAnywhere(t *testing.T) {
	path := recording("llama-8b-pp2", 0)
	text := readText(t, path)
	packed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	total := len(scanText(t, text, blockSize).Records)
	rng := rand.New(rand.NewPCG(5, 6))
	last := bytes.LastIndexByte(text, '}')
	for range 100 {
		checkCut(t, text[:rng.IntN(last+1)], total)
		checkCut(t, packed[:rng.IntN(len(packed))], total)
	}
}

func checkCut(t *testing.T, cut []byte, total int) {
	t.Helper()
	r, err := Open(context.Background(), write(t, "kineto_trace_0.json", cut), nil)
	if err != nil {
		return
	}
	if len(r.Damage) == 0 || len(r.Records) > total {
		t.Errorf("cut at %d: %d records and damage %+v", len(cut), len(r.Records), r.Damage)
	}
}

func TestDamagedGzip(t *testing.T) {
	packed, err := os.ReadFile(recording("llama-8b-pp2", 0))
	if err != nil {
		t.Fatal(err)
	}
	total := 492
	flip := func(at int) []byte {
		b := bytes.Clone(packed)
		b[at] ^= 0x55
		return b
	}
	for _, c := range []struct {
		name    string
		packed  []byte
		damage  string
		kernels bool // all of them are there
	}{
		{"cut in the middle", packed[:len(packed)/2], "the gzip file is cut off; it ended before the list of events was closed", false},
		{"cut in the checksum", packed[:len(packed)-6], "the gzip file is cut off", true},
		{"wrong checksum", flip(len(packed) - 6), "the gzip checksum does not match", true},
		{"followed by something else", append(bytes.Clone(packed), "rubbish and more of it"...), "what follows the gzip data", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := Open(context.Background(), write(t, "kineto_trace_0.json.gz", c.packed), nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Damage) != 1 || !strings.HasPrefix(r.Damage[0].Text, c.damage) {
				t.Errorf("damage %+v, want %q", r.Damage, c.damage)
			}
			kernels := 0
			for _, rec := range r.Records {
				if rec.Kind == trace.KindKernel {
					kernels++
				}
			}
			if (kernels == total) != c.kernels {
				t.Errorf("%d kernels of %d", kernels, total)
			}
		})
	}
}

func TestProgressAndCancel(t *testing.T) {
	text := readText(t, recording("llama-8b-tp2", 0))
	path := write(t, "kineto_trace_0.json", text)
	var seen []int64
	if _, err := Open(context.Background(), path, func(done, total int64) {
		if total != int64(len(text)) {
			t.Fatalf("total is %d of %d", total, len(text))
		}
		seen = append(seen, done)
	}); err != nil {
		t.Fatal(err)
	}
	if len(seen) < 2 || seen[len(seen)-1] != int64(len(text)) {
		t.Errorf("progress was %v", seen)
	}
	for _, p := range []string{path, recording("llama-8b-tp2", 0)} {
		ctx, stop := context.WithCancel(context.Background())
		r, err := Open(ctx, p, func(int64, int64) { stop() })
		if r != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("%s: cancel gave %v, %v", filepath.Base(p), r, err)
		}
	}
}
