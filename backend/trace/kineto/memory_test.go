package kineto

import (
	"context"
	"io"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"shardeck/backend/trace"
	"shardeck/backend/trace/jsonscan"
)

// bytesPerKernel is what a kernel may take of the list: its record, and the room to
// spare, which costs no memory until it is written to.
const bytesPerKernel = 40 * 1.4

func TestRecordIsFixedAndSmall(t *testing.T) {
	if n := unsafe.Sizeof(trace.Record{}); n != 40 {
		t.Errorf("a record is %d bytes; the package comment says 40", n)
	}
	const kernels = 20_000
	events := make([]string, kernels)
	for i := range events {
		events[i] = kernelEvent("gemm", i)
	}
	r, err := Open(context.Background(), write(t, "kineto_trace_0.json", []byte(wholeDocument(events...))), nil)
	if err != nil || len(r.Records) != kernels {
		t.Fatalf("%d records, %v", len(r.Records), err)
	}
	if n := float64(cap(r.Records)*int(unsafe.Sizeof(trace.Record{}))) / kernels; n > bytesPerKernel {
		t.Errorf("%.1f bytes a kernel, room to spare included", n)
	}
}

// TestListIsGrownOnce: a trace that begins with much that is no kernel, as all do, is
// not expected to hold too few, since a list outgrown late is in memory twice.
func TestListIsGrownOnce(t *testing.T) {
	const ops, kernels = 30_000, 100_000
	events := make([]string, 0, ops+kernels)
	for range ops {
		events = append(events, opEvent("aten::mm"))
	}
	for i := range kernels {
		events = append(events, kernelEvent("gemm", i))
	}
	path := write(t, "kineto_trace_0.json", []byte(wholeDocument(events...)))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := open(context.Background(), path, nil, reading{block: 64 << 10})
	runtime.ReadMemStats(&after)
	if err != nil || len(r.Records) != kernels {
		t.Fatalf("%d records, %v", len(r.Records), err)
	}
	if n := float64(after.TotalAlloc-before.TotalAlloc) / kernels; n > 72 {
		t.Errorf("%.0f bytes allocated a kernel: the list was copied late", n)
	}
}

// repeated is a document whose list holds an event n times over, made as it is read.
func repeated(event string, n int) io.Reader {
	parts := []io.Reader{strings.NewReader(head)}
	for range n {
		parts = append(parts, strings.NewReader(event+",\n"))
	}
	return io.MultiReader(append(parts, strings.NewReader(kernelEvent("gemm", 1)+tail))...)
}

// TestMemoryDoesNotGrowWithTheFile: events that are not kept cost nothing.
func TestMemoryDoesNotGrowWithTheFile(t *testing.T) {
	cost := func(n int) int64 {
		src := repeated(strings.Repeat(opEvent("op {lambda()#1}")+",\n", 499)+opEvent("op"), n)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d := newReader(jsonscan.NewWindow(src, 64<<10))
		if err := d.Read(); err != nil || len(d.scan.records) != 1 {
			t.Fatalf("%d records, %v", len(d.scan.records), err)
		}
		runtime.ReadMemStats(&after)
		return int64(after.TotalAlloc - before.TotalAlloc)
	}
	short, long := cost(5), cost(100)
	if long-short > 64<<10 {
		t.Errorf("twenty times the text allocates %d bytes more", long-short)
	}
}
