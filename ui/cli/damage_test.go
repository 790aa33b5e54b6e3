package cli

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"shardeck/ui/cli/command"
	"strconv"
	"strings"
	"testing"
)

// recordings are real runs, damaged here one copy at a time.
const recordings = "../../tests/recordings"

// damagedRun is a copy of a recording of two ranks in a workspace of its own.
type damagedRun struct {
	t   *testing.T
	ws  string
	dir string
}

func newDamagedRun(t *testing.T) damagedRun {
	ws := t.TempDir()
	r := damagedRun{t, ws, filepath.Join(ws, "trace_collection", "run")}
	r.check(os.MkdirAll(filepath.Join(ws, "experiments"), 0o777))
	r.check(os.CopyFS(r.dir, os.DirFS(filepath.Join(recordings, "llama-8b-tp2"))))
	for key, value := range map[string]string{"HOME": ws, "XDG_CACHE_HOME": filepath.Join(ws, ".cache"), "NO_COLOR": "1",
		"SLURM_CONF": "", "SLURM_JOB_ID": ""} {
		t.Setenv(key, value)
	}
	return r
}

func (r damagedRun) check(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r damagedRun) read(path string) string {
	r.t.Helper()
	b, err := os.ReadFile(path)
	r.check(err)
	return string(b)
}

func (r damagedRun) write(name, text string) {
	r.t.Helper()
	r.check(os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o666))
}

func (r damagedRun) remove(names ...string) {
	r.t.Helper()
	for _, n := range names {
		r.check(os.Remove(filepath.Join(r.dir, n)))
	}
}

// Names of the traces, as recorded and unpacked.
const (
	packed0, packed1 = "kineto_trace_0.json.gz", "kineto_trace_1.json.gz"
	plain0, plain1   = "kineto_trace_0.json", "kineto_trace_1.json"
)

func (r damagedRun) packed(name string) string { return r.read(filepath.Join(r.dir, name)) }

func (r damagedRun) text(name string) string { return unpack(r.t, r.packed(name)) }

// edit replaces rank 1's trace by what do makes of its text.
func (r damagedRun) edit(do func(text string) string) {
	r.t.Helper()
	before := r.text(packed1)
	after := do(before)
	if after == before {
		r.t.Fatal("nothing was damaged")
	}
	r.write(plain1, after)
	r.remove(packed1)
}

