package align

import (
	"strings"
	"testing"

	"shardeck/backend/analyze/span"
)

const vllmDecode = "execute_context_0(0)_generation_2(2)"

// passRun is a rank that runs two steps of three calls; each is followed by some calls
// that no annotation covers.
func passRun(kernel string, behind int64) fake {
	f := newFake(0)
	for _, at := range []int64{0, 1000} {
		for i := int64(0); i < 3; i++ {
			f.Run(agKernel, at+20*i, at+20*i+10)
		}
		f.Mark(vllmDecode, at, at+60, true).Mark(vllmDecode, at, at+10, false)
		for i := int64(0); i < behind; i++ {
			f.Run(kernel, at+100+20*i, at+110+20*i)
		}
	}
	return f
}

func TestPassesWithoutRequests(t *testing.T) {
	for _, c := range []struct {
		what    string
		kernel  string
		behind  int64 // calls behind each step
		perStep float64
		passes  string // in the warning, empty: none
	}{
		{"nothing behind a step", agKernel, 0, 3, ""},
		{"sampling, of the step", agKernel, 2, 5, ""},
		{"one pass of a replica with nothing to do", agKernel, 3, 3, "2 forward passes without requests"},
		{"four of them", agKernel, 12, 3, "8 forward passes without requests"},
		{"calls of a pipeline, on either side of an annotation", bcKernel, 12, 15, ""},
	} {
		t.Run(c.what, func(t *testing.T) {
			got := build(t, fakeInput(layoutOf(1, 1, 2, 2), passRun(c.kernel, c.behind)))
			r, ofSteps := got.Ranks[0], 0.
			for _, call := range r.Calls {
				if !call.Empty {
					ofSteps++
				}
			}
			if r.MarkedSteps != 2 || ofSteps/2 != c.perStep || len(r.Calls) != int(6+2*c.behind) {
				t.Errorf("%v of %d calls in %d steps, want %v a step", ofSteps, len(r.Calls), r.MarkedSteps, c.perStep)
			}
			if words := strings.Join(got.Warnings, "\n"); strings.Contains(words, "without requests") != (c.passes != "") ||
				!strings.Contains(words, c.passes) {
				t.Errorf("warnings: %s", words)
			}
		})
	}
}

// A step ends with its annotation where passes without requests follow it.
func TestPassesWithoutRequestsAreNoDecode(t *testing.T) {
	r := build(t, fakeInput(layoutOf(1, 1, 2, 2), passRun(agKernel, 12))).Ranks[0]
	if len(r.Steps) != 2 || r.Steps[0].Span != (span.Span{Start: 0, End: 60_000}) ||
		r.Steps[1].Span != (span.Span{Start: 1_000_000, End: 1_060_000}) {
		t.Errorf("steps: %+v", r.Steps)
	}
	if s := r.StepAt(110_000); s != nil {
		t.Errorf("between the steps: %+v", s)
	}
}

// SGLang annotates its passes without requests: their calls and their time are no step's, wherever they lie.
func TestAnnotatedPassesWithoutRequests(t *testing.T) {
	f := newFake(0)
	for i, name := range []string{"step[IDLE bs=0]", "step[DECODE bs=2]", "step[IDLE bs=0]", "step[IDLE bs=0]", "step[DECODE bs=2]"} {
		at := int64(100 * i)
		f.Run(agKernel, at, at+10).Run(agKernel, at+20, at+30)
		f.Mark(name, at, at+30, true).Mark(name, at, at+5, false)
	}
	got := build(t, fakeInput(layoutOf(1, 1, 2, 2), f))
	r, ofSteps := got.Ranks[0], 0
	for _, c := range r.Calls {
		if !c.Empty {
			ofSteps++
		}
	}
	if r.MarkedSteps != 2 || ofSteps != 4 || len(r.Calls) != 10 {
		t.Errorf("%d of %d calls in %d steps", ofSteps, len(r.Calls), r.MarkedSteps)
	}
	if len(r.Steps) != 2 || r.Steps[0].Span != (span.Span{Start: 100_000, End: 130_000}) ||
		r.Steps[1].Span != (span.Span{Start: 400_000, End: 430_000}) {
		t.Errorf("steps: %+v", r.Steps)
	}
	if words := strings.Join(got.Warnings, "\n"); !strings.Contains(words, "3 forward passes without requests") {
		t.Errorf("warnings: %s", words)
	}
}
