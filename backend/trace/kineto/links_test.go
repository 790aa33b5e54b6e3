package kineto

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	cmp2 "github.com/google/go-cmp/cmp"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
	"shardeck/model/metric"
)

// linkSource is what a trace holds, by encoding/json, of which links are made.
type linkSource struct {
	Ph, Cat, Name string
	Pid, Tid      any
	Ts, Dur       json.Number
	Args          struct {
		Corr int64  `json:"correlation"`
		RF   uint64 `json:"Record function id"`
	}
}

func (e linkSource) start() int64 {
	n, _ := jsonscan.Micros([]byte(e.Ts))
	return n
}

func (e linkSource) dur() int64 {
	n, _ := jsonscan.Micros([]byte(e.Dur))
	return n
}

// referenceLinks finds the operators of kernels another way: each operator, from the outermost in, is written over all
// launches that began in its time on its thread.
func referenceLinks(t *testing.T, text []byte) map[string]string {
	t.Helper()
	var doc struct{ TraceEvents []linkSource }
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	launches, ops := map[string][]linkSource{}, []linkSource{}
	byCorr := map[int64]string{} // what is written over each launch
	for _, e := range doc.TraceEvents {
		switch thread := fmt.Sprint(e.Pid, e.Tid); e.Cat {
		case "cuda_runtime", "cuda_driver":
			launches[thread] = append(launches[thread], e)
			byCorr[e.Args.Corr] = "outside"
		case "cpu_op":
			ops = append(ops, e)
		}
	}
	slices.SortStableFunc(ops, func(a, b linkSource) int { return cmp.Or(int(a.start()-b.start()), int(b.dur()-a.dur())) })
	for _, list := range launches {
		slices.SortStableFunc(list, func(a, b linkSource) int { return int(a.start() - b.start()) })
	}
	for _, op := range ops {
		list, end := launches[fmt.Sprint(op.Pid, op.Tid)], op.start()+op.dur()
		from := sort.Search(len(list), func(i int) bool { return list[i].start() >= op.start() })
		for ; from < len(list) && list[from].start() < end; from++ {
			byCorr[list[from].Args.Corr] = fmt.Sprint(op.Name, " ", op.Args.RF)
		}
	}
	for _, list := range launches {
		for _, e := range list {
			if strings.Contains(e.Name, "GraphLaunch") {
				byCorr[e.Args.Corr] = e.Name
			}
		}
	}
	count, sum, out := map[string]int{}, map[string]int64{}, map[string]string{}
	for _, e := range doc.TraceEvents {
		if e.Cat == "kernel" {
			by := cmp.Or(byCorr[e.Args.Corr], "no launch")
			count[by]++
			sum[by] += e.dur()
			out[by] = fmt.Sprint(count[by], " for ", sum[by])
		}
	}
	return out
}

// openLinks reads what launched the kernels of a file.
func openLinks(t *testing.T, path string) *trace.Links {
	t.Helper()
	ranks, err := Reader{Links: true}.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ranks[0].Links
}

func TestLinksAgreeWithReference(t *testing.T) {
	for _, f := range recordings(t) {
		t.Run(shortName(f), func(t *testing.T) {
			t.Parallel()
			l := openLinks(t, f)
			if l.Damaged {
				t.Fatal(l)
			}
			got := map[string]string{}
			for _, k := range l.By[metric.Operator] {
				word := fmt.Sprint(l.Names[k.Name], " ", k.RF)
				switch reason := l.Names[k.Name]; {
				case !k.Missing:
				case strings.Contains(reason, "GraphLaunch"):
					_, word, _ = strings.Cut(reason, "(")
					word, _, _ = strings.Cut(word, ")")
				case strings.Contains(reason, "whose launch"):
					word = "no launch"
				default:
					word = "outside"
				}
				got[word] = fmt.Sprint(k.Count, " for ", k.Dur)
			}
			if d := cmp2.Diff(referenceLinks(t, readText(t, f)), got); d != "" {
				t.Errorf("(-reference +links):\n%.2000s", d)
			}
		})
	}
}

// hostEvent is a range or a launch of thread 1, from its start for so long.
func hostEvent(cat, name string, start, dur int, args string) string {
	return fmt.Sprintf(`{"ph": "X", "cat": %q, "name": %q, "pid": 7, "tid": 1, "ts": %d, "dur": %d, "args": {%s}}`, cat, name, start,
		dur, args)
}

// deviceKernel is a kernel of 1 ms with a correlation id and an external one.
func deviceKernel(corr, external int) string {
	return fmt.Sprintf(`{"ph": "X", "cat": "kernel", "name": "k", "pid": 0, "tid": 7, "ts": 100, "dur": 1000, "args": {"correlation": %d, "External id": %d}}`,
		corr, external)
}

