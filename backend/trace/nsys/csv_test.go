package nsys

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/trace"
)

// Headers of cuda_gpu_trace as versions write them.
const (
	head2024 = "Start (ns),Duration (ns),CorrId,GrdX,GrdY,GrdZ,BlkX,BlkY,BlkZ,Reg/Trd,StcSMem (MB),DymSMem (MB),Bytes " +
		"(MB),Throughput (MB/s),SrcMemKd,DstMemKd,Device,Ctx,GreenCtx,Strm,Name"
	head2023 = "Start (ns),Duration (ns),CorrId,GrdX,GrdY,GrdZ,BlkX,BlkY,BlkZ,Reg/Trd,StcSMem (MB),DymSMem (MB),Bytes " +
		"(MB),Throughput (MBps),SrcMemKd,DstMemKd,Device,Ctx,Strm,Name"
	head2021 = "Start(nsec),Duration(nsec),CorrId,GrdX,GrdY,GrdZ,BlkX,BlkY,BlkZ,Reg/Trd,StcSMem,DymSMem,Bytes,Thru(MB/s),SrcMemKd,DstMemKd,Device,Ctx,Strm,Name"
)

const (
	gemmName   = "void cutlass::Kernel2<cutlass_80_tensorop, (int)4>(T1::Params)"
	reduceName = "ncclDevKernel_AllReduce_Sum_bf16_RING_LL(ncclDevKernelArgsStorage<(unsigned long)4096>)"
)

// line is one kernel under a header, its times as they stand.
func line(head, start, dur, corr, device, name string) string {
	values := map[string]string{"CorrId": corr, "Device": device, "Strm": "7", "Name": name, "GrdX": "216", "Ctx": "1"}
	var out []string
	for _, h := range strings.Split(head, ",") {
		column, _ := nameAndUnit(h)
		v := values[column]
		switch column {
		case "Start":
			v = start
		case "Duration":
			v = dur
		}
		if strings.ContainsAny(v, `,"`) {
			v = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
		}
		out = append(out, v)
	}
	return strings.Join(out, ",")
}

// table is the same three operations under any header; times in its unit.
func table(head string, times [3][2]string) string {
	gpu := "NVIDIA A100-SXM4-40GB (0)"
	return strings.Join([]string{head,
		line(head, times[0][0], times[0][1], "9", gpu, "[CUDA memcpy Host-to-Device]"),
		line(head, times[1][0], times[1][1], "10", gpu, gemmName),
		line(head, times[2][0], times[2][1], "11", gpu, reduceName),
	}, "\n") + "\n"
}

var nanos = [3][2]string{{"1000500", "1500"}, {"2000000", "30000"}, {"3000001", "20000"}}

// headers are all ways to write the same trace.
var headers = map[string]string{
	"2024 to 2026": table(head2024, nanos),
	"2022, 2023":   table(head2023, nanos),
	"2021":         table(head2021, nanos),
	"thousands":    table(head2024, [3][2]string{{"1,000,500", "1,500"}, {"2,000,000", "30,000"}, {"3,000,001", "20,000"}}),
	"microseconds": table(strings.ReplaceAll(head2024, "(ns)", "(us)"),
		[3][2]string{{"1000.500", "1.5"}, {"2000", "30.000"}, {"3000.001", "20"}}),
	"microseconds in Greek": table(strings.ReplaceAll(head2024, "(ns)", "(μs)"),
		[3][2]string{{"1,000.500", "1.5"}, {"2000", "30.000"}, {"3000.001", "20"}}),
	"milliseconds": table(strings.ReplaceAll(head2023, "(ns)", "(ms)"),
		[3][2]string{{"1.0005", "0.0015"}, {"2", "0.03"}, {"3.000001", "0.02"}}),
	"seconds": table(strings.ReplaceAll(head2024, "(ns)", "(s)"),
		[3][2]string{{"0.0010005", "0.0000015"}, {"0.002", "3e-05"}, {"0.003000001", "0.00002"}}),
	"seconds of 2021": table(strings.ReplaceAll(head2021, "nsec", "sec"),
		[3][2]string{{"0.0010005", "1.5e-06"}, {"0.002", "0.00003"}, {"0.003000001", "0.00002"}}),
	"mixed units": table(strings.Replace(head2024, "Start (ns)", "Start (ms)", 1),
		[3][2]string{{"1.0005", "1500"}, {"2", "30000"}, {"3.000001", "20000"}}),
	"preamble": "Generating SQLite file a.sqlite from a.nsys-rep\nNOTICE: Existing SQLite export found: " +
		"\"a\nProcessing [a.sqlite] with [/opt/nsys/reports/cuda_gpu_trace.py]... \n\n ** CUDA GPU Trace (cuda_gpu_trace):\n\n" +
		table(head2024, nanos),
	"CRLF and BOM": "\ufeff" + strings.ReplaceAll(table(head2024, nanos), "\n", "\r\n"),
	"reports around": " ** CUDA GPU Kernel Summary (cuda_gpu_kern_sum):\n\nTime (%),Total Time (ns),Instances,Avg (ns),Med " +
		"(ns),Min (ns),Max (ns),StdDev (ns),Name\n100.0,30000,1,30000.0,30000.0,30000,30000,0.0,x\n\nProcessing [a.sqlite]...\n" +
		table(head2024, nanos) + "Processing [a.sqlite] with [cuda_api_trace.py]...\nStart (ns),Duration " +
		"(ns),Name,Result,CorrID,Pid,Tid,T-Pri,Thread Name\n1,2,cudaLaunchKernel,0,10,1,1,20,python\n\nTime (%),Total Time " +
		"(ns),Num Calls,Name\n1.0,5,3,cudaMalloc\n",
	"reports without a gap": table(head2024, nanos) +
		"Time (%),Total Time (ns),Instances,Name\n1.0,5,3,x\nStart (ns),End (ns),Duration (ns),DurChild (ns),Name\n1,2,1,0,prefill\n",
	"gzip": zipped(table(head2024, nanos)),
}

