package analyze

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"shardeck/backend/trace"
	"shardeck/model"
	"shardeck/model/metric"
)

// warned reports whether a warning holds all these words.
func warned(a *metric.Analysis, words ...string) bool {
	return slices.ContainsFunc(a.Warnings, func(w string) bool {
		for _, word := range words {
			if !strings.Contains(w, word) {
				return false
			}
		}
		return true
	})
}

func TestNothingAtAll(t *testing.T) {
	a := analyse(t, Input{Run: "empty"})
	for _, m := range a.Metrics {
		if m.Value != nil || m.Reason == "" {
			t.Errorf("%s: %v, %q", m.Name, m.Value, m.Reason)
		}
	}
	if a.Trace != nil || len(a.Metrics) != len(metric.DefinitionsOf(false)) {
		t.Errorf("%d metrics, trace %v", len(a.Metrics), a.Trace)
	}
}

func TestTracesNotReadYet(t *testing.T) {
	a := analyse(t, Input{NoTraces: "the traces were not read yet"})
	if r := a.Metric("gpu_busy").Reason; r != "the traces were not read yet" {
		t.Errorf("reason %q", r)
	}
}

func TestTraceWithoutKernels(t *testing.T) {
	a := analyse(t, fakeInput(layoutOf(1, 1, 1, 1), newFake(0).Copy(0, 10)))
	want := "kineto_trace_0.json: no GPU kernels; was the profiler running in the workers?"
	if m := a.Metric("comm_overhead"); m.Value != nil || m.Reason != want {
		t.Errorf("comm_overhead: %+v", m)
	}
	if !warned(a, want) {
		t.Errorf("warnings: %q", a.Warnings)
	}
}

func TestOneRankWithoutKernels(t *testing.T) {
	r, _ := twoRanks(5, 0)
	a := analyse(t, fakeInput(layoutOf(2, 1, 1, 1), r, newFake(1)))
	if m := a.Metric("comm_overhead"); m.Value == nil || len(m.PerRank) != 1 {
		t.Errorf("comm_overhead: %+v", m)
	}
	if m := a.Metric("comm_wait"); m.Value != nil || !strings.Contains(m.Reason, "rank 1 was not traced") {
		t.Errorf("comm_wait: %+v", m)
	}
}

func TestTheTracesWin(t *testing.T) {
	r0, r1 := twoRanks(5, 0)
	for _, layout := range []model.Layout{layoutOf(4, 1, 1, 1), layoutOf(1, 1, 1, 1), {}, layoutOf(2, 2, 2, 1), {TP: -3, PP: 1 << 20}} {
		a := analyse(t, fakeInput(layout, r0, r1))
		near(t, layout.String(), value(t, a, "coll_calls_total"), 5, 9)
		if a.Metric("comm_wait").Value == nil {
			t.Errorf("%s: %s", layout, a.Metric("comm_wait").Reason)
		}
		if !warned(a, "the traces are of 2 ranks") && !warned(a, "cannot be") {
			t.Errorf("%s: warnings %q", layout, a.Warnings)
		}
	}
}

// Numbers that no run has must neither hang nor fill the memory.
func TestHugeNumbers(t *testing.T) {
	r0, r1 := twoRanks(5, 0)
	for _, huge := range []int{1 << 20, 1 << 40, 1 << 62} {
		for _, layout := range []model.Layout{layoutOf(huge, 1, 1, 1), layoutOf(1, huge, 1, huge), layoutOf(1, 1, huge, 1),
			layoutOf(huge, huge, huge, huge)} {
			in := fakeInput(layout, r0, r1)
			in.Timing[0] = &trace.Timing{Untraced: trace.Times{Iterations: []float64{1}}}
			if a := analyse(t, in); a.Metric("comm_overhead").Value == nil || !warned(a, "cannot be") {
				t.Errorf("%s: %q", layout, a.Warnings)
			}
			in.Ranks = nil
			if a := analyse(t, in); value(t, a, "tokens_sec_per_gpu") != 20 {
				t.Errorf("%s: %v", layout, value(t, a, "tokens_sec_per_gpu"))
			}
		}
		in := fakeInput(layoutOf(2, 1, 1, 1), r0, r1)
		in.Info = &model.RunInfo{WorldSize: huge}
		in.Ranks[huge] = newFake(huge).Run(gemm, 0, 10).Rank
		if a := analyse(t, in); a.Metric("gpu_busy").Value == nil {
			t.Error(a.Metric("gpu_busy").Reason)
		}
	}
}

