package trace

import (
	"fmt"
	"strings"
	"testing"
)

// What is remembered of categories is never taken for another: dull is right, or
// false, for every category after any other, those that share a place included.
func TestGlance(t *testing.T) {
	names := []string{
		"cpu_op", "cuda_runtime", "cuda_driver", "ac2g", "overhead", "python_function", "kernel", "Kernel", "Memcpy",
		"gpu_memcpy", "gpu_memset", "user_annotation", "gpu_user_annotation", "a", "",
		"cpu_op2", "cpu_opp", "kernels", "kernel_x", "gpu_mempool", "user_annotations", strings.Repeat("x", 100),
	}
	for c := byte('a'); c <= 'z'; c++ { // each meets another at its place
		names = append(names, string(c)+"uda_runtime", string(c)+"pu_op")
	}
	for k, l := range layouts {
		var g glance
		for range 3 {
			for _, name := range names {
				b := []byte(l.complete + name + `", "name": "` + strings.Repeat("n", 3*margin))
				want := categoryOf([]byte(name)) == other
				if got := g.dull(b); got && !want {
					t.Errorf("layout %d: an event of category %q is skipped", k, name)
				}
			}
		}
		for _, name := range g.names {
			if name != "" && categoryOf([]byte(strings.TrimSuffix(name, `"`))) != other {
				t.Errorf("%q is remembered as not kept", name)
			}
		}
	}
}

// The usual events are known after one of each.
func TestGlanceKnowsTheUsual(t *testing.T) {
	for _, l := range layouts {
		var g glance
		for _, name := range []string{"cpu_op", "cuda_runtime", "cuda_driver", "overhead", "python_function"} {
			if b := l.complete + name + `", ` + strings.Repeat(" ", 2*margin); !g.dull([]byte(b)) {
				t.Errorf("%s: an event of category %s is not known", l.complete, name)
			}
		}
		for _, ph := range "MsfiC" {
			if b := l.before + string(ph) + `", ` + strings.Repeat(" ", 2*margin); !g.dull([]byte(b)) {
				t.Errorf("%s: an event of phase %c is not known", l.before, ph)
			}
		}
	}
}

func TestStepNames(t *testing.T) {
	var n stepNames
	for range 2 {
		for text, want := range map[string]string{
			`"prefill"`: "prefill", `"ProfilerStep#7"`: "ProfilerStep#7", `"nccl:all_reduce"`: "", `"pre\u0066ill"`: "prefill", `""`: "",
		} {
			if got := n.of([]byte(text)); got != want {
				t.Errorf("%s is step %q, want %q", text, got, want)
			}
		}
	}
	for i := range 2 * maxStepNames {
		if name := fmt.Sprintf("decode_%d", i); n.of([]byte(`"`+name+`"`)) != name {
			t.Fatalf("%s is not itself", name)
		}
	}
	if len(n) > maxStepNames {
		t.Errorf("%d names remembered, want at most %d", len(n), maxStepNames)
	}
}
