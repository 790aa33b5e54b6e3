package traces

import (
	"errors"
	"testing"

	"shardeck/model/metric"
	"shardeck/ui/pane"
	"shardeck/ui/panetest"
)

// closest zooms in as far as the timeline goes.
func closest(t *testing.T, l *panetest.Lab) *panetest.Driver {
	t.Helper()
	return opened(t, l, "llama-8b-tp2", 80, 18).Press("+", "+", "+", "+").Expect("+ lists its kernels")
}

func TestKernelsOneByOne(t *testing.T) {
	l := panetest.New()
	l.Spans = metric.KernelSpans{More: true, List: []metric.KernelSpan{{Short: "gemm_a", StartNS: -2_000, DurNS: 5_000, Stream: 7}, {Short: "ncclDevKernel_AllReduce", StartNS: 4_500, DurNS: 12_300, Stream: 20},
		{Short: "norm", StartNS: 6_000, DurNS: 1_000, Stream: 7}, {Short: "gemm_b", StartNS: 16_800, DurNS: 40_000, Stream: 7}}}
	d := closest(t, l).Press("]", "+")
	d.Expect("rank 1, kernel by kernel", "at ms", "gemm_a", "12.3      1.5      20  ncclDevKernel_AllReduce", "1.0                7  norm", "40.0                7  gemm_b", "there are more")
	if l.Called("Kernels llama-8b-tp2 1 ") != 1 {
		t.Errorf("calls: %v", l.Calls)
	}
	d.Press("esc").Expect("+ lists its kernels").Press("-").Absent("+ lists its kernels")
}

func TestKernelsThatCannotBeRead(t *testing.T) {
	l := panetest.New()
	l.Err["Kernels"] = errors.New("kineto_trace_0.json: permission denied")
	d := closest(t, l).Press("+").Absent("kernel by kernel")
	has(t, said(d), "permission denied")
}

func TestReadingKernelsCanBeStopped(t *testing.T) {
	l := panetest.New()
	d := closest(t, l)
	d.Park = true
	d.Press("+")
	has(t, message(d), "reading the kernels in sight")
	d.Press("esc").Release().Absent("kernel by kernel").Expect("+ lists its kernels")
	d.Park = true
	d.Press("+").Send(pane.OpenMsg{To: pane.Traces, Run: "llama-8b-tp1"}).Release().Absent("kernel by kernel")
}