func unpack(t *testing.T, packed string) string {
	t.Helper()
	z, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func pack(t *testing.T, text string) string {
	t.Helper()
	var b strings.Builder
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // a known level: cannot fail
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// shardeck runs the command line.
func (r damagedRun) shardeck(args ...string) (code int, stdout, stderr string) {
	var out, errOut strings.Builder
	code = Main(append([]string{"-C", r.ws}, args...), strings.NewReader(""), &out, &errOut)
	return code, out.String(), errOut.String()
}

// pieces of the recordings' text.
const (
	kernelCat = `"ph": "X", "cat": "kernel"`
	gemmName  = `"nvjet_sm90_tst_192x128_64x5_1x2_h_bz_coopB_TNT"`
	world     = `"rank": 1, "world_size": 2, `
	blocks    = `"blocks per SM": 31.030304`
	firstDur  = `"dur": 10.688`
	opEvent   = "  {\n    \"ph\": \"X\", \"cat\": \"python_function\", \"name\": \"%\", \"pid\": 3, \"tid\": 3,\n    \"ts\": " +
		"1.000, \"dur\": 1.000,\n    \"args\": {\n      \"Python id\": 1\n    }\n  },\n"
	listStart = "\"traceEvents\": [\n"
)

// swap is an edit that replaces the first old by new.
func swap(old, new string) func(damagedRun) {
	return func(r damagedRun) {
		r.edit(func(text string) string { return strings.Replace(text, old, new, 1) })
	}
}

// withEvent is an edit that puts an event of no kernel, with this name, first.
func withEvent(name string) func(damagedRun) {
	return swap(listStart, listStart+strings.Replace(opEvent, "%", name, 1))
}

// damages are the faults of a run's files. Each says what a person is told, as the
// exit code of metric, the sentence, and whether there still is a value.
var damages = []struct {
	name   string
	do     func(r damagedRun)
	metric string // gpu_busy if empty
	code   int
	value  bool
	says   []string // on stderr and in the warnings of --json
}{
	{name: "nothing", do: func(damagedRun) {}, code: 0, value: true},

	{name: "file cut", do: func(r damagedRun) { r.edit(func(s string) string { return s[:len(s)*2/3] }) }, code: 4, value: true,
		says: []string{plain1 + ": ended before the list of events was closed, at byte 1 ",
			"; lost: everything after the last whole event (", " kernels read)"}},
	{name: "file cut in its header", do: func(r damagedRun) { r.edit(func(s string) string { return s[:200] }) }, code: 4, value: true,
		says: []string{plain1 + ": ended before the list of events began, at byte 200; lost: all events"}},
	{name: "both files cut in their headers", do: func(r damagedRun) {
		r.write(packed0, pack(r.t, r.text(packed0)[:200]))
		r.edit(func(s string) string { return s[:200] })
	}, code: 4, says: []string{packed0 + ": ended before the list of events began, at byte 200; lost: all events"}},
	{name: "file cut behind its events", do: func(r damagedRun) {
		r.edit(func(s string) string { return strings.TrimRight(s, "\n}") })
	}, code: 4, value: true,
		says: []string{plain1 + ": ended before the document was closed"}},
	{name: "gzip cut", do: func(r damagedRun) { r.write(packed1, r.packed(packed1)[:100_000]) }, code: 4, value: true,
		says: []string{packed1 + ": the gzip file is cut off; it ended before the list of events was closed, at byte "}},
	{name: "gzip cut in its header", do: func(r damagedRun) { r.write(packed1, r.packed(packed1)[:5]) }, code: 4, value: true,
		says: []string{packed1 + ": the gzip header is cut off or damaged"}},
	{name: "gzip with a wrong checksum", do: func(r damagedRun) {
		b := []byte(r.packed(packed1))
		b[len(b)-6] ^= 0x55
		r.write(packed1, string(b))
	}, code: 4, value: true, says: []string{packed1 + ": the gzip checksum does not match: the file changed after it was written"}},
	{name: "gzip with damaged data", do: func(r damagedRun) {
		b := []byte(r.packed(packed1))
		copy(b[len(b)/2:], strings.Repeat("\xff", 200))
		r.write(packed1, string(b))
	}, code: 4, value: true, says: []string{packed1 + ": ", "gzip"}},
	{name: "gzip of two members", do: func(r damagedRun) {
		s := r.text(packed1)
		r.write(packed1, pack(r.t, s[:len(s)/2])+pack(r.t, s[len(s)/2:]))
	}, code: 0, value: true},
	{name: "gzip under a plain name", do: func(r damagedRun) { r.write(plain1, r.packed(packed1)); r.remove(packed1) }, code: 0, value: true},
	{name: "empty file", do: func(r damagedRun) {
		r.write(packed1, "")
	}, code: 4, value: true, says: []string{packed1 + ": the file is empty"}},
	{name: "folder instead of a file", do: func(r damagedRun) {
		r.remove(packed1)
		r.check(os.Mkdir(filepath.Join(r.dir, plain1), 0o777))
	}, code: 4, value: true, says: []string{plain1 + " is not a readable file: left out"}},

	{name: "odd stray quote", do: withEvent(`a"b`), code: 4, value: true,
		says: []string{plain1 + ": 1 event is not JSON (a stray quote or bare text), at byte ",
			"; lost: those events and the text up to the next sound one"}},
	{name: "odd stray quote on one line", do: func(r damagedRun) {
		withEvent(`a"b`)(r)
		r.write(plain1, strings.ReplaceAll(r.read(filepath.Join(r.dir, plain1)), "\n", " "))
	}, code: 4, value: true, says: []string{plain1 + ": 1 event is not JSON"}},
	{name: "quotes of a Python frame that balance", do: withEvent(`{"device": "cpu"}(12): run`), code: 0, value: true},
	{name: "quotes in a kernel's name", do: swap(gemmName, `"nvjet "sm90" tst"`), code: 4, value: true,
		says: []string{plain1 + ": 1 event is not JSON"}},

	{name: "path that ends in a backslash", do: withEvent(`C:\`), code: 4, value: true, says: []string{plain1 + ": 1 event is not JSON"}},
	{name: "escape that JSON does not know", do: swap(gemmName, `"C:\Users"`), code: 0, value: true},
	{name: "newline in a name", do: withEvent("a\nb"), code: 0, value: true},
	{name: "trailing comma", do: swap("\n    }\n  },\n", ",\n    },\n  },\n"), code: 0, value: true},
	{name: "key given twice", do: swap(kernelCat, kernelCat+`, "cat": "cpu_op"`), code: 0, value: true},
	{name: "hole of zeros", do: swap(listStart+"  {", listStart+strings.Repeat("\x00", 4096)+"  {"), code: 4, value: true,
		says: []string{plain1 + ": 1 event is not JSON"}},
	{name: "text after the end", do: func(r damagedRun) { r.edit(func(s string) string { return s + "\n{}" }) }, code: 4, value: true,
		says: []string{plain1 + ": text after the end of the document, at byte ", "; lost: that text"}},
	{name: "quoted numbers and rows with names", do: func(r damagedRun) {
		r.edit(func(s string) string {
			return strings.NewReplacer(firstDur, `"dur": "10.688"`, `"pid": 1, "tid": 7,`, `"pid": 1, "tid": "stream 7",`).Replace(s)
		})
	}, code: 0, value: true},

	{name: "NaN for a duration", do: swap(firstDur, `"dur": NaN`), code: 4, value: true,
		says: []string{plain1 + ": 1 kernel or copy has no time that is a number, at byte ", "; lost: those kernels or copies"}},
	{name: "Infinity for blocks", do: swap(blocks, `"blocks per SM": Infinity`), metric: "sm_coverage", code: 4, value: true,
		says: []string{plain1 + ": 1 launch has no number of blocks (NaN, inf or text)", "; lost: those launches in sm_coverage"}},
	{name: "N/A for an NCCL size", do: func(r damagedRun) {
		r.edit(func(s string) string {
			i := strings.Index(s, kernelCat+`, "name": "ncclDevKernel_AllReduce`)
			return s[:i] + strings.Replace(s[i:], `"In msg nelems": `, `"In msg nelems": N/A, "x": `, 1)
		})
	}, code: 4, value: true,
		says: []string{plain1 + ": 1", "NCCL size", "; lost: those sizes and ranks"}},
	{name: "inf where nobody looks", do: swap(`"warps per SM": 248.242432`, `"memory bandwidth (GB/s)": inf`), code: 0, value: true,
		says: []string{plain1 + ": 1 values that no metric uses are no JSON (NaN, inf or text)"}},
	{name: "negative duration", do: swap(firstDur, `"dur": -10.688`), code: 4, value: true,
		says: []string{plain1 + ": 1 duration is negative", "taken as 0"}},
	{name: "half an event", do: swap(kernelCat, `"ph": "B", "cat": "kernel"`), code: 4, value: true,
		says: []string{plain1 + ": 1 event is a begin or an end without a duration"}},

	{name: "invalid UTF-8", do: swap(gemmName, "\"nvjet\xff\xfe\""), code: 4, value: true,
		says: []string{plain1 + ": 1 name is not UTF-8, at byte ", "; lost: those bytes, shown as \uFFFD"}},
	{name: "control characters", do: swap(gemmName, "\"nvjet\x1b[31m\x07\""), code: 0, value: true},
	{name: "giant event", do: withEvent(strings.Repeat("x", 17<<20)), code: 4, value: true,
		says: []string{plain1 + ": 1 event is larger than 16 MiB, at byte "}},

	{name: "no rank in the trace", do: swap(world, `"world_size": 2, `), code: 0, value: true,
		says: []string{plain1 + ": no rank in the trace (distributedInfo); the file name is believed"}},
	{name: "an empty rank", do: swap(world, `"rank": "", "world_size": "", `), code: 0, value: true,
		says: []string{plain1 + ": no rank in the trace (distributedInfo); the file name is believed"}},
	{name: "another rank in the trace", do: func(r damagedRun) {
		a, b := r.packed(packed0), r.packed(packed1)
		r.write(packed0, b)
		r.write(packed1, a)
	}, code: 0, value: true, says: []string{packed1 + ": the trace says it is rank 0; the file name is believed"}},

	{name: "no kernels on one rank", do: func(r damagedRun) {
		r.edit(func(s string) string { return strings.ReplaceAll(s, kernelCat, `"ph": "X", "cat": "cpu_op"`) })
	}, code: 0, value: true, says: []string{plain1 +
		": no GPU kernels: the host made 2 096 cuda_runtime and 264 cuda_driver calls to the device, whose work was not recorded"}},
	{name: "no kernels at all", do: func(r damagedRun) {
		for _, name := range []string{packed0, packed1} {
			r.write(name, pack(r.t, strings.ReplaceAll(r.text(name), kernelCat, `"ph": "X", "cat": "cpu_op"`)))
		}
	}, code: 3, says: []string{packed0 + ": no GPU kernels: the host made 1 821 cuda_runtime and 264 cuda_driver calls",
		packed1 + ": no GPU kernels"}},

	{name: "ranks of different lengths", do: func(r damagedRun) { r.edit(endEarly) }, code: 4, value: true,
		says: []string{"all_reduce of ranks 0,1: ",
			" calls at the start or end without a partner: the traces do not cover the same calls (rank 0 has ",
			"; lost: transfer and wait of those"}},
	{name: "two files of one rank", do: func(r damagedRun) { r.write(plain1, r.text(packed1)) }, code: 4, value: true,
		says: []string{"rank 1 has both " + packed1 + " and " + plain1 + ": the newer " + plain1 + " is read, remove the other"}},
	{name: "one rank plain, one gzipped", do: func(r damagedRun) {
		r.write(plain1, r.text(packed1))
		r.remove(packed1)
	}, code: 0, value: true},
	{name: "one rank twice, under two names", do: func(r damagedRun) { r.write(packed1, r.packed(packed0)) }, code: 4, value: true,
		says: []string{packed1 + ": says it is rank 0, whose trace is " + packed0 + "; lost: rank 1, left out"}},
	{name: "rank of another run", do: func(r damagedRun) {
		r.write(packed1, r.read(filepath.Join(recordings, "llama-8b-tp2-straggler", packed1)))
	}, code: 4, value: true, says: []string{packed1 + ": recorded ",
		" after " + packed0 + ", so it is of another run; lost: rank 1, left out"}},
	{name: "rank of a larger run", do: swap(world, `"rank": 1, "world_size": 4, `), code: 4, value: true,
		says: []string{plain1 + ": of a run of 4 ranks, where the others are of one of 2; lost: rank 1, left out"}},
	{name: "execution trace under a trace's name", do: func(r damagedRun) {
		r.write(plain1, `{"schema": "1.1.1-chakra.0.0.4", "pid": 1, "nodes": []}`)
		r.remove(packed1)
	}, code: 4, value: true, says: []string{plain1 + " is not a Kineto trace but a PyTorch execution trace (torch_et)"}},

	{name: "NaN in the timing", do: func(r damagedRun) {
		r.write("timing_stats_0.json", `{"unprofiled_iteration_times": [0.5, NaN], "unprofiled_ttft": [0.1, Infinity, 0.2]}`)
	}, metric: "ttft", code: 4, value: true,
		says: []string{`timing_stats_0.json: unprofiled_ttft holds "Infinity", which is no measurement, at byte `,
			"; lost: those values of unprofiled_ttft"}},
	{name: "timing cut", do: func(r damagedRun) {
		r.write("timing_stats_0.json", `{"unprofiled_ttft": [0.1, 0.2], "unprofiled_tp`)
	}, metric: "tpot", code: 4, says: []string{"timing_stats_0.json: ended before the document was closed, at byte "}},
}

