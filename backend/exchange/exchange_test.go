package exchange

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"google.golang.org/protobuf/encoding/protowire"
	"gopkg.in/yaml.v3"

	"shardeck/model"
	"shardeck/model/metric"
	"shardeck/model/timeline"
)

// small is a run of two ranks: a kernel that began before the window, two at once, and a call to which rank 1 came last.
func small() Source {
	run := &timeline.Run{WindowNS: 10_000, Kernels: timeline.View{To: 10_000},
		Names: []timeline.Name{{Full: `gemm<"x">`, Short: "gemm", Class: "gemm"}, {Full: "ncclAll", Short: "all_reduce", Class: "communication"}},
		Calls: []timeline.Call{{Type: "all_reduce", Bytes: 4096, Number: 1, At: 5000, Last: 1, LateNS: 1000, SpreadNS: 1000,
			Parts: []timeline.Part{{Rank: 0, Start: 4000, End: 6000}, {Rank: 1, Start: 5000, End: 6000}}}}}
	for number := range 2 {
		r := timeline.Rank{Number: number, Steps: []timeline.Step{{Phase: "decode", Number: 1, Start: 0, End: 6000}}}
		r.Tracks[timeline.Work].Add(timeline.Kernel{Start: -500, End: 1001})
		r.Tracks[timeline.Work].Add(timeline.Kernel{Start: 1000, End: 3000})
		r.Tracks[timeline.Comm].Add(timeline.Kernel{Start: 4000 + 1000*int64(number), End: 6000, Name: 1})
		run.Ranks = append(run.Ranks, r)
	}
	tpot, spread := 5.25, 1.5
	return Source{Run: model.Run{Name: "a@1", Time: time.Unix(1_800_000_000, 0)},
		Found: &metric.Analysis{Run: "a@1", Warnings: []string{"first"}, Trace: &metric.TraceSummary{Kernels: []metric.KernelStat{
			{Name: `gemm<"x">`, Distinct: "gemm", Class: "gemm", Count: 1234, TotalNS: 5_000_000}}},
			Metrics: []metric.Metric{{Name: "tpot", Unit: "ms", Value: &tpot, N: 3, Spread: &spread, PerRank: map[int]float64{0: 5, 1: 5.5}},
				{Name: "mfu", Unit: "%", Reason: "no shape"}}},
		Lanes: func(do func(*timeline.Run) error) error { return do(run) }}
}

// written is the folder of a format.
func written(t *testing.T, format string) (dir string, remarks []string) {
	t.Helper()
	dir = t.TempDir()
	remarks, err := Named(format).Write(dir, small())
	if err != nil {
		t.Fatal(err)
	}
	return dir, remarks
}

