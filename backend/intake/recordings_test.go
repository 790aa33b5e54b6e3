package intake

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/model"
)

// day is a time of day in µs; info is one line of distributedInfo.
const day = 1_700_000_000_000_000

func info(rank, world int) string {
	return fmt.Sprintf(`"distributedInfo": {"rank": %d, "world_size": %d}, `, rank, world)
}

func traceAt(head string, ts int) string {
	return fmt.Sprintf(`{"schemaVersion": 1, %s"traceEvents": [{"ph": "X", "cat": "kernel", "name": "a", "ts": %d, "dur": 10, "pid": 0, "tid": 7}]}`, head, ts)
}

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if strings.HasSuffix(name, ".gz") {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			z.Write([]byte(text))
			z.Close()
			text = b.String()
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// ranks writes the files of a recording as "name=rank".
func ranks(f Found) string {
	var words []string
	for _, file := range f.Files {
		words = append(words, fmt.Sprintf("%s=%d", filepath.Base(file.Path), file.Rank))
	}
	return strings.Join(words, " ")
}

// TestFolder names the kind of each folder, what is read of it, and what is said of that.
func TestFolder(t *testing.T) {
	const tb0, tb1 = "nid001_11.1773709742341309550.pt.trace.json", "nid001_12.1773709742341309560.pt.trace.json.gz"
	long := strings.Repeat(" ", headBytes)
	for kind, c := range map[string]struct {
		files        map[string]string
		choice       string
		want, saying string
	}{
		"rank by the trace": {files: map[string]string{tb0: traceAt(info(1, 2), day), tb1: traceAt(info(0, 2), day)},
			want: tb1 + "=0 " + tb0 + "=1"},
		"rank at the end of a long trace": {files: map[string]string{
			tb0: `{"traceEvents": [` + long + `], "distributedInfo": {"rank": 5}}`,
			tb1: `{"traceEvents": [` + long + `], "distributedInfo": {"rank": 3}}`},
			want: tb1 + "=3 " + tb0 + "=5"},
		"hosts whose clocks are minutes apart": {files: map[string]string{
			"rank-0.json": traceAt(`"hostname": "a", `+info(0, 2), day), "rank-1.json": traceAt(`"hostname": "b", `+info(1, 2), day+600*1e6)},
			want: "rank-0.json=0 rank-1.json=1"},
		"rank by the name": {files: map[string]string{"rank-0.json": traceAt("", 5), "rank-1.json": traceAt("", 5)},
			want: "rank-0.json=0 rank-1.json=1", saying: "taken from the names: rank-0.json is rank 0"},
		"rank by the order": {files: map[string]string{"b.json": traceAt("", day), "a.json": traceAt("", day+5), "notes.txt": "x",
			"x.py": "import y"},
			want: "a.json=0 b.json=1", saying: "taken by the order of the names: a.json is rank 0, b.json is rank 1"},
		"the trace is believed, not the name": {files: map[string]string{"rank0.json": traceAt(info(1, 2), day),
			"rank1.json": traceAt(info(0, 2), day)},
			want: "rank1.json=0 rank0.json=1", saying: "its name says rank 0, the trace says 1"},
		"ranks from the places in groups": {files: map[string]string{
			"dp0_pp0_tp0_ep0_rank0.1773709742341309550.pt.trace.json": traceAt("", day),
			"dp1_pp0_tp0_ep2_rank0.1773709742341309551.pt.trace.json": traceAt("", day),
			"dp0_pp0_tp1_ep1_rank1.1773709742341309552.pt.trace.json": traceAt("", day),
			"dp1_pp0_tp1_ep3_rank1.1773709742341309553.pt.trace.json": traceAt("", day)},
			want: "dp0_pp0_tp0_ep0_rank0.1773709742341309550.pt.trace.json=0 dp0_pp0_tp1_ep1_rank1.1773709742341309552.pt.trace.json=1 " +
				"dp1_pp0_tp0_ep2_rank0.1773709742341309551.pt.trace.json=2 dp1_pp0_tp1_ep3_rank1.1773709742341309553.pt.trace.json=3",
			saying: "as vLLM writes them"},
		"SGLang, attention alone data parallel": {files: map[string]string{"1748000000.2-TP-0-DP-0.trace.json": traceAt("", day),
			"1748000000.2-TP-1-DP-1.trace.json": traceAt("", day)},
			want: "1748000000.2-TP-0-DP-0.trace.json=0 1748000000.2-TP-1-DP-1.trace.json=1", saying: "as SGLang writes them"},
		"one rank says its world": {files: map[string]string{"rank-0.json": traceAt(info(0, 2), day), "rank-1.json": traceAt("", day)},
			want: "rank-0.json=0 rank-1.json=1"},
		"reports of ranks": {files: map[string]string{"p_rank1.sqlite": "SQLite format 3\x00", "p_rank0.sqlite": "SQLite format 3\x00"},
			want: "p_rank0.sqlite=0 p_rank1.sqlite=1"},
		"one folder deep": {files: map[string]string{"iteration_10/rank0_trace.json": traceAt(info(0, 2), day),
			"iteration_10/rank1_trace.json": traceAt(info(1, 2), day)},
			want: "rank0_trace.json=0 rank1_trace.json=1"},
		"two folders deep": {files: map[string]string{"a/b/rank0_trace.json": traceAt(info(0, 2), day),
			"a/b/rank1_trace.json": traceAt(info(1, 2), day)},
			want: "rank0_trace.json=0 rank1_trace.json=1"},
		"a folder a rank, in another": {files: map[string]string{"n/rank_0/trace.json": traceAt("", day),
			"n/rank_1/trace.json": traceAt("", day)},
			want: "trace.json=0 trace.json=1"},
		"packed copies beside": {files: map[string]string{"rank0.json": traceAt("", day), "rank1.json": traceAt("", day),
			"rank0.json.gz": traceAt("", day),
			"rank1.json.gz": traceAt("", day)}, want: "rank0.json=0 rank1.json=1"},
		"two runs of the same ranks, by their names": {files: map[string]string{"rank0_a.json": traceAt("", day),
			"rank1_a.json": traceAt("", day),
			"rank0_b.json": traceAt("", day), "rank1_b.json": traceAt("", day)}, choice: "2", want: "rank0_b.json=0 rank1_b.json=1"},
		"a copy of one rank": {files: map[string]string{"rank0.json": traceAt("", day), "rank1.json": traceAt("", day),
			"rank0-copy.json": traceAt("", day)},
			saying: "holds traces of 2 recordings"},
		"UTF-16": {files: map[string]string{"rank0.json": "\xff\xfe{\x00"}, saying: "text in UTF-16: write it as UTF-8 first (iconv"},
		"a folder a rank": {files: map[string]string{"rank_0/trace.json": traceAt("", day), "rank_1/trace.json": traceAt("", day)},
			want: "trace.json=0 trace.json=1"},
		"iterations side by side": {files: map[string]string{"iteration_9/rank0_trace.json": traceAt("", day+1e9),
			"iteration_10/rank0_trace.json": traceAt("", day)},
			want: "rank0_trace.json=0", saying: "the newest is read (iteration_10"},
		"an iteration asked for": {files: map[string]string{"iteration_9/rank0_trace.json": traceAt("", day),
			"iteration_10/rank0_trace.json": traceAt("", day)},
			choice: "1", want: "rank0_trace.json=0"},
		"one profiler again and again": {files: map[string]string{tb0: traceAt(info(0, 1), day),
			"nid001_11.1773709742999999999.pt.trace.json": traceAt(info(0, 1), day+1e6)},
			want: "nid001_11.1773709742999999999.pt.trace.json=0", saying: "2 recordings side by side: the newest is read"},
		"execution traces beside": {files: map[string]string{"r0/x": "", "rank0.json": traceAt("", day),
			"et_rank0.json":       `{"schema": "1.1.0", "nodes": []}`,
			"other_et_rank0.json": `{"schema": "1.1.0", "nodes": []}`}, want: "rank0.json=0 et_rank0.json=0"},
		"execution traces alone": {files: map[string]string{"et_rank1.json": `{"schema": "1.1.0", "nodes": []}`,
			"et_rank0.json": `{"schema": "1.1.0", "nodes": []}`},
			want: "et_rank0.json=0 et_rank1.json=1"},
		"a report in two forms": {files: map[string]string{"report1.nsys-rep": "x", "report1.sqlite": "SQLite format 3\x00",
			"report1_cuda_gpu_kern_sum.csv": "Time (%),Total Time (ns),Name\n"},
			want: "report1.sqlite=0"},
		"CSV of any name": {files: map[string]string{"numbers.dat": "Generating SQLite file\n\nStart (ns),Duration " +
			"(ns),CorrId,Device,Strm,Name\n1,2,3,GPU (0),7,gemm\n"}, want: "numbers.dat=0"},
		"one of many": {files: map[string]string{"a.json": traceAt(info(3, 128), day)}, want: "a.json=3",
			saying: "these are traces of 1 rank of 128"},
		"nothing": {files: map[string]string{"a.json": `{"a": 1}`, "b.csv": "M,N,K\n"},
			saying: "a.json is JSON of another kind (it has neither traceEvents, nor nodes, nor times of iterations), and 1 more"},
		"a Parquet export": {files: map[string]string{"r_pqtdir/StringIds.parquet": "PAR1"},
			saying: "StringIds.parquet is Parquet, which is not read: export the report it comes from anew (nsys export --type " +
				"sqlite REPORT.nsys-rep)"},
	} {
		t.Run(kind, func(t *testing.T) {
			got, err := Folder(folder(t, c.files), "X", c.choice, true)
			if r := ranks(got); r != c.want || (err != nil) != (c.want == "") {
				t.Errorf("got %s, %v; want %s", r, err, c.want)
			}
			said := strings.Join(got.Warnings, "\n")
			if err != nil {
				said = err.Error()
			}
			if !strings.Contains(said, c.saying) || c.saying == "" && said != "" && err == nil && len(got.Files) > 2 {
				t.Errorf("said %q, want %q", said, c.saying)
			}
		})
	}
}

// Kind: files that cannot be of one recording are asked about, and each can be chosen.
func TestAsked(t *testing.T) {
	for kind, c := range map[string]struct {
		files map[string]string
		n     int
	}{
		"two files of one rank": {map[string]string{"a.json": traceAt(info(0, 2), day), "b.json": traceAt(info(0, 2), day),
			"c.json": traceAt(info(1, 2), day)}, 2},
		"two worlds": {map[string]string{"rank0.json": traceAt(info(0, 2), day), "rank1.json": traceAt(info(1, 4), day)}, 2},
		"two times": {map[string]string{"rank0.json": traceAt(info(0, 2), day),
			"rank1.json": traceAt(info(1, 2), day+7200*1e6)}, 2},
		"two hosts, one rank": {map[string]string{"h1_1.1773709742341309550.pt.trace.json": traceAt(info(0, 1), day),
			"h2_1.1773709742341309551.pt.trace.json": traceAt(info(0, 1), day)}, 2},
		"two processes, one rank": {map[string]string{"h1_1.1773709742341309550.pt.trace.json": traceAt(info(0, 1), 5),
			"h1_2.1773709742341309551.pt.trace.json": traceAt(info(0, 1), 5)}, 2},
		"a model beside a rank": {map[string]string{"resnet.json": traceAt(info(0, 8), 5), "bert.json": traceAt("", 5)}, 2},
		"two reports":           {map[string]string{"before.sqlite": "SQLite format 3\x00", "after.sqlite": "SQLite format 3\x00"}, 2},
		"two stages": {map[string]string{"1748000000.2-TP-0-EXTEND.trace.json": traceAt("", day),
			"1748000000.2-TP-0-DECODE.trace.json": traceAt("", day)}, 2},
		"two stages of two ranks": {map[string]string{"1748000000.2-TP-0-EXTEND.trace.json": traceAt("", day),
			"1748000000.2-TP-1-DECODE.trace.json": traceAt("", day)}, 2},
		"iterations on two hosts": {map[string]string{"iteration_1/rank0.json": traceAt(`"hostname": "a", `, day),
			"iteration_2/rank0.json": traceAt(`"hostname": "b", `, day)}, 2},
		"models side by side": {map[string]string{"bert.json": traceAt("", day), "owl.json": traceAt("", day+3600*1e6),
			"qwen.json": traceAt("", day+7200*1e6)}, 3},
		"a newest that is not whole": {map[string]string{"iteration_1/rank0.json": traceAt("", day),
			"iteration_1/rank1.json": traceAt("", day), "iteration_2/rank0.json": traceAt("", day)}, 2},
		"runs of ours, a folder each": {map[string]string{"tp1/kineto_trace_0.json": traceAt(info(0, 1), day),
			"tp2/kineto_trace_0.json": traceAt(info(0, 2), day)}, 2},
	} {
		dir := folder(t, c.files)
		got, err := Folder(dir, "X", "", true)
		choices := model.ChoicesOf(err)
		if len(choices) != c.n {
			t.Errorf("%s: %s, %v, choices %v, want %d", kind, ranks(got), err, choices, c.n)
			continue
		}
		for i, choice := range choices {
			if got, err := Folder(dir, "X", choice.Name[2:], true); err != nil || len(got.Files) == 0 ||
				!strings.Contains(model.FixOf(err)+choice.Text, filepath.Base(got.Files[0].Path)) {
				t.Errorf("%s: choice %d (%s): %s, %v", kind, i, choice.Text, ranks(got), err)
			}
		}
	}
}

// Kind: a file is what it holds, whatever its name; what is no trace is said to be what it is.
func TestFile(t *testing.T) {
	dir := folder(t, map[string]string{
		"a.bin": traceAt(info(2, 4), day), "b.txt.gz": traceAt("", day), "c.json": `[{"ph": "X"}]`,
		"d.json": `{"schema": "1.0.1", "nodes": [`, "e.json": `[1, 2]`,
		"f.json": `{"x": {"nodes": 1}}`, "g.zip": "PK\x03\x04", "h.tar": strings.Repeat("\x00", 257) + "ustar\x00", "i.json": " ",
		"j.csv":    "Time (%),Total Time (ns),Name\n",
		"k.pickle": "\x80\x04", "l.json.gz": "", "m.md": "# title",
		"n.json": "{\"other\": [" + strings.Repeat(`{"a": 1},`, 60_000) + "], \"traceEvents\": []}",
	})
	for name, want := range map[string]string{
		"a.bin": "kineto 2", "b.txt.gz": "kineto 0", "c.json": "kineto 0", "d.json": "torch_et 0",
		"e.json": "a list in JSON that is not one of trace events",
		"f.json": "JSON of another kind", "g.zip": "unpack it first (unzip g.zip)", "h.tar": "unpack it first (tar -xf h.tar)",
		"i.json": "empty, or cut off",
		"j.csv":  "run nsys stats --report cuda_gpu_trace", "k.pickle": "a Python pickle", "l.json.gz": "empty, or cut off",
		"m.md":   `begins with "# title"`,
		"n.json": "kineto 0",
	} {
		got, err := File(filepath.Join(dir, name))
		said := fmt.Sprint(err)
		if err == nil {
			said = fmt.Sprint(got.Files[0].Kind, " ", got.Files[0].Rank)
		}
		if !strings.Contains(said, want) {
			t.Errorf("%s: %s, want %s", name, said, want)
		}
	}
}