// endEarly takes the last kernels, with their events, off a trace that stays JSON.
func endEarly(text string) string {
	const event = "  {\n    \"ph\": \"X\", \"cat\": \"kernel\", \"name\": \"ncclDevKernel_AllReduce"
	for range 3 {
		i := strings.LastIndex(text, event)
		n := strings.Index(text[i:], "\n  },\n")
		text = text[:i] + text[i+n+len("\n  },\n"):]
	}
	return text
}

// TestDamageIsShown damages a run in every way there is, and asks as a person would:
// the sound part has a value, what was lost is said, and the exit code tells.
func TestDamageIsShown(t *testing.T) {
	for i, d := range damages {
		if testing.Short() && i%3 > 0 {
			continue // the same goroutines read other damage
		}
		t.Run(d.name, func(t *testing.T) {
			r := newDamagedRun(t)
			d.do(r)
			name := d.metric
			if name == "" {
				name = "gpu_busy"
			}
			code, stdout, stderr := r.shardeck("metric", name, "run")
			if code != d.code {
				t.Errorf("exit code %d, want %d", code, d.code)
			}
			checkValue(t, stdout, d.value)
			warnings := checkDamageJSON(t, r, d.code)
			for _, words := range d.says {
				if !strings.Contains(stderr, words) || !strings.Contains(warnings, words) {
					t.Errorf("%q is not said on stderr:\n%s\nor not in the warnings:\n%s", words, stderr, warnings)
				}
			}
			if strings.ContainsAny(stdout+stderr+warnings, "\x1b\x07") || strings.Contains(stderr, "panic") {
				t.Errorf("text that must not reach a terminal: %q %q", stdout, stderr)
			}
			if len(d.says) == 0 && strings.Contains(stderr, "kineto_trace") {
				t.Errorf("a fault is told where there is none: %s", stderr)
			}
		})
	}
}