func read(t *testing.T, parts ...string) []byte {
	t.Helper()
	found, _ := filepath.Glob(filepath.Join(parts...))
	if len(found) != 1 {
		t.Fatalf("%v: %d files", parts, len(found))
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestTablesAreTheSame: Parquet holds what CSV does, numbers as numbers, nothing as null.
func TestTablesAreTheSame(t *testing.T) {
	plain, _ := written(t, "csv")
	columns, _ := written(t, "parquet")
	for _, name := range []string{"summary", "metrics", "kernels"} {
		lines, err := csv.NewReader(bytes.NewReader(read(t, plain, name+".csv"))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		text := read(t, columns, name+".parquet")
		f, err := parquet.OpenFile(bytes.NewReader(text), int64(len(text)))
		if err != nil {
			t.Fatal(err)
		}
		var header []string
		for _, c := range f.Schema().Columns() {
			header = append(header, c[0])
		}
		if d := cmp.Diff(lines[0], header); d != "" || int(f.NumRows()) != len(lines)-1 {
			t.Errorf("%s: %d rows: %s", name, f.NumRows(), d)
		}
	}
	rows, err := parquet.Read[struct {
		Metric string   `parquet:"metric"`
		Rank   *float64 `parquet:"rank,optional"`
		Value  *float64 `parquet:"value,optional"`
		Reason *string  `parquet:"reason,optional"`
	}](bytes.NewReader(read(t, columns, "metrics.parquet")), int64(len(read(t, columns, "metrics.parquet"))))
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for _, r := range rows {
		told["rank 1"] = told["rank 1"] || r.Metric == "tpot" && r.Rank != nil && *r.Rank == 1 && *r.Value == 5.5
		told["whole"] = told["whole"] || r.Metric == "tpot" && r.Rank == nil && *r.Value == 5.25
		told["none"] = told["none"] || r.Metric == "mfu" && r.Value == nil && r.Reason != nil && *r.Reason == "no shape"
	}
	if d := cmp.Diff(map[string]bool{"rank 1": true, "whole": true, "none": true}, told); d != "" {
		t.Error(d)
	}
	if got := string(read(t, plain, "kernels.csv")); !strings.HasPrefix(got, "kernel,class,time_ms,n_a_rank,mean_us,") ||
		!strings.Contains(got, `"gemm<""x"">",gemm,5.0,1234,4.1,`) {
		t.Errorf("kernels:\n%s", got)
	}
}

// TestPerfetto: what runs at once lies on places of its own, all on one clock; who waits, and for whom.
func TestPerfetto(t *testing.T) {
	dir, _ := written(t, "perfetto")
	in, err := gzip.NewReader(bytes.NewReader(read(t, dir, "timeline.json.gz")))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		TraceEvents []struct {
			Ph, Name string
			Pid, Tid int
			Ts, Dur  float64
			ID       int
		}
	}
	if err := json.NewDecoder(in).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	type event struct {
		Ph, Name string
		Pid, Tid int
		Ts, Dur  float64
	}
	var got []event
	for _, e := range doc.TraceEvents {
		if e.Ph != "M" && e.Pid == 1 || e.Ph == "f" {
			got = append(got, event{e.Ph, e.Name, e.Pid, e.Tid, e.Ts, e.Dur})
		}
	}
	want := []event{{"X", "decode 1", 1, threadSteps, 0, 6}, {"X", "all_reduce 1", 1, threadCalls, 4, 2},
		{"X", "wait for rank 1", 1, threadCalls, 4, 1},
		{"s", "waits for", 1, threadCalls, 4, 0}, {"f", "waits for", 2, threadCalls, 5, 0}, {"X", "gemm", 1, threadWork, 0, 1.001},
		{"X", "gemm", 1, threadWork + 1, 1, 2}, {"X", "all_reduce", 1, threadComm, 4, 2}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestChakra: messages behind their lengths; the call as a collective with its size, after the kernels before it.
func TestChakra(t *testing.T) {
	dir, remarks := written(t, "chakra")
	if len(remarks) != 1 {
		t.Errorf("%q", remarks)
	}
	text := read(t, dir, "rank.1.et")
	var nodes []map[protowire.Number]any
	for len(text) > 0 {
		n, at := binary.Uvarint(text)
		m, fields := text[at:at+int(n)], map[protowire.Number]any{}
		for len(m) > 0 {
			field, kind, used := protowire.ConsumeTag(m)
			m = m[used:]
			if kind == protowire.VarintType {
				v, used := protowire.ConsumeVarint(m)
				fields[field], m = v, m[used:]
			} else {
				v, used := protowire.ConsumeBytes(m)
				m = m[used:]
				before, _ := fields[field].(string)
				fields[field] = before + string(v)
			}
		}
		nodes, text = append(nodes, fields), text[at+int(n):]
	}
	if len(nodes) != 4 {
		t.Fatalf("%d messages", len(nodes))
	}
	last := nodes[3]
	size := strings.Contains(last[nodeAttr].(string), "\x0a\x09comm_size\x48\x80\x20")
	if last[nodeID] != uint64(3) || last[nodeType] != uint64(nodeColl) || last[nodeDataDeps] != "\x02" || last[nodeCtrlDeps] != nil ||
		last[nodeStart] != uint64(5) || last[nodeDuration] != uint64(1) || !size {
		t.Errorf("%q", last)
	}
	if nodes[2][nodeCtrlDeps] != "\x01" || nodes[1][nodeStart] != uint64(0) {
		t.Errorf("%q", nodes[1:3])
	}
}

// TestMLflow: the files of its store.
func TestMLflow(t *testing.T) {
	dir, _ := written(t, "mlflow")
	if got := string(read(t, dir, "*", "*", "metrics", "tpot")); got != "1800000000000 5.25 0\n" {
		t.Errorf("%q", got)
	}
	if got := string(read(t, dir, "*", "*", "params", "run")); got != "a@1" {
		t.Errorf("%q", got)
	}
	var about map[string]any
	if err := yaml.Unmarshal(read(t, dir, "*", "*", "meta.yaml"), &about); err != nil || about["run_name"] != "a@1" || about["status"] != 3 {
		t.Errorf("%v %v", about, err)
	}
}

// TestWandbLog: records come back whole, those longer than a block too.
func TestWandbLog(t *testing.T) {
	dir, _ := written(t, "wandb")
	log := read(t, dir, "wandb", "*", "*.wandb")
	if !bytes.HasPrefix(log, []byte(":W&B\xe1\xbe\x00")) || !bytes.Contains(log, []byte("\x0a\x04tpot\x82\x01\x045.25")) {
		t.Errorf("%q", log[:40])
	}
	long := small()
	long.Found.Warnings = []string{strings.Repeat("x", 3*logBlock)}
	dir = t.TempDir()
	if _, err := Named("wandb").Write(dir, long); err != nil {
		t.Fatal(err)
	}
	var whole []byte
	kinds := ""
	for log, at := read(t, dir, "wandb", "*", "*.wandb"), logHead; at < len(log); {
		if left := logBlock - at%logBlock; left < logHead {
			at += left
			continue
		}
		n := int(binary.LittleEndian.Uint16(log[at+4:]))
		if crc32.ChecksumIEEE(log[at+6:at+7+n]) != binary.LittleEndian.Uint32(log[at:]) {
			t.Fatalf("sum at %d", at)
		}
		kinds += string('0' + rune(log[at+6]))
		whole, at = append(whole, log[at+7:at+7+n]...), at+7+n
	}
	if kinds != "123334111" && kinds != "12334111" || !bytes.Contains(whole, bytes.Repeat([]byte("x"), 3*logBlock)) {
		t.Errorf("pieces %s", kinds)
	}
}
