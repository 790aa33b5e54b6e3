package kineto

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// starts are the beginnings of events that isIgnored knows, up to the category and, for
// phases without one that matters, up to the phase.
var starts = []struct{ category, phase string }{
	{kinetoStart + spacedCategory, kinetoStart},
	{spacedStart + spacedCategory, spacedStart},
	{compactStart + compactCategory, compactStart},
}

// isIgnored is right or false for every category, for those too that begin like one that
// is kept.
func TestIgnored(t *testing.T) {
	usual := []string{"cpu_op", "cuda_runtime", "cuda_driver", "ac2g", "overhead", "python_function", "a", "", "Trace"}
	names := append(slices.Clone(usual), "kernel", "Kernel", "Memcpy", "gpu_memcpy", "gpu_memset", "Memset", "user_annotation", "Operator",
		"gpu_user_annotation", "kernels", "kernel_x", "gpu_mempool", "user_annotations", strings.Repeat("x", 100))
	for _, start := range starts {
		for _, name := range names {
			b := []byte(start.category + name + `", "name": "` + strings.Repeat("n", ignoredMargin))
			want := categoryOf([]byte(name)) == other
			if got := isIgnored(b); got && !want || !got && slices.Contains(usual, name) {
				t.Errorf("%s: category %q is ignored: %v", start.category, name, got)
			}
		}
		for ph := byte(' '); ph < 0x7f; ph++ {
			b := []byte(start.phase + string(ph) + `", ` + strings.Repeat(" ", ignoredMargin))
			if got, want := isIgnored(b), strings.IndexByte("MsfiC", ph) >= 0; got != want {
				t.Errorf("%s: phase %c is ignored: %v", start.phase, ph, got)
			}
		}
	}
}

func TestIgnoredRows(t *testing.T) {
	for text, want := range map[string]bool{
		`thread_name", "ph": "M", "ts": 1`:           true,
		`process_sort_index", "ph": "M", "ts": 1`:    true,
		`thread_name", "ph": "X", "ts": 1`:           false,
		`thread\", "ph": "M", "ts": 1`:               false,
		`", "ph": "M", "ts": 1`:                      false,
		`a_name_that_is_longer_than_any", "ph": "M"`: false,
	} {
		if got := isIgnored([]byte(kinetoNamed + text + strings.Repeat(" ", ignoredMargin))); got != want {
			t.Errorf("%s is ignored: %v", text, got)
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
	if len(n.known) > maxStepNames || !n.calls {
		t.Errorf("%d names remembered, want at most %d; calls %v", len(n.known), maxStepNames, n.calls)
	}
}
