package align

import (
	"slices"
	"testing"

	"shardeck/backend/analyze/span"
	"shardeck/backend/trace"
	"shardeck/model/metric"
)

func TestStepNames(t *testing.T) {
	for name, want := range map[string]Step{
		"prefill": {Phase: metric.Prefill, Tokens: -1},
		"decode":  {Phase: metric.Decode, Tokens: -1},
		"execute_context_2(4096)_generation_0(0)":        {Phase: metric.Prefill, Tokens: 4096},
		"execute_context_0(0)_generation_4(4)":           {Phase: metric.Decode, Tokens: 4},
		"execute_context_1(512)_generation_3(3)_flops_9": {Phase: metric.Mixed, Tokens: 515},
		"execute_new_4_cached_0":                         {Phase: metric.Prefill, Tokens: -1},
		"execute_new_0_cached_4":                         {Phase: metric.Decode, Tokens: 4},
		"execute_new_1_cached_4":                         {Phase: metric.Mixed, Tokens: -1},
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

// A step starts with the recv that feeds it.
func TestRecvBelongsToTheNextStep(t *testing.T) {
	f := newFake(1).Run(srKernel, 0, 10).Run(gemm, 10, 20).Run(bcKernel, 20, 25).Run(srKernel, 40, 60).Run(gemm, 60, 90)
	f.Mark("prefill", 10, 20, true).Mark("decode", 60, 90, true)
	r := build(t, fakeInput(layoutOf(1, 2, 1, 1), f)).Ranks[0]
	if len(r.Steps) != 2 || r.Steps[0].Span != (span.Span{Start: 0, End: 40_000}) || r.Steps[1].Span != (span.Span{Start: 40_000, End: 90_000}) {
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
	if r, _ := newRank(0, f.Rank, f.Rank.InColumns()); len(r.Steps) != 2 || r.MarkedSteps != 3 {
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
	r, _ := newRank(0, f.Rank, f.Rank.InColumns())
	if got := r.Steps; len(got) != 3 || got[0].Span != (span.Span{Start: 0, End: 60_000}) || got[2].Span != (span.Span{Start: 200_000, End: 260_000}) {
		t.Errorf("steps: %+v", got)
	}
	f.Marks = slices.DeleteFunc(f.Marks, func(m trace.Mark) bool { return !m.GPU })
	if alone, _ := newRank(0, f.Rank, f.Rank.InColumns()); len(alone.Steps) != 9 {
		t.Errorf("nobody says that they are pieces: %+v", alone.Steps)
	}
}
