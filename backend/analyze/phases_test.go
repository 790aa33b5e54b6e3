package analyze

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/model/metric"
)

// phaseRun is one GPU: a prefill of 100 µs, all busy, and a decode of 100 µs, a
// quarter busy; marks on the device or on the CPU.
func phaseRun(gpu bool) Input {
	f := newFake(0).Run(gemm, 0, 100).Run(gemm, 100, 110).Run(gemm, 150, 155).Run(gemm, 190, 200)
	f.Mark("prefill", 0, 60, gpu).Mark("decode", 100, 150, gpu)
	return fakeInput(layoutOf(1, 1, 1, 1), f)
}

func TestMetricsByPhase(t *testing.T) {
	a := analyse(t, phaseRun(true))
	busy := a.Metric("gpu_busy").By.Phases
	near(t, "prefill", busy["prefill"], 100, 9)
	near(t, "decode", busy["decode"], 25, 9)
	phases := a.Metric("phase_time").By.Phases
	near(t, "time of prefill", phases["prefill"], 0.1, 9)
	near(t, "time of decode", phases["decode"], 0.1, 9)
	want := []metric.Phase{{Name: "prefill", Steps: 1, EndNS: 100_000}, {Name: "decode", Steps: 1, StartNS: 100_000, EndNS: 200_000}}
	if diff := cmp.Diff(want, a.Trace.Phases); diff != "" {
		t.Error(diff)
	}
}

func TestStepsOfAPhaseKeepTheirStarts(t *testing.T) {
	f := newFake(0).Run(gemm, 0, 100).Run(gemm, 110, 150).Run(gemm, 200, 230)
	f.Mark("decode", 0, 90, true).Mark("decode", 105, 150, true).Mark("decode", 200, 230, true)
	want := []metric.Phase{{Name: "decode", Steps: 3, EndNS: 230_000, Starts: []int64{0, 105_000, 200_000}}}
	if diff := cmp.Diff(want, analyse(t, fakeInput(layoutOf(1, 1, 1, 1), f)).Trace.Phases); diff != "" {
		t.Error(diff)
	}
}

func TestMarksOfTheCPUOnlyCountSteps(t *testing.T) {
	a := analyse(t, phaseRun(false))
	if m := a.Metric("phase_time"); m.Value != nil ||
		m.Reason != "rank 0: step annotations are on the CPU's time line only: they cover launches, not kernels" {
		t.Errorf("phase_time: %+v", m)
	}
	if len(a.Metric("gpu_busy").By.List()) != 0 {
		t.Error("phases without a place in device time")
	}
	if m := a.Metric("coll_calls_per_step"); m.Value == nil {
		t.Errorf("coll_calls_per_step: %s", m.Reason)
	}
}

// A profiler's steps have no phase; an engine's inside them, of a form that is not known, are named.
func TestStepsOfAProfiler(t *testing.T) {
	f := newFake(0).Run(gemm, 0, 100).Run(gemm, 110, 150)
	f.Mark("ProfilerStep#1", 0, 105, true).Mark("ProfilerStep#2", 105, 150, true).Mark("engine_step 7", 0, 90, true)
	a := analyse(t, fakeInput(layoutOf(1, 1, 1, 1), f))
	m := a.Metric("phase_time")
	near(t, "steps", m.By.Phases["step"], 0.15, 9)
	if m.Note != `2 steps; step annotation "engine_step 7" is not understood` || a.Trace.NoSteps != "" {
		t.Errorf("%+v, %q", m, a.Trace.NoSteps)
	}
	f.Marks = f.Marks[2:]
	if a := analyse(t, fakeInput(layoutOf(1, 1, 1, 1), f)); a.Trace.NoSteps != `step annotation "engine_step 7" is not understood` {
		t.Errorf("%q", a.Trace.NoSteps)
	}
}
