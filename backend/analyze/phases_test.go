package analyze

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"shardeck/backend/trace"
	"shardeck/model/metric"
)

func TestStepNames(t *testing.T) {
	for name, want := range map[string]step{
		"prefill": {phase: prefill, tokens: -1},
		"decode":  {phase: decode, tokens: -1},
		"execute_context_2(4096)_generation_0(0)":        {phase: prefill, tokens: 4096},
		"execute_context_0(0)_generation_4(4)":           {phase: decode, tokens: 4},
		"execute_context_1(512)_generation_3(3)_flops_9": {phase: mixed, tokens: 515},
		"execute_new_4_cached_0":                         {phase: prefill, tokens: -1},
		"execute_new_0_cached_4":                         {phase: decode, tokens: 4},
		"execute_new_1_cached_4":                         {phase: mixed, tokens: -1},
	} {
		if got, ok := stepOf(name); !ok || got != want {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
	}
	for _, name := range []string{"", "ProfilerStep#3", "prefill_more", "execute_model", "execute_context_0(0)_generation_0(0)", "execute_new_99999999999999999999_cached_1"} {
		if got, ok := stepOf(name); ok {
			t.Errorf("%q is taken for the step %+v", name, got)
		}
	}
}

// phaseRun is one GPU: a prefill of 100 µs, all busy, and a decode of 100 µs, a
// quarter busy; marks on the device or on the CPU.
func phaseRun(gpu bool) Input {
	f := newFake(0).run(gemm, 0, 100).run(gemm, 100, 110).run(gemm, 150, 155).run(gemm, 190, 200)
	f.mark("prefill", 0, 60, gpu).mark("decode", 100, 150, gpu)
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
	f := newFake(0).run(gemm, 0, 100).run(gemm, 110, 150).run(gemm, 200, 230)
	f.mark("decode", 0, 90, true).mark("decode", 105, 150, true).mark("decode", 200, 230, true)
	want := []metric.Phase{{Name: "decode", Steps: 3, EndNS: 230_000, Starts: []int64{0, 105_000, 200_000}}}
	if diff := cmp.Diff(want, analyse(t, fakeInput(layoutOf(1, 1, 1, 1), f)).Trace.Phases); diff != "" {
		t.Error(diff)
	}
}

func TestMarksOfTheCPUOnlyCountSteps(t *testing.T) {
	a := analyse(t, phaseRun(false))
	if m := a.Metric("phase_time"); m.Value != nil || m.Reason != "rank 0: step annotations are on the CPU's time line only: they cover launches, not kernels" {
		t.Errorf("phase_time: %+v", m)
	}
	if len(a.Metric("gpu_busy").By.List()) != 0 {
		t.Error("phases without a place in device time")
	}
	if m := a.Metric("coll_calls_per_step"); m.Value == nil {
		t.Errorf("coll_calls_per_step: %s", m.Reason)
	}
}

// A step starts with the recv that feeds it.
func TestRecvBelongsToTheNextStep(t *testing.T) {
	f := newFake(1).run(srKernel, 0, 10).run(gemm, 10, 20).run(bcKernel, 20, 25).run(srKernel, 40, 60).run(gemm, 60, 90)
	f.mark("prefill", 10, 20, true).mark("decode", 60, 90, true)
	l, _ := newLane(1, f.Rank)
	typeCalls(l, layoutOf(1, 2, 1, 1))
	got := l.territory()
	if len(got) != 2 || got[0].span != (span{0, 40_000}) || got[1].span != (span{40_000, 90_000}) {
		t.Errorf("steps: %+v", got)
	}
	for at, want := range map[int64]phase{0: prefill, 39_999: prefill, 40_000: decode, 89_999: decode} {
		if s := stepAt(got, at); s == nil || s.phase != want {
			t.Errorf("at %d: %+v", at, s)
		}
	}
	if s := stepAt(got, 90_000); s != nil {
		t.Errorf("after the end: %+v", s)
	}
}

// A step that shows on two streams is one; decode steps that follow are two.
func TestStepsOnSeveralStreams(t *testing.T) {
	f := newFake(0).run(gemm, 0, 100)
	f.mark("decode", 0, 40, true).mark("decode", 5, 30, true).mark("decode", 50, 90, true)
	l, _ := newLane(0, f.Rank)
	if len(l.steps) != 2 {
		t.Errorf("steps: %+v", l.steps)
	}
}

// A CUDA graph's launch leaves an annotation for each stream it used, some of them
// behind the others: the CPU says how many steps there were.
func TestPiecesOfAStepAreOneStep(t *testing.T) {
	f := newFake(0)
	for _, at := range []int64{0, 100, 200} {
		f.mark("decode", at, at+10, false)
		f.mark("decode", at, at+20, true).mark("decode", at+22, at+40, true).mark("decode", at+45, at+60, true)
	}
	got := steps(f.Marks)
	if len(got) != 3 || got[0].span != (span{0, 60_000}) || got[2].span != (span{200_000, 260_000}) {
		t.Errorf("steps: %+v", got)
	}
	if alone := steps(slices.DeleteFunc(f.Marks, func(m trace.Mark) bool { return !m.GPU })); len(alone) != 9 {
		t.Errorf("nobody says that they are pieces: %+v", alone)
	}
}
