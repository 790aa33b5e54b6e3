package analyze

import (
	"strings"
	"testing"
)

const vllmDecode = "execute_context_0(0)_generation_2(2)"

// passRun is a rank that runs two steps of three calls; each is followed by some calls
// that no annotation covers.
func passRun(kernel string, behind int64) fake {
	f := newFake(0)
	for _, at := range []int64{0, 1000} {
		for i := int64(0); i < 3; i++ {
			f.run(agKernel, at+20*i, at+20*i+10)
		}
		f.mark(vllmDecode, at, at+60, true).mark(vllmDecode, at, at+10, false)
		for i := int64(0); i < behind; i++ {
			f.run(kernel, at+100+20*i, at+110+20*i)
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
			a := analyse(t, fakeInput(layoutOf(1, 1, 2, 2), passRun(c.kernel, c.behind)))
			if m := a.Metric("coll_calls_per_step"); m.Value == nil || *m.Value != c.perStep {
				t.Errorf("%+v, want %v", m, c.perStep)
			}
			if got := strings.Join(a.Warnings, "\n"); strings.Contains(got, "without requests") != (c.passes != "") || !strings.Contains(got, c.passes) {
				t.Errorf("warnings: %s", got)
			}
			if m := a.Metric("coll_calls_total"); *m.Value != float64(6+2*c.behind) {
				t.Errorf("the file holds %v", *m.Value)
			}
		})
	}
}

// A step ends with its annotation where passes without requests follow it.
func TestPassesWithoutRequestsAreNoDecode(t *testing.T) {
	f := passRun(agKernel, 12)
	l, _ := newLane(0, f.Rank)
	typeCalls(l, layoutOf(1, 1, 2, 2))
	l.findIdle(countSteps(f.Marks))
	got := l.territory()
	if len(got) != 2 || got[0].span != (span{0, 60_000}) || got[1].span != (span{1_000_000, 1_060_000}) {
		t.Errorf("steps: %+v", got)
	}
	if s := stepAt(got, 110_000); s != nil {
		t.Errorf("between the steps: %+v", s)
	}
}
