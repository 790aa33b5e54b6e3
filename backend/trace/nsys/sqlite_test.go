package nsys

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/trace"
)

// open reads a file whose reading must succeed.
func openAll(t testing.TB, path string) []*trace.Rank {
	t.Helper()
	ranks, err := Reader{}.Open(context.Background(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return ranks
}

// damageOf is all damage of a rank, one a line.
func damageOf(r *trace.Rank) (text string) {
	for _, d := range r.Damage {
		text += d.String() + "\n"
	}
	return text
}

func TestTwoWorkers(t *testing.T) {
	ranks := openAll(t, writeExport(t, "nsys_0.sqlite", twoWorkers()))
	if len(ranks) != 2 {
		t.Fatalf("%d ranks, want 2", len(ranks))
	}
	b, a := ranks[0], ranks[1] // GPU 0 is worker B's
	for _, r := range ranks {
		if len(r.Damage)+len(r.Info.Notes) > 0 {
			t.Errorf("damage %v, notes %q", r.Damage, r.Info.Notes)
		}
		if r.Info.Rank != -1 || r.Info.Hostname != "nid001234" || r.Info.Schema != "3.28.1" || len(r.Info.Devices) != 2 ||
			r.Info.Devices[1].SMs != 108 {
			t.Errorf("info %+v", r.Info)
		}
	}
	gemm, reduce := "void gemm<int>(float *)", "ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<(unsigned long)4096>)"
	want := []string{
		fmt.Sprint(gemm, " ", epoch+1000, " 2000 11 7 1 0 2"),
		fmt.Sprint(reduce, " ", epoch+3500, " 1000 12 7 1 0 2"),
		fmt.Sprint("Memcpy HtoD", " ", epoch+500, " 100 9 7 1 1 -1"),
	}
	if diff := cmp.Diff(want, said(a)); diff != "" {
		t.Errorf("worker A (-want +got):\n%s", diff)
	}
	want = []string{
		fmt.Sprint(gemm, " ", epoch+1100, " 2000 11 7 0 0 2"),
		fmt.Sprint(reduce, " ", epoch+3600, " 900 12 7 0 0 2"),
		fmt.Sprint("Memset", " ", epoch+700, " 10 10 7 0 2 -1"),
	}
	if diff := cmp.Diff(want, said(b)); diff != "" {
		t.Errorf("worker B (-want +got):\n%s", diff)
	}
	marks := []trace.Mark{
		{Name: trtPrefill, Start: epoch + 100, Dur: 800}, {Name: "decode", Start: epoch + 900, Dur: 1100},
		{Name: trtPrefill, Start: epoch + 1000, Dur: 2000, GPU: true}, {Name: "decode", Start: epoch + 3500, Dur: 1000, GPU: true},
	}
	if diff := cmp.Diff(marks, a.Marks); diff != "" || len(b.Marks) != 0 {
		t.Errorf("marks (-want +got):\n%s%v", diff, b.Marks)
	}
	if diff := cmp.Diff([]trace.Sample{{At: epoch + 1000, Percent: 60}, {At: epoch + 2000, Percent: 80}}, b.SMs); diff != "" {
		t.Errorf("samples of GPU 0 (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]trace.Sample{{At: epoch + 1000, Percent: 90}}, a.SMs); diff != "" {
		t.Errorf("samples of GPU 1 (-want +got):\n%s", diff)
	}
}

// said is a rank's records in words.
func said(r *trace.Rank) (out []string) {
	for _, x := range r.Records {
		out = append(out, fmt.Sprint(r.Names[x.Name], " ", x.Start, x.Dur, x.Corr, x.Stream, x.Device, " ", x.Kind, x.Blocks))
	}
	return out
}

// without is the export with one table less.
func without(tables ...string) rows {
	r := twoWorkers()
	for _, t := range tables {
		delete(r, t)
	}
	return r
}

// with is the export with more rows in a table.
func with(table string, more ...string) rows {
	r := twoWorkers()
	r[table] = append(r[table], more...)
	return r
}

// graphRow is a CUDA graph recorded whole.
var graphRow = fmt.Sprintf("start=5000|end=9000|deviceId=0|contextId=1|streamId=7|correlationId=13|globalPid=%d|graphId=1|graphExecId=1", workerA)

// exports are variants of an export, and what must be said of them.
var exports = []struct {
	name          string
	rows          rows
	ranks         int
	damage, notes string // of the first rank; "": none
}{
	{name: "graphs recorded whole", rows: with(graphTable, graphRow), ranks: 2,
		damage: "1 launch of a CUDA graph was recorded whole, without its kernels; lost: the kernels and collectives inside them; " +
			"profile again with --cuda-graph-trace=node"},
	{name: "graphs only", rows: func() rows {
		r := without(kernelTable)
		r[graphTable] = []string{graphRow}
		return r
	}(), ranks: 1, damage: "--cuda-graph-trace=node", notes: "only copied"},
	{name: "no kernels", rows: without(kernelTable, memcpyTable, memsetTable), ranks: 1, notes: "no GPU kernels"},
	{name: "no strings", rows: without("StringIds"), ranks: 2, damage: "4 kernels have names that are not in the export"},
	{name: "no start time", rows: without("TARGET_INFO_SESSION_START_TIME"), ranks: 2, notes: "does not say when its capture started"},
	{name: "no map of devices", rows: without("TARGET_INFO_CUDA_DEVICE"), ranks: 2, notes: "sm_active has no value"},
	{name: "no GPUs, metrics, steps", rows: without("TARGET_INFO_GPU", "TARGET_INFO_GPU_METRICS", "GPU_METRICS", nvtxTable,
		runtimeTable, "META_DATA_EXPORT", "TARGET_INFO_SYSTEM_ENV"), ranks: 2},
	{name: "third process that only copied", rows: with(memcpyTable,
		"start=1|end=2|deviceId=0|contextId=1|streamId=7|globalPid=7|bytes=1|copyKind=99"), ranks: 2, notes: "1 process only copied"},
	{name: "kernel without end", rows: with(kernelTable, "start=1|deviceId=0|streamId=7|demangledName=2"), ranks: 2,
		damage: "1 kernel or copy has no time that is a number"},
	{name: "text for a time", rows: with(kernelTable, "start='soon'|end=9|deviceId=0|streamId=7|demangledName=2"), ranks: 2,
		damage: "1 kernel or copy has no time that is a number"},
	{name: "kernel that ends early", rows: with(kernelTable, kernelRow(workerA, 9000, 8000, 14, 2)), ranks: 2,
		damage: "1 kernel or copy ends before it starts"},
	{name: "stream beyond all bounds", rows: with(kernelTable,
		strings.Replace(kernelRow(workerA, 9000, 9100, 14, 2), "streamId=7", "streamId=99999999999", 1)), ranks: 2,
		damage: "is no number in range"},
	{name: "metric beyond 100", rows: with("GPU_METRICS", "timestamp=1|typeId=281474976710656|metricId=4|value=101"), ranks: 2,
		damage: "1 sample of GPU metrics is no percentage"},
	{name: "warning", rows: with("DIAGNOSTIC_EVENT", "timestamp=1|timestampType=1|source=1|severity=2|text='CUPTI \x1b[31mis old'"),
		ranks: 2, notes: "nsys says: CUPTI is old"},
	{name: "lost events", rows: with("DIAGNOSTIC_EVENT",
		"timestamp=1|timestampType=1|source=1|severity=1|text='Some events (1714) were lost'"), ranks: 2,
		damage: "nsys says: Some events (1714) were lost"},
	{name: "information", rows: with("DIAGNOSTIC_EVENT",
		"timestamp=1|timestampType=1|source=1|severity=1|text='Process was launched'"), ranks: 2},
}

func TestExports(t *testing.T) {
	for _, x := range exports {
		t.Run(x.name, func(t *testing.T) {
			ranks := openAll(t, writeExport(t, "report.sqlite", x.rows))
			if len(ranks) != x.ranks {
				t.Fatalf("%d ranks, want %d", len(ranks), x.ranks)
			}
			if got := damageOf(ranks[0]); (x.damage == "") != (got == "") || !strings.Contains(got, x.damage) {
				t.Errorf("damage %q, want %q", got, x.damage)
			}
			if got := strings.Join(ranks[0].Info.Notes, "\n"); (x.notes == "") != (got == "") || !strings.Contains(got, x.notes) {
				t.Errorf("notes %q, want %q", got, x.notes)
			}
		})
	}
}

// TestNormalised: times that are of the world already are left alone.
func TestNormalised(t *testing.T) {
	r := rows{
		"TARGET_INFO_SESSION_START_TIME": {fmt.Sprintf("utcEpochNs=%d", int64(epoch))},
		kernelTable:                      {kernelRow(workerA, epoch+5, epoch+9, 1, 2)},
	}
	if got := openAll(t, writeExport(t, "nsys_3.sqlite", r))[0]; got.Records[0].Start != epoch+5 || got.Info.Rank != 3 {
		t.Errorf("start %d, rank %d", got.Records[0].Start, got.Info.Rank)
	}
}

// TestGraphTime: the time of graphs recorded whole is kept.
func TestGraphTime(t *testing.T) {
	a := openAll(t, writeExport(t, "report.sqlite", with(graphTable, graphRow)))[1]
	if last := a.Records[len(a.Records)-1]; last.Dur != 4000 || a.Names[last.Name] != graphName {
		t.Errorf("record %+v", last)
	}
}

// large is an export of several hundred pages.
func large(t testing.TB, n int) string {
	r := twoWorkers()
	for i := range n {
		r[kernelTable] = append(r[kernelTable], kernelRow(workerA, 10_000+10*i, 10_005+10*i, 100+i, 2))
	}
	return writeExport(t, "nsys_0.sqlite", r)
}

// TestCutAnywhere: an export cut at any page, or inside one, is an error or is marked.
func TestCutAnywhere(t *testing.T) {
	whole, err := os.ReadFile(large(t, 700))
	if err != nil {
		t.Fatal(err)
	}
	path := writeExport(t, "cut.sqlite", rows{})
	some := 0
	for n := 1; n < len(whole); n += 1 + len(whole)/61 {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		ranks, err := Reader{}.Open(context.Background(), path, nil)
		if err != nil {
			continue
		}
		for _, r := range ranks {
			some += len(r.Records)
			if !strings.Contains(damageOf(r), "cut off") {
				t.Fatalf("cut at byte %d of %d: damage %q", n, len(whole), damageOf(r))
			}
		}
	}
	if some == 0 {
		t.Error("no cut file gave a record: the sound part is not read")
	}
}

// TestDamagedPage: a page that is no page loses what is behind it, and is said.
func TestDamagedPage(t *testing.T) {
	path := large(t, 400)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	marked, failed := 0, 0
	for page := 1; page < len(whole)/4096; page++ {
		hurt := append([]byte(nil), whole...)
		for i := range 4096 {
			hurt[page*4096+i] = 0xff
		}
		if err := os.WriteFile(path, hurt, 0o600); err != nil {
			t.Fatal(err)
		}
		ranks, err := Reader{}.Open(context.Background(), path, nil)
		switch {
		case err != nil:
			failed++
		case len(ranks[len(ranks)-1].Damage) > 0:
			marked++
		default:
			t.Errorf("page %d: no error and no damage", page+1)
		}
	}
	if marked == 0 {
		t.Errorf("no damaged page was marked, %d failed", failed)
	}
}

// TestForeignSQLite: other SQLite files, and remains of transactions.
func TestForeignSQLite(t *testing.T) {
	path := writeExport(t, "other.sqlite", rows{"StringIds": {"id=1|value='x'"}})
	if _, err := (Reader{}).Open(context.Background(), path, nil); err == nil || !strings.Contains(err.Error(), "no export of nsys") {
		t.Errorf("error %v", err)
	}
	path = writeExport(t, "report.sqlite", twoWorkers())
	if err := os.WriteFile(path+"-journal", []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := damageOf(openAll(t, path)[0]); !strings.Contains(got, "the export did not finish") {
		t.Errorf("damage %q", got)
	}
}

func TestStopped(t *testing.T) {
	path := large(t, 20_000)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err := Reader{}.Open(ctx, path, func(done, total int64) {
		if done > total/4 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	last, calls := int64(0), 0
	if _, err := (Reader{}).Open(context.Background(), path, func(done, total int64) {
		if done < last && calls > 1 || done > total {
			t.Errorf("progress %d after %d of %d", done, last, total)
		}
		last, calls = done, calls+1
	}); err != nil || calls < 3 {
		t.Errorf("%d calls of progress, %v", calls, err)
	}
	if st, _ := os.Stat(path); last != st.Size() {
		t.Errorf("progress ended at %d of %d", last, st.Size())
	}
}