func TestDamageIsSaid(t *testing.T) {
	r0, r1 := twoRanks(20, 0)
	r1.Damage = []trace.Damage{{Offset: -1, Text: "ended before the list of events was closed", Lost: "everything after (10 kernels read)"}}
	r1.Records = r1.Records[:20]
	a := analyse(t, fakeInput(layoutOf(2, 1, 1, 1), r0, r1))
	if !a.Damaged || !warned(a, "kineto_trace_1.json: ended before", "lost: everything after") ||
		!warned(a, "10 calls at the start or end without a partner") {
		t.Errorf("damaged %v, warnings %q", a.Damaged, a.Warnings)
	}
	if m := a.Metric("comm_wait"); m.Value == nil {
		t.Errorf("comm_wait: %s", m.Reason)
	}
}

func TestRankInsideTheFileDiffers(t *testing.T) {
	r0, r1 := twoRanks(5, 0)
	in := fakeInput(layoutOf(2, 1, 1, 1), r0, r1)
	in.Ranks[0], in.Ranks[1] = in.Ranks[1], in.Ranks[0]
	if a := analyse(t, in); !warned(a, "the trace says it is rank 1") {
		t.Errorf("warnings: %q", a.Warnings)
	}
}

func TestIterationsDisagree(t *testing.T) {
	r0, r1 := twoRanks(8, 0)
	r0.Mark("prefill", 0, 100, true).Mark("prefill", 400, 500, true)
	in := fakeInput(layoutOf(2, 1, 1, 1), r0, r1)
	in.Experiment.ProfileIterations = 5
	if a := analyse(t, in); !warned(a, "2 prefill steps, but profile_iterations says 5") {
		t.Errorf("warnings: %q", a.Warnings)
	}
	r1.Mark("prefill", 0, 100, true).Mark("prefill", 400, 500, true)
	in = fakeInput(layoutOf(2, 1, 1, 1), r0, r1)
	in.Experiment.ProfileIterations = 5
	if a := analyse(t, in); !warned(a, "1.json: 2 prefill steps, but") || strings.Count(strings.Join(a.Warnings, "\n"), "prefill steps") != 1 {
		t.Errorf("two ranks of one number are one sentence: %q", a.Warnings)
	}
	in.Info = &model.RunInfo{Traced: 2, Tokens: 64}
	a := analyse(t, in)
	if warned(a, "prefill steps") || value(t, a, "coll_call_num") != 4 {
		t.Errorf("run.json is not believed: %q", a.Warnings)
	}
	if n := a.Metric("coll_call_num").Note; n != "2 traced iterations (run.json), 64 output tokens traced in each of 2" {
		t.Errorf("note %q", n)
	}
}

func TestTwoDevicesInOneTrace(t *testing.T) {
	f := newFake(0).Run(gemm, 0, 100).Run(gemm, 0, 10)
	f.Records[1].Device = 1
	a := analyse(t, fakeInput(layoutOf(1, 1, 1, 1), f))
	if a.Trace.Ranks[0].Kernels != 1 || !warned(a, "kernels of 2 devices") {
		t.Errorf("%+v, %q", a.Trace.Ranks, a.Warnings)
	}
}

func TestEmptyWindow(t *testing.T) {
	// Rank 1's only call ends before rank 0's first starts: the traces do not meet.
	r0 := newFake(0).Run(arKernel, 5000, 5100).Run(gemm, 5100, 5200)
	r1 := newFake(1).Run(arKernel, 0, 100)
	a := analyse(t, fakeInput(layoutOf(2, 1, 1, 1), r0, r1))
	if m := a.Metric("gpu_busy"); len(m.PerRank) != 1 || !strings.Contains(m.Note, "rank 1: its trace ends before") {
		t.Errorf("gpu_busy: %+v", m)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r0, r1 := twoRanks(5, 0)
	if a, err := Analyse(ctx, fakeInput(layoutOf(2, 1, 1, 1), r0, r1)); !errors.Is(err, context.Canceled) || a != nil {
		t.Errorf("%v, %v", a, err)
	}
}

func TestInputIsNotChanged(t *testing.T) {
	in := load(t, small("llama-8b-tp2"))
	before := slices.Clone(in.Ranks[0].Records)
	one, two := analyse(t, in), analyse(t, in)
	if !slices.Equal(before, in.Ranks[0].Records) {
		t.Error("records were changed")
	}
	for i := range one.Metrics {
		a, b := one.Metrics[i], two.Metrics[i]
		if a.Value != nil && *a.Value != *b.Value {
			t.Errorf("%s: %v, then %v", a.Name, *a.Value, *b.Value)
		}
	}
}