// What launched a kernel is told by the time of its launch, whatever the writer's ids say; and why it is not known.
func TestWhatLaunchedAKernel(t *testing.T) {
	const launch = "cudaLaunchKernel"
	op := func(name string, start, dur, id int) string {
		return hostEvent("cpu_op", name, start, dur, fmt.Sprintf(`"External id": %d`, id))
	}
	call := func(cat, name string, start, corr int) string {
		return hostEvent(cat, name, start, 2, fmt.Sprintf(`"correlation": %d`, corr))
	}
	other := strings.NewReplacer(`"tid": 1`, `"tid": "other"`)
	for name, c := range map[string]struct {
		by     string
		events []string
		want   string // a name, or a word of why there is none
	}{
		"external id is the correlation id": {metric.Operator,
			[]string{op("empty", 0, 5, 1), op("mm", 10, 20, 2), call("cuda_runtime", launch, 12, 1), deviceKernel(1, 1)}, "mm"},
		"the innermost": {metric.Operator,
			[]string{op("addmm", 11, 9, 3), op("linear", 10, 20, 2), op("t", 10, 1, 4), call("cuda_driver", "cuLaunchKernel", 12, 1),
				deviceKernel(1, 2)}, "addmm"},
		"after a child": {metric.Operator,
			[]string{op("linear", 10, 20, 2), op("t", 10, 2, 3), call("hip_runtime", "hipLaunchKernel", 12, 1), deviceKernel(1, 3)},
			"linear"},
		"of one µs": {metric.Operator,
			[]string{op("child", 10, 5, 3), op("parent", 10, 5, 2), call("cuda_runtime", launch, 10, 1), deviceKernel(1, 9)}, "child"},
		"on another thread": {metric.Operator,
			[]string{op("mm", 10, 20, 1), other.Replace(call("cuda_runtime", launch, 12, 1)), deviceKernel(1, 1)},
			"launched outside any operator"},
		"outside": {metric.Operator,
			[]string{op("mm", 10, 20, 1), call("cuda_runtime", launch, 30, 1), deviceKernel(1, 1)}, "launched outside any operator"},
		"no operators": {metric.Operator,
			[]string{hostEvent("user_annotation", "x", 10, 20, ""), call("cuda_runtime", launch, 12, 1), deviceKernel(1, 1)},
			"without operators (no cpu_op events)"},
		"no such launch": {metric.Operator,
			[]string{op("mm", 10, 20, 1), call("cuda_runtime", launch, 12, 2), deviceKernel(1, 1)}, "launch is not in the trace"},
		"0 is no correlation id": {metric.Operator,
			[]string{op("mm", 10, 20, 1), call("cuda_runtime", launch, 12, 0), deviceKernel(0, 1)}, "launch is not in the trace"},
		"no launches": {metric.Operator, []string{op("mm", 10, 20, 1), deviceKernel(1, 1)}, "no cuda_runtime events"},
		"a graph": {metric.Operator,
			[]string{op("mm", 10, 20, 1), call("cuda_runtime", "cudaGraphLaunch", 12, 1), deviceKernel(1, 1)},
			"CUDA graphs (cudaGraphLaunch)"},
		"an AMD graph": {metric.Operator,
			[]string{op("mm", 10, 20, 1), call("cuda_runtime", "hipGraphLaunch", 12, 1), deviceKernel(1, 1)},
			"CUDA graphs (hipGraphLaunch)"},
		"one id twice": {metric.Operator,
			[]string{op("mm", 10, 20, 1), op("later", 200, 20, 1), call("cuda_runtime", launch, 202, 1),
				call("cuda_runtime", launch, 12, 1), deviceKernel(1, 1)}, "mm"},
		"one id, two that began before": {metric.Operator,
			[]string{op("mm", 10, 20, 1), op("later", 50, 20, 1), call("cuda_runtime", launch, 12, 1),
				call("cuda_runtime", launch, 52, 1), deviceKernel(1, 1)}, "later"},
		"one id of two processes": {metric.Operator,
			[]string{op("mm", 10, 20, 1), call("cuda_runtime", launch, 12, 1),
				strings.Replace(call("cuda_runtime", launch, 13, 1), `"pid": 7`, `"pid": 8`, 1), deviceKernel(1, 1)}, "several processes"},
		"before 2022": {metric.Operator,
			[]string{hostEvent("Operator", "ProfilerStep#1", 11, 15, ""), hostEvent("Operator", "mm", 10, 20, ""),
				call("Runtime", launch, 12, 1), strings.Replace(deviceKernel(1, 1), `"kernel"`, `"Kernel"`, 1)}, "mm"},
		"a Python frame": {metric.Frame,
			[]string{op("mm", 11, 20, 1), hostEvent("python_function", "nn.Module: Linear_0", 9, 30, `"Python id": 1`),
				hostEvent("python_function", "torch/nn/functional.py(2): linear", 9, 30, `"Python id": 2`),
				call("cuda_runtime", launch, 12, 1), deviceKernel(1, 1)}, "torch/nn/functional.py(2): linear"},
		"a module": {metric.Module,
			[]string{hostEvent("python_function", "nn.Module: Linear_0", 9, 30, ""),
				hostEvent("python_function", "forward", 10, 20, ""), call("cuda_runtime", launch, 12, 1), deviceKernel(1, 1)},
			"nn.Module: Linear_0"},
		"an annotation around a graph": {metric.Annotation,
			[]string{hostEvent("user_annotation", "step 4", 5, 30, ""), call("cuda_runtime", "cudaGraphLaunch", 12, 1),
				deviceKernel(1, 1)}, "step 4"},
		"an annotation": {metric.Annotation,
			[]string{op("mm", 11, 20, 1), hostEvent("user_annotation", "step 4", 5, 30, ""), call("cuda_runtime", launch, 12, 1),
				deviceKernel(1, 1)}, "step 4"},
	} {
		t.Run(name, func(t *testing.T) {
			l := openLinks(t, write(t, "kineto_trace_0.json", []byte(wholeDocument(c.events...))))
			if len(l.By[c.by]) != 1 {
				t.Fatal(l)
			}
			k := l.By[c.by][0]
			got := l.Names[k.Name]
			if got != c.want && !(k.Missing && strings.Contains(got, c.want)) || k.Dur != 1_000_000 || k.Count != 1 {
				t.Errorf("%q, %+v; want %q", got, k, c.want)
			}
		})
	}
}

