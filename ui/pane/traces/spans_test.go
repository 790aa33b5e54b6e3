package traces

import (
	"errors"
	"strings"
	"testing"

	"github.com/muesli/termenv"

	"shardeck/model/metric"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
	"shardeck/ui/theme"
)

// closest zooms in as far as the timeline goes.
func closest(t *testing.T, w *panetest.Workspace) (*panetest.Driver, *asked) {
	t.Helper()
	d, l := listen(t, w)
	d.Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2"})
	for range 8 {
		d.Press("+")
	}
	return d.Expect("+ lists its kernels"), l
}

func TestKernelsOneByOne(t *testing.T) {
	d, l := closest(t, panetest.Open(t))
	d.Press("]", "+").Expect("rank 1, kernel by kernel", "at ms", "1 023.0", " 7  nvjet_tst")
	if len(l.kernels) != 1 || l.kernels[0] != "llama-8b-tp2 1" {
		t.Errorf("asked for %v", l.kernels)
	}
	d.Press("esc").Expect("+ lists its kernels").Press("-").Absent("+ lists its kernels")
}

// TestLinesOfKernels: some began before, some overlap, and there may be more than are listed.
func TestLinesOfKernels(t *testing.T) {
	spans := metric.KernelSpans{More: true, List: []metric.KernelSpan{
		{Short: "gemm_a", StartNS: -2_000, DurNS: 5_000, Stream: 7},
		{Short: "ncclDevKernel_AllReduce", StartNS: 4_500, DurNS: 12_300, Stream: 20},
		{Short: "norm", StartNS: 6_000, DurNS: 1_000, Stream: 7}, {Short: "gemm_b", StartNS: 16_800, DurNS: 40_000, Stream: 7}}}
	got := strings.Join(spanLines(theme.New(termenv.Ascii, false), spans, 70_000_000), "\n")
	for _, want := range []string{"gemm_a", "12.3      1.5      20  ncclDevKernel_AllReduce", "1.0                7  norm",
		"40.0                7  gemm_b", "there are more"} {
		has(t, got, want)
	}
	has(t, strings.Join(spanLines(theme.New(termenv.Ascii, false), metric.KernelSpans{}, 0), ""), "nothing ran here")
}

func TestKernelsThatCannotBeRead(t *testing.T) {
	d, l := closest(t, panetest.Open(t))
	l.err = errors.New("kineto_trace_0.json: permission denied")
	d.Press("+").Absent("kernel by kernel")
	has(t, said(d), "permission denied")
}

func TestReadingKernelsCanBeStopped(t *testing.T) {
	d, _ := closest(t, panetest.Open(t))
	d.Park = true
	d.Press("+")
	has(t, message(d), "reading the kernels in sight")
	d.Press("esc").Release().Absent("kernel by kernel").Expect("+ lists its kernels")
	d.Park = true
	d.Press("+").Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp1"}).Release().Absent("kernel by kernel")
}

// The X-ray is of the rank chosen, of each kind of its steps.
func TestXRay(t *testing.T) {
	d, _ := listen(t, panetest.Open(t))
	d.Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp2"})
	d.Press("]", "x").Expect("llama-8b-tp2, rank 1, step by operator", "operator", "of floor", "attention", "GB/s", "gain %")
	d.Press("esc").Absent("step by operator")
}
