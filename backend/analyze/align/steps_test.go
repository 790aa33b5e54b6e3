package align

import (
	"slices"
	"strings"
	"testing"

	"shardeck/backend/analyze/span"
	"shardeck/backend/trace"
	"shardeck/model/metric"
)

// A step starts with the recv that feeds it.
func TestRecvBelongsToTheNextStep(t *testing.T) {
	f := newFake(1).Run(srKernel, 0, 10).Run(gemm, 10, 20).Run(bcKernel, 20, 25).Run(srKernel, 40, 60).Run(gemm, 60, 90)
	f.Mark("prefill", 10, 20, true).Mark("decode", 60, 90, true)
	r := build(t, fakeInput(layoutOf(1, 2, 1, 1), f)).Ranks[0]
	if len(r.Steps) != 2 || r.Steps[0].Span != (span.Span{Start: 0, End: 40_000}) ||
		r.Steps[1].Span != (span.Span{Start: 40_000, End: 90_000}) {
		t.Errorf("steps: %+v", r.Steps)
	}
	for at, want := range map[int64]string{0: metric.Prefill, 39_999: metric.Prefill, 40_000: metric.Decode, 89_999: metric.Decode} {
		if s := r.StepAt(at); s == nil || s.Phase != want {
			t.Errorf("at %d: %+v", at, s)
		}
	}
	if s := r.StepAt(90_000); s != nil {
		t.Errorf("after the end: %+v", s)
	}
}

// A step that shows on two streams is one; decode steps that follow are two.
func TestStepsOnSeveralStreams(t *testing.T) {
	f := newFake(0).Run(gemm, 0, 100)
	f.Mark("decode", 0, 40, true).Mark("decode", 5, 30, true).Mark("decode", 50, 90, true)
	if r, _ := newRank(0, packed(f), nil); len(r.Steps) != 2 || r.MarkedSteps != 2 {
		t.Errorf("steps: %+v", r.Steps)
	}
}

// A CUDA graph's launch leaves an annotation for each stream it used, some of them
// behind the others: the CPU says how many steps there were.
func TestPiecesOfAStepAreOneStep(t *testing.T) {
	f := newFake(0)
	for _, at := range []int64{0, 100, 200} {
		f.Mark("decode", at, at+10, false)
		f.Mark("decode", at, at+20, true).Mark("decode", at+22, at+40, true).Mark("decode", at+45, at+60, true)
	}
	r, _ := newRank(0, packed(f), nil)
	if got := r.Steps; len(got) != 3 || got[0].Span != (span.Span{Start: 0, End: 60_000}) ||
		got[2].Span != (span.Span{Start: 200_000, End: 260_000}) {
		t.Errorf("steps: %+v", got)
	}
	f.Marks = slices.DeleteFunc(f.Marks, func(m trace.Mark) bool { return !m.GPU })
	if alone, _ := newRank(0, packed(f), nil); len(alone.Steps) != 9 {
		t.Errorf("nobody says that they are pieces: %+v", alone.Steps)
	}
}

// Steps are told by what an engine says; a profiler's are left where it says nothing.
func TestStepsOfSeveralWriters(t *testing.T) {
	for name, c := range map[string]struct {
		marks func(fake)
		want  string // phases, in order
		steps int    // by the CPU
	}{
		"SGLang, then a profiler": {func(f fake) {
			f.Mark("step[DECODE bs=32]", 0, 50, true).Mark("ProfilerStep#15", 100, 150, true)
		}, "decode step", 2},
		"a profiler around an engine": {func(f fake) {
			for _, gpu := range []bool{false, true} {
				f.Mark("ProfilerStep#1", 0, 100, gpu).Mark("execute_context_1(8)_generation_0(0)", 10, 40, gpu)
				f.Mark("execute_context_0(0)_generation_1(1)", 50, 90, gpu).Mark("ProfilerStep#2", 100, 200, gpu)
			}
		}, "prefill decode step", 3},
		"two engines' words for one step": {func(f fake) {
			for _, gpu := range []bool{false, true} {
				f.Mark("execute_9_context_1(sq8sk8)_generation_1(sq1sk9)", 0, 100, gpu).Mark("step[MIXED bs=2]", 10, 90, gpu)
			}
		}, "mixed", 1},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(0).Run(gemm, 0, 200)
			c.marks(f)
			r, _ := newRank(0, packed(f), nil)
			var phases []string
			for _, s := range r.Steps {
				phases = append(phases, s.Phase)
			}
			if got := strings.Join(phases, " "); got != c.want || r.MarkedSteps != c.steps {
				t.Errorf("%s, %d by the CPU; want %s, %d", got, r.MarkedSteps, c.want, c.steps)
			}
		})
	}
}

// Why there are no steps is said truly.
func TestNoSteps(t *testing.T) {
	for want, mark := range map[string]func(fake){
		"no step annotations": func(f fake) { f.Mark("nccl:all_reduce", 0, 9, true) },
		`step annotation "engine_step 4" is not understood`: func(f fake) {
			f.Mark("engine_step 4", 0, 9, true).Mark("engine_step 5", 9, 19, true)
		},
		"step annotations are on the CPU's time line only":  func(f fake) { f.Mark("decode", 0, 9, false).Mark("engine_step 4", 0, 9, true) },
		"all annotated forward passes are without requests": func(f fake) { f.Mark("step[IDLE bs=0]", 0, 9, true) },
	} {
		f := newFake(0).Run(gemm, 0, 100)
		mark(f)
		if r, _ := newRank(0, packed(f), nil); !strings.HasPrefix(r.NoSteps(), want) {
			t.Errorf("%q, want %q", r.NoSteps(), want)
		}
	}
}