// Kernels in a row of one launch are a run, in order of time and not of the file; a graph is one launch.
func TestLaunchRuns(t *testing.T) {
	at := func(us, corr int) string {
		return strings.Replace(deviceKernel(corr, 1), `"ts": 100`, fmt.Sprintf(`"ts": %d`, us), 1)
	}
	text := wholeDocument(hostEvent("cpu_op", "mm", 0, 500, ""), at(2000, 9), at(100, 1), at(1500, 3), at(1300, 3), at(2100, 8),
		hostEvent("cuda_runtime", "cudaLaunchKernel", 12, 2, `"correlation": 1`),
		hostEvent("cuda_runtime", "cudaGraphLaunch", 20, 7, `"correlation": 3`))
	want := []trace.LaunchRun{{Count: 1, Lead: 88_000, Call: 2000}, {Count: 2, Lead: 1_280_000, Call: 7000, Graph: true}, {Count: 2, Lead: -1}}
	path := write(t, "kineto_trace_0.json", []byte(text))
	for _, r := range []Reader{{Links: true}, {Calls: true}} {
		ranks, err := r.Open(t.Context(), path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp2.Diff(want, ranks[0].Links.Runs); d != "" || (len(ranks[0].Links.By) > 0) != r.Links {
			t.Errorf("%+v: %s", r, d)
		}
	}
}

func TestLinksOfOddEvents(t *testing.T) {
	events := []string{
		`{"ph": "X", "cat": "kernel", "name": "k", "ts": 1, "dur": 1.5, "args": {"correlation": 7}}`,
		`{"ph": "X", "cat": "kernel", "name": "k", "ts": 1, "args": {"External id": 3}}`,
		`{"ph": "X", "cat": "kernel", "name": "k", "ts": 1, "dur": -1, "args": {"correlation": null}}`,
		`{"name": "aten::\"mm", "args": {"Record function id": 9}, "cat": "cpu_op", "dur": "9", "ts": "5"}`,
		`{"name": "no time", "cat": "cpu_op", "args": []}`,
		`{"name": "cudaLaunchKernel", "cat": "cuda_runtime", "args": {"correlation": "7"}, "dur": 1, "ts": 5.5}`,
	}
	path := write(t, "kineto_trace_0.json", []byte(wholeDocument(events...)))
	l := openLinks(t, path)
	want := []trace.Launch{{Dur: 1500, RF: 9, Count: 1}, {Name: 1, Missing: true, Count: 1}}
	if d := cmp2.Diff(want, l.By[metric.Operator]); d != "" || l.Names[0] != `aten::"mm` ||
		l.Names[1] != "whose launch is not in the trace (no event has its correlation id)" {
		t.Error(d, l.Names)
	}
	cut := write(t, "kineto_trace_1.json", []byte(strings.TrimSuffix(wholeDocument(events...), tail)))
	if l := openLinks(t, cut); !l.Damaged || len(l.By[metric.Operator]) != 2 {
		t.Errorf("cut off: %+v", l)
	}
	if _, err := (Reader{Links: true}).Open(t.Context(), path+"x", nil); err == nil {
		t.Error("a missing file is no error")
	}
}

// TestLinksChangeNothingElse: also the steps that a profiler left out are placed alike, by the events at hand or by another
// reading, and with more of them than asked for there are no links.
func TestLinksChangeNothingElse(t *testing.T) {
	files := recordings(t)
	files = append(files, write(t, "kineto_trace_0.json", []byte(wholeDocument(
		hostEvent("user_annotation", "ProfilerStep#4", 5, 30, ""),
		hostEvent("cuda_runtime", "cudaLaunchKernel", 12, 2, `"correlation": 1`), deviceKernel(1, 1)))))
	for _, f := range files {
		want, err := Open(t.Context(), f, nil)
		if err != nil {
			t.Fatal(err)
		}
		for most, linked := range map[int]bool{0: true, 1: false} {
			ranks, err := Reader{Links: true, Most: most}.Open(t.Context(), f, nil)
			if err != nil || (ranks[0].Links != nil) != linked {
				t.Fatalf("%s, at most %d: links %v, %v", f, most, ranks[0].Links != nil, err)
			}
			ranks[0].Links = nil
			if d := cmp2.Diff(want, ranks[0]); d != "" {
				t.Errorf("%s, at most %d (-without +with links):\n%.2000s", f, most, d)
			}
		}
	}
	if r, _ := Open(t.Context(), files[len(files)-1], nil); len(r.Marks) != 2 {
		t.Errorf("the step is not placed: %+v", r.Marks)
	}
}

// FuzzLinks holds that reading links never panics and does not depend on the blocks
// that the text is read in.
func FuzzLinks(f *testing.F) {
	seeds(f)
	read := func(text []byte, block int, plain bool) (*trace.Links, error) {
		r := newHostReader(launchers | stepRange)
		d := newReader(jsonscan.NewWindow(bytes.NewReader(text), block))
		d.scan.host, d.scan.plain = r, plain
		err := d.Read()
		return r.links(d.scan.records), err
	}
	f.Fuzz(func(t *testing.T, text []byte, block uint16) {
		want, wantErr := read(text, blockSize, false)
		got, err := read(text, 1+int(block), block%2 > 0)
		if d := cmp2.Diff(want, got); d != "" || (err == nil) != (wantErr == nil) {
			t.Fatalf("block %d: %v, in one piece %v (-one piece +block):\n%s", block, err, wantErr, d)
		}
	})
}

// A fixture of the form in which vLLM (0.26 and later, capture_torch_profiler) writes the capture of graphs; that release was not run.
func TestCaptured(t *testing.T) {
	op := func(name string, start, dur int, dims string) string {
		return hostEvent("cpu_op", name, start, dur, `"External id": 1, "Input Dims": `+dims)
	}
	call := func(name string, start int) string {
		return hostEvent("cuda_runtime", name, start, 1, `"correlation": `+fmt.Sprint(start))
	}
	text := wholeDocument(hostEvent("user_annotation", "capture_32_FULL", 0, 99, ""), call("cudaLaunchKernel", 1),
		call("cudaStreamBeginCapture", 2),
		op("aten::linear", 10, 9, `[[32, 4096], [6144, 4096], []]`), op("aten::addmm", 11, 7, `[[6144], [32, 4096], [4096, 6144], [], []]`),
		call("cudaStreamIsCapturing", 12), call("cudaMemsetAsync", 13), call("cudaLaunchKernelExC", 14),
		op("vllm::rotary_embedding", 20, 5, `[[32], [32, 4096]]`), call("cuLaunchKernel", 21), call("cudaStreamEndCapture", 30),
		call("cudaLaunchKernel", 31),
		call("cudaStreamBeginCapture", 40), op("aten::mm", 41, 9, `[[16, 4096], [4096]]`), call("cudaLaunchKernel", 42))
	got, err := Captured(t.Context(), write(t, "graph_capture_rank_0.1.pt.trace.json", []byte(text)))
	product := trace.Product{M: 32, N: 6144, K: 4096}
	if want := [][]trace.Product{{product, product, {}}, {{}}}; err != nil || cmp2.Diff(want, got) != "" {
		t.Errorf("%v: %s", err, cmp2.Diff(want, got))
	}
}