func zipped(text string) string {
	var b strings.Builder
	z := gzip.NewWriter(&b)
	z.Write([]byte(text))
	z.Close()
	return b.String()
}

// write puts text into a file of a folder of the test.
func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestHeaders(t *testing.T) {
	want := []string{
		"Memcpy HtoD 1000500 1500 9 7 0 1 -1",
		gemmName + " 2000000 30000 10 7 0 0 -1",
		reduceName + " 3000001 20000 11 7 0 0 -1",
	}
	for name, text := range headers {
		t.Run(name, func(t *testing.T) {
			ranks := openAll(t, write(t, "nsys_2.csv", text))
			if len(ranks) != 1 || len(ranks[0].Damage) > 0 {
				t.Fatalf("%d ranks, damage %q", len(ranks), damageOf(ranks[0]))
			}
			r := ranks[0]
			if diff := cmp.Diff(want, said(r)); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if r.Info.Rank != 2 || len(r.Info.Devices) != 1 || r.Info.Devices[0].Name != "NVIDIA A100-SXM4-40GB" {
				t.Errorf("info %+v", r.Info)
			}
			if !strings.Contains(r.Info.Notes[0], "cannot be compared") {
				t.Errorf("notes %q", r.Info.Notes)
			}
		})
	}
}

// TestDevices: each device of each table is a rank, in their order.
func TestDevices(t *testing.T) {
	text := head2024 + "\n" +
		line(head2024, "5", "1", "1", "NVIDIA A100-SXM4-40GB (1)", "b") + "\n" +
		line(head2024, "6", "1", "2", "NVIDIA A100-SXM4-40GB (0)", "a") + "\n" +
		line(head2024, "7", "1", "3", "NVIDIA A100-SXM4-40GB (2)", "[CUDA memset]") + "\n\n" +
		head2024 + "\n" + line(head2024, "8", "1", "1", "NVIDIA A100-SXM4-40GB (0)", "c") + "\n"
	var got []string
	for _, r := range openAll(t, write(t, "nsys_0.csv", text)) {
		got = append(got, fmt.Sprint(len(r.Records), r.Names[r.Records[0].Name], " ", r.Info.Devices[0].ID, r.Info.Rank))
	}
	if diff := cmp.Diff([]string{"1a 0 -1", "1b 1 -1", "1c 0 -1"}, got); diff != "" {
		t.Errorf("ranks (-want +got):\n%s", diff)
	}
}

// TestLongLine: the end of a line that is too long is no line of its own.
func TestLongLine(t *testing.T) {
	good := line(head2024, "9", "1", "1", "NVIDIA A100-SXM4-40GB (0)", "gemm") + "\n"
	r := openAll(t, write(t, "a.csv", head2024+"\n"+good+strings.Repeat("x", 2*maxLine)+good+good))[0]
	if len(r.Records) != 2 || !strings.Contains(damageOf(r), "1 line is not as the header says") {
		t.Errorf("%d records, damage %q", len(r.Records), damageOf(r))
	}
}

// TestTooManyDevices: a damaged file that names a device a line becomes no more ranks than are bound.
func TestTooManyDevices(t *testing.T) {
	lines := []string{head2024}
	for i := range maxDevices + 10 {
		lines = append(lines, line(head2024, "5", "1", "1", fmt.Sprintf("GPU %d", i), "gemm"))
	}
	ranks := openAll(t, write(t, "a.csv", strings.Join(lines, "\n")+"\n"))
	if len(ranks) > maxDevices+1 || !strings.Contains(damageOf(ranks[0]), "is no number in range") &&
		!strings.Contains(damageOf(ranks[0]), "are no numbers in range") {
		t.Errorf("%d ranks, damage %q", len(ranks), damageOf(ranks[0]))
	}
}