// checkValue wants one number and nothing else on standard output, or nothing.
func checkValue(t *testing.T, stdout string, value bool) {
	t.Helper()
	v, err := strconv.ParseFloat(strings.TrimSpace(stdout), 64)
	if value && (err != nil || v <= 0) || !value && stdout != "" {
		t.Errorf("stdout is %q, a value is expected: %v", stdout, value)
	}
}

// checkDamageJSON wants metrics --json to carry the mark, and returns its warnings.
func checkDamageJSON(t *testing.T, r damagedRun, code int) string {
	t.Helper()
	got, stdout, stderr := r.shardeck("metrics", "run", "--json")
	if want := code; got != want && (want != 3 || got != 0) {
		t.Errorf("metrics --json ends with %d after metric ended with %d", got, want)
	}
	var found struct {
		Metrics []struct {
			Name, Reason string
			Value        *float64
		}
		Warnings []string
		Damaged  bool
	}
	if err := json.Unmarshal([]byte(stdout), &found); err != nil {
		t.Fatalf("%v: %s", err, stderr)
	}
	if found.Damaged != (code == command.Damaged) || len(found.Metrics) < 20 {
		t.Errorf("damaged is %v, with %d metrics", found.Damaged, len(found.Metrics))
	}
	for _, m := range found.Metrics {
		if (m.Value == nil) != (m.Reason != "") {
			t.Errorf("%s has value %v and reason %q", m.Name, m.Value, m.Reason)
		}
	}
	return strings.Join(found.Warnings, "\n")
}