// TestCSVFaults: what is wrong with a text is said.
func TestCSVFaults(t *testing.T) {
	good := table(head2024, nanos)
	gpu := "NVIDIA A100-SXM4-40GB (0)"
	for name, c := range map[string]struct{ text, damage string }{
		"cut inside a line": {good[:len(good)-30], "no end"},
		"no last newline":   {strings.TrimSuffix(good, "\n"), "the last line has no end"},
		"too few fields":    {good + "1,2,3\n", "1 line is not as the header says"},
		"open quote":        {good + line(head2024, "9", "1", "1", gpu, "x") + "\"\n", "1 line is not as the header says"},
		"time that is none": {good + line(head2024, "soon", "1", "1", gpu, "x") + "\n", "1 kernel or copy has no time"},
		"NaN":               {good + line(head2024, "9", "nan", "1", gpu, "x") + "\n", "1 kernel or copy has no time"},
		"negative duration": {good + line(head2024, "9", "-4", "1", gpu, "x") + "\n", "ends before it starts"},
		"huge correlation":  {good + line(head2024, "9", "4", "99999999999", gpu, "x") + "\n", "no number in range"},
		"line without end":  {good + strings.Repeat("x", maxLine+10) + "\n", "1 line is not as the header says"},
		"gzip that ends":    {zipped(strings.Repeat(good, 1000))[:500], "gzip file is cut off"},
		"beyond all bounds": {good + line(head2024, "99999999999999999999", "1", "1", gpu, "x") + "\n", "no time that is a number"},
	} {
		t.Run(name, func(t *testing.T) {
			ranks := openAll(t, write(t, "a.csv", c.text))
			if got := damageOf(ranks[0]); !strings.Contains(got, c.damage) {
				t.Errorf("damage %q, want %q", got, c.damage)
			}
			if len(ranks[0].Records) < 2 {
				t.Errorf("%d records: the sound lines are lost", len(ranks[0].Records))
			}
		})
	}
}

// TestForeign: other files are errors that say what is expected.
func TestForeign(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "the file is empty",
		"hello\n":             "expected an SQLite export",
		"{\"a\": 1}":          "expected an SQLite export",
		"\x00\x01\x02":        "expected an SQLite export",
		"SQLite format 3\x00": "cut off in its header",
		zipped("SQLite format 3\x00" + strings.Repeat("x", 200)): "gunzip -k a.csv",
		"Time (%),Total Time (ns),Instances,Name\n1.0,5,3,x\n":   "run nsys stats --report cuda_gpu_trace",
	} {
		_, err := Reader{}.Open(context.Background(), write(t, "a.csv", text), nil)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "a.csv") {
			t.Errorf("%.20q: error %v, want %q", text, err, want)
		}
	}
}

// FuzzCSV: any text gives an error or ranks that hold together, and every sound line
// that encoding/csv reads alike is kept.
func FuzzCSV(f *testing.F) {
	for _, text := range headers {
		f.Add(text)
	}
	f.Add(head2024 + "\n" + line(head2024, "1e3", "-1", "x", "(", `a"b,c`))
	f.Fuzz(func(t *testing.T, text string) {
		ranks, err := readCSV(bufio.NewReaderSize(strings.NewReader(text), 4096), 0)
		if err != nil {
			return
		}
		for _, r := range ranks {
			holdsTogether(t, r)
		}
	})
}

func holdsTogether(t *testing.T, r *trace.Rank) {
	t.Helper()
	for _, x := range r.Records {
		if int(x.Name) >= len(r.Names) || x.Dur < 0 || x.Coll != -1 || x.Device < 0 || x.Stream < 0 {
			t.Fatalf("record %+v of %d names", x, len(r.Names))
		}
	}
	for _, d := range r.Damage {
		if d.Text == "" || d.Lost == "" {
			t.Fatalf("damage without words: %+v", d)
		}
	}
}

// FuzzLine: a line that encoding/csv reads strictly is split as it splits it.
func FuzzLine(f *testing.F) {
	for _, s := range []string{`a,b,"c,d",""`, `"a""b",`, `"a"b`, `a"b`, `,`, `"`} {
		f.Add(s)
	}
	fields := newCSVFields() // one for all, as in a file: a bad line leaves nothing behind
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsAny(s, "\r\n") || s == "" {
			return
		}
		r := csv.NewReader(strings.NewReader(s))
		want, err := r.Read()
		got, ok := fields.of([]byte(s))
		if (err == nil) != ok {
			t.Fatalf("%q: encoding/csv says %v, we say %v", s, err, ok)
		}
		if diff := cmp.Diff(want, got); ok && diff != "" {
			t.Fatalf("%q: %s", s, diff)
		}
		if _, err := r.Read(); ok && err != io.EOF {
			t.Fatalf("%q: more than a line", s)
		}
	})
}
